//! Shared fixtures of the tests.
#![allow(dead_code, reason = "each test uses what it needs")]

use hubward_core::{DeviceId, Identity, ModuleId, SymmetricKey};
use hubward_registry::{Authentication, NoEntropy, Registry, SymmetricKeys};
use hubward_rustcrypto::HmacKey;

pub type Hub = Registry<HmacKey>;

/// Creates a key from a name of up to 64 characters.
pub fn raw(name: &str) -> SymmetricKey {
    let mut bytes = [b'.'; 64];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    SymmetricKey::from_bytes(&bytes).unwrap()
}

pub fn pair(name: &str) -> SymmetricKeys<HmacKey> {
    SymmetricKeys::kept(raw(&format!("{name} 1")), raw(&format!("{name} 2")), HmacKey::new)
}

pub fn sas(name: &str) -> Authentication<HmacKey> {
    Authentication::Sas(pair(name))
}

/// Parses `device`, or `device/module`.
pub fn who(id: &str) -> Identity<'_> {
    match id.split_once('/') {
        Some((device, module)) => {
            Identity::Module(DeviceId::parse(device).unwrap(), ModuleId::parse(module).unwrap())
        }
        None => Identity::Device(DeviceId::parse(id).unwrap()),
    }
}

/// Returns a source that counts: never the same bytes twice.
pub fn counting() -> impl FnMut(&mut [u8]) -> Result<(), NoEntropy> {
    let mut count = 0_u8;
    move |buffer| {
        count += 1;
        buffer.fill(count);
        Ok(())
    }
}
