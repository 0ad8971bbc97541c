//! Private signing keys, for offline signing and services. Verification needs only [`signature`](crate::signature).

use alloc::vec::Vec;
use core::fmt;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

/// A private key: Ed25519, or ECDSA on P-256 with SHA-256.
///
/// ```
/// use hubward_ring::SigningKey;
/// # use ring::{rand::SystemRandom, signature::Ed25519KeyPair};
/// # let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| "no entropy")?;
///
/// let key = SigningKey::from_pkcs8(pkcs8.as_ref())?;
/// assert_eq!(key.sign(b"a message")?.len(), 64);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// ECDSA needs an unpredictable number for each signature. `ring` reads it from the system and accepts no other source.
pub struct SigningKey(Kind);

enum Kind {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

/// Not a private key of one of the two types in unencrypted PKCS#8, or its public key does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 or P-256 private key in unencrypted PKCS#8")]
#[expect(clippy::exhaustive_structs, reason = "ring gives no details")]
pub struct SigningKeyError;

/// The system returned no random number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system returned no random number for a signature")]
#[expect(clippy::exhaustive_structs, reason = "there are no details to add")]
pub struct SignError;

impl SigningKey {
    /// Parses a private key from the DER of PKCS#8 (RFC 5958), as written by `openssl genpkey -outform DER`.
    ///
    /// # Errors
    /// [`SigningKeyError`] if `der` is not such a key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SigningKeyError> {
        // in version 1, which OpenSSL writes, an Ed25519 key is only the seed: there is no public key to compare
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(Self(Kind::Ed25519(key)));
        }
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &SystemRandom::new());
        key.map(|key| Self(Kind::P256(key))).map_err(|_| SigningKeyError)
    }

    /// Returns the DER of the public key's SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_der(&self) -> Vec<u8> {
        let (head, key): (&[u8], &[u8]) = match &self.0 {
            Kind::Ed25519(key) => (ED25519, key.public_key().as_ref()),
            Kind::P256(key) => (P256, key.public_key().as_ref()),
        };
        [head, key].concat()
    }

    /// Signs `message`: 64 bytes for Ed25519, an `ECDSA-Sig-Value` for P-256.
    ///
    /// # Errors
    /// [`SignError`] if the system returns no random number; never for Ed25519, which needs none.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.0 {
            Kind::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
            Kind::P256(key) => {
                let signature = key.sign(&SystemRandom::new(), message).map_err(|_| SignError)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

/// The DER before the 32 bytes of a key (RFC 8410 4).
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
/// The DER before the 65 bytes of an uncompressed point (RFC 5480 2).
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, //
    6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0,
];

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}
