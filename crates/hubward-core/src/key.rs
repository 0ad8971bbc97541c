//! The secret that a device or a policy shares with its hub.

use core::fmt;

use base64ct::{Base64, Encoding};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::base64::{LONGEST, decode};
use crate::mac::Tag;

/// Fewest bytes of a key.
const MIN: usize = 16;
/// Most bytes of a key.
const MAX: usize = 64;

/// A symmetric key of 16 to 64 bytes, held inline and erased when dropped.
///
/// It cannot be copied, compared, printed or serialised; [`SymmetricKey::expose`] is the one way to its bytes.
pub struct SymmetricKey {
    bytes: [u8; MAX],
    len: usize,
}

/// Why bytes or text are not a key. Never holds any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not standard base64 with its padding, or not in its canonical form (RFC 4648, 3.5 and 4).
    #[error("the key is not canonical base64")]
    Base64,
    /// Too short to be a secret, or longer than any key of a hub: of a text of more than 88 characters nothing else is
    /// said, and `len` is what so many characters stand for.
    #[error("the key has {len} bytes, from 16 to 64 are allowed")]
    Length {
        /// Bytes found.
        len: usize,
    },
    /// Asterisks: a tool has hidden the key, and its output was pasted back.
    #[error("the key is a row of `*`: it was redacted by the tool that printed it")]
    Redacted,
}

impl SymmetricKey {
    /// Takes the decoded bytes of a key.
    ///
    /// # Errors
    /// [`KeyError::Length`] unless there are 16 to 64 of them.
    pub fn from_bytes(key: &[u8]) -> Result<Self, KeyError> {
        let len = key.len();
        let mut bytes = [0; MAX];
        match bytes.get_mut(..len) {
            Some(slot) if len >= MIN => slot.copy_from_slice(key),
            _ => return Err(KeyError::Length { len }),
        }
        Ok(Self { bytes, len })
    }

    /// Decodes a key from base64, in time that depends on its length and its padding alone.
    ///
    /// # Errors
    /// [`KeyError`] where the text is not canonical, padded base64 of 16 to 64 bytes, or is all `*`.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        match decode(text.as_bytes()) {
            Some(decoded) => match decoded.block() {
                Some(bytes) if decoded.len() >= MIN => Ok(Self { bytes: *bytes, len: decoded.len() }),
                _ => Err(KeyError::Length { len: decoded.len() }),
            },
            // looked for in what is no key, and never in a key: its time would tell characters of it
            None if is_redacted(text) => Err(KeyError::Redacted),
            None if text.len() > LONGEST => {
                Err(KeyError::Length { len: text.trim_end_matches('=').len().saturating_mul(3) >> 2 })
            }
            None => Err(KeyError::Base64),
        }
    }

    /// Writes the key in base64 into `buffer`, for the one who is to have it.
    #[must_use]
    pub fn expose_base64<'b>(&self, buffer: &'b mut [u8; 88]) -> &'b str {
        // 64 bytes take 88 characters, so the buffer is never too small
        Base64::encode(self.expose(), buffer).unwrap_or_default()
    }

    /// The key and as many zeros as make it 64 bytes, for a provider that begins as RFC 2104 (2) does.
    #[must_use]
    pub const fn expose_block(&self) -> &[u8; 64] {
        &self.bytes
    }

    /// The bytes of the key, for a provider that makes a [`MacKey`](crate::MacKey) of them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Whether a text is asterisks and nothing else. Each byte is looked at, whatever the others are.
fn is_redacted(text: &str) -> bool {
    !text.is_empty() && text.bytes().fold(0, |others, byte| others | (byte ^ b'*')) == 0
}

/// A derived key: the 32 bytes of a tag.
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
