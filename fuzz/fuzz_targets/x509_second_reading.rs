//! Any bytes as a certificate, read by hubward-x509 and by `x509-cert`: both read the same fields, or one of the named
//! differences applies.
#![no_main]

#[path = "../../crates/hubward-x509/tests/common/der.rs"]
mod der;
#[path = "../../crates/hubward-x509/tests/common/oracle.rs"]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    oracle::compare(bytes);
});
