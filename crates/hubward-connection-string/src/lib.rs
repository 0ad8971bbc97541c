#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(feature = "url")]
mod cosmos;
mod device;
#[cfg(feature = "url")]
mod endpoint;
mod error;
mod explain;
mod field;
mod grammar;
mod hint;
mod host;
mod kind;
mod options;
#[cfg(feature = "alloc")]
mod owned;
mod read;
mod secret;
mod service;
#[cfg(feature = "url")]
mod service_bus;
#[cfg(feature = "url")]
mod storage;
mod string;
mod text;
mod write;

#[cfg(feature = "url")]
pub use cosmos::{Cosmos, DatabaseName};
pub use device::{Device, DeviceCredential, Module, UnwritableId};
#[cfg(feature = "url")]
pub use endpoint::{EndpointUrl, Scheme};
pub use error::{ConnectionStringError, EndpointProblem, ParseProblem};
pub use explain::{ExplainedField, Explanation, explain};
pub use field::FieldName;
pub use grammar::{Extras, MAX_FIELDS};
pub use host::host_is_under;
pub use kind::ConnectionStringKind;
pub use options::{ParseOptions, UnknownNames, WithoutTls};
#[cfg(feature = "alloc")]
pub use owned::{OwnedDevice, OwnedModule, OwnedService};
pub use secret::{KeyText, RawKey, SasProblem, SasQuery, SasText};
pub use service::{ProvisioningService, Service, ServiceCredential};
#[cfg(feature = "url")]
pub use service_bus::{EntityPath, ServiceBus, ServiceBusCredential};
#[cfg(feature = "url")]
pub use storage::{AccountName, Storage, StorageCredential, StorageService};
pub use string::ConnectionString;
pub use text::{MAX_LEN, Span};
pub use write::WithSecrets;
