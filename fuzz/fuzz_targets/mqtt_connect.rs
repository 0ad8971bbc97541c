//! Compares an MQTT CONNECT with a simple model.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

// Two lines: the client id and the username.
fuzz_target!(|text: &str| {
    let (client_id, username) = text.split_once('\n').unwrap_or((text, ""));
    models::mqtt::agree(client_id, username);
});
