//! A list applies to a certificate only if issuer, distribution point, kind and reasons of both match
//! (RFC 5280 6.3.3 (b), (d), (l)).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/crl_fleet.rs"]
mod crl_fleet;
#[path = "common/mod.rs"]
mod minting;

use core::slice;

use crl_builder::{
    Entry, HOLD, KEY_COMPROMISE, directory, full, listed_at, name_of, numbered, point, relative, sequence,
    tlv, uri,
};
use crl_fleet::{CrlFleet, PUMP, is_good, is_revoked, unknown};
use hubward_x509::{CertificatePosition, ChainError, Problem, crl::StatusUnknown, error::KnownExtension};
use minting::{ca, entity, key};
use rcgen::{CertificateParams, KeyUsagePurpose};

const USERS: &[u8] = &[0x81, 1, 0xff];
const CAS: &[u8] = &[0x82, 1, 0xff];
const INDIRECT: &[u8] = &[0x84, 1, 0xff];
const ATTRIBUTES: &[u8] = &[0x85, 1, 0xff];
/// keyCompromise and cACompromise, and all other reasons.
const COMPROMISE: [u8; 2] = [5, 0x60];
const OTHERS: [u8; 3] = [7, 0x1f, 0x80];

fn only_reasons(bits: &[u8]) -> Vec<u8> {
    tlv(0x83, bits)
}

fn for_reasons(bits: &[u8]) -> Vec<u8> {
    tlv(0x81, bits)
}

fn pump_at(points: &[&[u8]]) -> CrlFleet {
    CrlFleet::with(ca("Fleet CA"), listed_at(entity("pump-17"), points))
}

/// Returns `true` if a list with this scope clears the pump.
fn clears(fleet: &CrlFleet, scope: &[&[u8]]) -> bool {
    let list = fleet.list().scope(scope).sign(&fleet.ca_key);
    match fleet.check(&[list]) {
        Err(error) => {
            assert_eq!(unknown(Err(error)), StatusUnknown::NoCrl);
            let named = fleet.list().scope(scope).revoking(PUMP).sign(&fleet.ca_key);
            // the issuer's own list contains it; attribute certificates have serial numbers of their own
            assert_eq!(is_revoked(fleet.check(&[named])), scope != [ATTRIBUTES]);
            false
        }
        Ok(_) => true,
    }
}

#[test]
fn a_list_with_a_distribution_point_needs_that_point_in_the_certificate() {
    let fleet = CrlFleet::new();
    assert!(!clears(&fleet, &[&full(&[&uri("http://lists.example/1")])]));
    assert!(!clears(&fleet, &[&relative("1")]));
    assert!(clears(&fleet, &[]));
    // except the issuer's own name, which every certificate implies
    assert!(clears(&fleet, &[&full(&[&directory(&name_of(&fleet.ca))])]));
    assert!(!clears(&fleet, &[&full(&[&directory(&name_of(&fleet.root))])]));
}

#[test]
fn one_common_name_of_distribution_points_is_enough() {
    let (one, two, three) = (uri("http://lists.example/1"), uri("ldap://b.example/2"), uri("http://c/3"));
    let fleet = pump_at(&[&point(&[&full(&[&one, &two])])]);
    assert!(clears(&fleet, &[&full(&[&three, &two])]));
    assert!(clears(&fleet, &[&full(&[&uri("HTTP://LISTS.example/1")])]));
    for other in
        [three, uri("http://lists.example/"), uri("http://lists.example/1/"), tlv(0x82, b"b.example")]
    {
        assert!(!clears(&fleet, &[&full(&[&other])]));
    }
    // a list of all revocations of its issuer needs no distribution point
    assert!(clears(&fleet, &[]));
}

#[test]
fn all_distribution_points_are_tried() {
    let names: Vec<Vec<u8>> = (0..9).map(|at| uri(&format!("http://lists.example/{at}"))).collect();
    let points: Vec<Vec<u8>> = names.iter().map(|name| point(&[&full(&[name])])).collect();
    let points: Vec<&[u8]> = points.iter().map(Vec::as_slice).collect();
    let fleet = pump_at(&points);
    for name in &names {
        assert!(clears(&fleet, &[&full(&[name])]));
    }
}

