//! The rules in which verifiers of X.509 differ, as docs/COMPATIBILITY.md lists them: each test pins one of them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;

use common::der::{sequence, tlv};
use common::{ca, entity, key, now, sign};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile, Purpose,
    error::{CaRequirement, KnownExtension, NameForm},
    profile::{CaRequirements, ExtendedKeyUsage, PolicyInputs},
};
use rcgen::string::BmpString;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints, SanType,
};
use rustls_pki_types::ServerName;

/// Verifies a leaf below an intermediate below a root.
fn verify(
    root: &CertificateParams,
    middle: &CertificateParams,
    leaf: &CertificateParams,
    profile: &Profile<'_>,
) -> Result<(), ChainError> {
    let (root_key, middle_key) = (key(), key());
    let anchor = root.self_signed(&root_key).unwrap().der().to_vec();
    let presented = sign(middle, &middle_key, root, &root_key);
    let leaf = sign(leaf, &key(), middle, &middle_key);
    let chain = Chain::parse(&leaf, [&presented]).unwrap();
    chain.verify(&Anchors::parse([&anchor]).unwrap(), profile, ALL, now(0)).map(|_| ())
}

fn device() -> Profile<'static> {
    Profile::device(ExpectedSubject::Any)
}

fn refused(place: CertificatePosition, problem: Problem) -> Result<(), ChainError> {
    Err(ChainError::Refused { place, problem })
}

fn constrained(permitted: &[&str], excluded: &[&str]) -> CertificateParams {
    let trees =
        |names: &[&str]| names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect();
    let mut params = ca("Middle");
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: trees(permitted), excluded_subtrees: trees(excluded) });
    params
}

fn with_dns(name: &str) -> CertificateParams {
    let mut params = entity("x");
    params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
    params
}

/// RFC 5280 4.2.1.10: a dNSName constraint is a domain, without a leading dot.
#[test]
fn a_leading_dot_in_a_dns_constraint_is_refused() {
    for middle in [constrained(&[".a.example"], &[]), constrained(&[], &[".a.example"])] {
        for name in ["b.a.example", "a.example", "b.example"] {
            for profile in [device(), Profile::rfc5280()] {
                assert!(verify(&ca("Root"), &middle, &with_dns(name), &profile).is_err(), "{name}");
            }
        }
    }
    let plain = constrained(&["a.example"], &[]);
    assert_eq!(verify(&ca("Root"), &plain, &with_dns("b.a.example"), &device()), Ok(()));
    // a name that the constraint does not concern is accepted
    let by = CertificatePosition::Intermediate(0);
    let problem = Problem::NotPermitted { form: NameForm::Dns, by };
    let outside = verify(&ca("Root"), &plain, &with_dns("b.example"), &device());
    assert_eq!(outside, refused(CertificatePosition::Leaf, problem));
}

/// RFC 5280 4.2.1.12 gives the extended key usage of a CA no meaning for the certificates below it.
#[test]
fn the_purposes_of_a_ca_limit_the_certificates_below_it() {
    let mut servers = ca("Middle");
    servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let at = CertificatePosition::Intermediate(0);
    let leaf = entity("x");
    assert_eq!(verify(&ca("Root"), &servers, &leaf, &device()), refused(at, Problem::Purpose));
    assert_eq!(verify(&ca("Root"), &servers, &leaf, &Profile::rfc5280()), Ok(()));
    let off = device().with_extended_key_usage(ExtendedKeyUsage::Off);
    assert_eq!(verify(&ca("Root"), &servers, &leaf, &off), Ok(()));
}

/// RFC 5280 4.2.1.12: anyExtendedKeyUsage includes every purpose; applications may refuse it.
#[test]
fn any_extended_key_usage_includes_every_purpose() {
    let mut any = entity("x");
    any.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    assert_eq!(verify(&ca("Root"), &ca("Middle"), &any, &device()), Ok(()));
    let required = device().with_extended_key_usage(ExtendedKeyUsage::Require(Purpose::ClientAuth));
    assert_eq!(verify(&ca("Root"), &ca("Middle"), &any, &required), Ok(()));
}

fn policy(mut params: CertificateParams, arc: u8) -> CertificateParams {
    let policies = sequence(&[&sequence(&[&[6, 3, 0x2a, 3, arc]])]);
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 32], policies)];
    params
}

