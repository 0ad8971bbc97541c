//! The names of algorithms and keys, so that a refusal says which one is not supported.

use core::fmt;

use super::identifier::{PKCS1, is_null_or_absent, split};
use crate::certificate::PublicKey;
use crate::tlv::{Tag, only};

/// `id-ecPublicKey`, and the curves' arcs of ANSI X9.62 and SECG.
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P192: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const SECG: &[u8] = &[0x2b, 0x81, 4, 0];
const BRAINPOOL: &[u8] = &[0x2b, 0x24, 3, 3, 2, 8, 1, 1];
/// The signature algorithms of FIPS: DSA with SHA-2, ML-DSA.
const FIPS: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3];
/// Sizes of RSA keys, in bits, that the algorithms of `hubward-ring` verify with.
const RSA_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

/// The algorithm of a signature, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are those of the algorithms")]
pub enum SignatureAlgorithm {
    Dsa,
    EcdsaSha1,
    EcdsaSha224,
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
    Ed25519,
    Ed448,
    MlDsa,
    RsaMd5,
    /// RSA-PSS, whose parameters name the digests.
    RsaPss,
    RsaSha1,
    RsaSha224,
    RsaSha256,
    RsaSha384,
    RsaSha512,
    /// A known algorithm with parameters that it must not have.
    UnexpectedParameters,
    /// Another algorithm.
    Unknown,
}

impl SignatureAlgorithm {
    /// Names the algorithm of an AlgorithmIdentifier with these contents.
    pub(crate) fn of(identifier: &[u8]) -> Self {
        let Some((oid, parameters)) = split(identifier) else { return Self::Unknown };
        let (name, expected) = match oid {
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] => (Self::EcdsaSha1, parameters.is_empty()),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1] => (Self::EcdsaSha224, parameters.is_empty()),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2] => (Self::EcdsaSha256, parameters.is_empty()),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3] => (Self::EcdsaSha384, parameters.is_empty()),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4] => (Self::EcdsaSha512, parameters.is_empty()),
            [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3] => (Self::Dsa, true),
            [0x2b, 0x65, 0x70] => (Self::Ed25519, parameters.is_empty()),
            [0x2b, 0x65, 0x71] => (Self::Ed448, parameters.is_empty()),
            // the arc of the OIW, which old tools wrote
            [0x2b, 0x0e, 3, 2, 0x1d] => (Self::RsaSha1, true),
            _ => match (oid.strip_prefix(PKCS1), oid.strip_prefix(FIPS)) {
                (Some([4]), _) => (Self::RsaMd5, true),
                (Some([5]), _) => (Self::RsaSha1, true),
                (Some([10]), _) => (Self::RsaPss, true),
                (Some([11]), _) => (Self::RsaSha256, is_null_or_absent(parameters)),
                (Some([12]), _) => (Self::RsaSha384, is_null_or_absent(parameters)),
                (Some([13]), _) => (Self::RsaSha512, is_null_or_absent(parameters)),
                (Some([14]), _) => (Self::RsaSha224, true),
                (_, Some([1..=8])) => (Self::Dsa, true),
                (_, Some([17..=19])) => (Self::MlDsa, true),
                _ => (Self::Unknown, true),
            },
        };
        if expected { name } else { Self::UnexpectedParameters }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dsa => "DSA",
            Self::EcdsaSha1 => "ECDSA with SHA-1",
            Self::EcdsaSha224 => "ECDSA with SHA-224",
            Self::EcdsaSha256 => "ECDSA with SHA-256",
            Self::EcdsaSha384 => "ECDSA with SHA-384",
            Self::EcdsaSha512 => "ECDSA with SHA-512",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
            Self::MlDsa => "ML-DSA",
            Self::RsaMd5 => "RSA with MD5",
            Self::RsaPss => "RSA-PSS with its digests and salt length",
            Self::RsaSha1 => "RSA with SHA-1",
            Self::RsaSha224 => "RSA with SHA-224",
            Self::RsaSha256 => "RSA with SHA-256",
            Self::RsaSha384 => "RSA with SHA-384",
            Self::RsaSha512 => "RSA with SHA-512",
            Self::UnexpectedParameters => "an algorithm with parameters that it must not have",
            Self::Unknown => "an unknown algorithm",
        })
    }
}

/// The algorithm of a public key, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are those of the algorithms")]
pub enum KeyAlgorithm {
    Brainpool,
    Dsa,
    /// A key of an elliptic curve that is not in this list, or whose parameters are written out.
    EcOther,
    Ed25519,
    Ed448,
    P192,
    P224,
    P256,
    P384,
    P521,
    Rsa,
    /// An RSA key that is limited to RSA-PSS (RFC 4055 1.2).
    RsaPss,
    /// An RSA key without the NULL that RFC 3279 2.3.1 requires.
    RsaWithoutNull,
    Secp256k1,
    /// Another algorithm.
    Unknown,
}

