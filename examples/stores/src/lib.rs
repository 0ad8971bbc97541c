//! Databases in place of the registry: each is a `Store` or an `AsyncStore` of hubward, which does the lookups. No part of hubward
//! opens a connection, has a run time, or depends on a database.
//!
//! - `sqlite`: a table of SQLite. `cargo run --example sqlite`
//! - `remote`: a store that answers later, as a server over a network does. `cargo run --example remote`
//!
//! `row` is the common part: the content of a row, and its conversion to an `OwnedRecord`.

pub mod remote;
pub mod row;
pub mod sqlite;
