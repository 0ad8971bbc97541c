#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod decide;
mod endpoint;
mod explain;
#[cfg(feature = "json")]
mod json;
mod operation;
mod pattern;
pub mod provisioning;
pub mod roles;
#[cfg(feature = "serde")]
mod serialize;
mod shared_access;
pub mod statements;
mod subject;
mod table;
mod table_text;
pub mod tls;

pub use decide::{Decision, Denial, Grant, Reason, decide};
pub use endpoint::{Caller, Endpoint, Transport};
pub use operation::{Operation, Target};
pub use shared_access::{DEFAULT_POLICIES, SharedAccessPolicy};
pub use subject::{Scope, Subject};
pub use table::ENDPOINTS;
pub use table_text::{endpoint_table, provisioning_table};
