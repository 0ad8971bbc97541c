//! Any bytes as a file of certificates, CRLs or keys: no panic, no block is skipped, and no error contains parts of
//! the file.
#![no_main]

#[path = "../../crates/hubward-x509/tests/common/pem_model.rs"]
mod pem_model;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| pem_model::agrees(file));
