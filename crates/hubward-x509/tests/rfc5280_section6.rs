//! RFC 5280 section 6 where implementations differ: comparison of names, key usage, path lengths, name constraints by
//! form, policies.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use common::{ca, entity, key, now, sign};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile, error::NameForm,
    profile::PolicyInputs,
};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, CustomExtension, DnType, GeneralSubtree, IsCa, KeyPair,
    KeyUsagePurpose, NameConstraints, SanType,
};

/// Verifies a chain of root, `cas` and `leaf`, each signed by the one before, with the issuer names of `claimed`.
fn check(
    cas: &[CertificateParams],
    leaf: &CertificateParams,
    profile: &Profile<'_>,
) -> Result<(), ChainError> {
    let (root, root_key) = (ca("Root"), key());
    let anchor = root.self_signed(&root_key).unwrap().der().to_vec();
    let (mut issuer, mut issuer_key): (CertificateParams, KeyPair) = (root, root_key);
    let mut presented = Vec::new();
    for params in cas {
        let own = key();
        presented.push(sign(params, &own, &issuer, &issuer_key));
        (issuer, issuer_key) = (params.clone(), own);
    }
    let leaf = sign(leaf, &key(), &issuer, &issuer_key);
    let chain = Chain::parse(&leaf, &presented).unwrap();
    chain.verify(&Anchors::parse([&anchor]).unwrap(), profile, ALL, now(0)).map(|_| ())
}

fn any_subject() -> Profile<'static> {
    Profile::device(ExpectedSubject::Any)
}

fn refused(place: CertificatePosition, problem: Problem) -> Result<(), ChainError> {
    Err(ChainError::Refused { place, problem })
}

#[test]
fn names_that_differ_in_case_and_spaces_are_equal() {
    let (root, root_key) = (ca("Fleet  Root "), key());
    let anchor = root.self_signed(&root_key).unwrap().der().to_vec();
    for (name, same) in
        [("fleet root", true), (" FLEET ROOT", true), ("FleetRoot", false), ("Fleet Rooot", false)]
    {
        let leaf = sign(&entity("pump-17"), &key(), &ca(name), &root_key);
        let chain = Chain::parse(&leaf, [&anchor]).unwrap();
        let verified = chain.verify(&Anchors::parse([&anchor]).unwrap(), &any_subject(), ALL, now(0));
        assert_eq!(verified.is_ok(), same, "{name}");
    }
}

#[test]
fn an_issuer_must_be_allowed_to_sign_certificates() {
    let mut signs_lists = ca("One");
    signs_lists.key_usages = vec![KeyUsagePurpose::CrlSign];
    let at = CertificatePosition::Intermediate(0);
    assert_eq!(check(&[signs_lists], &entity("x"), &any_subject()), refused(at, Problem::KeyUsage));
    let mut no_ca = ca("One");
    no_ca.is_ca = IsCa::ExplicitNoCa;
    assert_eq!(check(&[no_ca], &entity("x"), &any_subject()), refused(at, Problem::NotCa));
}

#[test]
fn self_issued_intermediates_are_not_counted() {
    let mut short = ca("One");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let leaf = entity("x");
    assert_eq!(check(&[short.clone(), ca("One")], &leaf, &any_subject()), Ok(()));
    assert_eq!(
        check(&[short.clone(), ca("Two")], &leaf, &any_subject()),
        refused(CertificatePosition::Intermediate(0), Problem::PathTooLong { most: 0 })
    );
    let most = any_subject().with_max_intermediates(1);
    assert_eq!(check(&[ca("One"), ca("One")], &leaf, &most), Ok(()));
    assert_eq!(
        check(&[ca("One"), ca("Two")], &leaf, &most),
        refused(CertificatePosition::Leaf, Problem::TooManyIntermediates { most: 1 })
    );
}

#[test]
fn name_constraints_are_checked_for_every_form() {
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let email = |name: &str| SanType::Rfc822Name(name.try_into().unwrap());
    let ip = |last| SanType::IpAddress([192, 0, 2, last].into());
    let base_dns = || GeneralSubtree::DnsName("a.example.com".to_owned());
    let base_email = || GeneralSubtree::Rfc822Name(".example.com".to_owned());
    let base_ip = || GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([192, 0, 2, 0], 25));
    for (base, name, form, inside) in [
        (base_dns(), dns("a.example.com"), NameForm::Dns, true),
        (base_dns(), dns("b.A.example.com"), NameForm::Dns, true),
        (base_dns(), dns("*.a.example.com"), NameForm::Dns, true),
        (base_dns(), dns("aa.example.com"), NameForm::Dns, false),
        (base_email(), email("a@host.example.com"), NameForm::Email, true),
        (base_email(), email("a@example.com"), NameForm::Email, false),
        (base_ip(), ip(127), NameForm::Ip, true),
        (base_ip(), ip(128), NameForm::Ip, false),
    ] {
        let mut leaf = entity("x");
        leaf.subject_alt_names = vec![name];
        let (mut permits, mut excludes) = (ca("One"), ca("One"));
        permits.name_constraints =
            Some(NameConstraints { permitted_subtrees: vec![base.clone()], excluded_subtrees: Vec::new() });
        excludes.name_constraints =
            Some(NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees: vec![base] });
        let by = CertificatePosition::Intermediate(0);
        let not_permitted = refused(CertificatePosition::Leaf, Problem::NotPermitted { form, by });
        let excluded = refused(CertificatePosition::Leaf, Problem::Excluded { form, by });
        let debug = format!("{leaf:?}");
        assert_eq!(
            check(&[permits], &leaf, &any_subject()),
            if inside { Ok(()) } else { not_permitted },
            "{debug}"
        );
        assert_eq!(
            check(&[excludes], &leaf, &any_subject()),
            if inside { excluded } else { Ok(()) },
            "{debug}"
        );
    }
}

