#![doc = include_str!("../README.md")]

mod connection;
mod error;
mod rows;
mod schema;
mod store;

pub use error::SqliteError;
pub use store::SqliteStore;
