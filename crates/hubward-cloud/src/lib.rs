#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "json")]
extern crate alloc;

pub mod cosmos;
mod decision;
mod error;
pub mod event_grid;
mod inspect;
mod ip;
mod key;
mod query;
mod rights;
mod scan;
pub mod service_bus;
mod signature;
mod sink;
pub mod storage;
mod text;
mod time;
pub mod web;

pub use decision::{Decision, Denial, Reason};
pub use error::{ParseError, Problem, VerifyError};
pub use inspect::{Inspection, inspect};
pub use ip::IpRange;
pub use key::{AccountKey, DelegationKey, KeyError, MasterKey, ServiceBusKey, ServiceKey, TopicKey, kind};
pub use rights::{RIGHTS, RightKind, ServiceRight};
pub use text::Text;
pub use time::TokenTime;
