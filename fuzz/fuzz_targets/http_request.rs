//! A request, and an `Authorization` against a slow, obvious reading of it.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

// Three lines: the method, the target, and the scheme or the whole header.
fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (method, target, scheme) = (next(), next(), next());
    models::http::agree(method, target, if scheme.is_empty() { "SharedAccessSignature" } else { scheme });
    models::http::agree_on_bearer(scheme);
});
