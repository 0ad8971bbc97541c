//! Chains that are drawn from the bytes and really signed, or the bytes themselves as certificates: hubward-x509 and
//! rustls-webpki both accept, both refuse, or one of the named differences applies.
#![no_main]

#[path = "../../crates/hubward-x509/tests/common/second_verifier/mod.rs"]
mod second_verifier;

use libfuzzer_sys::fuzz_target;
use second_verifier::{Use, chains, compare};

/// The certificates of the seeds are below this root.
const ROOT: &[u8] = include_bytes!("../seeds/x509_parse/root.der");

fuzz_target!(|bytes: &[u8]| {
    if let Some(case) = chains::of_input(bytes, ROOT) {
        for purpose in Use::ALL {
            compare(&case, purpose).unwrap_or_else(|unnamed| panic!("{unnamed}"));
        }
    }
});
