#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

mod aead;
mod base64;
mod class;
mod entropy;
mod fast_path;
mod grammar;
mod hint;
mod identity;
mod key;
mod lookup;
mod mac;
mod name;
mod pasted;
mod percent;
mod permissions;
mod record;
mod redact;
mod resource;
mod segment;
#[cfg(feature = "serde")]
mod serialize;
mod signature;
mod signer;
mod stream;
mod thumbprint;
mod time;

pub use aead::{Aead, OpenError, SealError};
pub use entropy::NoEntropy;
pub use hint::Hint;
pub use identity::{Identity, RecordVersion, Status};
pub use key::{KeyError, SymmetricKey};
pub use lookup::Lookup;
pub use mac::{KeySlot, Keys, MacKey, Tag};
pub use name::{
    Authority, DeviceId, HostName, IdScope, ModuleId, Name, NameError, NameProblem, PolicyName,
    RegistrationId, kind,
};
pub use pasted::PastedText;
pub use percent::{EscapeError, NeedBytes, decode_into, escape_value, hex_value, is_unreserved};
pub use permissions::{Permissions, UnknownRight};
pub use record::{Credential, IdentityRecord, LookupResult, PolicyRecord};
pub use redact::{SecretShape, Shown};
pub use resource::{ResourceError, ResourcePath, ResourceProblem, Shape};
pub use rustls_pki_types::{AlgorithmIdentifier, UnixTime};
pub use segment::Segment;
pub use signature::{SignatureProblem, decode_signature};
pub use signer::{LONGEST_SIGNATURE, Signer, SignerError};
pub use stream::{StreamKey, TagStream};
pub use thumbprint::{Digest, Thumbprint, ThumbprintError};
pub use time::{InWords, UtcTime};
