//! A kept issuer verifies the next device with the result of the full verification, for one signature.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/crl_fleet.rs"]
mod crl_fleet;
#[path = "common/mod.rs"]
mod minting;

use core::sync::atomic::{AtomicUsize, Ordering};

use crl_builder::numbered;
use crl_fleet::{CrlFleet, PUMP};
use hubward_core::DeviceId;
use hubward_ring::signature;
use hubward_x509::{
    Anchors, Certificate, CertificatePosition, Chain, ChainError, Crls, ExpectedSubject, Problem, Profile,
    Revocation, RevocationStatus, UnixTime, VerifiedIssuer,
    crl::{CrlProblem, StatusUnknown, UnknownStatus},
};
use minting::{ca, entity, key, now, sign};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// No intermediates.
const NONE: &[&[u8]] = &[];

/// Counts the signatures that it verifies.
#[derive(Debug, Default)]
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

fn keep(fleet: &CrlFleet, lists: &[Vec<u8>], unknown: UnknownStatus) -> VerifiedIssuer {
    let crls = Crls::parse(lists).unwrap();
    let rules = Revocation::by(&crls).with_unknown(unknown);
    let profile = Profile::device(ExpectedSubject::Any).with_revocation(rules);
    let anchors = Anchors::parse([&fleet.root]).unwrap();
    let chain = Chain::parse(&fleet.pump, &fleet.pool).unwrap();
    chain.verify_keeping(&anchors, &profile, signature::ALL, now(0)).unwrap().1
}

/// Returns a leaf below the intermediate.
fn leaf(fleet: &CrlFleet, name: &str, serial: u8) -> Vec<u8> {
    sign(&numbered(entity(name), serial), &key(), &fleet.ca_params, &fleet.ca_key)
}

fn check(issuer: &VerifiedIssuer, leaf: &[u8], now: UnixTime) -> Result<RevocationStatus, ChainError> {
    let leaf = Certificate::parse(leaf).unwrap();
    issuer.verify(&leaf, ExpectedSubject::Any, signature::ALL, now).map(|verified| verified.revocation())
}

#[test]
fn the_next_device_costs_one_signature() {
    let fleet = CrlFleet::new();
    let lists = [fleet.root_list(), fleet.list().revoking(9).sign(&fleet.ca_key)];
    let issuer = keep(&fleet, &lists, UnknownStatus::Deny);
    for number in 20..40 {
        let (counting, der) = (Counting::default(), leaf(&fleet, "valve", number));
        let valve = Certificate::parse(&der).unwrap();
        let verified = issuer.verify(&valve, ExpectedSubject::Any, &[&counting], now(0)).unwrap();
        assert_eq!(counting.0.into_inner(), 1);
        assert_eq!(verified.common_name().as_deref(), Ok("valve"));
        assert_eq!(verified.intermediates().first().unwrap().as_der(), fleet.ca);
        assert_eq!(issuer.as_der(), fleet.ca);
    }
}

#[test]
fn the_leaf_is_checked_in_full() {
    let fleet = CrlFleet::new();
    let lists = [fleet.root_list(), fleet.list().revoking(9).sign(&fleet.ca_key)];
    let issuer = keep(&fleet, &lists, UnknownStatus::Deny);
    let problem = |der: &[u8], subject: ExpectedSubject<'_>| {
        let leaf = Certificate::parse(der).unwrap();
        match issuer.verify(&leaf, subject, signature::ALL, now(0)) {
            Err(ChainError::Refused { place: CertificatePosition::Leaf, problem }) => Some(problem),
            Err(error) => panic!("{error}"),
            Ok(_) => None,
        }
    };
    let device = |id| ExpectedSubject::Device(DeviceId::parse(id).unwrap());
    let valve = leaf(&fleet, "valve-3", 20);
    assert_eq!(problem(&valve, device("valve-3")), None);
    assert_eq!(problem(&valve, device("pump-17")), Some(Problem::NameMismatch));
    assert!(matches!(problem(&leaf(&fleet, "x", 9), ExpectedSubject::Any), Some(Problem::Revoked { .. })));
    let ca_leaf = sign(&ca("valve-3"), &key(), &fleet.ca_params, &fleet.ca_key);
    assert_eq!(problem(&ca_leaf, ExpectedSubject::Any), Some(Problem::CaAsLeaf));
    let forged = sign(&entity("valve-3"), &key(), &fleet.ca_params, &key());
    assert_eq!(problem(&forged, ExpectedSubject::Any), Some(Problem::BadSignature));
    // of another CA
    let other = CrlFleet::with(ca("Another CA"), entity("pump-17"));
    let unknown = ChainError::UnknownIssuer { place: CertificatePosition::Leaf };
    assert_eq!(check(&issuer, &other.pump, now(0)), Err(unknown));
    assert!(!issuer.is_named_by(&Certificate::parse(&other.pump).unwrap()));
    assert!(issuer.is_named_by(&Certificate::parse(&valve).unwrap()));
}

