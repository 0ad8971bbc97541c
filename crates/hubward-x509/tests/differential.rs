//! This crate and rustls-webpki on chains at random. The program `differential` runs as many as one likes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/differential.rs"]
mod differential;
#[path = "common/mod.rs"]
mod minting;

#[test]
fn every_difference_has_a_name() {
    let report = differential::run(2_000, 5);
    assert!(report.agreed_valid > 100 && report.agreed_invalid > 100, "{report:?}");
    assert!(report.unnamed.is_empty(), "{report:#?}");
}
