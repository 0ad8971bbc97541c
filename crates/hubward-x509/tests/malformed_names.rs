//! An issuer or a subject that is not a Name is refused, even where the bytes of issuer and subject are equal.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use common::der::{fields, sequence, signed_again, tlv};
use common::{ca, entity, key, now, sign};
use hubward_ring::signature::ALL;
use hubward_x509::{Anchors, Chain, ChainError, ExpectedSubject, Problem, Profile};
use rcgen::{KeyPair, SigningKey};

/// The index of the issuer and of the subject in the signed part.
const ISSUER: usize = 3;
const SUBJECT: usize = 5;

/// A part of a name, before a common name.
fn name(part: &[u8]) -> Vec<u8> {
    let common = sequence(&[&[6, 3, 0x55, 4, 3], &tlv(12, b"valve-31")]);
    sequence(&[part, &tlv(0x31, &common)])
}

fn changed(der: &[u8], at: usize, name: &[u8], key: &KeyPair) -> Vec<u8> {
    let algorithm = fields(der)[1].to_vec();
    let change = |inner: &mut Vec<Vec<u8>>| inner[at] = name.to_vec();
    signed_again(der, 2, &algorithm, change, |message| key.sign(message).unwrap())
}

fn verify(leaf: &[u8], root: &[u8]) -> Option<Problem> {
    let chain = Chain::parse(leaf, &[] as &[&[u8]]).unwrap();
    let profile = Profile::device(ExpectedSubject::Any);
    match chain.verify(&Anchors::parse([root]).unwrap(), &profile, ALL, now(0)) {
        Ok(_) => None,
        Err(ChainError::Refused { problem, .. }) => Some(problem),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn an_issuer_or_a_subject_that_is_not_a_name_is_refused() {
    let organisation: &[u8] = &[6, 3, 0x55, 4, 10];
    let value = tlv(12, b"Fleet");
    for (part, is_name) in [
        (tlv(0x31, &sequence(&[organisation, &value])), true),
        // no value, no type, an empty type, three parts, SEQUENCE for SET, a SET within, nothing, not DER
        (tlv(0x31, &sequence(&[organisation])), false),
        (tlv(0x31, &sequence(&[&value])), false),
        (tlv(0x31, &sequence(&[&[6, 0], &value])), false),
        (tlv(0x31, &sequence(&[organisation, &value, &value])), false),
        (sequence(&[&sequence(&[organisation, &value])]), false),
        (tlv(0x31, &tlv(0x31, &[organisation, &value].concat())), false),
        (tlv(0x31, &[]), false),
        (vec![0x31, 9], false),
        (value.clone(), false),
    ] {
        let (root, root_key) = (ca("Root"), key());
        let leaf = sign(&entity("placeholder"), &key(), &root, &root_key);
        let anchor = root.self_signed(&root_key).unwrap().der().to_vec();
        let expected = (!is_name).then_some(Problem::MalformedName);
        let name = name(&part);

        let subject = changed(&leaf, SUBJECT, &name, &root_key);
        assert_eq!(verify(&subject, &anchor), expected, "{part:x?}");

        // both have the same bytes
        let issuer = changed(&leaf, ISSUER, &name, &root_key);
        let anchor = changed(&anchor, SUBJECT, &name, &root_key);
        assert_eq!(verify(&issuer, &anchor), expected, "{part:x?}");
    }
}