#[test]
fn a_wildcard_that_matches_an_excluded_name_is_excluded() {
    let mut excludes = ca("One");
    excludes.name_constraints = Some(NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: vec![GeneralSubtree::DnsName("a.example.com".to_owned())],
    });
    let mut leaf = entity("x");
    leaf.subject_alt_names = vec![SanType::DnsName("*.example.com".try_into().unwrap())];
    let by = CertificatePosition::Intermediate(0);
    assert_eq!(
        check(&[excludes], &leaf, &any_subject()),
        refused(CertificatePosition::Leaf, Problem::Excluded { form: NameForm::Dns, by })
    );
}

#[test]
fn directory_constraints_apply_to_the_subject() {
    let mut fleet = rcgen::DistinguishedName::new();
    fleet.push(DnType::OrganizationName, "Fleet");
    let mut permits = ca("One");
    permits.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DirectoryName(fleet)],
        excluded_subtrees: Vec::new(),
    });
    let mut leaf = entity("");
    leaf.distinguished_name = rcgen::DistinguishedName::new();
    leaf.distinguished_name.push(DnType::OrganizationName, "FLEET");
    leaf.distinguished_name.push(DnType::CommonName, "pump-17");
    assert_eq!(check(&[permits.clone()], &leaf, &any_subject()), Ok(()));
    let by = CertificatePosition::Intermediate(0);
    assert_eq!(
        check(&[permits], &entity("pump-17"), &any_subject()),
        refused(CertificatePosition::Leaf, Problem::NotPermitted { form: NameForm::Directory, by })
    );
}

/// Returns an extension with the policies 1.2.`n`.
fn policies(all: &[u8]) -> CustomExtension {
    let list: Vec<u8> = all.iter().flat_map(|n| [0x30, 4, 6, 2, 0x2a, *n]).collect();
    let length = u8::try_from(list.len()).unwrap();
    CustomExtension::from_oid_content(&[2, 5, 29, 32], [vec![0x30, length], list].concat())
}

#[test]
fn policies_are_valid_over_the_whole_path_and_through_mappings() {
    let explicit = any_subject().with_policies(PolicyInputs::any().require_explicit());
    let with = |mut params: CertificateParams, all: &[u8]| {
        params.custom_extensions.push(policies(all));
        params
    };
    let mapping = |mut params: CertificateParams, from: u8, to: u8| {
        let content = vec![0x30, 10, 0x30, 8, 6, 2, 0x2a, from, 6, 2, 0x2a, to];
        params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 33], content));
        params
    };
    let leaf = |all: &[u8]| with(entity("x"), all);
    let one = [with(ca("One"), &[3, 4])];
    let required = refused(CertificatePosition::Leaf, Problem::PolicyRequired);
    assert_eq!(check(&one, &leaf(&[4, 5]), &explicit), Ok(()));
    assert_eq!(check(&one, &leaf(&[5]), &explicit), required);
    assert_eq!(check(&one, &entity("x"), &explicit), required);
    assert_eq!(check(&one, &entity("x"), &any_subject()), Ok(()), "no policy is required");

    let mapped = [mapping(with(ca("One"), &[3]), 3, 7)];
    assert_eq!(check(&mapped, &leaf(&[7]), &explicit), Ok(()));
    assert_eq!(check(&mapped, &leaf(&[3]), &explicit), required);
    let wanted: [&[u8]; 1] = [&[0x2a, 3]];
    let top = any_subject().with_policies(PolicyInputs::any().require_explicit().with_acceptable(&wanted));
    assert_eq!(check(&mapped, &leaf(&[7]), &top), Ok(()), "in the terms of the path's top");
    let inhibited = any_subject().with_policies(PolicyInputs::any().require_explicit().inhibit_mapping());
    assert_eq!(check(&mapped, &leaf(&[7]), &inhibited), required);
}
