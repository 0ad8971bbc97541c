//! A CBS message against a slow, obvious reading of it.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

// Three lines: the operation, the type and the name. An empty line stands for what it should be.
fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let mut next = |right| lines.next().filter(|line| !line.is_empty()).unwrap_or(right);
    models::cbs::agree(next("put-token"), next("servicebus.windows.net:sastoken"), next(""));
});
