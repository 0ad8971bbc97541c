//! Proof by linking that the crates for small devices need no std: sign a token, parse it, verify it, decide on it.
#![no_std]

use core::panic::PanicInfo;
use core::time::Duration;

use hubward_core::{Authority, DeviceId, Keys, SymmetricKey, UnixTime};
use hubward_policy::Operation;
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, Unsigned};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// The whole ladder, for the linker.
pub fn ladder(key: &[u8], id: &str, topic: &str, seconds: u64, buffer: &mut [u8]) -> Option<bool> {
    let key = HmacKey::new(&SymmetricKey::from_bytes(key).ok()?);
    let expires = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let unsigned = Unsigned::device(Authority::parse("h.example").ok()?, DeviceId::parse(id).ok()?, expires);
    let text = unsigned.sign(&key).write_into(buffer).ok()?;
    let token = SasToken::parse(text, &TokenRules::STRICT).ok()?;
    let verified = token.verify(Keys::one(&key), expires, &TokenRules::STRICT).ok()?;
    Some(verified.expires() == expires && Operation::mqtt_publish(topic).endpoint().is_some())
}
