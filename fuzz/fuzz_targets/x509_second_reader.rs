//! Any bytes as a certificate, read by this crate and by `x509-cert`: the same fields, or a named difference.
#![no_main]

#[path = "../../crates/hubward-x509/tests/common/second_reader.rs"]
mod second_reader;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    second_reader::compare(bytes);
});
