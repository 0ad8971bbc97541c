//! Keys, times and hand-written tokens.
#![allow(dead_code, reason = "each test uses a part of it")]

use core::time::Duration;

use hubward_core::{Authority, DeviceId, Keys, MacKey, SymmetricKey, UnixTime};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenParseError, TokenRules, UnsignedToken, VerifiedToken, VerifyError};

/// `0123456789abcdef0123456789abcdef`.
pub const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub const EXPIRY: u64 = 1_893_456_000;
/// A signature under `KEY` of `myhub.azure-devices.net%2Fdevices%2Fdevice1` until `EXPIRY`.
pub const SIG: &str = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
pub const SR: &str = "myhub.azure-devices.net%2Fdevices%2Fdevice1";

pub fn key() -> HmacKey {
    HmacKey::new(&SymmetricKey::from_base64(KEY).unwrap())
}

pub fn other_key() -> HmacKey {
    HmacKey::new(&SymmetricKey::from_bytes(&[7; 32]).unwrap())
}

pub fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

pub fn device1() -> String {
    format!("SharedAccessSignature sr={SR}&sig={SIG}&se={EXPIRY}")
}

/// Returns the percent-encoded signature over `sr` and `se` as given.
pub fn sig(key: &HmacKey, sr: &str, se: &str) -> String {
    let tag = key.tag(&[sr.as_bytes(), b"\n", se.as_bytes()]);
    let host = Authority::parse("h").unwrap();
    let signed = UnsignedToken::device(host, DeviceId::parse("d").unwrap(), at(1)).finish(tag).to_string();
    signed.split('&').find_map(|field| field.strip_prefix("sig=")).unwrap().to_owned()
}

/// Returns a token over `sr` and `se` as given.
pub fn token(sr: &str, se: &str) -> String {
    format!("SharedAccessSignature sr={sr}&sig={}&se={se}", sig(&key(), sr, se))
}

pub fn parse<'a>(text: &'a str) -> Result<SasToken<'a>, TokenParseError> {
    SasToken::parse(text, &TokenRules::STRICT)
}

pub fn verify(text: &str, now: u64) -> Result<VerifiedToken<'_>, VerifyError> {
    parse(text).unwrap().verify_for_any_host(Keys::one(&key()), at(now), &TokenRules::STRICT)
}

/// Returns the code of the refusal at `EXPIRY`, by the strict rules, or `accepted`.
pub fn refusal(text: &str) -> &'static str {
    match parse(text) {
        Err(error) => error.code(),
        Ok(token) => match token.verify_for_any_host(Keys::one(&key()), at(EXPIRY), &TokenRules::STRICT) {
            Err(error) => error.code(),
            Ok(_) => "accepted",
        },
    }
}
