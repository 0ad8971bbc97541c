//! Signature algorithms for certificates, each as a `rustls_pki_types::SignatureVerificationAlgorithm`.
//!
//! There is no algorithm with SHA-1. RSA keys must have 2048 to 8192 bits.

use core::fmt;

use ring::signature::{self, UnparsedPublicKey};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// All algorithms, those that devices use most first.
pub const ALL: &[&dyn SignatureVerificationAlgorithm] = &[
    ECDSA_P256_SHA256,
    RSA_PKCS1_SHA256,
    ECDSA_P384_SHA384,
    ED25519,
    ECDSA_P256_SHA384,
    ECDSA_P384_SHA256,
    RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512,
    RSA_PSS_SHA256,
    RSA_PSS_SHA384,
    RSA_PSS_SHA512,
];

/// ECDSA on P-256 with SHA-256.
pub const ECDSA_P256_SHA256: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::ECDSA_P256,
    signature: alg_id::ECDSA_SHA256,
    verify: &signature::ECDSA_P256_SHA256_ASN1,
};
/// ECDSA on P-256 with SHA-384.
pub const ECDSA_P256_SHA384: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::ECDSA_P256,
    signature: alg_id::ECDSA_SHA384,
    verify: &signature::ECDSA_P256_SHA384_ASN1,
};
/// ECDSA on P-384 with SHA-256.
pub const ECDSA_P384_SHA256: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::ECDSA_P384,
    signature: alg_id::ECDSA_SHA256,
    verify: &signature::ECDSA_P384_SHA256_ASN1,
};
/// ECDSA on P-384 with SHA-384.
pub const ECDSA_P384_SHA384: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::ECDSA_P384,
    signature: alg_id::ECDSA_SHA384,
    verify: &signature::ECDSA_P384_SHA384_ASN1,
};
/// RSA PKCS#1 v1.5 with SHA-256.
pub const RSA_PKCS1_SHA256: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::RSA_ENCRYPTION,
    signature: alg_id::RSA_PKCS1_SHA256,
    verify: &signature::RSA_PKCS1_2048_8192_SHA256,
};
/// RSA PKCS#1 v1.5 with SHA-384.
pub const RSA_PKCS1_SHA384: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::RSA_ENCRYPTION,
    signature: alg_id::RSA_PKCS1_SHA384,
    verify: &signature::RSA_PKCS1_2048_8192_SHA384,
};
/// RSA PKCS#1 v1.5 with SHA-512.
pub const RSA_PKCS1_SHA512: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::RSA_ENCRYPTION,
    signature: alg_id::RSA_PKCS1_SHA512,
    verify: &signature::RSA_PKCS1_2048_8192_SHA512,
};
/// RSA PSS with SHA-256, also in its mask generation, and a salt of the length of the digest.
pub const RSA_PSS_SHA256: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::RSA_ENCRYPTION,
    signature: alg_id::RSA_PSS_SHA256,
    verify: &signature::RSA_PSS_2048_8192_SHA256,
};
/// RSA PSS with SHA-384, also in its mask generation, and a salt of the length of the digest.
pub const RSA_PSS_SHA384: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::RSA_ENCRYPTION,
    signature: alg_id::RSA_PSS_SHA384,
    verify: &signature::RSA_PSS_2048_8192_SHA384,
};
/// RSA PSS with SHA-512, also in its mask generation, and a salt of the length of the digest.
pub const RSA_PSS_SHA512: &dyn SignatureVerificationAlgorithm = &Algorithm {
    key: alg_id::RSA_ENCRYPTION,
    signature: alg_id::RSA_PSS_SHA512,
    verify: &signature::RSA_PSS_2048_8192_SHA512,
};
/// Ed25519 (RFC 8410).
pub const ED25519: &dyn SignatureVerificationAlgorithm =
    &Algorithm { key: alg_id::ED25519, signature: alg_id::ED25519, verify: &signature::ED25519 };

struct Algorithm {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    verify: &'static dyn signature::VerificationAlgorithm,
}

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(self.verify, key).verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Algorithm").field("key", &self.key).field("signature", &self.signature).finish()
    }
}
