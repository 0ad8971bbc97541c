//! A certificate signed with ECDSA has two valid encodings, and so two thumbprints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

#[path = "common/mod.rs"]
mod minting;

use hubward_ring::signature;
use hubward_x509::{Anchors, Certificate, Chain, ExpectedSubject, Profile};
use minting::{Fleet, ca, entity, key, now, sign};
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

fn malleated_form(der: &[u8]) -> Option<Vec<u8>> {
    Certificate::parse(der).unwrap().malleated_form()
}

#[test]
fn both_forms_of_a_signature_are_valid() {
    let p384 = || KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let (root_key, root) = (p384(), ca("Root"));
    // r and s have every length after some rounds
    for round in 0..40 {
        let middle_key = if round % 2 == 0 { key() } else { p384() };
        let middle = ca("Middle");
        let above = sign(&middle, &middle_key, &root, &root_key);
        let leaf = sign(&entity("pump-17"), &key(), &middle, &middle_key);
        let registered = root.self_signed(&root_key).unwrap().der().to_vec();
        let anchors = Anchors::parse([&registered]).unwrap();
        let (other_above, other_leaf) = (malleated_form(&above).unwrap(), malleated_form(&leaf).unwrap());
        assert!(other_above != above && other_leaf != leaf);
        for (leaf, above) in [(&leaf, &other_above), (&other_leaf, &above), (&other_leaf, &other_above)] {
            let chain = Chain::parse(leaf, [above]).unwrap();
            chain.verify(&anchors, &Profile::device(ExpectedSubject::Any), signature::ALL, now(0)).unwrap();
        }
        assert_eq!((malleated_form(&other_above), malleated_form(&other_leaf)), (Some(above), Some(leaf)));
    }
}

#[test]
fn other_signatures_have_no_second_form() {
    let ed25519 = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    assert_eq!(malleated_form(ca("Root").self_signed(&ed25519).unwrap().der()), None);
    assert_eq!(malleated_form(&Fleet::rsa("pump-17").leaf), None);
    // an altered s, for which n - s can be computed nevertheless
    let mut leaf = Fleet::p256("pump-17").leaf;
    let end = leaf.len();
    leaf[end - 1] ^= 1;
    assert!(malleated_form(&leaf).is_some(), "the signature is not verified");
}
