//! The functions that need no heap.

use hubward_connection_string::{Device, ParseOptions};
use hubward_core::{Authority, DeviceId, Identity, Keys, MacKey, Permissions, ResourcePath, SymmetricKey};
use hubward_policy::{Operation, Scope, Subject, decide};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, UnsignedToken};

use crate::input::{LENGTH, bytes, text, time};

/// `hubward-core`: the resource of a token is parsed.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_core_resource() -> u32 {
    let mut buffer = [0; LENGTH];
    ResourcePath::parse(text(&mut buffer)).is_ok().into()
}

/// `hubward-rustcrypto`: a key is prepared, and signs.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_rustcrypto_tag() -> u32 {
    let mut buffer = [0; LENGTH];
    let input = bytes(&mut buffer);
    let Some((key, message)) = input.split_at_checked(32) else { return 0 };
    let Ok(key) = SymmetricKey::from_bytes(key) else { return 0 };
    let tag = HmacKey::new(&key).tag(&[message]);
    tag.expose().iter().fold(0, |sum: u32, byte| sum.wrapping_add((*byte).into()))
}

/// `hubward-sas`: a token is signed.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_sas_sign(seconds: u32) -> u32 {
    let mut buffer = [0; LENGTH];
    let text = text(&mut buffer);
    let Some((id, key)) = text.split_once('\n') else { return 0 };
    sign(id, key, seconds).unwrap_or_default()
}

fn sign(id: &str, key: &str, seconds: u32) -> Option<u32> {
    let key = HmacKey::new(&SymmetricKey::from_base64(key).ok()?);
    let token =
        UnsignedToken::device(Authority::parse("h.example").ok()?, DeviceId::parse(id).ok()?, time(seconds));
    let mut buffer = [0; LENGTH];
    u32::try_from(token.sign(&key).write_into(&mut buffer).ok()?.len()).ok()
}

/// `hubward-sas`: a token is parsed and verified.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_sas_verify(seconds: u32) -> u32 {
    let mut buffer = [0; LENGTH];
    let Some((token, key)) = text(&mut buffer).split_once('\n') else { return 0 };
    verify(token, key, seconds).is_some().into()
}

fn verify(token: &str, key: &str, seconds: u32) -> Option<()> {
    let key = HmacKey::new(&SymmetricKey::from_base64(key).ok()?);
    let token = SasToken::parse(token, &TokenRules::STRICT).ok()?;
    token.verify_for_any_host(Keys::one(&key), time(seconds), &TokenRules::STRICT).ok().map(drop)
}

/// `hubward-connection-string`: a device's connection string is parsed.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_connection_string_device() -> u32 {
    let mut buffer = [0; LENGTH];
    Device::parse(text(&mut buffer), &ParseOptions::STRICT).is_ok().into()
}

/// `hubward-policy`: an operation of a device is decided on.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_policy_decide() -> u32 {
    let mut buffer = [0; LENGTH];
    let Some((id, topic)) = text(&mut buffer).split_once('\n') else { return 0 };
    let Ok(id) = DeviceId::parse(id) else { return 0 };
    let subject = Subject::assertion(Identity::Device(id), Permissions::DEVICE_CONNECT, Scope::Own);
    decide(&subject, &Operation::mqtt_publish(topic)).is_allow().into()
}
