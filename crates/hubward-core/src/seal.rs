//! The seam to authenticated encryption: bytes that nobody reads or alters without the key.

use core::fmt;

/// A key of an AEAD with nonces of 12 bytes and tags of 16 (RFC 5116), ready for use.
///
/// No nonce may be used twice under one key; the caller chooses them.
pub trait Seal: fmt::Debug + Send + Sync {
    /// Encrypts `message` where it stands and returns its tag, which covers `associated` too.
    ///
    /// # Errors
    /// [`SealError`] where the message is beyond what the algorithm takes.
    fn seal(&self, nonce: &[u8; 12], associated: &[u8], message: &mut [u8]) -> Result<[u8; 16], SealError>;

    /// Decrypts `sealed`, the message followed by its tag, where it stands.
    ///
    /// # Errors
    /// [`OpenError`] where any byte of it, or of `associated`, is not what was sealed under this key and nonce;
    /// `sealed` then holds nothing of use.
    fn open<'m>(
        &self,
        nonce: &[u8; 12],
        associated: &[u8],
        sealed: &'m mut [u8],
    ) -> Result<&'m mut [u8], OpenError>;
}

/// The message cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too long to be sealed")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct SealError;

/// Another key, or altered bytes: which of them, nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not authentic")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct OpenError;
