//! A kept issuer judges the next device as the whole verification would, for one signature.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/listed.rs"]
mod listed;
#[path = "common/lists.rs"]
mod lists;
#[path = "common/mod.rs"]
mod minting;

use core::sync::atomic::{AtomicUsize, Ordering};

use hubward_core::DeviceId;
use hubward_ring::signature;
use hubward_x509::{
    Anchors, Certificate, Chain, ChainError, CrlProblem, Crls, Place, Problem, Profile, Revocation,
    RevocationStatus, StatusUnknown, Subject, UnixTime, UnknownStatus, VerifiedIssuer,
};
use listed::{Listed, PUMP};
use lists::numbered;
use minting::{ca, entity, key, now, sign};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// No intermediates.
const NONE: &[&[u8]] = &[];

/// Counts what it is asked to verify.
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

fn keep(fleet: &Listed, lists: &[Vec<u8>], unknown: UnknownStatus) -> VerifiedIssuer {
    let crls = Crls::parse(lists).unwrap();
    let rules = Revocation::by(&crls).unknown(unknown);
    let profile = Profile::device(Subject::Anybody).revocation(rules);
    let anchors = Anchors::parse([&fleet.root]).unwrap();
    let chain = Chain::parse(&fleet.pump, &fleet.pool).unwrap();
    chain.verify_keeping(&anchors, &profile, signature::ALL, now(0)).unwrap().1
}

/// Below the intermediate.
fn leaf(fleet: &Listed, name: &str, serial: u8) -> Vec<u8> {
    sign(&numbered(entity(name), serial), &key(), &fleet.ca_params, &fleet.ca_key)
}

fn judge(issuer: &VerifiedIssuer, leaf: &[u8], now: UnixTime) -> Result<RevocationStatus, ChainError> {
    let leaf = Certificate::parse(leaf).unwrap();
    issuer.verify(&leaf, Subject::Anybody, signature::ALL, now).map(|verified| verified.revocation())
}

#[test]
fn the_next_device_costs_one_signature() {
    let fleet = Listed::new();
    let lists = [fleet.root_list(), fleet.list().revoking(9).sign(&fleet.ca_key)];
    let issuer = keep(&fleet, &lists, UnknownStatus::Deny);
    for number in 20..40 {
        let (counting, der) = (Counting::default(), leaf(&fleet, "valve", number));
        let valve = Certificate::parse(&der).unwrap();
        let verified = issuer.verify(&valve, Subject::Anybody, &[&counting], now(0)).unwrap();
        assert_eq!(counting.0.into_inner(), 1);
        assert_eq!(verified.common_name(), Ok("valve"));
        assert_eq!(verified.intermediates().first().unwrap().as_der(), fleet.ca);
        assert_eq!(issuer.as_der(), fleet.ca);
    }
}

#[test]
fn the_leaf_is_judged_in_full() {
    let fleet = Listed::new();
    let lists = [fleet.root_list(), fleet.list().revoking(9).sign(&fleet.ca_key)];
    let issuer = keep(&fleet, &lists, UnknownStatus::Deny);
    let problem = |der: &[u8], subject: Subject<'_>| {
        let leaf = Certificate::parse(der).unwrap();
        match issuer.verify(&leaf, subject, signature::ALL, now(0)) {
            Err(ChainError::Refused { place: Place::Leaf, problem }) => Some(problem),
            Err(error) => panic!("{error}"),
            Ok(_) => None,
        }
    };
    let device = |id| Subject::Device(DeviceId::parse(id).unwrap());
    let valve = leaf(&fleet, "valve-3", 20);
    assert_eq!(problem(&valve, device("valve-3")), None);
    assert_eq!(problem(&valve, device("pump-17")), Some(Problem::NameMismatch));
    assert!(matches!(problem(&leaf(&fleet, "x", 9), Subject::Anybody), Some(Problem::Revoked { .. })));
    let ca_leaf = sign(&ca("valve-3"), &key(), &fleet.ca_params, &fleet.ca_key);
    assert_eq!(problem(&ca_leaf, Subject::Anybody), Some(Problem::CaAsLeaf));
    let forged = sign(&entity("valve-3"), &key(), &fleet.ca_params, &key());
    assert_eq!(problem(&forged, Subject::Anybody), Some(Problem::BadSignature));
    // somebody else's
    let other = Listed::with(ca("Another CA"), entity("pump-17"));
    let unknown = ChainError::UnknownIssuer { place: Place::Leaf };
    assert_eq!(judge(&issuer, &other.pump, now(0)), Err(unknown));
    assert!(!issuer.is_named_by(&Certificate::parse(&other.pump).unwrap()));
    assert!(issuer.is_named_by(&Certificate::parse(&valve).unwrap()));
}

