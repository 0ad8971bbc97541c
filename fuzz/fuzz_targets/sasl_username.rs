//! Compares the names of SASL PLAIN and EXTERNAL with a simple model.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    models::sasl::agree(text);
    models::sasl::agree_on_external(text);
    let _ = hubward::explain::amqp_plain(text, text);
});
