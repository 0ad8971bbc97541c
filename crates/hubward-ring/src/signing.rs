//! Private signing keys, for offline signing, issuing and services. Verification needs only
//! [`signature`](crate::signature).

use alloc::vec::Vec;
use core::fmt;

use hubward_core::{LONGEST_SIGNATURE, Signer, SignerError};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use rustls_pki_types::{AlgorithmIdentifier, alg_id};
use zeroize::Zeroizing;

/// A private key: ECDSA on P-256 with SHA-256, ECDSA on P-384 with SHA-384, or Ed25519.
///
/// ```
/// use hubward_ring::{KeyType, SigningKey};
///
/// let pkcs8 = SigningKey::generate_pkcs8(KeyType::Ed25519)?;
/// let key = SigningKey::from_pkcs8(&pkcs8)?;
/// assert_eq!(key.sign(b"a message")?.len(), 64);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// ECDSA needs an unpredictable number for each signature. `ring` reads it from the system and accepts no other source.
pub struct SigningKey {
    pair: Pair,
    public_key: Vec<u8>,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair, AlgorithmIdentifier),
}

/// The type of a new private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyType {
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// An elliptic-curve key on P-256, which all TLS stacks of devices support.
    P256,
    /// An elliptic-curve key on P-384.
    P384,
}

/// Not a private key of one of the types in unencrypted PKCS#8, or its public key does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519, P-256 or P-384 private key in unencrypted PKCS#8")]
#[expect(clippy::exhaustive_structs, reason = "ring gives no details")]
pub struct SigningKeyError;

/// The system returned no random number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system returned no random number for a signature")]
#[expect(clippy::exhaustive_structs, reason = "there are no details to add")]
pub struct SignError;

impl SigningKey {
    /// Generates a private key with the system's random numbers, and returns the DER of its PKCS#8 (RFC 5958).
    ///
    /// # Errors
    /// [`SignError`] if the system returns no random number.
    pub fn generate_pkcs8(key_type: KeyType) -> Result<Zeroizing<Vec<u8>>, SignError> {
        let random = SystemRandom::new();
        let document = match key_type {
            KeyType::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random),
            KeyType::P256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random),
            KeyType::P384 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &random),
        };
        document.map(|document| Zeroizing::new(document.as_ref().to_vec())).map_err(|_| SignError)
    }

    /// Parses a private key from the DER of PKCS#8 (RFC 5958), as written by `openssl genpkey -outform DER`.
    ///
    /// # Errors
    /// [`SigningKeyError`] if `der` is not such a key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SigningKeyError> {
        // in version 1, which OpenSSL writes, an Ed25519 key is only the seed: there is no public key to compare
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            let public_key = [ED25519, pair.public_key().as_ref()].concat();
            return Ok(Self { pair: Pair::Ed25519(pair), public_key });
        }
        for (algorithm, head, signature) in [
            (&ECDSA_P256_SHA256_ASN1_SIGNING, P256, alg_id::ECDSA_SHA256),
            (&ECDSA_P384_SHA384_ASN1_SIGNING, P384, alg_id::ECDSA_SHA384),
        ] {
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(algorithm, der, &SystemRandom::new()) {
                let public_key = [head, pair.public_key().as_ref()].concat();
                return Ok(Self { pair: Pair::Ecdsa(pair, signature), public_key });
            }
        }
        Err(SigningKeyError)
    }

    /// Returns the DER of the public key's SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_der(&self) -> Vec<u8> {
        self.public_key.clone()
    }

    /// Signs `message`: 64 bytes for Ed25519, an `ECDSA-Sig-Value` for P-256 and P-384.
    ///
    /// # Errors
    /// [`SignError`] if the system returns no random number; never for Ed25519, which needs none.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.signature(message)?.as_ref().to_vec())
    }

    fn signature(&self, message: &[u8]) -> Result<ring::signature::Signature, SignError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message)),
            Pair::Ecdsa(pair, _) => pair.sign(&SystemRandom::new(), message).map_err(|_| SignError),
        }
    }
}

impl Signer for SigningKey {
    fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    fn algorithm(&self) -> AlgorithmIdentifier {
        match &self.pair {
            Pair::Ed25519(_) => alg_id::ED25519,
            Pair::Ecdsa(_, algorithm) => *algorithm,
        }
    }

    fn sign<'b>(
        &self,
        message: &[u8],
        buffer: &'b mut [u8; LONGEST_SIGNATURE],
    ) -> Result<&'b [u8], SignerError> {
        let made = self.signature(message).map_err(|_| SignerError)?;
        let place = buffer.get_mut(..made.as_ref().len()).ok_or(SignerError)?;
        place.copy_from_slice(made.as_ref());
        Ok(place)
    }
}

/// The DER before the 32 bytes of a key (RFC 8410 4).
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
/// The DER before the 65 bytes of an uncompressed point (RFC 5480 2).
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, //
    6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0,
];
/// The DER before the 97 bytes of an uncompressed point (RFC 5480 2).
const P384: &[u8] = &[
    0x30, 0x76, 0x30, 0x10, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, //
    6, 5, 0x2b, 0x81, 4, 0, 0x22, 3, 0x62, 0,
];

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}
