#![doc = include_str!("../README.md")]
#![no_std]

mod access;
mod base64;
mod class;
mod found;
mod key;
mod lookup;
mod mac;
mod name;
mod outline;
mod percent;
mod redact;
mod resource;
mod rights;
mod seal;
mod segment;
mod thumbprint;
mod usual;
mod words;

pub use access::{Identity, RecordVersion, Status};
pub use found::{Credential, IdentityRecord, LookupResult, PolicyRecord};
pub use key::{KeyError, SymmetricKey};
pub use lookup::Lookup;
pub use mac::{KeySlot, Keys, MacKey, Tag};
pub use name::{
    Authority, DeviceId, HostName, IdScope, ModuleId, Name, NameError, NameProblem, PolicyName,
    RegistrationId, kind,
};
pub use percent::{EscapeError, NeedBytes, decode_into, escape_value, hex_value, is_unreserved};
pub use redact::{SecretShape, Shown};
pub use resource::{ResourceError, ResourcePath, ResourceProblem, Shape};
pub use rights::{Permissions, UnknownRight};
pub use rustls_pki_types::UnixTime;
pub use seal::{OpenError, Seal, SealError};
pub use segment::Segment;
pub use thumbprint::{Digest, Thumbprint, ThumbprintError};
