//! The version of a record, and what a change asks of it (RFC 9110, 13.1.1).

use core::fmt;
use core::str::FromStr;

/// A record's version: another after every change of it, and never the same again.
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

/// Sixteen hex digits, without quotes.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The text is no etag of this registry, so it matches none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an etag of this registry")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct NotAnETag;

/// Reads what [`ETag`] prints, bare, in quotes, or in quotes after `W/`.
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

/// What must hold for a change to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precondition {
    /// The record is still the version that the caller read (`If-Match: "etag"`).
    IfMatch(ETag),
    /// The record exists, whatever its version: the caller says that it means to force it (`If-Match: *`).
    Any,
}

impl Precondition {
    pub(crate) fn holds(self, etag: ETag) -> bool {
        match self {
            Self::IfMatch(wanted) => wanted == etag,
            Self::Any => true,
        }
    }
}