/// RFC 5280 6.1.1 (d): the policies of an anchor are no input of the validation, but its constraints apply here.
#[test]
fn the_policies_of_an_anchor_do_not_matter_and_its_constraints_do() {
    let explicit = device().with_policies(PolicyInputs::any().require_explicit());
    let below = || (policy(ca("Middle"), 1), policy(entity("x"), 1));
    let (middle, leaf) = below();
    assert_eq!(verify(&ca("Root"), &middle, &leaf, &explicit), Ok(()));
    assert_eq!(verify(&policy(ca("Root"), 2), &middle, &leaf, &explicit), Ok(()));

    let mut short = ca("Root");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let at = CertificatePosition::Anchor(0);
    assert_eq!(verify(&short, &middle, &leaf, &device()), refused(at, Problem::PathTooLong { most: 0 }));
    let mut limited = constrained(&["a.example"], &[]);
    limited.distinguished_name = ca("Root").distinguished_name;
    let problem = Problem::NotPermitted { form: NameForm::Dns, by: at };
    let outside = verify(&limited, &ca("Middle"), &with_dns("b.example"), &device());
    assert_eq!(outside, refused(CertificatePosition::Leaf, problem));
}

/// RFC 5280 7.1 requires UTF8String and PrintableString to be compared as text, and leaves the other types open.
#[test]
fn names_of_other_string_types_are_equal_only_by_their_bytes() {
    let bmp = || DnValue::BmpString(BmpString::try_from("Middle").unwrap());
    let named = |value: DnValue| {
        let mut params = ca("placeholder");
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, value);
        params
    };
    assert_eq!(verify(&ca("Root"), &named(bmp()), &entity("x"), &device()), Ok(()));
    let (root_key, middle_key) = (key(), key());
    let anchor = ca("Root").self_signed(&root_key).unwrap().der().to_vec();
    let presented = sign(&named(bmp()), &middle_key, &ca("Root"), &root_key);
    let leaf = sign(&entity("x"), &key(), &named("Middle".into()), &middle_key);
    let chain = Chain::parse(&leaf, [&presented]).unwrap();
    let found = chain.verify(&Anchors::parse([&anchor]).unwrap(), &device(), ALL, now(0)).unwrap_err();
    assert_eq!(found, ChainError::UnknownIssuer { place: CertificatePosition::Leaf });
}

/// RFC 5280 4.2.1.6: at least one name, and each of a form that can be read.
#[test]
fn an_empty_list_of_alternative_names_is_refused() {
    let mut leaf = entity("x");
    leaf.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], sequence(&[]))];
    let found = verify(&ca("Root"), &ca("Middle"), &leaf, &device()).unwrap_err();
    let ChainError::Refused { problem: Problem::Extension { extension, .. }, .. } = found else {
        panic!("{found}");
    };
    assert_eq!(extension, KnownExtension::SubjectAltName);
}

/// RFC 9525 6.3: a presented name has no trailing dot. The common name of a server is never compared (6.2).
#[test]
fn a_server_is_named_by_its_alternative_names() {
    let server = || Profile::server(ServerName::try_from("hub.example").unwrap());
    assert_eq!(verify(&ca("Root"), &ca("Middle"), &with_dns("hub.example"), &server()), Ok(()));
    let mismatch = refused(CertificatePosition::Leaf, Problem::NameMismatch);
    let mut dotted = entity("x");
    let name = sequence(&[&tlv(0x82, b"hub.example.")]);
    dotted.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], name)];
    assert_eq!(verify(&ca("Root"), &ca("Middle"), &dotted, &server()), mismatch);
    assert_eq!(verify(&ca("Root"), &ca("Middle"), &entity("hub.example"), &server()), mismatch);
}

/// RFC 5280 section 4 is about issuers. Private CAs often omit what it demands, so devices are not refused for it.
#[test]
fn the_requirements_on_cas_are_a_setting() {
    let mut middle = ca("Middle");
    middle.use_authority_key_identifier_extension = false;
    let at = CertificatePosition::Intermediate(0);
    let problem = Problem::CaRequirement(CaRequirement::AuthorityKeyIdentifierMissing);
    let leaf = entity("x");
    assert_eq!(verify(&ca("Root"), &middle, &leaf, &device()), Ok(()));
    assert_eq!(verify(&ca("Root"), &middle, &leaf, &Profile::rfc5280()), refused(at, problem));
    let lenient = Profile::rfc5280().with_ca_requirements(CaRequirements::Ignore);
    assert_eq!(verify(&ca("Root"), &middle, &leaf, &lenient), Ok(()));
}