#[test]
fn it_expires_with_the_first_certificate_or_list_it_depends_on() {
    let fleet = CrlFleet::new();
    let valve = leaf(&fleet, "valve", 20);
    let fifth = Some("260101000005Z");
    let root_list = crl_builder::CrlBuilder::by(&fleet.root).with_next_update(fifth).sign(&fleet.root_key);
    let lists = [root_list, fleet.list().sign(&fleet.ca_key)];
    let issuer = keep(&fleet, &lists, UnknownStatus::Deny);
    assert_eq!(issuer.until().as_secs(), 1_767_225_605);
    assert!(check(&issuer, &valve, now(5)).is_ok());
    let stale = StatusUnknown::Crl { crl: 0, problem: CrlProblem::Stale { seconds: 1 } };
    let (place, problem) = (CertificatePosition::Intermediate(0), Problem::RevocationUnknown(stale));
    assert_eq!(check(&issuer, &valve, now(6)), Err(ChainError::Refused { place, problem }));
    // also if the full verification would accept an unknown status
    let issuer = keep(&fleet, &lists, UnknownStatus::Allow);
    assert!(check(&issuer, &valve, now(5)).is_ok());
    let (place, problem) = (CertificatePosition::Leaf, Problem::IssuerExpired { seconds: 1 });
    assert_eq!(check(&issuer, &valve, now(6)), Err(ChainError::Refused { place, problem }));
    // 2027-01-01, when every certificate here expires
    let issuer = keep(&fleet, &[], UnknownStatus::Allow);
    assert_eq!(issuer.until().as_secs(), 1_798_761_600);
    assert!(check(&issuer, &valve, now(365 * 86_400)).is_ok());
    assert!(check(&issuer, &valve, now(365 * 86_400 + 1)).is_err());
}

#[test]
fn the_anchor_can_be_the_issuer() {
    let (fleet, other) = (CrlFleet::new(), CrlFleet::new());
    let anchors = Anchors::parse([&other.root, &fleet.ca]).unwrap();
    let chain = Chain::parse(&fleet.pump, NONE).unwrap();
    let profile = Profile::device(ExpectedSubject::Any);
    let (_, issuer) = chain.verify_keeping(&anchors, &profile, signature::ALL, now(0)).unwrap();
    let der = leaf(&fleet, "valve", 20);
    let valve = Certificate::parse(&der).unwrap();
    let verified = issuer.verify(&valve, ExpectedSubject::Any, signature::ALL, now(0)).unwrap();
    assert_eq!(verified.anchor(), 1, "its number among the anchors of the first verification");
    assert_eq!(verified.issuers(&anchors).next().unwrap().as_der(), fleet.ca);
    assert_eq!(issuer.as_der(), fleet.ca);
}

#[test]
fn a_long_list_is_searched_by_binary_search() {
    let fleet = CrlFleet::new();
    let mut entries = Vec::new();
    for serial in (0x0100_0000..0x0101_0000_u32).rev() {
        let number = crl_builder::tlv(2, &serial.to_be_bytes());
        entries.extend(crl_builder::sequence(&[&number, &crl_builder::tlv(0x17, b"251201000000Z")]));
    }
    let list = fleet.list().revoking(9).entries(&entries).revoking(PUMP + 1).sign(&fleet.ca_key);
    let issuer = keep(&fleet, &[fleet.root_list(), list], UnknownStatus::Deny);
    for (serial, good) in [(9, false), (PUMP, true), (PUMP + 1, false), (1, true), (0x7f, true)] {
        assert_eq!(check(&issuer, &leaf(&fleet, "valve", serial), now(0)).is_ok(), good, "{serial}");
    }
    for (serial, good) in [(0x0100_0000_u32, false), (0x0100_ffff, false), (0x0101_0000, true)] {
        let mut params = entity("valve");
        params.serial_number = Some(serial.to_be_bytes().to_vec().into());
        let valve = sign(&params, &key(), &fleet.ca_params, &fleet.ca_key);
        assert_eq!(check(&issuer, &valve, now(0)).is_ok(), good, "{serial:x}");
    }
}
