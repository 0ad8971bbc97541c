//! The hub's name, its clock, and its clients.
#![allow(dead_code, reason = "each test uses what it needs")]

use core::time::Duration;

use hubward::HubConfig;
use hubward::sas::UnsignedToken;
use hubward::types::{Authority, DeviceId, HostName, ModuleId, PolicyName, SymmetricKey, UnixTime};
use hubward_rustcrypto::HmacKey;

pub const HUB: &str = "hub.example";
pub const NOW: u64 = 1_800_000_000;

pub fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Returns the bytes of a key by its name.
pub fn raw(name: &str) -> [u8; 32] {
    let mut bytes = [b'.'; 32];
    bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    bytes
}

pub fn key(name: &str) -> HmacKey {
    HmacKey::new(&SymmetricKey::from_bytes(&raw(name)).unwrap())
}

pub fn config() -> HubConfig<'static, HmacKey> {
    HubConfig::new(HostName::parse(HUB).unwrap(), key("dummy"))
}

pub fn username(id: &str) -> String {
    format!("{HUB}/{id}/?api-version=2021-04-12")
}

fn unsigned(path: &str) -> UnsignedToken<'_> {
    let host = Authority::parse(HUB).unwrap();
    match path.split_once("/modules/") {
        Some((device, module)) => UnsignedToken::module(
            host,
            DeviceId::parse(device).unwrap(),
            ModuleId::parse(module).unwrap(),
            at(NOW + 3600),
        ),
        None => UnsignedToken::device(host, DeviceId::parse(path).unwrap(), at(NOW + 3600)),
    }
}

pub fn token(path: &str, by: &str) -> String {
    unsigned(path).sign(&key(by)).to_string()
}

pub fn policy_token(path: &str, policy: &str, by: &str) -> String {
    unsigned(path).with_policy(PolicyName::parse(policy).unwrap()).sign(&key(by)).to_string()
}
