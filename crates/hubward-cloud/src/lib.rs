#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "json")]
extern crate alloc;

pub mod cosmos;
mod error;
pub mod event_grid;
mod inspect;
mod ip;
mod key;
mod query;
pub mod service_bus;
mod signature;
mod sink;
pub mod storage;
mod text;
mod time;
pub mod web;

pub use error::{ParseError, Problem, VerifyError};
pub use inspect::{Inspection, inspect};
pub use ip::IpRange;
pub use key::{AccountKey, DelegationKey, KeyError, MasterKey, ServiceBusKey, ServiceKey, TopicKey, kind};
pub use text::Text;
pub use time::TokenTime;
