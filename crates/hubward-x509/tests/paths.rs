//! Paths, names and error texts.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{Fleet, ca, entity, key, now, sign};
use hubward_core::{DeviceId, ModuleId};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, CertificatePosition, CertificateRequest, Chain, ChainError, ExpectedSubject, Problem, Profile,
    Purpose,
    error::{CommonNameError, OutsideValidity},
    profile::ExtendedKeyUsage,
};
use rcgen::{DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, SanType, date_time_ymd};

/// No intermediates.
const NONE: &[&[u8]] = &[];

fn device(id: &str) -> Profile<'_> {
    Profile::device(ExpectedSubject::Device(DeviceId::parse(id).unwrap()))
}

#[test]
fn a_verified_chain_has_its_anchor() {
    let (fleet, other) = (Fleet::p256("pump-17"), Fleet::rsa("pump-17"));
    let anchors = Anchors::parse([&other.root, &fleet.root]).unwrap();
    let chain = Chain::parse(&fleet.leaf, [&other.intermediate, &fleet.intermediate]).unwrap();
    let verified = chain.verify(&anchors, &device("pump-17"), ALL, now(0)).unwrap();
    assert_eq!(verified.anchor(), 1);
    assert_eq!(verified.common_name().as_deref(), Ok("pump-17"));
    assert_eq!(verified.intermediates()[0].as_der(), fleet.intermediate);
    // an intermediate can be registered itself
    let anchors = Anchors::parse([&fleet.intermediate]).unwrap();
    let verified = chain.verify(&anchors, &device("pump-17"), ALL, now(0)).unwrap();
    assert!(verified.intermediates().is_empty());
}

#[test]
fn a_missing_issuer_is_named_in_the_error() {
    let fleet = Fleet::p256("pump-17");
    let anchors = Anchors::parse([&fleet.root]).unwrap();
    let chain = Chain::parse(&fleet.leaf, NONE).unwrap();
    let error = chain.verify(&anchors, &device("pump-17"), ALL, now(0)).unwrap_err();
    assert_eq!(error, ChainError::UnknownIssuer { place: CertificatePosition::Leaf });
    assert_eq!(
        chain.explain(error, &anchors).to_string(),
        "leaf: issuer CN=Fleet Intermediate was neither presented nor registered",
    );
}

#[test]
fn the_error_for_an_expired_intermediate_has_its_number_and_the_time_since() {
    let (root_key, intermediate_key) = (key(), key());
    let (root, mut intermediate) = (ca("Root"), ca("Intermediate"));
    intermediate.not_after = date_time_ymd(2025, 12, 29);
    let root_der = root.self_signed(&root_key).unwrap().der().to_vec();
    let stranger = Fleet::p256("other");
    let below = sign(&intermediate, &intermediate_key, &root, &root_key);
    let leaf = sign(&entity("pump-17"), &key(), &intermediate, &intermediate_key);
    let chain = Chain::parse(&leaf, [&stranger.intermediate, &below]).unwrap();
    let anchors = Anchors::parse([&root_der]).unwrap();
    let error = chain.verify(&anchors, &device("pump-17"), ALL, now(0)).unwrap_err();
    let problem =
        Problem::OutsideValidity(OutsideValidity::Expired { seconds: 3 * 86_400, at: 1_766_966_400 });
    assert_eq!(error, ChainError::Refused { place: CertificatePosition::Intermediate(1), problem });
    assert_eq!(
        chain.explain(error, &anchors).to_string(),
        "intermediate 1 (CN=Intermediate): expired 3 days before now, at 2025-12-29T00:00:00Z",
    );
}

