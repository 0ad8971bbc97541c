//! One element of a set that cannot be read does the others no harm.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/crl_fleet.rs"]
mod crl_fleet;
#[path = "common/mod.rs"]
mod minting;

use crl_fleet::{CrlFleet, PUMP, is_good, is_revoked};
use hubward_x509::{
    Anchors, CertificatePosition, Chain, Crls, ExpectedSubject, Profile, Revocation, error::CertificateError,
};
use minting::{ca, key, now};

/// A CA's certificate without its serial number.
fn without_serial() -> Vec<u8> {
    let der = ca("Another Root").self_signed(&key()).unwrap().der().to_vec();
    let outer = minting::der::fields(&der);
    let mut inner = minting::der::fields(outer[0]);
    inner.remove(1);
    minting::der::sequence(&[&minting::der::sequence(&inner), outer[1], outer[2]])
}

#[test]
fn an_unreadable_ca_among_cas_is_reported_and_passed_over() {
    let fleet = CrlFleet::new();
    let chain = Chain::parse(&fleet.pump, &fleet.pool).unwrap();
    let profile = Profile::device(ExpectedSubject::Any);
    let odd = without_serial();
    for (store, at) in [([&odd, &fleet.root], 0), ([&fleet.root, &odd], 1)] {
        let (anchors, passed_over) = Anchors::parse_readable(store);
        let [reported] = passed_over.as_slice() else { panic!("{passed_over:?}") };
        assert_eq!(reported.place, CertificatePosition::Anchor(at));
        assert!(matches!(reported.error, CertificateError::Malformed(_)));
        assert!(chain.verify(&anchors, &profile, hubward_ring::signature::ALL, now(0)).is_ok());
        // or it is an error
        assert_eq!(Anchors::parse(store).unwrap_err(), *reported);
    }
    let (anchors, _) = Anchors::parse_readable([&odd]);
    assert!(chain.verify(&anchors, &profile, hubward_ring::signature::ALL, now(0)).is_err());
}

#[test]
fn an_unreadable_list_among_lists_is_reported_and_passed_over() {
    let fleet = CrlFleet::new();
    let (clear, revokes) =
        (fleet.list().sign(&fleet.ca_key), fleet.list().revoking(PUMP).sign(&fleet.ca_key));
    let odd = vec![0x30, 0];
    let check = |lists: &[&Vec<u8>]| {
        let (crls, passed_over) = Crls::parse_readable(lists.iter().copied());
        assert_eq!(passed_over.len(), 1);
        assert_eq!(passed_over[0].to_string(), "revocation list 0: unexpected DER at byte 2");
        fleet.check_under(&Profile::device(ExpectedSubject::Any).with_revocation(Revocation::by(&crls)))
    };
    let root = fleet.root_list();
    assert!(is_good(check(&[&odd, &clear, &root])));
    assert!(is_revoked(check(&[&odd, &revokes, &root])));
    // the status is unknown
    crl_fleet::unknown(check(&[&odd, &root]));
}
