//! Qualifiers of certificate policies (RFC 5280 4.2.1.4): an unknown one in a critical extension must be refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use common::der::{sequence, tlv};
use common::{ca, entity, key, now, sign};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile, error::KnownExtension,
};
use rcgen::{CertificateParams, CustomExtension};

/// Adds a policy with these qualifiers.
fn with(mut params: CertificateParams, critical: bool, qualifiers: &[u8]) -> CertificateParams {
    let policy = sequence(&[&[6, 3, 0x2a, 3, 4], qualifiers]);
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 32], sequence(&[&policy]));
    extension.set_criticality(critical);
    params.custom_extensions = vec![extension];
    params
}

/// A qualifier of this arc below id-qt.
fn qualifier(arc: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[&[6, 8, 0x2b, 6, 1, 5, 5, 7, 2, arc], value])
}

fn verify(middle: &CertificateParams, leaf: &CertificateParams) -> Result<(), ChainError> {
    let (root, root_key, middle_key) = (ca("Root"), key(), key());
    let presented = sign(middle, &middle_key, &root, &root_key);
    let leaf = sign(leaf, &key(), middle, &middle_key);
    let anchor = root.self_signed(&root_key).unwrap().der().to_vec();
    let chain = Chain::parse(&leaf, [&presented]).unwrap();
    let profile = Profile::device(ExpectedSubject::Any);
    chain.verify(&Anchors::parse([&anchor]).unwrap(), &profile, ALL, now(0)).map(|_| ())
}

#[test]
fn an_unknown_qualifier_in_a_critical_extension_is_refused() {
    let (plain_ca, plain) = (ca("Middle"), entity("pump-17"));
    let cps = qualifier(1, &tlv(22, b"https://a.example/cps"));
    let notice = qualifier(2, &sequence(&[&tlv(12, b"for tests")]));
    let unknown = qualifier(9, &[5, 0]);
    for (qualifiers, known) in [
        (vec![], true),
        (sequence(&[&cps]), true),
        (sequence(&[&notice, &cps]), true),
        (sequence(&[&unknown]), false),
        (sequence(&[&cps, &unknown]), false),
    ] {
        for critical in [false, true] {
            let refused = |place| {
                let problem = Problem::UnknownPolicyQualifier;
                if known || !critical { Ok(()) } else { Err(ChainError::Refused { place, problem }) }
            };
            let leaf = with(plain.clone(), critical, &qualifiers);
            assert_eq!(verify(&plain_ca, &leaf), refused(CertificatePosition::Leaf));
            let middle = with(plain_ca.clone(), critical, &qualifiers);
            assert_eq!(verify(&middle, &plain), refused(CertificatePosition::Intermediate(0)));
        }
    }
}

#[test]
fn a_malformed_list_of_qualifiers_is_refused() {
    for qualifiers in [
        sequence(&[]),
        sequence(&[&[5, 0]]),
        sequence(&[&sequence(&[&[6, 1, 0x2a]])]),
        sequence(&[&sequence(&[&[6, 1, 0x2a], &[5, 0], &[5, 0]])]),
    ] {
        let found = verify(&ca("Middle"), &with(entity("pump-17"), false, &qualifiers)).unwrap_err();
        let extension = KnownExtension::CertificatePolicies;
        assert!(
            matches!(found, ChainError::Refused { problem: Problem::Extension { extension: found, .. }, .. } if found == extension),
            "{found}"
        );
    }
}
