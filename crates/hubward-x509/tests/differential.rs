//! Comparison with rustls-webpki on random chains. The example `differential` runs any number of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/differential.rs"]
mod differential;
#[path = "common/second_verifier/mod.rs"]
mod second_verifier;

use second_verifier::Agreement;

#[test]
fn every_difference_to_webpki_is_a_known_one() {
    let results = differential::run(3_000, 5);
    assert!(results.unnamed.is_empty(), "{results:#?}");
    let count = |result| results.known.get(&result).copied().unwrap_or_default();
    assert!(count(Agreement::Accepted) > 100 && count(Agreement::Refused) > 100, "{results:#?}");
}