#[test]
fn it_ends_with_the_first_of_what_it_rests_on() {
    let fleet = Listed::new();
    let valve = leaf(&fleet, "valve", 20);
    let fifth = Some("260101000005Z");
    let root_list = lists::List::by(&fleet.root).next_update(fifth).sign(&fleet.root_key);
    let lists = [root_list, fleet.list().sign(&fleet.ca_key)];
    let issuer = keep(&fleet, &lists, UnknownStatus::Deny);
    assert_eq!(issuer.until(), 1_767_225_605);
    assert!(judge(&issuer, &valve, now(5)).is_ok());
    let stale = StatusUnknown::Crl { crl: 0, problem: CrlProblem::Stale { seconds: 1 } };
    let (place, problem) = (Place::Intermediate(0), Problem::RevocationUnknown(stale));
    assert_eq!(judge(&issuer, &valve, now(6)), Err(ChainError::Refused { place, problem }));
    // also where the whole verification would let an unknown status pass
    let issuer = keep(&fleet, &lists, UnknownStatus::Allow);
    assert!(judge(&issuer, &valve, now(5)).is_ok());
    let (place, problem) = (Place::Leaf, Problem::Lapsed { seconds: 1 });
    assert_eq!(judge(&issuer, &valve, now(6)), Err(ChainError::Refused { place, problem }));
    // 2027-01-01, when every certificate here ends
    let issuer = keep(&fleet, &[], UnknownStatus::Allow);
    assert_eq!(issuer.until(), 1_798_761_600);
    assert!(judge(&issuer, &valve, now(365 * 86_400)).is_ok());
    assert!(judge(&issuer, &valve, now(365 * 86_400 + 1)).is_err());
}

#[test]
fn the_anchor_may_be_the_issuer() {
    let (fleet, other) = (Listed::new(), Listed::new());
    let anchors = Anchors::parse([&other.root, &fleet.ca]).unwrap();
    let chain = Chain::parse(&fleet.pump, NONE).unwrap();
    let profile = Profile::device(Subject::Anybody);
    let (_, issuer) = chain.verify_keeping(&anchors, &profile, signature::ALL, now(0)).unwrap();
    let der = leaf(&fleet, "valve", 20);
    let valve = Certificate::parse(&der).unwrap();
    let verified = issuer.verify(&valve, Subject::Anybody, signature::ALL, now(0)).unwrap();
    assert_eq!(verified.anchor(), 1, "by its number among the anchors of then");
    assert_eq!(verified.issuers(&anchors).next().unwrap().as_der(), fleet.ca);
    assert_eq!(issuer.as_der(), fleet.ca);
}

#[test]
fn a_long_list_is_searched_by_halves() {
    let fleet = Listed::new();
    let mut entries = Vec::new();
    for serial in (0x0100_0000..0x0101_0000_u32).rev() {
        let number = lists::tlv(2, &serial.to_be_bytes());
        entries.extend(lists::sequence(&[&number, &lists::tlv(0x17, b"251201000000Z")]));
    }
    let list = fleet.list().revoking(9).entries(&entries).revoking(PUMP + 1).sign(&fleet.ca_key);
    let issuer = keep(&fleet, &[fleet.root_list(), list], UnknownStatus::Deny);
    for (serial, good) in [(9, false), (PUMP, true), (PUMP + 1, false), (1, true), (0x7f, true)] {
        assert_eq!(judge(&issuer, &leaf(&fleet, "valve", serial), now(0)).is_ok(), good, "{serial}");
    }
    for (serial, good) in [(0x0100_0000_u32, false), (0x0100_ffff, false), (0x0101_0000, true)] {
        let mut params = entity("valve");
        params.serial_number = Some(serial.to_be_bytes().to_vec().into());
        let valve = sign(&params, &key(), &fleet.ca_params, &fleet.ca_key);
        assert_eq!(judge(&issuer, &valve, now(0)).is_ok(), good, "{serial:x}");
    }
}
