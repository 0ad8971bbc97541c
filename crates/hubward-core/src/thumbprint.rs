//! A certificate's thumbprint: the SHA-1 or SHA-256 digest of its DER.

use core::fmt;
use core::str::FromStr;

use constant_time_eq::constant_time_eq;

use crate::percent::hex_value;

/// A provider of SHA-1 and SHA-256.
pub trait Digest: fmt::Debug + Send + Sync {
    /// Returns the SHA-256 digest of `data` (FIPS 180-4).
    fn sha256(&self, data: &[u8]) -> [u8; 32];
    /// Returns the SHA-1 digest of `data`. It is used only for thumbprints that were registered in that form.
    fn sha1_for_legacy_thumbprints(&self, data: &[u8]) -> [u8; 20];
}

/// A thumbprint; its length tells the algorithm.
///
/// ```
/// use hubward_core::Thumbprint;
///
/// let registered: Thumbprint = "0123456789abcdef0123456789abcdef01234567".parse()?;
/// assert!(registered.matches(&Thumbprint::Sha1(*registered.as_bytes().first_chunk().unwrap())));
/// # Ok::<(), hubward_core::ThumbprintError>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Thumbprint {
    /// SHA-1: 40 hex digits.
    Sha1([u8; 20]),
    /// SHA-256: 64 hex digits.
    Sha256([u8; 32]),
}

/// The reason why a text is not a thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThumbprintError {
    /// The text has neither 40 nor 64 characters.
    #[error("a thumbprint has 40 or 64 hex digits, not {len} characters")]
    Length {
        /// The number of characters.
        len: usize,
    },
    /// A character is not a hex digit. Separators are not allowed.
    #[error("the thumbprint has a character at byte {offset} that is not a hex digit")]
    Digit {
        /// The offset of the character in bytes.
        offset: usize,
    },
}

impl Thumbprint {
    /// Returns the bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }

    /// Returns whether both have the same algorithm and the same bytes. The time does not depend on where they
    /// differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        constant_time_eq(self.as_bytes(), other.as_bytes())
    }
}

/// Parses 40 or 64 hex digits of either case.
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

/// Writes upper-case hex, as Azure's tools do.
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
