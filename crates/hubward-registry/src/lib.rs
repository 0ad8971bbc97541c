#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod authentication;
mod change;
mod entropy;
mod error;
mod etag;
mod find;
mod footprint;
mod keys;
mod lists;
mod policy;
mod record;
mod registry;
mod store;
mod text;
mod view;
mod whose;

pub use authentication::{Authentication, AuthenticationView, KeysView, Thumbprints, ThumbprintsError};
pub use change::{Capabilities, Change};
pub use entropy::{Entropy, NoEntropy};
pub use error::RegistryError;
pub use etag::{ETag, NotAnETag, Precondition};
pub use footprint::Footprint;
pub use keys::KeyPair;
pub use lists::{AccessList, AccessLists, Listed, Verdict};
pub use registry::Registry;
pub use text::{DeviceScope, GenerationId, StatusReason, TextError};
pub use view::RecordView;
