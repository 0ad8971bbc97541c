//! Private keys that sign, for desks and services; verifying takes [`signature`](crate::signature) alone.

use alloc::vec::Vec;
use core::fmt;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

/// A private key: Ed25519, or ECDSA on P-256 with SHA-256.
///
/// ECDSA takes a number that nobody can guess for each signature; `ring` asks the system for it, and takes it from
/// nobody else.
pub struct SigningKey(Kind);

enum Kind {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

/// Not a private key of one of the two kinds in unencrypted PKCS#8, or its public half is another key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 or P-256 private key in unencrypted PKCS#8")]
#[expect(clippy::exhaustive_structs, reason = "ring says no more")]
pub struct NoSigningKey;

/// The system had no random number to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no entropy for a signature")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct NotSigned;

impl SigningKey {
    /// From the DER of PKCS#8 (RFC 5958), as `openssl genpkey -outform DER` writes it.
    ///
    /// # Errors
    /// [`NoSigningKey`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, NoSigningKey> {
        // of version 1, as OpenSSL writes it, an Ed25519 key is the seed alone: there is nothing to compare
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(Self(Kind::Ed25519(key)));
        }
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &SystemRandom::new());
        key.map(|key| Self(Kind::P256(key))).map_err(|_| NoSigningKey)
    }

    /// The DER of its public key's SubjectPublicKeyInfo.
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
    /// [`NotSigned`]; never for Ed25519, which takes no entropy.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NotSigned> {
        match &self.0 {
            Kind::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
            Kind::P256(key) => {
                let signature = key.sign(&SystemRandom::new(), message).map_err(|_| NotSigned)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

/// What stands before the 32 bytes of a key (RFC 8410 4).
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
/// What stands before the 65 bytes of an uncompressed point (RFC 5480 2).
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, //
    6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0,
];

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}