fn problem_of(leaf: &rcgen::CertificateParams, profile: &Profile<'_>) -> Option<Problem> {
    let (root, root_key) = (ca("Root"), key());
    let root_der = root.self_signed(&root_key).unwrap().der().to_vec();
    let leaf = sign(leaf, &key(), &root, &root_key);
    let chain = Chain::parse(&leaf, NONE).unwrap();
    match chain.verify(&Anchors::parse([&root_der]).unwrap(), profile, ALL, now(0)) {
        Ok(_) => None,
        Err(ChainError::Refused { place: CertificatePosition::Leaf, problem }) => Some(problem),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_device_id_must_equal_the_only_common_name() {
    let named = entity("pump-17");
    assert_eq!(problem_of(&named, &device("pump-17")), None);
    assert_eq!(problem_of(&named, &device("Pump-17")), Some(Problem::NameMismatch));
    for spoof in ["CN=pump-17", "x,CN=pump-17", "pump-17,O=x", "pump-17/x"] {
        assert_eq!(problem_of(&entity(spoof), &device("pump-17")), Some(Problem::NameMismatch), "{spoof}");
    }
    let mut twice = entity("pump-17");
    twice.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 3]), "valve-3");
    assert_eq!(problem_of(&twice, &device("pump-17")), Some(Problem::CommonName(CommonNameError::Several)));

    let mut unnamed = entity("");
    unnamed.distinguished_name = rcgen::DistinguishedName::new();
    unnamed.subject_alt_names = vec![SanType::DnsName("pump-17".try_into().unwrap())];
    assert_eq!(problem_of(&unnamed, &device("pump-17")), None);
    assert_eq!(problem_of(&unnamed, &device("valve-3")), Some(Problem::NameMismatch));
    // alternative names are ignored if there is a common name
    unnamed.distinguished_name.push(DnType::CommonName, "valve-3");
    assert_eq!(problem_of(&unnamed, &device("pump-17")), Some(Problem::NameMismatch));
}

#[test]
fn a_module_has_the_common_name_device_slash_module() {
    let subject =
        ExpectedSubject::Module(DeviceId::parse("pump-17").unwrap(), ModuleId::parse("filter").unwrap());
    let profile = Profile::device(subject);
    assert_eq!(problem_of(&entity("pump-17/filter"), &profile), None);
    for other in ["pump-17", "pump-17/", "pump-17/filter/x", "pump-17/Filter", "filter"] {
        assert_eq!(problem_of(&entity(other), &profile), Some(Problem::NameMismatch), "{other}");
    }
}

#[test]
fn a_device_certificate_is_not_a_ca_and_may_sign() {
    assert_eq!(problem_of(&ca("pump-17"), &device("pump-17")), Some(Problem::CaAsLeaf));
    let mut agrees = entity("pump-17");
    agrees.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    assert_eq!(problem_of(&agrees, &device("pump-17")), Some(Problem::KeyUsage));
}

#[test]
fn extended_key_usage_can_be_optional_required_or_ignored() {
    let mut server = entity("pump-17");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let required = device("pump-17").with_extended_key_usage(ExtendedKeyUsage::Require(Purpose::ClientAuth));
    let off = device("pump-17").with_extended_key_usage(ExtendedKeyUsage::Off);
    assert_eq!(problem_of(&server, &device("pump-17")), Some(Problem::Purpose));
    assert_eq!(problem_of(&server, &off), None);
    assert_eq!(problem_of(&entity("pump-17"), &required), Some(Problem::Purpose));
}

#[test]
fn a_request_proves_possession_of_its_key() {
    let mut wish = rcgen::CertificateParams::default();
    wish.distinguished_name = entity("pump-17").distinguished_name;
    let der = wish.serialize_request(&key()).unwrap().der().to_vec();
    let verified = CertificateRequest::parse(&der).unwrap().verify(ALL).unwrap();
    assert_eq!(hubward_x509::certificate::common_name(&verified.subject()).as_deref(), Ok("pump-17"));
    let at = der.windows(7).position(|bytes| bytes == b"pump-17").unwrap();
    let mut forged = der.clone();
    forged[at] = b'd';
    assert_eq!(CertificateRequest::parse(&forged).unwrap().verify(ALL).unwrap_err(), Problem::BadSignature);
    for end in 0..der.len() {
        assert!(CertificateRequest::parse(&der[..end]).is_err());
    }
}
