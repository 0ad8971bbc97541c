//! AES-256-GCM with a prepared `ring` key.

use core::fmt;

use hubward_core::{Aead, OpenError, SealError};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// An AES-256-GCM key (NIST SP 800-38D). With random nonces it can encrypt up to 2^32 messages.
///
/// ```
/// use hubward_core::Aead;
/// use hubward_ring::AeadKey;
///
/// # let (random_key, unique_nonce) = ([7; 32], [9; 12]);
/// let key = AeadKey::new(&random_key);
/// let mut message = b"a message".to_vec();
/// let tag = key.seal(&unique_nonce, b"header", &mut message)?;
/// message.extend(tag);
/// assert_eq!(key.open(&unique_nonce, b"header", &mut message).unwrap(), b"a message");
/// # Ok::<(), hubward_core::SealError>(())
/// ```
pub struct AeadKey(Option<LessSafeKey>);

impl AeadKey {
    /// Creates a key from 32 random bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // ring returns an error only for a key of another length
        Self(UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new))
    }
}

impl Aead for AeadKey {
    fn seal(&self, nonce: &[u8; 12], associated: &[u8], message: &mut [u8]) -> Result<[u8; 16], SealError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let key = self.0.as_ref().ok_or(SealError)?;
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(associated), message);
        tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(SealError)
    }

    fn open<'m>(
        &self,
        nonce: &[u8; 12],
        associated: &[u8],
        sealed: &'m mut [u8],
    ) -> Result<&'m mut [u8], OpenError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let key = self.0.as_ref().ok_or(OpenError)?;
        key.open_in_place(nonce, Aad::from(associated), sealed).map_err(|_| OpenError)
    }
}

impl fmt::Debug for AeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AeadKey(redacted)")
    }
}
