//! The errors of an import.

use hubward_core::{KeyError, KeySlot, NameError, ThumbprintError};

use crate::authentication::ThumbprintsError;
use crate::error::RegistryError;
use crate::text::TextError;

/// A line that was not imported. The registry is as it was before the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
#[non_exhaustive]
pub struct ImportError {
    /// The number of the line; the first is 1.
    pub line: u64,
    /// The problem with the line.
    pub problem: ImportProblem,
}

/// A problem with a line. It never contains any part of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportProblem {
    /// The authentication type is unknown.
    #[error("`authentication.type` is not `sas`, `selfSigned`, `certificateAuthority` or `none`")]
    AuthenticationType,
    /// An `id` or `moduleId` is not a valid name.
    #[error(transparent)]
    Id(#[from] NameError),
    /// The line is not one JSON object with fields of the right types, each at most once.
    #[error("not the JSON object of an identity, at column {column}")]
    Json {
        /// The position of the problem in bytes; the first is 1.
        column: usize,
    },
    /// A key is invalid.
    #[error("{}: {error}", match slot { KeySlot::Primary => "primary key", KeySlot::Secondary => "secondary key" })]
    Key {
        /// The slot of the key.
        slot: KeySlot,
        /// The problem with the key.
        error: KeyError,
    },
    /// The import mode is unknown.
    #[error("`importMode` is not one of the nine modes")]
    Mode,
    /// The mode compares etags, but the line has none.
    #[error("`importMode` needs an `eTag`, and the line has none")]
    NoETag,
    /// The line has no `id`.
    #[error("`id` is missing")]
    NoId,
    /// One key is given without the other: a hub expects both, or none, to generate both.
    #[error("one key is given without the other; give both, or none to have both generated")]
    OneKey,
    /// The registry refused the change.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A device has no status, or an unknown one.
    #[error("`status` is missing, or neither `enabled` nor `disabled`")]
    Status,
    /// A text is too long.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A thumbprint is invalid.
    #[error(transparent)]
    Thumbprint(#[from] ThumbprintError),
    /// The two thumbprints are of different algorithms, or `selfSigned` has none.
    #[error(transparent)]
    Thumbprints(#[from] ThumbprintsError),
    /// The line is too long.
    #[error("the line has {len} bytes, at most {max} are allowed")]
    TooLong {
        /// The number of bytes.
        len: usize,
        /// The maximum number of bytes.
        max: usize,
    },
}
