//! Shows by linking that the crates need no std: without features, the crates for small devices, which need no heap
//! either; with `alloc`, the others.
#![no_std]

#[cfg(feature = "alloc")]
pub mod heap;

use core::panic::PanicInfo;
use core::time::Duration;

use hubward_cloud::AccountKey;
use hubward_cloud::storage::{Context, Resource, Sas};
use hubward_connection_string::{Device, ParseOptions};
use hubward_core::{Authority, DeviceId, Keys, SymmetricKey, UnixTime};
use hubward_rustcrypto::{GeneralKey, HmacKey};
use hubward_sas::{SasToken, TokenRules, UnsignedToken};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// Creates, parses and verifies a token, for the linker.
pub fn token(key: &[u8], id: &str, seconds: u64, buffer: &mut [u8]) -> Option<bool> {
    let key = HmacKey::new(&SymmetricKey::from_bytes(key).ok()?);
    let expires = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let unsigned =
        UnsignedToken::device(Authority::parse("h.example").ok()?, DeviceId::parse(id).ok()?, expires);
    let text = unsigned.sign(&key).write_into(buffer).ok()?;
    let token = SasToken::parse(text, &TokenRules::STRICT).ok()?;
    let verified = token.verify_for_any_host(Keys::one(&key), expires, &TokenRules::STRICT).ok()?;
    Some(verified.expires() == expires)
}

/// Parses and verifies a storage token, for the linker.
pub fn storage_token(key: &str, query: &str, seconds: u64) -> Option<bool> {
    let key = AccountKey::<GeneralKey>::from_base64(key).ok()?;
    let blob = Resource::blob("acct1", "container", "blob").ok()?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    Some(Sas::parse(query).ok()?.verify(&blob, &key, &Context::new(now)).is_ok())
}

/// Parses a device's connection string, for the linker.
pub fn device(text: &str) -> bool {
    Device::parse(text, &ParseOptions::STRICT).is_ok()
}
