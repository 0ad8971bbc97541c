//! Any database in the registry's place. An admission asks a question, the store gives its answer, and the admission
//! goes on: nothing of hubward is async, opens a connection, or is told which database there is.
//!
//! - `sqlite`: a table of SQLite. `cargo run --example sqlite`
//! - `remote`: a store that answers later, as a server over a network does. `cargo run --example remote`
//!
//! `answer` is what both have in common: what a row has to hold, and how it becomes a `LookupResult`.

pub mod answer;
pub mod remote;
pub mod sqlite;
