//! A gateway's index is loaded from a database: of 2,000 devices, with HUBWARD_LONG of a million, and prints the times.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;
#[path = "../../hubward-sqlite/examples/load_sqlite/measure.rs"]
mod measure;

use common::Server;

#[test]
fn an_index_is_loaded() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let long = std::env::var_os("HUBWARD_LONG").is_some();
    measure::measure(&server.open("hub"), if long { 1_000_000 } else { 2_000 }).unwrap();
}
