//! The signer of a list: a key with the name of its issuer that may sign lists, with its own path to the same anchor
//! (RFC 5280 6.3.3 (f), (g)).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/crl_fleet.rs"]
mod crl_fleet;
#[path = "common/mod.rs"]
mod minting;

use core::slice;

use crl_builder::{CrlBuilder, directory, listed_at, name_of, numbered, point, tlv};
use crl_fleet::{CA, CrlFleet, PUMP, is_good, is_revoked, unknown};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, Chain, Crls, ExpectedSubject, Profile, Revocation,
    crl::{CrlProblem, RevocationDepth, StatusUnknown},
    profile::AnchorChecks,
};
use minting::{ca, entity, key, now, sign};
use rcgen::{CertificateParams, KeyPair, KeyUsagePurpose, date_time_ymd};

/// No intermediates.
const NONE: &[&[u8]] = &[];

fn because(crl: usize, problem: CrlProblem) -> StatusUnknown {
    StatusUnknown::Crl { crl, problem }
}

/// Parameters of another key with the intermediate's name, for lists.
fn second_key() -> CertificateParams {
    let mut params = numbered(entity("Fleet CA"), 3);
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    params
}

#[test]
fn a_ca_can_sign_lists_with_another_key() {
    let mut fleet = CrlFleet::new();
    let own = key();
    let list = fleet.list().sign(&own);
    assert_eq!(unknown(fleet.check(slice::from_ref(&list))), because(1, CrlProblem::BadSignature));
    fleet.add(&second_key(), &own);
    assert!(is_good(fleet.check(&[list])));
    assert!(is_revoked(fleet.check(&[fleet.list().revoking(PUMP).sign(&own)])));
}

#[test]
fn the_key_usage_of_a_signer_must_include_lists() {
    let mut params = ca("Fleet CA");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let fleet = CrlFleet::with(params.clone(), entity("pump-17"));
    let list = fleet.list().sign(&fleet.ca_key);
    assert_eq!(unknown(fleet.check(&[list])), because(1, CrlProblem::KeyUsage));
    params.key_usages = Vec::new();
    let fleet = CrlFleet::with(params, entity("pump-17"));
    assert!(
        is_good(fleet.check(&[fleet.list().sign(&fleet.ca_key)])),
        "without key usage it may be used for everything"
    );
}

#[test]
fn an_anchor_needs_it_too_unless_it_is_only_a_name_and_a_key() {
    let (mut params, own) = (ca("Root"), key());
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = params.self_signed(&own).unwrap().der().to_vec();
    let pump = sign(&numbered(entity("pump-17"), PUMP), &key(), &params, &own);
    let lists = [CrlBuilder::by(&root).sign(&own)];
    let crls = Crls::parse(&lists).unwrap();
    let profile = Profile::device(ExpectedSubject::Any).with_revocation(Revocation::by(&crls));
    let anchors = Anchors::parse([&root]).unwrap();
    let chain = Chain::parse(&pump, NONE).unwrap();
    let check = |profile: &Profile<'_>| chain.verify(&anchors, profile, ALL, now(0)).map(|v| v.revocation());
    assert_eq!(unknown(check(&profile)), because(0, CrlProblem::KeyUsage));
    assert!(is_good(check(&profile.with_anchor_checks(AnchorChecks::NameAndKey))));
}

#[test]
fn a_signer_without_a_valid_path_is_refused() {
    let own = key();
    let mut expired = second_key();
    expired.not_after = date_time_ymd(2025, 6, 1);
    let mut fleet = CrlFleet::new();
    fleet.add(&expired, &own);
    let list = fleet.list().sign(&own);
    assert_eq!(unknown(fleet.check(&[list])), because(1, CrlProblem::Signer));
    // by an issuer that is not below the anchor
    let mut fleet = CrlFleet::new();
    let stranger = sign(&second_key(), &own, &ca("Fleet Root"), &key());
    fleet.pool.push(stranger);
    let list = fleet.list().sign(&own);
    assert_eq!(unknown(fleet.check(&[list])), because(1, CrlProblem::Signer));
}

