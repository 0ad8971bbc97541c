//! Compares an `auth-chain` of IoT Edge with a simple model.
#![no_main]

#[path = "../../crates/hubward/tests/models/mod.rs"]
mod models;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|chain: &str| {
    models::auth_chain::agree(chain);
});
