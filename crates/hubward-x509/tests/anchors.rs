//! Anchors are a name and a key (RFC 5280 6.1.1 (d)): which parts of their certificates are checked.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;

use common::der::{fields, sequence};
use common::{ca, entity, key, now, sign};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, Certificate, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile,
    error::CaRequirement, pem, profile::AnchorVersions,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair, KeyUsagePurpose, SerialNumber};

/// Verifies a leaf below an anchor whose DER was changed after it was signed.
fn below(
    anchor: &CertificateParams,
    change: impl Fn(Vec<u8>) -> Vec<u8>,
    profile: &Profile<'_>,
) -> Result<(), ChainError> {
    let anchor_key = key();
    let der = change(anchor.self_signed(&anchor_key).unwrap().der().to_vec());
    verify(&sign(&entity("pump-17"), &key(), anchor, &anchor_key), &der, profile)
}

fn verify(leaf: &[u8], anchor: &[u8], profile: &Profile<'_>) -> Result<(), ChainError> {
    let chain = Chain::parse(leaf, &[] as &[&[u8]]).unwrap();
    chain.verify(&Anchors::parse([anchor]).unwrap(), profile, ALL, now(0)).map(|_| ())
}

fn device() -> Profile<'static> {
    Profile::device(ExpectedSubject::Any)
}

fn refused(problem: Problem) -> Result<(), ChainError> {
    Err(ChainError::Refused { place: CertificatePosition::Anchor(0), problem })
}

/// Replaces every occurrence of some bytes with others of the same length.
fn replaced(mut der: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let found: Vec<usize> = (0..der.len()).filter(|at| der[*at..].starts_with(from)).collect();
    assert!(!found.is_empty());
    for at in found {
        der[at..at + to.len()].copy_from_slice(to);
    }
    der
}

#[test]
fn the_serial_number_of_an_anchor_does_not_matter() {
    for serial in [vec![0], vec![0x80], vec![0x7f; 37]] {
        let mut root = ca("Root");
        root.serial_number = Some(SerialNumber::from(serial));
        assert_eq!(below(&root, |der| der, &Profile::rfc5280()), Ok(()));
        assert_eq!(below(&root, |der| der, &device()), Ok(()));
    }
}

#[test]
fn the_own_signature_of_an_anchor_does_not_matter() {
    let mut root = ca("Root");
    root.use_authority_key_identifier_extension = false;
    // ecdsa-with-SHA256 to ecdsa-with-SHA1, which no algorithm of the list verifies
    let sha1 = |der| {
        let from = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
        let to = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 9];
        replaced(der, &from, &to)
    };
    assert_eq!(below(&root, sha1, &Profile::rfc5280()), Ok(()));
    assert_eq!(below(&root, sha1, &device()), Ok(()));
    let broken = |mut der: Vec<u8>| {
        *der.last_mut().unwrap() ^= 1;
        der
    };
    assert_eq!(below(&root, broken, &device()), Ok(()));
}

#[test]
fn a_cross_signed_anchor_needs_an_authority_key_identifier_under_rfc5280() {
    let (above_key, root_key) = (key(), key());
    for (issuer, with, expected) in [
        ("Another Root", true, Ok(())),
        ("Another Root", false, Err(CaRequirement::AuthorityKeyIdentifierMissing)),
        // the same name, but signed with another key
        ("Root", false, Err(CaRequirement::AuthorityKeyIdentifierMissing)),
    ] {
        let mut root = ca("Root");
        root.use_authority_key_identifier_extension = with;
        let anchor = sign(&root, &root_key, &ca(issuer), &above_key);
        let leaf = sign(&entity("pump-17"), &key(), &root, &root_key);
        let expected = expected.map_or_else(|one| refused(Problem::CaRequirement(one)), Ok);
        assert_eq!(verify(&leaf, &anchor, &Profile::rfc5280()), expected);
        assert_eq!(verify(&leaf, &anchor, &device()), Ok(()));
    }
}

