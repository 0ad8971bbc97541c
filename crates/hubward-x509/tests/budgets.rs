//! The work that an unauthenticated peer can cause is bounded.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};

use common::{ca, entity, key, now, sign};
use hubward_ring::signature;
use hubward_x509::{
    Anchors, Certificate, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile,
    error::{BudgetExceeded, NameForm},
};
use rcgen::{CertificateParams, CustomExtension, GeneralSubtree, KeyPair, NameConstraints, SanType};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// Counts the signatures that it verifies.
#[derive(Debug)]
struct Counting(AtomicUsize);

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.0.fetch_add(1, Ordering::Relaxed);
        signature::ECDSA_P256_SHA256.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        signature::ECDSA_P256_SHA256.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        signature::ECDSA_P256_SHA256.signature_alg_id()
    }
}

struct Root {
    params: CertificateParams,
    key: KeyPair,
    der: Vec<u8>,
}

fn root() -> Root {
    let (params, key) = (ca("Root"), key());
    let der = params.self_signed(&key).unwrap().der().to_vec();
    Root { params, key, der }
}

/// Returns the result of the verification and the number of signatures that it checked.
fn verify(root: &Root, leaf: &[u8], intermediates: &[Vec<u8>]) -> (Result<(), ChainError>, usize) {
    let counting = Counting(AtomicUsize::new(0));
    let anchors = Anchors::parse([&root.der]).unwrap();
    let chain = Chain::parse(leaf, intermediates).unwrap();
    let result =
        chain.verify(&anchors, &Profile::device(ExpectedSubject::Any), &[&counting], now(0)).map(|_| ());
    (result, counting.0.into_inner())
}

#[test]
fn fifty_cross_signed_loops_without_a_root_exceed_the_budget() {
    let root = root();
    let keys: Vec<KeyPair> = (0..10).map(|_| key()).collect();
    let mut intermediates = Vec::new();
    for at in 0..50_usize {
        let (a, b) = (at % 10, (at / 10 + at + 1) % 10);
        let (mine, theirs) = (ca(&format!("CA {a}")), ca(&format!("CA {b}")));
        intermediates.push(sign(&mine, &keys[a], &theirs, &keys[b]));
    }
    let leaf = sign(&entity("pump-17"), &key(), &ca("CA 0"), &keys[0]);
    let (result, signatures) = verify(&root, &leaf, &intermediates);
    assert_eq!(result, Err(ChainError::BudgetExceeded(BudgetExceeded::Steps)));
    assert_eq!(signatures, 0, "no path reaches the root, so that none is worth a signature");
}

#[test]
fn many_keys_with_one_name_below_the_root_exceed_the_budget() {
    let root = root();
    let name = ca("Root");
    let keys: Vec<KeyPair> = (0..40).map(|_| key()).collect();
    // each has the root's name, and none has its key
    let intermediates: Vec<Vec<u8>> =
        keys.iter().map(|own| sign(&name, own, &name, keys.first().unwrap())).collect();
    let leaf = sign(&entity("pump-17"), &key(), &name, keys.last().unwrap());
    let (result, signatures) = verify(&root, &leaf, &intermediates);
    assert!(matches!(result, Err(ChainError::BudgetExceeded(_))), "{result:?}");
    assert!(signatures <= 100, "{signatures}");
}

#[test]
fn ten_thousand_name_constraints_exceed_the_budget() {
    let root = root();
    let (mut constrained, own) = (ca("Intermediate"), key());
    let subtrees = (0..10_000).map(|at| GeneralSubtree::DnsName(format!("n{at}.example.com"))).collect();
    constrained.name_constraints =
        Some(NameConstraints { permitted_subtrees: subtrees, excluded_subtrees: Vec::new() });
    let mut leaf = entity("pump-17");
    leaf.subject_alt_names =
        (0..50).map(|at| SanType::DnsName(format!("n{at}.example.com").try_into().unwrap())).collect();
    let intermediate = sign(&constrained, &own, &root.params, &root.key);
    let leaf = sign(&leaf, &key(), &constrained, &own);
    let (result, signatures) = verify(&root, &leaf, &[intermediate]);
    assert_eq!(result, Err(ChainError::BudgetExceeded(BudgetExceeded::NameComparisons)));
    assert_eq!(signatures, 2);
}