impl KeyAlgorithm {
    /// Names the algorithm of the AlgorithmIdentifier of a key.
    pub(crate) fn of(identifier: &[u8]) -> Self {
        let Some((oid, parameters)) = split(identifier) else { return Self::Unknown };
        match oid {
            EC_PUBLIC_KEY => match only(parameters, Tag::OBJECT_IDENTIFIER).map(|tlv| tlv.value) {
                Ok(P192) => Self::P192,
                Ok(P256) => Self::P256,
                Ok(curve) => match (curve.strip_prefix(SECG), curve.strip_prefix(BRAINPOOL)) {
                    (Some([0x0a]), _) => Self::Secp256k1,
                    (Some([0x21]), _) => Self::P224,
                    (Some([0x22]), _) => Self::P384,
                    (Some([0x23]), _) => Self::P521,
                    (_, Some(_)) => Self::Brainpool,
                    _ => Self::EcOther,
                },
                Err(_) => Self::EcOther,
            },
            [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => Self::Dsa,
            [0x2b, 0x65, 0x70] => Self::Ed25519,
            [0x2b, 0x65, 0x71] => Self::Ed448,
            _ => match oid.strip_prefix(PKCS1) {
                Some([1]) if parameters.is_empty() => Self::RsaWithoutNull,
                Some([1]) => Self::Rsa,
                Some([10]) => Self::RsaPss,
                _ => Self::Unknown,
            },
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Brainpool => "a key on a Brainpool curve",
            Self::Dsa => "a DSA key",
            Self::EcOther => "a key on an unknown curve",
            Self::Ed25519 => "an Ed25519 key",
            Self::Ed448 => "an Ed448 key",
            Self::P192 => "a P-192 key",
            Self::P224 => "a P-224 key",
            Self::P256 => "a P-256 key",
            Self::P384 => "a P-384 key",
            Self::P521 => "a P-521 key",
            Self::Rsa => "an RSA key",
            Self::RsaPss => "an RSA-PSS key",
            Self::RsaWithoutNull => "an RSA key without the NULL of RFC 3279",
            Self::Secp256k1 => "a secp256k1 key",
            Self::Unknown => "a key of an unknown algorithm",
        })
    }
}

/// A signature that no algorithm of the caller's list can verify, because of its algorithm or the key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature algorithm, {signature} by {key}, is not supported")]
#[non_exhaustive]
pub struct UnsupportedAlgorithm {
    /// The algorithm of the signature.
    pub signature: SignatureAlgorithm,
    /// The algorithm of the key that should verify it.
    pub key: KeyAlgorithm,
}

impl UnsupportedAlgorithm {
    /// Names both algorithms from the contents of an AlgorithmIdentifier and from a key.
    pub(crate) fn new(signature: &[u8], key: &PublicKey<'_>) -> Self {
        Self { signature: SignatureAlgorithm::of(signature), key: KeyAlgorithm::of(key.algorithm) }
    }
}

/// A key with which a signature could not be verified because of the key's form, although its algorithm is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsupportedKey {
    /// A compressed point of an elliptic curve, which RFC 5480 2.2 leaves to each implementation.
    #[error("has a compressed point, and only uncompressed points are supported")]
    CompressedPoint,
    /// An RSA key that is too short or too long.
    #[error("is an RSA key of {bits} bits, and {} to {} are supported", RSA_BITS.start(), RSA_BITS.end())]
    RsaLength {
        /// The length of the modulus in bits.
        bits: usize,
    },
}

impl UnsupportedKey {
    /// Returns the reason in the form of the key for which a signature could not be verified with it, if there is one.
    pub(crate) fn of(key: &PublicKey<'_>) -> Option<Self> {
        match KeyAlgorithm::of(key.algorithm) {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => {
                matches!(key.key, [2 | 3, ..]).then_some(Self::CompressedPoint)
            }
            KeyAlgorithm::Rsa => {
                let mut fields = only(key.key, Tag::SEQUENCE).ok()?.open();
                let modulus = fields.expect(Tag::INTEGER).ok()?.value;
                let digits = modulus.strip_prefix(&[0]).unwrap_or(modulus);
                let unused = usize::try_from(digits.first()?.leading_zeros()).ok()?;
                let bits = digits.len().saturating_mul(8).saturating_sub(unused);
                (!RSA_BITS.contains(&bits)).then_some(Self::RsaLength { bits })
            }
            _ => None,
        }
    }
}
