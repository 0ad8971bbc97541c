#![doc = include_str!("../README.md")]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

mod connection;
mod error;
mod rows;
mod schema;
mod store;

pub use error::SqliteError;
pub use store::SqliteStore;
