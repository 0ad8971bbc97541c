//! Compares a request and its `Authorization` with a simple model.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

// Four lines: the method, the target, the host, and the scheme or the whole header; an empty one of the last two
// means the valid default.
fuzz_target!(|text: &str| {
    let mut lines = text.splitn(4, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (method, target, host, scheme) = (next(), next(), next(), next());
    let or = |text, or| if text == "" { or } else { text };
    models::http::agree(method, target, or(host, models::HUB), or(scheme, "SharedAccessSignature"));
    models::http::agree_on_bearer(scheme);
});
