#![doc = include_str!("../README.md")]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

mod config;
mod error;
mod guard;
mod insert;
mod listen;
mod rows;
mod schema;
mod seats;
mod store;
mod tls;
mod write;

pub use config::PostgresConfig;
pub use error::PostgresError;
pub use store::PostgresStore;
