//! Lists that are prepared for many verifications: the signature of one by an anchor is verified once. What they decide
//! is compared in `crl_model.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/mod.rs"]
mod minting;

use core::sync::atomic::{AtomicUsize, Ordering};

use crl_builder::{CrlBuilder, numbered};
use hubward_ring::signature::ECDSA_P256_SHA256;
use hubward_x509::{
    Anchors, Chain, ChainError, Crls, ExpectedSubject, Problem, Profile, Revocation,
    crl::{CrlProblem, StatusUnknown},
};
use minting::{ca, entity, key, now, sign};
use rcgen::KeyPair;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// No intermediates.
const NONE: &[&[u8]] = &[];

/// Counts the signatures that it verifies.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.0.fetch_add(1, Ordering::Relaxed);
        ECDSA_P256_SHA256.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        ECDSA_P256_SHA256.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        ECDSA_P256_SHA256.signature_alg_id()
    }
}

/// A root that issues devices and lists, with the leaf of a device whose serial number is 17.
struct Fleet {
    root: Vec<u8>,
    root_key: KeyPair,
    leaf: Vec<u8>,
}

impl Fleet {
    fn new() -> Self {
        let (params, root_key) = (ca("Fleet root"), key());
        let root = params.self_signed(&root_key).unwrap().der().to_vec();
        let leaf = sign(&numbered(entity("pump-17"), 17), &key(), &params, &root_key);
        Self { root, root_key, leaf }
    }

    fn list(&self, revoked: &[u8], key: &KeyPair) -> Vec<u8> {
        let list = revoked.iter().fold(CrlBuilder::by(&self.root), |list, serial| list.revoking(*serial));
        list.sign(key)
    }

    fn verify(&self, crls: &Crls, algorithm: &Counting) -> Result<(), ChainError> {
        let profile = Profile::device(ExpectedSubject::Any).with_revocation(Revocation::by(crls));
        let chain = Chain::parse(&self.leaf, NONE).unwrap();
        let anchors = Anchors::parse([&self.root]).unwrap();
        chain.verify(&anchors, &profile, &[algorithm], now(0)).map(|_| ())
    }
}

#[test]
fn the_signature_of_a_list_by_an_anchor_is_verified_once() {
    let fleet = Fleet::new();
    let crls = Crls::parse([&fleet.list(&[1, 200, 3], &fleet.root_key)]).unwrap();
    let counting = Counting::default();
    fleet.verify(&crls, &counting).unwrap();
    assert_eq!(counting.0.swap(0, Ordering::Relaxed), 2, "the leaf's signature and the list's");

    let prepared = crls.prepared(&Anchors::parse([&fleet.root]).unwrap(), &[&counting]);
    assert_eq!(counting.0.swap(0, Ordering::Relaxed), 1, "the list's");
    for _ in 0..3 {
        fleet.verify(&prepared, &counting).unwrap();
    }
    assert_eq!(counting.0.load(Ordering::Relaxed), 3, "the leaf's signature each time");
}

#[test]
fn a_forged_list_stays_forged() {
    let fleet = Fleet::new();
    let other = ca("Fleet root").self_signed(&key()).unwrap().der().to_vec();
    let counting = Counting::default();
    let forged = Crls::parse([&fleet.list(&[], &key())]).unwrap();
    let both = Anchors::parse([&other, &fleet.root]).unwrap();
    let expected =
        Problem::RevocationUnknown(StatusUnknown::Crl { crl: 0, problem: CrlProblem::BadSignature });
    let refused = fleet.verify(&forged.prepared(&both, &[&counting]), &counting).unwrap_err();
    assert!(matches!(refused, ChainError::Refused { problem, .. } if problem == expected), "{refused:?}");
}

#[test]
fn a_list_prepared_with_the_key_of_a_namesake_does_not_count_for_another_anchor() {
    let fleet = Fleet::new();
    let namesake_key = key();
    let namesake = ca("Fleet root").self_signed(&namesake_key).unwrap().der().to_vec();
    let counting = Counting::default();
    // the namesake's list clears the leaf, and its signature is the namesake's
    let lists = Crls::parse([&fleet.list(&[], &namesake_key)]).unwrap();
    let prepared = lists.prepared(&Anchors::parse([&namesake]).unwrap(), &[&counting]);
    assert!(fleet.verify(&prepared, &counting).is_err());
}

#[test]
fn a_prepared_list_revokes_each_of_its_entries() {
    let fleet = Fleet::new();
    let counting = Counting::default();
    let anchors = Anchors::parse([&fleet.root]).unwrap();
    for serials in [[17, 200, 3], [200, 17, 3], [200, 3, 17]] {
        let crls = Crls::parse([&fleet.list(&serials, &fleet.root_key)]).unwrap();
        let error = fleet.verify(&crls.prepared(&anchors, &[&counting]), &counting).unwrap_err();
        assert!(matches!(error, ChainError::Refused { problem: Problem::Revoked { .. }, .. }), "{error:?}");
    }
}
