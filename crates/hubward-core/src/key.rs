//! The symmetric key that a device or a policy shares with its hub.

use core::fmt;

use base64ct::{Base64, Encoding};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::base64::{LONGEST, decode};
use crate::mac::Tag;

/// Minimum length of a key in bytes.
const MIN: usize = 16;
/// Maximum length of a key in bytes.
const MAX: usize = 64;

/// A symmetric key of 16 to 64 bytes, stored inline and erased when dropped.
///
/// It cannot be copied, compared, printed or serialised; [`SymmetricKey::expose`] is the only access to its bytes.
///
/// ```
/// use hubward_core::{KeyError, SymmetricKey};
///
/// let key = SymmetricKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// assert_eq!(key.expose().len(), 32);
/// assert_eq!(SymmetricKey::from_base64("****").unwrap_err(), KeyError::Redacted);
/// # Ok::<(), KeyError>(())
/// ```
pub struct SymmetricKey {
    bytes: [u8; MAX],
    len: usize,
}

/// The reason why bytes or a text are not a key. It never contains any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not standard base64 with padding in canonical form (RFC 4648, 3.5 and 4).
    #[error("the key is not canonical base64")]
    Base64,
    /// Too short to be secret, or longer than any key of a hub. A text of more than 88 characters always has this
    /// error, and `len` is the number of bytes that so many characters encode.
    #[error("the key has {len} bytes, but a key has 16 to 64")]
    Length {
        /// The number of bytes.
        len: usize,
    },
    /// The text is a row of asterisks: a tool had redacted the key before it was copied.
    #[error(
        "the key is a row of `*`: the tool that printed it has redacted it; copy the key from its source"
    )]
    Redacted,
}

impl SymmetricKey {
    /// Takes the decoded bytes of a key.
    ///
    /// # Errors
    /// [`KeyError::Length`] unless there are 16 to 64 bytes.
    pub fn from_bytes(key: &[u8]) -> Result<Self, KeyError> {
        let len = key.len();
        let mut bytes = [0; MAX];
        match bytes.get_mut(..len) {
            Some(slot) if len >= MIN => slot.copy_from_slice(key),
            _ => return Err(KeyError::Length { len }),
        }
        Ok(Self { bytes, len })
    }

    /// Decodes a key from base64. The time depends only on its length and its padding.
    ///
    /// # Errors
    /// [`KeyError`] if the text is not canonical, padded base64 of 16 to 64 bytes, or is all `*`.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        match decode(text.as_bytes()) {
            Some(decoded) => match decoded.block() {
                Some(bytes) if decoded.len() >= MIN => Ok(Self { bytes: *bytes, len: decoded.len() }),
                _ => Err(KeyError::Length { len: decoded.len() }),
            },
            // only a text that is not a key is searched for `*`: in a key the time would reveal characters
            None if is_redacted(text) => Err(KeyError::Redacted),
            None if text.len() > LONGEST => {
                Err(KeyError::Length { len: text.trim_end_matches('=').len().saturating_mul(3) >> 2 })
            }
            None => Err(KeyError::Base64),
        }
    }

    /// Writes the key in base64 into `buffer`, for its owner.
    #[must_use]
    pub fn expose_base64<'b>(&self, buffer: &'b mut [u8; 88]) -> &'b str {
        // 64 bytes take 88 characters, so the buffer is never too small
        Base64::encode(self.expose(), buffer).unwrap_or_default()
    }

    /// Exposes the key, filled up with zeros to 64 bytes: the form that an HMAC provider starts with (RFC 2104, 2).
    #[must_use]
    pub const fn expose_block(&self) -> &[u8; 64] {
        &self.bytes
    }

    /// Exposes the bytes of the key, for a provider that makes a [`MacKey`](crate::MacKey) of them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Returns whether a text is asterisks only. All bytes are read, with no early exit.
fn is_redacted(text: &str) -> bool {
    !text.is_empty() && text.bytes().fold(0, |others, byte| others | (byte ^ b'*')) == 0
}

/// Takes the 32 bytes of a tag as a derived key.
impl From<Tag> for SymmetricKey {
    fn from(tag: Tag) -> Self {
        let mut bytes = [0; MAX];
        bytes.iter_mut().zip(tag.expose()).for_each(|(slot, byte)| *slot = *byte);
        Self { bytes, len: tag.expose().len() }
    }
}

impl Drop for SymmetricKey {
    fn drop(&mut self) {
        self.bytes.as_mut_slice().zeroize();
        self.len.zeroize();
    }
}

impl ZeroizeOnDrop for SymmetricKey {}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SymmetricKey(redacted)")
    }
}
