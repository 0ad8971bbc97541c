//! Five fixed P-256 keys, created for these tests and used nowhere else. A signature is made and verified once: a fuzz target
//! signs the same certificate many times.

use core::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine;
use hubward_ring::signature;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// The number of keys.
pub const KEYS: usize = 5;

static PAIRS: LazyLock<Vec<EcdsaKeyPair>> = LazyLock::new(|| {
    let decode = |line| base64::engine::general_purpose::STANDARD.decode(line).unwrap();
    include_str!("p256.base64")
        .lines()
        .map(|line| {
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &decode(line), &SystemRandom::new())
                .unwrap()
        })
        .collect()
});

/// The results that are kept before all are dropped.
const KEPT: usize = 20_000;

/// Signatures, by the number of the key and the message.
type Signatures = HashMap<(usize, Vec<u8>), Vec<u8>>;

thread_local! {
    static SIGNED: RefCell<Signatures> = RefCell::default();
    static VERIFIED: RefCell<HashMap<Vec<u8>, bool>> = RefCell::default();
}

/// Returns the point of a public key.
pub fn point(key: usize) -> &'static [u8] {
    PAIRS[key].public_key().as_ref()
}

/// Signs with ECDSA and SHA-256.
pub fn sign(key: usize, message: &[u8]) -> Vec<u8> {
    SIGNED.with_borrow_mut(|kept| {
        if kept.len() > KEPT {
            kept.clear();
        }
        let new = || PAIRS[key].sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec();
        kept.entry((key, message.to_vec())).or_insert_with(new).clone()
    })
}

/// An algorithm of the provider on ring, whose results are kept.
#[derive(Debug)]
struct Kept(usize);

impl SignatureVerificationAlgorithm for Kept {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let lengths = [self.0, key.len(), message.len()].map(usize::to_be_bytes).concat();
        let question = [&lengths, key, message, signature].concat();
        let valid = VERIFIED.with_borrow_mut(|kept| {
            if kept.len() > KEPT {
                kept.clear();
            }
            let new = || signature::ALL[self.0].verify_signature(key, message, signature).is_ok();
            *kept.entry(question).or_insert_with(new)
        });
        if valid { Ok(()) } else { Err(InvalidSignature) }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        signature::ALL[self.0].public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        signature::ALL[self.0].signature_alg_id()
    }
}

/// The algorithms of the provider on ring.
pub static ALGORITHMS: LazyLock<Vec<&'static dyn SignatureVerificationAlgorithm>> = LazyLock::new(|| {
    (0..signature::ALL.len())
        .map(|at| -> &'static dyn SignatureVerificationAlgorithm { Box::leak(Box::new(Kept(at))) })
        .collect()
});

/// An algorithm that accepts every signature, so that altered bytes are not refused for their signatures alone.
#[derive(Debug)]
struct Any(usize);

impl SignatureVerificationAlgorithm for Any {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        signature::ALL[self.0].public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        signature::ALL[self.0].signature_alg_id()
    }
}

/// The same algorithms, which accept every signature.
pub static ANY_SIGNATURE: LazyLock<Vec<&'static dyn SignatureVerificationAlgorithm>> = LazyLock::new(|| {
    (0..signature::ALL.len())
        .map(|at| -> &'static dyn SignatureVerificationAlgorithm { Box::leak(Box::new(Any(at))) })
        .collect()
});