#[test]
fn a_relative_name_equals_its_full_name() {
    let fleet = CrlFleet::new();
    let whole = |common_name: &str| {
        let name = name_of(&fleet.ca);
        let rdn = relative(common_name);
        // the contents of the Name, and the RDN under its own tag
        let rdn = tlv(0x31, rdn.get(4..).unwrap());
        directory(&sequence(&[name.get(2..).unwrap(), &rdn]))
    };
    for fits in [relative("1"), full(&[&whole("1")])] {
        let fleet = pump_at(&[&point(&[&fits])]);
        assert!(clears(&fleet, &[&relative("1")]));
        assert!(clears(&fleet, &[&full(&[&whole("1")])]));
        assert!(!clears(&fleet, &[&relative("2")]));
        assert!(!clears(&fleet, &[&full(&[&whole("2")])]));
    }
}

#[test]
fn lists_apply_to_their_kind_of_certificates_only() {
    let fleet = CrlFleet::new();
    assert!(clears(&fleet, &[USERS]));
    assert!(!clears(&fleet, &[CAS]));
    assert!(!clears(&fleet, &[ATTRIBUTES]));
    // an intermediate is a CA's certificate, not a user's
    let list = fleet.list().sign(&fleet.ca_key);
    let above = |kind: &[u8]| {
        let root_list = crl_builder::CrlBuilder::by(&fleet.root).scope(&[kind]).sign(&fleet.root_key);
        fleet.check_with(&[root_list, list.clone()], |rules| rules)
    };
    assert!(is_good(above(CAS)));
    for kind in [USERS, ATTRIBUTES] {
        let problem = Problem::RevocationUnknown(StatusUnknown::NoCrl);
        assert_eq!(
            above(kind),
            Err(ChainError::Refused { place: CertificatePosition::Intermediate(0), problem })
        );
    }
}

#[test]
fn lists_for_some_reasons_clear_together() {
    let fleet = CrlFleet::new();
    let list = |bits: &[u8]| fleet.list().scope(&[&only_reasons(bits)]);
    let (compromise, others) = (list(&COMPROMISE).sign(&fleet.ca_key), list(&OTHERS).sign(&fleet.ca_key));
    assert!(is_good(fleet.check(&[compromise.clone(), others.clone()])));
    assert!(is_good(fleet.check(&[others.clone(), compromise.clone()])));
    let why = unknown(fleet.check(&[compromise]));
    assert_eq!(
        why.to_string(),
        "no revocation list covers it for: affiliationChanged, superseded, cessationOfOperation, \
         certificateHold, privilegeWithdrawn, aACompromise"
    );
    let named = list(&COMPROMISE).entry(&Entry::new(PUMP).reason(KEY_COMPROMISE)).sign(&fleet.ca_key);
    assert!(is_revoked(fleet.check(&[others, named])));
    // no reasons: the BIT STRING without bits
    let none = list(&[0]).sign(&fleet.ca_key);
    assert_eq!(unknown(fleet.check(&[none])), StatusUnknown::NoCrl);
}

#[test]
fn a_distribution_point_can_be_for_some_reasons_only() {
    let name = uri("http://lists.example/1");
    let fleet = pump_at(&[&point(&[&full(&[&name]), &for_reasons(&COMPROMISE)])]);
    let at_point = |bits: &[u8]| {
        let scope = [full(&[&name]), only_reasons(bits)];
        fleet.list().scope(&[&scope[0], &scope[1]]).sign(&fleet.ca_key)
    };
    let whole = fleet.list().scope(&[&full(&[&name])]).sign(&fleet.ca_key);
    assert!(matches!(unknown(fleet.check(slice::from_ref(&whole))), StatusUnknown::Uncovered { .. }));
    // a list that has none of the point's reasons does not apply
    assert_eq!(unknown(fleet.check(&[at_point(&OTHERS)])), StatusUnknown::NoCrl);
    let rest = fleet.list().scope(&[&only_reasons(&OTHERS)]).sign(&fleet.ca_key);
    assert!(is_good(fleet.check(&[whole, rest])));
}

