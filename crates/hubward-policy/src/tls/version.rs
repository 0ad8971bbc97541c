//! [`TlsVersion`]: TLS versions by their code points.

use core::fmt;
use core::str::FromStr;

/// The code point of a TLS version. A peer may send one that does not exist.
///
/// ```
/// use hubward_policy::tls::TlsVersion;
///
/// assert_eq!("1.2".parse(), Ok(TlsVersion::V1_2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "it is a code point")]
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

    /// Every TLS version, the newest first, without SSL.
    pub const ALL: [Self; 4] = [Self::V1_3, Self::V1_2, Self::V1_1, Self::V1_0];

    /// Returns `1.2` for TLS 1.2, or `None` if there is no such version.
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

/// The error for a text that is not `1.0`, `1.1`, `1.2` or `1.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a TLS version: 1.0, 1.1, 1.2 or 1.3")]
#[expect(clippy::exhaustive_structs, reason = "there are no further facts")]
pub struct UnknownVersion;

/// Parses the number alone, such as `1.2`.
impl FromStr for TlsVersion {
    type Err = UnknownVersion;

    fn from_str(number: &str) -> Result<Self, UnknownVersion> {
        Self::ALL.into_iter().find(|version| version.number() == Some(number)).ok_or(UnknownVersion)
    }
}