/// Encodes a DER value.
fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut der = vec![tag];
    match length {
        0..=0x7f => der.push(length as u8),
        0x80..=0xffff => der.extend([0x82, (length >> 8) as u8, length as u8]),
        _ => der.extend([0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8]),
    }
    if let 0x80..=0xff = length {
        der.truncate(1);
        der.extend([0x81, length as u8]);
    }
    der.extend(contents);
    der
}

fn policy(at: u16) -> Vec<u8> {
    tlv(6, &[0x2a, 0x03, 0x80 | (at >> 7) as u8 & 0x7f, at as u8 & 0x7f])
}

#[test]
fn policies_that_all_map_to_each_other_exceed_the_budget() {
    let root = root();
    let policies: Vec<u8> = (128..192).flat_map(|at| tlv(0x30, &policy(at))).collect();
    let mappings: Vec<u8> = (128..192)
        .flat_map(|from| (128..192).flat_map(move |to| tlv(0x30, &[policy(from), policy(to)].concat())))
        .collect();
    let (policies, mappings) = (tlv(0x30, &policies), tlv(0x30, &mappings));
    let (mut above, mut above_key) = (root.params.clone(), None::<KeyPair>);
    let mut intermediates = Vec::new();
    for depth in 0..6 {
        let (mut params, own) = (ca(&format!("CA {depth}")), key());
        params.custom_extensions = vec![
            CustomExtension::from_oid_content(&[2, 5, 29, 32], policies.clone()),
            CustomExtension::from_oid_content(&[2, 5, 29, 33], mappings.clone()),
        ];
        intermediates.push(sign(&params, &own, &above, above_key.as_ref().unwrap_or(&root.key)));
        (above, above_key) = (params, Some(own));
    }
    let mut leaf = entity("pump-17");
    leaf.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 32], policies)];
    let leaf = sign(&leaf, &key(), &above, above_key.as_ref().unwrap());
    let (result, signatures) = verify(&root, &leaf, &intermediates);
    assert_eq!(result, Err(ChainError::BudgetExceeded(BudgetExceeded::PolicySteps)));
    assert_eq!(signatures, 7);
}

#[test]
fn a_name_above_the_length_limit_does_not_evade_an_excluded_subtree() {
    let root = root();
    let (mut constrained, own) = (ca("Intermediate"), key());
    let mut excluded = rcgen::DistinguishedName::new();
    excluded.push(rcgen::DnType::OrganizationName, "Others");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: vec![GeneralSubtree::DirectoryName(excluded.clone())],
    });
    let intermediate = sign(&constrained, &own, &root.params, &root.key);
    let mut leaf = entity("pump-17");
    leaf.distinguished_name = excluded;
    leaf.distinguished_name.push(rcgen::DnType::CommonName, "x".repeat(5_000));
    let leaf = sign(&leaf, &key(), &constrained, &own);
    let problem = Problem::NotComparable { form: NameForm::Directory };
    assert_eq!(
        verify(&root, &leaf, &[intermediate]).0,
        Err(ChainError::Refused { place: CertificatePosition::Leaf, problem })
    );
}

#[test]
fn a_certificate_of_a_megabyte() {
    let root = root();
    let mut large = entity("pump-17");
    large.custom_extensions =
        vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], tlv(4, &vec![0; 1 << 20]))];
    let leaf = sign(&large, &key(), &root.params, &root.key);
    assert_eq!(verify(&root, &leaf, &[]).0, Ok(()));
}

#[test]
fn every_truncation_and_every_flipped_bit_is_refused_without_a_panic() {
    let root = root();
    let der = sign(&entity("pump-17"), &key(), &root.params, &root.key);
    for end in 0..der.len() {
        assert!(Certificate::parse(der.get(..end).unwrap()).is_err());
    }
    let accepted = Cell::new(0);
    for at in 0..der.len() * 8 {
        let mut flipped = der.clone();
        *flipped.get_mut(at / 8).unwrap() ^= 1 << (at % 8);
        if Chain::parse(&flipped, &[] as &[&[u8]]).is_ok() && verify(&root, &flipped, &[]).0.is_ok() {
            accepted.set(accepted.get() + 1);
        }
    }
    assert_eq!(accepted.get(), 0, "every byte is signed, or is the signature");
}
