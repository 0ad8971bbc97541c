//! Who may sign a list: a key of its issuer's name that is for lists, with a path of its own to the same anchor
//! (RFC 5280 6.3.3 (f), (g)).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/listed.rs"]
mod listed;
#[path = "common/lists.rs"]
mod lists;
#[path = "common/mod.rs"]
mod minting;

use core::slice;

use hubward_ring::signature::ALL;
use hubward_x509::{
    AnchorChecks, Anchors, Chain, CrlProblem, Crls, Profile, Revocation, RevocationDepth, StatusUnknown,
    Subject,
};
use listed::{CA, Listed, PUMP, is_good, is_revoked, unknown};
use lists::{List, directory, listed_at, name_of, numbered, point, tlv};
use minting::{ca, entity, key, now, sign};
use rcgen::{CertificateParams, KeyPair, KeyUsagePurpose, date_time_ymd};

/// No intermediates.
const NONE: &[&[u8]] = &[];

fn because(crl: usize, problem: CrlProblem) -> StatusUnknown {
    StatusUnknown::Crl { crl, problem }
}

/// Another key of the intermediate's name, for lists.
fn second_key() -> CertificateParams {
    let mut params = numbered(entity("Fleet CA"), 3);
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    params
}

#[test]
fn a_ca_may_keep_another_key_for_lists() {
    let mut fleet = Listed::new();
    let own = key();
    let list = fleet.list().sign(&own);
    assert_eq!(unknown(fleet.judge(slice::from_ref(&list))), because(1, CrlProblem::BadSignature));
    fleet.add(&second_key(), &own);
    assert!(is_good(fleet.judge(&[list])));
    assert!(is_revoked(fleet.judge(&[fleet.list().revoking(PUMP).sign(&own)])));
}

#[test]
fn key_usage_must_have_lists() {
    let mut params = ca("Fleet CA");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let fleet = Listed::with(params.clone(), entity("pump-17"));
    let list = fleet.list().sign(&fleet.ca_key);
    assert_eq!(unknown(fleet.judge(&[list])), because(1, CrlProblem::KeyUsage));
    params.key_usages = Vec::new();
    let fleet = Listed::with(params, entity("pump-17"));
    assert!(
        is_good(fleet.judge(&[fleet.list().sign(&fleet.ca_key)])),
        "without key usage it is for everything"
    );
}

#[test]
fn an_anchor_too_needs_it_unless_it_is_a_name_and_a_key() {
    let (mut params, own) = (ca("Root"), key());
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = params.self_signed(&own).unwrap().der().to_vec();
    let pump = sign(&numbered(entity("pump-17"), PUMP), &key(), &params, &own);
    let lists = [List::by(&root).sign(&own)];
    let crls = Crls::parse(&lists).unwrap();
    let profile = Profile::device(Subject::Anybody).revocation(Revocation::by(&crls));
    let anchors = Anchors::parse([&root]).unwrap();
    let chain = Chain::parse(&pump, NONE).unwrap();
    let judge = |profile: &Profile<'_>| chain.verify(&anchors, profile, ALL, now(0)).map(|v| v.revocation());
    assert_eq!(unknown(judge(&profile)), because(0, CrlProblem::KeyUsage));
    assert!(is_good(judge(&profile.anchor_checks(AnchorChecks::NameAndKey))));
}

#[test]
fn a_signer_that_is_not_valid_or_has_no_path_signs_nothing() {
    let own = key();
    let mut expired = second_key();
    expired.not_after = date_time_ymd(2025, 6, 1);
    let mut fleet = Listed::new();
    fleet.add(&expired, &own);
    let list = fleet.list().sign(&own);
    assert_eq!(unknown(fleet.judge(&[list])), because(1, CrlProblem::Signer));
    // by somebody who is not below the anchor
    let mut fleet = Listed::new();
    let stranger = sign(&second_key(), &own, &ca("Fleet Root"), &key());
    fleet.pool.push(stranger);
    let list = fleet.list().sign(&own);
    assert_eq!(unknown(fleet.judge(&[list])), because(1, CrlProblem::Signer));
}