#[test]
fn a_signer_below_another_anchor_is_refused() {
    let own = key();
    let (fleet, other) = (CrlFleet::new(), CrlFleet::new());
    let (root, root_key) = (ca("Another Root"), key());
    let root_der = root.self_signed(&root_key).unwrap().der().to_vec();
    let signer = sign(&second_key(), &own, &root, &root_key);
    let lists = [fleet.root_list(), fleet.list().sign(&own)];
    let crls = Crls::parse(&lists).unwrap();
    let profile = Profile::device(ExpectedSubject::Any).with_revocation(Revocation::by(&crls));
    let anchors = Anchors::parse([&fleet.root, &root_der, &other.root]).unwrap();
    let pool = [fleet.ca.clone(), signer];
    let chain = Chain::parse(&fleet.pump, &pool).unwrap();
    let result = chain.verify(&anchors, &profile, ALL, now(0)).map(|verified| verified.revocation());
    assert_eq!(
        unknown(result),
        because(1, CrlProblem::Signer),
        "both anchors are trusted, but not for each other"
    );
}

#[test]
fn a_revoked_signer_is_refused() {
    let own = key();
    let mut fleet = CrlFleet::new();
    fleet.add(&second_key(), &own);
    let revoked = CrlBuilder::by(&fleet.root).revoking(3).sign(&fleet.root_key);
    let lists = [revoked, fleet.list().sign(&own)];
    assert_eq!(unknown(fleet.check_with(&lists, |rules| rules)), because(1, CrlProblem::Signer));
    // only the status of the leaf is checked
    assert!(is_good(fleet.check_with(&lists, |rules| rules.with_depth(RevocationDepth::Leaf))));
}

#[test]
fn a_signer_does_not_clear_itself() {
    // a second, self-issued key of the CA: only the CA's lists have its status, and it signs them itself
    let own = key();
    let mut fleet = CrlFleet::new();
    let mut self_issued = second_key();
    self_issued.serial_number = Some(vec![3].into());
    fleet.add_below(&self_issued, &own);
    let list = fleet.list().sign(&own);
    assert_eq!(unknown(fleet.check(slice::from_ref(&list))), because(1, CrlProblem::Signer));
    let elsewhere = fleet.list().scope(&[&[0x81, 1, 0xff]]).sign(&fleet.ca_key);
    assert!(is_good(fleet.check(&[list, elsewhere])), "the first key clears the second");
}

#[test]
fn a_signer_clears_itself_if_its_issuer_delegates_that() {
    let own = key();
    let mut signer = numbered(entity("Lists"), 3);
    signer.key_usages = vec![KeyUsagePurpose::CrlSign];
    let name = name_of(&sign(&signer, &own, &ca("x"), &own));
    let itself = point(&[&tlv(0xa2, &directory(&name))]);
    let mut delegating = CrlFleet::with(ca("Fleet CA"), listed_at(entity("pump-17"), &[&itself]));
    let signer_der = delegating.add_below(&listed_at(signer.clone(), &[&itself]), &own);
    let list = || CrlBuilder::by(&signer_der).scope(&[&[0x84, 1, 0xff]]);
    assert!(is_good(delegating.check(&[list().sign(&own)])));
    let issuer = name_of(&delegating.ca);
    let revoked = list().entry(&crl_builder::Entry::new(3).issued_by(&issuer)).sign(&own);
    assert_eq!(unknown(delegating.check(&[revoked])), because(1, CrlProblem::Signer));
    // not if its certificate does not delegate its status
    let mut fleet = CrlFleet::with(ca("Fleet CA"), listed_at(entity("pump-17"), &[&itself]));
    fleet.add_below(&signer, &own);
    assert_eq!(unknown(fleet.check(&[list().sign(&own)])), because(1, CrlProblem::Signer));
}

#[test]
fn signers_that_depend_on_each_other_do_not_clear() {
    // each of two keys would clear the other
    let (one, two) = (key(), key());
    let mut fleet = CrlFleet::new();
    let kind = |serial| {
        let mut params = second_key();
        params.serial_number = Some(vec![serial].into());
        params
    };
    fleet.add_below(&kind(3), &one);
    fleet.add_below(&kind(4), &two);
    let lists =
        |keys: &[&KeyPair]| -> Vec<Vec<u8>> { keys.iter().map(|key| fleet.list().sign(key)).collect() };
    assert_eq!(unknown(fleet.check(&lists(&[&one, &two]))), because(1, CrlProblem::Signer));
    assert!(is_good(fleet.check(&lists(&[&one, &two, &fleet.ca_key]))));
    let revoked = CrlBuilder::by(&fleet.root).revoking(CA).sign(&fleet.root_key);
    let all = [vec![revoked], lists(&[&one, &two, &fleet.ca_key])].concat();
    assert!(fleet.check_with(&all, |rules| rules).is_err());
}
