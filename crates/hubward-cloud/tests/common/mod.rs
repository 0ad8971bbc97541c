//! A key, times, and MACs by the `hmac` crate.

use core::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hubward_cloud::AccountKey;
use hubward_core::UnixTime;
use hubward_rustcrypto::GeneralKey;

/// A key in base64.
pub const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm";
/// 2030-01-01T00:00:00Z.
pub const EXPIRY: u64 = 1_893_456_000;

pub fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

pub fn account_key() -> AccountKey<GeneralKey> {
    AccountKey::from_base64(KEY).unwrap()
}

/// Signs a text with the bytes of [`KEY`], and returns base64.
pub fn sign(text: &str) -> String {
    sign_with(&STANDARD.decode(KEY).unwrap(), text)
}

pub fn sign_with(key: &[u8], text: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Percent-encodes everything but letters, digits and `- . _ ~`.
pub fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}
