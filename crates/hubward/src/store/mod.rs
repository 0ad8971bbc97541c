//! Stores: the caller's source of records, for the calls that do the lookups themselves.
//!
//! - [`Store`]: answers at once, from memory or a local database.
//! - [`AsyncStore`]: answers later, from a database or a service over a network.
//! - [`RecordRequest`]: the record that is needed.
//! - [`FoundRecord`], [`OwnedRecord`]: the answer.
//!
//! The calls are in [`crate::authentication`].

mod error;
mod record;
mod request;
mod sources;

pub use error::StoreOr;
pub use record::{FoundRecord, OwnedRecord};
pub use request::RecordRequest;
pub use sources::{AsyncStore, Store};
