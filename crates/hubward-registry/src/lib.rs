#![doc = include_str!("../README.md")]
#![no_std]
// docs.rs builds with this: it marks the items that a feature adds
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod authentication;
mod change;
mod enrollment;
mod entropy;
mod error;
mod etag;
#[cfg(feature = "json")]
mod export;
mod footprint;
#[cfg(feature = "json")]
mod import;
mod keys;
mod lists;
mod lookup;
mod policy;
mod record_view;
mod registry;
mod snapshot;
mod store;
mod stored;
mod text;
mod versions;

pub use authentication::{Authentication, AuthenticationView, KeysView, Thumbprints, ThumbprintsError};
pub use change::{Capabilities, Change};
pub use enrollment::{
    Attestation, Derivation, EndorsementKey, EndorsementKeyError, Enrollment, EnrollmentMatch, Enrollments,
    Evidence, MOST_GROUPS, ProvisionError, TpmChallenge, TpmKeys, TpmSecret, TpmWrapper, derive_key,
};
pub use entropy::{Entropy, NoEntropy};
pub use error::RegistryError;
pub use etag::{ETag, NotAnETag, Precondition};
#[cfg(feature = "json")]
pub use export::ExportKeys;
pub use footprint::Footprint;
#[cfg(feature = "json")]
pub use import::{ImportError, ImportLine, ImportMode, ImportProblem, ImportSummary, Imported, Importer};
pub use keys::SymmetricKeys;
pub use lists::{AccessList, AccessLists, ListEntry, ListVerdict};
pub use record_view::RecordView;
pub use registry::Registry;
pub use snapshot::{SnapshotError, snapshot_counter};
pub use stored::{PolicyView, RecordNumbers};
pub use text::{DeviceScope, GenerationId, StatusReason, TextError};
