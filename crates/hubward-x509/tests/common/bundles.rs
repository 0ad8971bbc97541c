//! Trust bundles for tests, built and signed as the fleet's owner does.
#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

use hubward_ring::SigningKey;
use hubward_ring::signature::ALL;
use hubward_x509::{BundleDraft, SignedBundle, TrustPeriod, UpdateKey};
use rcgen::KeyPair;

use super::{ca, now};

/// Returns an Ed25519 key derived from a number.
pub fn ed25519(number: u8) -> SigningKey {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    SigningKey::from_pkcs8(&[&head[..], &[number; 32]].concat()).unwrap()
}

/// Generates a P-256 key.
pub fn p256() -> SigningKey {
    SigningKey::from_pkcs8(&KeyPair::generate().unwrap().serialize_der()).unwrap()
}

pub fn public(key: &SigningKey) -> UpdateKey {
    UpdateKey::from_spki_der(&key.public_key_der()).unwrap()
}

/// Returns a root's certificate, valid through 2025 and 2026.
pub fn root(name: &str) -> Vec<u8> {
    ca(name).self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

/// Returns a trust period in seconds relative to now.
pub fn period(from: i64, until: i64) -> TrustPeriod {
    TrustPeriod { from: now(from), until: now(until) }
}

/// Returns a bundle of these roots for a day around now, with signatures of `signers`.
pub fn bundle(
    version: u32,
    threshold: u32,
    keys: &[&SigningKey],
    roots: &[&[u8]],
    signers: &[&SigningKey],
) -> Vec<u8> {
    let mut draft = BundleDraft::new(version, now(86_400), threshold);
    for key in keys {
        draft = draft.key(public(key));
    }
    for root in roots {
        draft = draft.anchor(root, period(-86_400, 86_400));
    }
    sign(&draft.finish().unwrap(), signers)
}

pub fn sign(bundle: &[u8], signers: &[&SigningKey]) -> Vec<u8> {
    signers.iter().fold(bundle.to_vec(), |bytes, key| {
        let bundle = SignedBundle::parse(&bytes).unwrap();
        let signature = key.sign(bundle.to_be_signed()).unwrap();
        bundle.with_signature(public(key), &signature, ALL).unwrap()
    })
}
