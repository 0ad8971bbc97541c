#![doc = include_str!("../README.md")]

mod config;
mod error;
mod guard;
mod listen;
mod rows;
mod schema;
mod store;
mod tls;
mod write;

pub use config::PostgresConfig;
pub use error::PostgresError;
pub use store::PostgresStore;
