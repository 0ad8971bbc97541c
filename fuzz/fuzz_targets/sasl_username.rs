//! The username of SASL PLAIN against a slow, obvious reading of it.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    models::sasl::agree(text);
});
