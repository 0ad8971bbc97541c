//! The version of a record, and the preconditions of a change (RFC 9110, 13.1.1).

use core::fmt;
use core::str::FromStr;

/// The version of a record: each change sets a new one, and none is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ETag(u64);

impl ETag {
    pub(crate) const fn new(version: u64) -> Self {
        Self(version)
    }

    pub(crate) const fn version(self) -> u64 {
        self.0
    }
}

/// Writes sixteen hex digits, without quotes.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The text is not an etag of this registry, so it matches no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not an etag of this registry")]
#[expect(clippy::exhaustive_structs, reason = "the error has one cause")]
pub struct NotAnETag;

/// Parses the form that [`ETag`] displays: bare, in quotes, or in quotes after `W/`.
impl FromStr for ETag {
    type Err = NotAnETag;

    fn from_str(text: &str) -> Result<Self, NotAnETag> {
        let bare = text.strip_prefix("W/").unwrap_or(text);
        let bare = match bare.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => inner,
            // the weak form is always in quotes
            None if bare.len() == text.len() => bare,
            None => return Err(NotAnETag),
        };
        let hex = bare.len() == 16 && bare.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u64::from_str_radix(bare, 16) {
            Ok(version) if hex => Ok(Self(version)),
            _ => Err(NotAnETag),
        }
    }
}

/// The condition for making a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precondition {
    /// The record still has the version that the caller read (`If-Match: "etag"`).
    IfMatch(ETag),
    /// The record exists, in any version: the caller forces the change (`If-Match: *`).
    Any,
}

impl Precondition {
    pub(crate) fn holds(self, etag: ETag) -> bool {
        match self {
            Self::IfMatch(expected) => expected == etag,
            Self::Any => true,
        }
    }
}
