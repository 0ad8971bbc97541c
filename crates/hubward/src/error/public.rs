//! The error classes that a client may be told.

use core::fmt;

/// The class of an error, as one word for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a client is told one of two words")]
pub enum PublicError {
    /// The client's own bytes are malformed. No record was looked up.
    Malformed,
    /// Every other error.
    Unauthorized,
}

impl PublicError {
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthorized => "unauthorized",
        }
    }
}

impl fmt::Display for PublicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
