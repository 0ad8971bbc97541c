//! Signing keys, as the crates of this workspace use them: here, in an HSM or in a key service.

use core::fmt;

use rustls_pki_types::AlgorithmIdentifier;

/// The longest signature of a [`Signer`] in bytes: that of an RSA key of 8192 bits.
pub const LONGEST_SIGNATURE: usize = 1024;

/// A private key that signs certificates, revocation lists and requests.
///
/// The private key can be anywhere: the trait has no access to it.
pub trait Signer: fmt::Debug + Send + Sync {
    /// Returns the DER of the public key's SubjectPublicKeyInfo.
    fn public_key(&self) -> &[u8];

    /// Returns the algorithm of the signatures.
    fn algorithm(&self) -> AlgorithmIdentifier;

    /// Signs `message` and returns the signature, in the form in which a certificate has it (RFC 3279 2.2). `buffer`
    /// gives the room for it.
    ///
    /// # Errors
    /// [`SignerError`] if the key cannot sign now.
    fn sign<'b>(
        &self,
        message: &[u8],
        buffer: &'b mut [u8; LONGEST_SIGNATURE],
    ) -> Result<&'b [u8], SignerError>;
}

/// The key did not sign: there is no random number, or the HSM does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key did not sign")]
#[expect(
    clippy::exhaustive_structs,
    reason = "the provider knows the cause, and this crate has no text for it"
)]
pub struct SignerError;
