//! Comparison with rustls-webpki on random chains. The example `differential` runs any number of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/differential.rs"]
mod differential;
#[path = "common/mod.rs"]
mod minting;

#[test]
fn every_difference_to_webpki_is_a_known_one() {
    let report = differential::run(2_000, 5);
    assert!(report.agreed_valid > 100 && report.agreed_invalid > 100, "{report:?}");
    assert!(report.unnamed.is_empty(), "{report:#?}");
}
