//! A signature algorithm without security or cost, for tests of thousands of chains: a checksum of key and message
//! under the identifiers of P-256.
#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// A key, identified by its number.
#[derive(Debug, Clone, Copy)]
pub struct Toy(pub [u8; 2]);

/// FNV-1a.
fn checksum(key: &[u8], message: &[u8]) -> [u8; 8] {
    let bytes = key.iter().chain(message);
    bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
        .to_be_bytes()
}

impl PublicKeyData for Toy {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Toy {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(checksum(&self.0, message).to_vec())
    }
}

/// Its verifier.
#[derive(Debug)]
pub struct ToyVerifier;

impl SignatureVerificationAlgorithm for ToyVerifier {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        if checksum(key, message) == signature { Ok(()) } else { Err(InvalidSignature) }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}
