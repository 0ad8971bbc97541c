//! Versions of TLS by their code points.

use core::fmt;
use core::str::FromStr;

/// A version as the wire has it; a peer may send one that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a code point is all it is")]
pub struct TlsVersion(pub u16);

impl TlsVersion {
    /// RFC 2246.
    pub const V1_0: Self = Self(0x0301);
    /// RFC 4346.
    pub const V1_1: Self = Self(0x0302);
    /// RFC 5246.
    pub const V1_2: Self = Self(0x0303);
    /// RFC 8446.
    pub const V1_3: Self = Self(0x0304);

    /// All there are, the newest first; SSL is none.
    pub const ALL: [Self; 4] = [Self::V1_3, Self::V1_2, Self::V1_1, Self::V1_0];

    /// `1.2` for TLS 1.2; `None` where there is no such version.
    #[must_use]
    pub const fn number(self) -> Option<&'static str> {
        match self {
            Self::V1_0 => Some("1.0"),
            Self::V1_1 => Some("1.1"),
            Self::V1_2 => Some("1.2"),
            Self::V1_3 => Some("1.3"),
            _ => None,
        }
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            Some(number) => write!(f, "TLS {number}"),
            None => write!(f, "version 0x{:04x}", self.0),
        }
    }
}

/// Not `1.0`, `1.1`, `1.2` or `1.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a version of TLS: 1.0, 1.1, 1.2 or 1.3")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct UnknownVersion;

/// Reads the number alone.
impl FromStr for TlsVersion {
    type Err = UnknownVersion;

    fn from_str(number: &str) -> Result<Self, UnknownVersion> {
        Self::ALL.into_iter().find(|version| version.number() == Some(number)).ok_or(UnknownVersion)
    }
}
