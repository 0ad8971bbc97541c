//! The names of SASL PLAIN and EXTERNAL against a slow, obvious reading of it.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    models::sasl::agree(text);
    models::sasl::agree_on_external(text);
});
