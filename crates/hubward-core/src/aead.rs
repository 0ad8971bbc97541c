//! Authenticated encryption (AEAD), as the crates of this workspace use it.

use core::fmt;

/// A key of an AEAD with nonces of 12 bytes and tags of 16 (RFC 5116), ready for use.
///
/// No nonce may be used twice under one key. The caller chooses the nonces.
pub trait Aead: fmt::Debug + Send + Sync {
    /// Encrypts `message` in place and returns its tag. The tag covers `associated` too.
    ///
    /// # Errors
    /// [`SealError`] if the message is longer than the algorithm allows.
    fn seal(&self, nonce: &[u8; 12], associated: &[u8], message: &mut [u8]) -> Result<[u8; 16], SealError>;

    /// Decrypts `sealed`, the message followed by its tag, in place.
    ///
    /// # Errors
    /// [`OpenError`] if any byte of it, or of `associated`, differs from what was sealed under this key and nonce.
    /// The content of `sealed` is then undefined.
    fn open<'m>(
        &self,
        nonce: &[u8; 12],
        associated: &[u8],
        sealed: &'m mut [u8],
    ) -> Result<&'m mut [u8], OpenError>;
}

/// The message cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is too long for the AEAD")]
#[expect(clippy::exhaustive_structs, reason = "the error has one cause")]
pub struct SealError;

/// The key differs or the bytes were altered; an AEAD cannot tell which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not authentic: sealed under another key, or altered")]
#[expect(clippy::exhaustive_structs, reason = "the two causes cannot be told apart")]
pub struct OpenError;