#[test]
fn a_signer_below_another_anchor_signs_nothing() {
    let own = key();
    let (fleet, other) = (Listed::new(), Listed::new());
    let (root, root_key) = (ca("Another Root"), key());
    let root_der = root.self_signed(&root_key).unwrap().der().to_vec();
    let signer = sign(&second_key(), &own, &root, &root_key);
    let lists = [fleet.root_list(), fleet.list().sign(&own)];
    let crls = Crls::parse(&lists).unwrap();
    let profile = Profile::device(Subject::Anybody).revocation(Revocation::by(&crls));
    let anchors = Anchors::parse([&fleet.root, &root_der, &other.root]).unwrap();
    let pool = [fleet.ca.clone(), signer];
    let chain = Chain::parse(&fleet.pump, &pool).unwrap();
    let judged = chain.verify(&anchors, &profile, ALL, now(0)).map(|verified| verified.revocation());
    assert_eq!(unknown(judged), because(1, CrlProblem::Signer), "both are trusted, but not for each other");
}

#[test]
fn a_revoked_signer_signs_nothing() {
    let own = key();
    let mut fleet = Listed::new();
    fleet.add(&second_key(), &own);
    let revoked = List::by(&fleet.root).revoking(3).sign(&fleet.root_key);
    let lists = [revoked, fleet.list().sign(&own)];
    assert_eq!(unknown(fleet.judge_by(&lists, |rules| rules)), because(1, CrlProblem::Signer));
    // nobody asks for the status of anybody but the leaf
    assert!(is_good(fleet.judge_by(&lists, |rules| rules.depth(RevocationDepth::Leaf))));
}

#[test]
fn a_signer_does_not_clear_itself() {
    // a self-issued second key of the CA's: its status is for the CA's lists to tell, and it signs them itself
    let own = key();
    let mut fleet = Listed::new();
    let mut self_issued = second_key();
    self_issued.serial_number = Some(vec![3].into());
    fleet.add_below(&self_issued, &own);
    let list = fleet.list().sign(&own);
    assert_eq!(unknown(fleet.judge(slice::from_ref(&list))), because(1, CrlProblem::Signer));
    let elsewhere = fleet.list().scope(&[&[0x81, 1, 0xff]]).sign(&fleet.ca_key);
    assert!(is_good(fleet.judge(&[list, elsewhere])), "the first key clears the second");
}

#[test]
fn a_signer_whose_issuer_leaves_that_to_it_does() {
    let own = key();
    let mut signer = numbered(entity("Lists"), 3);
    signer.key_usages = vec![KeyUsagePurpose::CrlSign];
    let name = name_of(&sign(&signer, &own, &ca("x"), &own));
    let itself = point(&[&tlv(0xa2, &directory(&name))]);
    let mut delegating = Listed::with(ca("Fleet CA"), listed_at(entity("pump-17"), &[&itself]));
    let signer_der = delegating.add_below(&listed_at(signer.clone(), &[&itself]), &own);
    let list = || List::by(&signer_der).scope(&[&[0x84, 1, 0xff]]);
    assert!(is_good(delegating.judge(&[list().sign(&own)])));
    let issuer = name_of(&delegating.ca);
    let revoked = list().entry(&lists::Entry::new(3).issued_by(&issuer)).sign(&own);
    assert_eq!(unknown(delegating.judge(&[revoked])), because(1, CrlProblem::Signer));
    // not where its certificate does not say so
    let mut fleet = Listed::with(ca("Fleet CA"), listed_at(entity("pump-17"), &[&itself]));
    fleet.add_below(&signer, &own);
    assert_eq!(unknown(fleet.judge(&[list().sign(&own)])), because(1, CrlProblem::Signer));
}

#[test]
fn signers_that_wait_for_each_other_clear_nobody() {
    // each of two keys would clear the other
    let (one, two) = (key(), key());
    let mut fleet = Listed::new();
    let kind = |serial| {
        let mut params = second_key();
        params.serial_number = Some(vec![serial].into());
        params
    };
    fleet.add_below(&kind(3), &one);
    fleet.add_below(&kind(4), &two);
    let lists =
        |keys: &[&KeyPair]| -> Vec<Vec<u8>> { keys.iter().map(|key| fleet.list().sign(key)).collect() };
    assert_eq!(unknown(fleet.judge(&lists(&[&one, &two]))), because(1, CrlProblem::Signer));
    assert!(is_good(fleet.judge(&lists(&[&one, &two, &fleet.ca_key]))));
    let revoked = List::by(&fleet.root).revoking(CA).sign(&fleet.root_key);
    let all = [vec![revoked], lists(&[&one, &two, &fleet.ca_key])].concat();
    assert!(fleet.judge_by(&all, |rules| rules).is_err());
}