#[test]
fn a_distribution_point_needs_a_name_or_an_issuer() {
    for broken in [point(&[&for_reasons(&COMPROMISE)]), point(&[]), point(&[&tlv(0xa0, &[])]), vec![5, 0]] {
        let fleet = pump_at(&[&broken]);
        let list = fleet.list().sign(&fleet.ca_key);
        let refused = fleet.check(&[list]);
        assert!(
            matches!(
                refused,
                Err(ChainError::Refused {
                    place: CertificatePosition::Leaf,
                    problem: Problem::Extension { extension: KnownExtension::CrlDistributionPoints, .. }
                })
            ),
            "{refused:?}"
        );
    }
}

/// Parameters of a certificate that may only sign lists.
fn list_signer(name: &str) -> CertificateParams {
    let mut params = numbered(entity(name), 40);
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    params
}

/// Returns a fleet whose pump delegates its revocation to the lists of another CA, below the root.
fn delegated() -> (CrlFleet, Vec<u8>, rcgen::KeyPair) {
    let signer_key = key();
    let mut scratch = CrlFleet::new();
    let signer = scratch.add(&list_signer("Lists"), &signer_key);
    let issuer = tlv(0xa2, &directory(&name_of(&signer)));
    let mut fleet = pump_at(&[&point(&[&full(&[&uri("http://lists.example/1")]), &issuer])]);
    let signer = fleet.add(&list_signer("Lists"), &signer_key);
    (fleet, signer, signer_key)
}

#[test]
fn an_indirect_list_must_be_by_the_crl_issuer_of_the_point() {
    let (fleet, signer, signer_key) = delegated();
    let here = full(&[&uri("http://lists.example/1")]);
    let list = || crl_builder::CrlBuilder::by(&signer).scope(&[&here, INDIRECT]);
    let sign = |list: crl_builder::CrlBuilder| list.sign(&signer_key);
    assert!(is_good(fleet.check(&[sign(list())])));
    assert!(is_good(fleet.check(&[sign(crl_builder::CrlBuilder::by(&signer).scope(&[INDIRECT]))])));
    // not indirect, or of another distribution point
    let direct = crl_builder::CrlBuilder::by(&signer).scope(&[&here]);
    assert_eq!(unknown(fleet.check(&[sign(direct)])), StatusUnknown::NoCrl);
    let elsewhere = full(&[&uri("http://lists.example/2")]);
    let elsewhere = crl_builder::CrlBuilder::by(&signer).scope(&[&elsewhere, INDIRECT]);
    assert_eq!(unknown(fleet.check(&[sign(elsewhere)])), StatusUnknown::NoCrl);
}

#[test]
fn the_certificate_issuer_of_an_entry_applies_until_another_entry_names_one() {
    let (fleet, signer, signer_key) = delegated();
    let (ours, theirs) = (name_of(&fleet.ca), name_of(&fleet.root));
    let check = |entries: &[Entry]| {
        let list = crl_builder::CrlBuilder::by(&signer).scope(&[INDIRECT]);
        let list = entries.iter().fold(list, crl_builder::CrlBuilder::entry);
        fleet.check(&[list.sign(&signer_key)])
    };
    let pump = || Entry::new(PUMP);
    assert!(is_good(check(&[pump()])), "of the list's own issuer");
    assert!(is_revoked(check(&[pump().issued_by(&ours)])));
    assert!(is_revoked(check(&[Entry::new(3).issued_by(&ours), Entry::new(4), pump()])));
    assert!(is_good(check(&[Entry::new(3).issued_by(&ours), Entry::new(4).issued_by(&theirs), pump()])));
    assert!(is_revoked(check(&[pump().issued_by(&theirs), pump().issued_by(&ours).reason(HOLD)])));
}

#[test]
fn an_issuer_can_sign_an_indirect_list_of_its_own() {
    let fleet = CrlFleet::new();
    let list = || fleet.list().scope(&[INDIRECT]);
    assert!(is_good(fleet.check(&[list().sign(&fleet.ca_key)])));
    assert!(is_revoked(fleet.check(&[list().revoking(PUMP).sign(&fleet.ca_key)])));
    let elsewhere = Entry::new(PUMP).issued_by(&name_of(&fleet.root));
    assert!(is_good(fleet.check(&[list().entry(&elsewhere).sign(&fleet.ca_key)])));
}
