//! A critical extension that cannot be processed refuses its certificate (RFC 5280 4.2), even if nothing else reads it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{ca, entity, key, now, sign};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile,
    error::KnownExtension, profile::AnchorChecks,
};
use rcgen::{CertificateParams, CustomExtension};

fn with(mut params: CertificateParams, oid: &[u64], critical: bool) -> CertificateParams {
    // a NULL, which is the value of none of them
    let mut extension = CustomExtension::from_oid_content(oid, vec![5, 0]);
    extension.set_criticality(critical);
    params.use_authority_key_identifier_extension = false;
    params.custom_extensions = vec![extension];
    params
}

fn verify(middle: &CertificateParams, leaf: &CertificateParams) -> Result<(), ChainError> {
    verify_below(&ca("Root"), middle, leaf, AnchorChecks::Certificate)
}

fn verify_below(
    root: &CertificateParams,
    middle: &CertificateParams,
    leaf: &CertificateParams,
    checks: AnchorChecks,
) -> Result<(), ChainError> {
    let (root_key, middle_key) = (key(), key());
    let anchor = root.self_signed(&root_key).unwrap().der().to_vec();
    let presented = sign(middle, &middle_key, root, &root_key);
    let leaf = sign(leaf, &key(), middle, &middle_key);
    let chain = Chain::parse(&leaf, [&presented]).unwrap();
    let profile = Profile::device(ExpectedSubject::Any).with_anchor_checks(checks);
    chain.verify(&Anchors::parse([&anchor]).unwrap(), &profile, ALL, now(0)).map(|_| ())
}

fn unread(found: Result<(), ChainError>) -> (CertificatePosition, KnownExtension) {
    match found {
        Err(ChainError::Refused { place, problem: Problem::Extension { extension, .. } }) => {
            (place, extension)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_critical_extension_that_cannot_be_read_is_refused() {
    let everywhere: [(&[u64], KnownExtension); 4] = [
        (&[2, 5, 29, 17], KnownExtension::SubjectAltName),
        (&[2, 5, 29, 31], KnownExtension::CrlDistributionPoints),
        (&[2, 5, 29, 35], KnownExtension::AuthorityKeyIdentifier),
        (&[1, 3, 6, 1, 5, 5, 7, 1, 1], KnownExtension::AuthorityInfoAccess),
    ];
    for (oid, extension) in everywhere {
        let found = verify(&with(ca("Middle"), oid, true), &entity("x"));
        assert_eq!(unread(found), (CertificatePosition::Intermediate(0), extension));
        let found = verify(&ca("Middle"), &with(entity("x"), oid, true));
        assert_eq!(unread(found), (CertificatePosition::Leaf, extension));
        assert_eq!(verify(&with(ca("Middle"), oid, false), &entity("x")), Ok(()), "{extension:?}");
    }
    let leaf: [(&[u64], KnownExtension); 4] = [
        (&[2, 5, 29, 14], KnownExtension::SubjectKeyIdentifier),
        (&[2, 5, 29, 30], KnownExtension::NameConstraints),
        (&[2, 5, 29, 33], KnownExtension::PolicyMappings),
        (&[2, 5, 29, 54], KnownExtension::InhibitAnyPolicy),
    ];
    for (oid, extension) in leaf {
        let found = verify(&ca("Middle"), &with(entity("x"), oid, true));
        assert_eq!(unread(found), (CertificatePosition::Leaf, extension));
        assert_eq!(verify(&ca("Middle"), &with(entity("x"), oid, false)), Ok(()), "{extension:?}");
    }
}

#[test]
fn a_critical_extension_of_an_anchor_is_read_only_if_its_certificate_is_checked() {
    let everywhere: [(&[u64], KnownExtension); 3] = [
        (&[2, 5, 29, 17], KnownExtension::SubjectAltName),
        (&[2, 5, 29, 31], KnownExtension::CrlDistributionPoints),
        (&[1, 3, 6, 1, 5, 5, 7, 1, 1], KnownExtension::AuthorityInfoAccess),
    ];
    for (oid, extension) in everywhere {
        let below = |critical, checks| {
            verify_below(&with(ca("Root"), oid, critical), &ca("Middle"), &entity("x"), checks)
        };
        let found = unread(below(true, AnchorChecks::Certificate));
        assert_eq!(found, (CertificatePosition::Anchor(0), extension));
        assert_eq!(below(false, AnchorChecks::Certificate), Ok(()));
        // RFC 5280 6.1.1 (d): a name and a key
        assert_eq!(below(true, AnchorChecks::NameAndKey), Ok(()));
    }
}
