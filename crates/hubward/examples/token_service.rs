//! A token service: a device logs in with a password, and gets a token for the hub that is valid for that device and one
//! hour. The policy's key never leaves the service, and the hub never sees the password.
//!
//!     cargo run -p hubward --example token_service
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "an example"
)]

use core::time::Duration;
use std::collections::HashMap;

use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::sas::{DeviceTokens, MintError};
use hubward::types::{
    Authority, DeviceId, HostName, Identity, MacKey, Permissions, PolicyName, SymmetricKey, Tag, UnixTime,
};
use hubward::{Credentials, HubConfig};
use hubward_rustcrypto::HmacKey;

const HUB: &str = "contoso.example";
const NOW: u64 = 1_800_000_000;

/// The passwords of the devices, as MAC tags under a key of the service. A production service would use a password hash.
struct Logins {
    key: HmacKey,
    known: HashMap<String, Tag>,
}

impl Logins {
    fn enter(&mut self, device: &str, password: &str) {
        let tag = self.key.tag(&[device.as_bytes(), b"\0", password.as_bytes()]);
        self.known.insert(device.to_owned(), tag);
    }

    /// Returns the device that has logged in, the only one for which a token can be minted.
    fn login<'d>(&self, device: &'d str, password: &str) -> Option<DeviceId<'d>> {
        let offered = self.key.tag(&[device.as_bytes(), b"\0", password.as_bytes()]);
        let known = self.known.get(device)?;
        known.matches(offered.expose()).then(|| DeviceId::parse(device).ok()).flatten()
    }
}

fn main() {
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let key = |name: &str| {
        let bytes = format!("{name:.<32}");
        HmacKey::new(&SymmetricKey::from_bytes(bytes.as_bytes()).expect("32 bytes"))
    };

    // the hub has records of the device and the policy; the device has no key of its own at the hub
    let mut registry = Registry::unseeded();
    registry.create_device(DeviceId::parse("pump-7").unwrap(), Authentication::None).unwrap();
    let policy = PolicyName::parse("tokens").unwrap();
    registry.set_policy(policy, Permissions::DEVICE_CONNECT, SymmetricKeys::one(key("policy")));
    let rules = HubConfig::new(HostName::parse(HUB).unwrap(), key("dummy"));

    // the service has the policy's key and its own list of logins
    let hour = Duration::from_secs(3600);
    let service = DeviceTokens::new(Authority::parse(HUB).unwrap(), policy, key("policy"), hour);
    let mut logins = Logins { key: key("passwords"), known: HashMap::new() };
    logins.enter("pump-7", "correct horse");

    assert!(logins.login("pump-7", "battery staple").is_none());
    let caller = logins.login("pump-7", "correct horse").expect("the right password");
    let token = service.mint(caller, Identity::Device(caller), at(NOW), hour).unwrap().to_string();
    println!("pump-7 logged in and got a token for an hour");

    // the service rejects other requests
    let another = Identity::Device(DeviceId::parse("pump-8").unwrap());
    let hub = Identity::Policy(policy);
    let rejections = [
        service.mint(caller, another, at(NOW), hour).err(),
        service.mint(caller, hub, at(NOW), hour).err(),
        service.mint(caller, Identity::Device(caller), at(NOW), hour.saturating_mul(2)).err(),
    ];
    for rejection in &rejections {
        println!("rejected: {}", rejection.expect("a rejection"));
    }
    assert!(matches!(
        rejections,
        [Some(MintError::AnotherDevice), Some(MintError::NotADevice), Some(MintError::TooLong { .. })]
    ));

    // the device connects to the hub with the token
    let username = format!("{HUB}/pump-7/?api-version=2021-04-12");
    let presented = Credentials::mqtt("pump-7", &username, Some(&token)).unwrap();
    let authenticated = rules.authenticate(presented, &registry, || at(NOW)).unwrap();
    println!("{}", authenticated.decision());
    assert!(authenticated.decision().is_allow());
}
