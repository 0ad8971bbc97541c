//! Databases in place of the registry. An authentication needs a lookup, the store returns a result, and the
//! authentication is resumed with it. No part of hubward is async, opens a connection, or depends on a database.
//!
//! - `sqlite`: a table of SQLite. `cargo run --example sqlite`
//! - `remote`: a store that answers later, as a server over a network does. `cargo run --example remote`
//!
//! `row` is the common part: the content of a row, and its conversion to a `LookupResult`.

pub mod remote;
pub mod row;
pub mod sqlite;
