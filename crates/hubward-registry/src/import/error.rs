//! Why a line was not imported.

use hubward_core::{KeyError, KeySlot, NameError, ThumbprintError};

use crate::authentication::ThumbprintsError;
use crate::error::RegistryError;
use crate::text::TextError;

/// A line that was not imported. The registry is as it was before the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
#[non_exhaustive]
pub struct ImportError {
    /// Which line, the first being 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: ImportProblem,
}

/// What is wrong with a line. Never holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportProblem {
    /// An authentication type that there is not.
    #[error("`authentication.type` is not `sas`, `selfSigned`, `certificateAuthority` or `none`")]
    AuthenticationType,
    /// An `id` or `moduleId` that is no name.
    #[error(transparent)]
    Id(#[from] NameError),
    /// Not one JSON object with fields of the right kinds, each at most once.
    #[error("not an object of an identity, at column {column}")]
    Json {
        /// Where it was noticed, in bytes; the first is 1.
        column: usize,
    },
    /// A key that is none.
    #[error("{}: {error}", match slot { KeySlot::Primary => "primary key", KeySlot::Secondary => "secondary key" })]
    Key {
        /// Which of the two.
        slot: KeySlot,
        /// Why.
        error: KeyError,
    },
    /// An import mode that there is not.
    #[error("`importMode` is none of the nine modes")]
    Mode,
    /// A mode that compares etags, and none to compare.
    #[error("`importMode` asks for an `eTag`")]
    NoETag,
    /// No `id`.
    #[error("`id` is missing")]
    NoId,
    /// One key without the other: a hub wants both, or neither to make both itself.
    #[error("one key without the other")]
    OneKey,
    /// The registry refused the change.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A device without a status, or with one that there is not.
    #[error("`status` is missing, or neither `enabled` nor `disabled`")]
    Status,
    /// A text beyond its limit.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A thumbprint that is none.
    #[error(transparent)]
    Thumbprint(#[from] ThumbprintError),
    /// Thumbprints that do not go together, or none for `selfSigned`.
    #[error(transparent)]
    Thumbprints(#[from] ThumbprintsError),
    /// A line beyond the limit.
    #[error("{len} bytes, at most {max} allowed")]
    TooLong {
        /// Bytes found.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
}
