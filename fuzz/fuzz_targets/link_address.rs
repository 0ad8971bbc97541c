//! Compares the address of an AMQP link with a simple model.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    models::link::agree(text);
    models::link::agree(&format!("amqps://{text}/devices/dev1/messages/events"));
    models::link::agree(&format!("amqps://{}{text}", models::HUB));
});