#[test]
fn the_fields_of_an_anchors_authority_key_identifier_do_not_matter() {
    let mut root = ca("Root");
    root.use_authority_key_identifier_extension = false;
    // a serial number and a directory name, but no key identifier
    let value = [0x30, 9, 0xa1, 4, 0xa4, 2, 0x30, 0, 0x82, 1, 7];
    root.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 35], value.to_vec())];
    assert_eq!(below(&root, |der| der, &Profile::rfc5280()), Ok(()));
    let mut critical = root.clone();
    critical.custom_extensions[0].set_criticality(true);
    let expected = refused(Problem::CaRequirement(CaRequirement::AuthorityKeyIdentifierCritical));
    assert_eq!(below(&critical, |der| der, &Profile::rfc5280()), expected);
}

#[test]
fn what_limits_the_trust_in_an_anchor_is_checked() {
    let mut without = ca("Root");
    without.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    assert_eq!(below(&without, |der| der, &device()), refused(Problem::KeyUsage));
    let mut unknown = ca("Root");
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(true);
    unknown.custom_extensions = vec![extension];
    assert_eq!(below(&unknown, |der| der, &device()), refused(Problem::UnknownCriticalExtension));
    let mut entity = entity("Root");
    entity.is_ca = rcgen::IsCa::ExplicitNoCa;
    assert_eq!(below(&entity, |der| der, &device()), refused(Problem::NotCa));
}

/// Rewrites a certificate as version 1: without the version and the extensions. Its own signature no longer verifies.
fn version_1(params: &CertificateParams, key: &KeyPair) -> Vec<u8> {
    let der = params.self_signed(key).unwrap().der().to_vec();
    let outer = fields(&der);
    let kept: Vec<&[u8]> = fields(outer[0]).into_iter().filter(|field| field[0] & 0xc0 != 0x80).collect();
    sequence(&[&sequence(&kept), outer[1], outer[2]])
}

#[test]
fn an_anchor_of_version_1_is_accepted_where_the_profile_says_so() {
    let (root, root_key) = (ca("Root"), key());
    let anchor = version_1(&root, &root_key);
    assert!(Certificate::parse(&anchor).unwrap().extensions().basic_constraints.is_none());
    let leaf = sign(&entity("pump-17"), &key(), &root, &root_key);
    assert_eq!(verify(&leaf, &anchor, &device()), Ok(()));
    let strict = device().with_anchor_versions(AnchorVersions::OnlyVersion3);
    assert_eq!(verify(&leaf, &anchor, &strict), refused(Problem::NotCa));
    assert_eq!(verify(&leaf, &anchor, &Profile::rfc5280()), refused(Problem::NotCa));

    // never as an intermediate: RFC 5280 6.1.4 (k)
    let (top, top_key) = (ca("Top"), key());
    let middle = version_1(&root, &root_key);
    let chain = Chain::parse(&leaf, [&middle]).unwrap();
    let anchors = top.self_signed(&top_key).unwrap().der().to_vec();
    let found = chain.verify(&Anchors::parse([&anchors]).unwrap(), &device(), ALL, now(0)).unwrap_err();
    let place = CertificatePosition::Intermediate(0);
    assert_eq!(found, ChainError::Refused { place, problem: Problem::NotCa });
}

/// The roots of Debian's package `ca-certificates`, each as anchor and leaf: no refusal is about the anchor, but for its
/// expiry. Without the package there is nothing to check.
#[test]
fn the_roots_of_the_installed_package_are_unobjectionable_as_anchors() {
    let Ok(file) = std::fs::read("/etc/ssl/certs/ca-certificates.crt") else { return };
    let roots = pem::certificates(&file).unwrap();
    assert!(roots.len() > 50, "{} roots", roots.len());
    for root in &roots {
        let chain = Chain::parse(root, &[] as &[&[u8]]).unwrap();
        let name = chain.leaf().subject();
        let anchors = Anchors::parse([root]).unwrap();
        for profile in [Profile::rfc5280(), device()] {
            let refused = chain.verify(&anchors, &profile, ALL, now(0)).err();
            let about_anchor = matches!(
                refused,
                Some(ChainError::Refused { place: CertificatePosition::Anchor(_), problem })
                    if !matches!(problem, Problem::OutsideValidity(_))
            );
            assert!(!about_anchor, "{name}: {refused:?}");
        }
    }
}
