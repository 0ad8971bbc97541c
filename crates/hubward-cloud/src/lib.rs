#![doc = include_str!("../README.md")]
#![no_std]

pub mod cosmos;
mod error;
pub mod event_grid;
mod ip;
mod key;
mod query;
pub mod service_bus;
mod signature;
mod sink;
pub mod storage;
mod text;
mod time;

pub use error::{ParseError, Problem, VerifyError};
pub use ip::IpRange;
pub use key::{AccountKey, DelegationKey, KeyError, MasterKey, ServiceBusKey, ServiceKey, TopicKey, kind};
pub use text::Text;
pub use time::TokenTime;
