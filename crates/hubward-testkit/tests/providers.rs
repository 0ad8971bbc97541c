//! Runs one suite for all providers.
#![allow(clippy::panic, reason = "a test")]

use hubward_testkit::provider_suite::{check_digest, check_mac};

#[test]
fn rustcrypto() {
    check_mac(hubward_rustcrypto::HmacKey::from_bytes);
    check_digest(&hubward_rustcrypto::Digests);
}

#[test]
fn ring() {
    check_mac(hubward_ring::HmacKey::from_bytes);
    check_digest(&hubward_ring::Digests);
}
