//! A certificate's thumbprint: the SHA-1 or SHA-256 digest of its DER.

use core::fmt;
use core::str::FromStr;

use constant_time_eq::constant_time_eq;

use crate::percent::hex_value;

/// The seam to SHA-1 and SHA-256.
pub trait Digest: fmt::Debug + Send + Sync {
    /// SHA-256 of `data` (FIPS 180-4).
    fn sha256(&self, data: &[u8]) -> [u8; 32];
    /// SHA-1 of `data`, for thumbprints that were registered in that form and nothing else.
    fn sha1_for_legacy_thumbprints(&self, data: &[u8]) -> [u8; 20];
}

/// A thumbprint. Its two lengths are its two kinds.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Thumbprint {
    /// 40 hex digits.
    Sha1([u8; 20]),
    /// 64 hex digits.
    Sha256([u8; 32]),
}

/// Why a text is not a thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThumbprintError {
    /// Neither 40 nor 64 characters.
    #[error("a thumbprint has 40 or 64 hex digits, not {len} characters")]
    Length {
        /// Characters found.
        len: usize,
    },
    /// Not a hex digit; separators are not allowed.
    #[error("not a hex digit at byte {offset}")]
    Digit {
        /// Where.
        offset: usize,
    },
}

impl Thumbprint {
    /// The digest's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }

    /// Whether both are the same kind and the same bytes, in time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        constant_time_eq(self.as_bytes(), other.as_bytes())
    }
}

/// Reads 40 or 64 hex digits of either case.
impl FromStr for Thumbprint {
    type Err = ThumbprintError;

    fn from_str(text: &str) -> Result<Self, ThumbprintError> {
        fn fill(text: &str, out: &mut [u8]) -> Result<(), ThumbprintError> {
            for (at, (pair, slot)) in text.as_bytes().chunks_exact(2).zip(out).enumerate() {
                let mut byte = 0_u8;
                for (nibble, digit) in pair.iter().enumerate() {
                    let offset = at.saturating_mul(2).saturating_add(nibble);
                    let value = hex_value(*digit).ok_or(ThumbprintError::Digit { offset })?;
                    byte = byte.wrapping_shl(4) | value;
                }
                *slot = byte;
            }
            Ok(())
        }
        match text.len() {
            40 => {
                let mut bytes = [0; 20];
                fill(text, &mut bytes).map(|()| Self::Sha1(bytes))
            }
            64 => {
                let mut bytes = [0; 32];
                fill(text, &mut bytes).map(|()| Self::Sha256(bytes))
            }
            len => Err(ThumbprintError::Length { len }),
        }
    }
}

/// Upper-case hex, as the hub's tools print it.
impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}
