//! Compares a CBS message with a simple model.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

// Three lines: the operation, the type and the name. An empty line means the valid default.
fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let mut next = |right| lines.next().filter(|line| !line.is_empty()).unwrap_or(right);
    models::cbs::agree(next("put-token"), next("servicebus.windows.net:sastoken"), next(""));
});
