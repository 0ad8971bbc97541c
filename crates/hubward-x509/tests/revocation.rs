//! A revoked certificate is refused, an unknown status is a separate result, and a list clears only while it is
//! current.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/crl_fleet.rs"]
mod crl_fleet;
#[path = "common/mod.rs"]
mod minting;

use core::slice;

use crl_builder::{CrlBuilder, Entry, HOLD, KEY_COMPROMISE};
use crl_fleet::{CA, CrlFleet, PUMP, is_good, is_revoked, unknown};
use hubward_x509::{
    Anchors, CertificatePosition, Chain, ChainError, Crls, ExpectedSubject, Problem, Profile, Revocation,
    RevocationStatus,
    crl::{
        CrlProblem, CrlRequirement, ExpiredCrl, NextUpdate, RevocationDepth, RevocationReason, StatusUnknown,
        UnknownStatus,
    },
    profile::CaRequirements,
};
use minting::now;

/// 2025-12-01 and 2026-02-01.
const LAST_MONTH: i64 = 1_764_547_200;
const NEXT_MONTH: i64 = 1_769_904_000;

#[test]
fn a_revoked_certificate_is_refused_with_time_and_reason() {
    let fleet = CrlFleet::new();
    let list = fleet.list().revoking(3).entry(&Entry::new(PUMP).reason(KEY_COMPROMISE)).revoking(4);
    let problem = Problem::Revoked { at: LAST_MONTH, reason: RevocationReason::KeyCompromise };
    let refused = ChainError::Refused { place: CertificatePosition::Leaf, problem };
    assert_eq!(fleet.check(&[list.sign(&fleet.ca_key)]), Err(refused));
    assert_eq!(refused.to_string(), "leaf: was revoked (keyCompromise) at 2025-12-01T00:00:00Z");
    // `certificateHold` is refused too
    let list = fleet.list().entry(&Entry::new(PUMP).reason(HOLD));
    assert!(is_revoked(fleet.check(&[list.sign(&fleet.ca_key)])));
}

#[test]
fn the_status_of_a_good_path_has_its_end() {
    let fleet = CrlFleet::new();
    let list = fleet.list().revoking(3).sign(&fleet.ca_key);
    assert_eq!(fleet.check(&[list]), Ok(RevocationStatus::Good { until: NEXT_MONTH }));
    let soon = fleet.list().with_next_update(Some("260101000500Z")).sign(&fleet.ca_key);
    assert_eq!(
        fleet.check(&[soon]),
        Ok(RevocationStatus::Good { until: 1_767_225_600 + 300 }),
        "the list that expires first decides"
    );
}

#[test]
fn revocation_is_only_checked_if_the_profile_says_so() {
    let fleet = CrlFleet::new();
    let status = fleet.check_under(&Profile::device(ExpectedSubject::Any));
    assert_eq!(status, Ok(RevocationStatus::Unchecked));
}

#[test]
fn an_unknown_status_is_refused_unless_the_caller_allows_it() {
    let fleet = CrlFleet::new();
    assert_eq!(unknown(fleet.check(&[])), StatusUnknown::NoCrl);
    let status =
        |lists: &[Vec<u8>]| fleet.check_with(lists, |rules| rules.with_unknown(UnknownStatus::Allow));
    assert_eq!(status(&[]), Ok(RevocationStatus::Unknown(StatusUnknown::NoCrl)));
    // a certificate in a list is refused nevertheless
    let list = fleet.list().revoking(PUMP).sign(&fleet.ca_key);
    assert!(is_revoked(status(&[list])));
}

#[test]
fn the_whole_path_or_only_the_leaf_is_checked() {
    let fleet = CrlFleet::new();
    let list = fleet.list().sign(&fleet.ca_key);
    let revoked = CrlBuilder::by(&fleet.root).revoking(CA).sign(&fleet.root_key);
    let place = CertificatePosition::Intermediate(0);
    let problem = Problem::Revoked { at: LAST_MONTH, reason: RevocationReason::Unspecified };
    let both = [list.clone(), revoked];
    assert_eq!(fleet.check_with(&both, |rules| rules), Err(ChainError::Refused { place, problem }));
    assert!(is_good(fleet.check_with(&both, |rules| rules.with_depth(RevocationDepth::Leaf))));
    let problem = Problem::RevocationUnknown(StatusUnknown::NoCrl);
    assert_eq!(fleet.check_with(&[list], |rules| rules), Err(ChainError::Refused { place, problem }));
}

#[test]
fn an_expired_list_revokes_but_does_not_clear() {
    let fleet = CrlFleet::new();
    let old = |list: CrlBuilder| list.with_next_update(Some("251229000000Z")).sign(&fleet.ca_key);
    let list = old(fleet.list());
    let why = StatusUnknown::Crl { crl: 1, problem: CrlProblem::Stale { seconds: 3 * 86_400 } };
    assert_eq!(unknown(fleet.check(slice::from_ref(&list))), why);
    assert_eq!(why.to_string(), "revocation list 1: expired 3 days before now");
    assert!(is_revoked(fleet.check(&[old(fleet.list().revoking(PUMP))])));

    let both = [fleet.root_list(), list];
    let days = |days: u32| ExpiredCrl::AcceptFor { seconds: days * 86_400 };
    assert!(is_good(fleet.check_with(&both, |rules| rules.with_expired(days(3)))));
    assert_eq!(unknown(fleet.check_with(&both, |rules| rules.with_expired(days(2)))), why);
}

#[test]
fn a_list_is_current_at_both_ends_of_its_period() {
    let fleet = CrlFleet::new();
    let at = |this: &'static str, next: &'static str| {
        let list = fleet.list().this_update(this).with_next_update(Some(next));
        fleet.check(&[list.sign(&fleet.ca_key)])
    };
    assert!(is_good(at("260101000000Z", "260101000000Z")));
    let stale = StatusUnknown::Crl { crl: 1, problem: CrlProblem::Stale { seconds: 1 } };
    assert_eq!(unknown(at("251231000000Z", "251231235959Z")), stale);
    let early = StatusUnknown::Crl { crl: 1, problem: CrlProblem::NotYetValid { seconds: 1 } };
    assert_eq!(unknown(at("260101000001Z", "260201000000Z")), early);
}

#[test]
fn a_list_without_next_update_clears_only_if_the_caller_allows_it() {
    let fleet = CrlFleet::new();
    let list = fleet.list().with_next_update(None).sign(&fleet.ca_key);
    let why = StatusUnknown::Crl { crl: 1, problem: CrlProblem::NextUpdateMissing };
    assert_eq!(unknown(fleet.check(slice::from_ref(&list))), why);
    let both = [fleet.root_list(), list];
    assert!(is_good(fleet.check_with(&both, |rules| rules.with_next_update(NextUpdate::Optional))));
}

#[test]
fn the_latest_edition_is_used() {
    let fleet = CrlFleet::new();
    let older = fleet.list().entry(&Entry::new(PUMP).reason(HOLD)).sign(&fleet.ca_key);
    let newer = fleet.list().number(6).sign(&fleet.ca_key);
    assert!(is_good(fleet.check(&[older.clone(), newer.clone()])));
    assert!(is_good(fleet.check(&[newer, older.clone()])));
    // an edition that is not yet current replaces no other, nor does one of another signer
    let future = fleet.list().number(6).this_update("260102000000Z").sign(&fleet.ca_key);
    assert!(is_revoked(fleet.check(&[older.clone(), future])));
    let forged = fleet.list().number(6).sign(&minting::key());
    assert!(is_revoked(fleet.check(&[forged, older])));
}

#[test]
fn lists_of_other_issuers_are_ignored() {
    let (fleet, other) = (CrlFleet::new(), CrlFleet::with(minting::ca("Another CA"), minting::entity("x")));
    let theirs = other.list().revoking(PUMP).sign(&other.ca_key);
    assert_eq!(unknown(fleet.check(slice::from_ref(&theirs))), StatusUnknown::NoCrl);
    assert!(is_good(fleet.check(&[theirs, fleet.list().sign(&fleet.ca_key)])));
    // the same name is not enough
    let forged = fleet.list().sign(&other.ca_key);
    let why = StatusUnknown::Crl { crl: 1, problem: CrlProblem::BadSignature };
    assert_eq!(unknown(fleet.check(&[forged])), why);
}

#[test]
fn a_list_with_an_unknown_critical_extension_is_not_used() {
    let fleet = CrlFleet::new();
    let oid = [0x2a, 3, 4];
    let why = StatusUnknown::Crl { crl: 1, problem: CrlProblem::UnknownCriticalExtension };
    let list = |critical| fleet.list().extension(&oid, critical, &[5, 0]).sign(&fleet.ca_key);
    assert_eq!(unknown(fleet.check(&[list(true)])), why);
    assert!(is_good(fleet.check(&[list(false)])));
    // of an entry for another certificate, too
    let list = |critical| {
        let entry = Entry::new(3).extension(&oid, critical, &[5, 0]);
        fleet.list().entry(&entry).sign(&fleet.ca_key)
    };
    assert_eq!(unknown(fleet.check(&[list(true)])), why);
    assert!(is_good(fleet.check(&[list(false)])));
}

#[test]
fn requirements_on_lists_are_enforced_with_those_on_cas() {
    let fleet = CrlFleet::new();
    let list = fleet.list().sign(&fleet.ca_key);
    let crls = [fleet.root_list(), list];
    let crls = Crls::parse(&crls).unwrap();
    let rules = Revocation::by(&crls).with_depth(RevocationDepth::Leaf);
    let profile = Profile::device(ExpectedSubject::Any).with_revocation(rules);
    assert!(is_good(fleet.check_under(&profile)));
    let why = CrlProblem::CaRequirement(CrlRequirement::AuthorityKeyIdentifierMissing);
    assert_eq!(
        fleet.check_under(&profile.with_ca_requirements(CaRequirements::Enforce)),
        Err(ChainError::Refused {
            place: CertificatePosition::Leaf,
            problem: Problem::RevocationUnknown(StatusUnknown::Crl { crl: 1, problem: why })
        })
    );
}

#[test]
fn a_verified_chain_returns_its_issuers_upward() {
    let (fleet, other) = (CrlFleet::new(), CrlFleet::new());
    let anchors = Anchors::parse([&other.root, &fleet.root]).unwrap();
    let chain = Chain::parse(&fleet.pump, &fleet.pool).unwrap();
    let profile = Profile::device(ExpectedSubject::Any);
    let verified = chain.verify(&anchors, &profile, hubward_ring::signature::ALL, now(0)).unwrap();
    let issuers: Vec<&[u8]> = verified.issuers(&anchors).map(|one| one.as_der()).collect();
    assert_eq!(issuers, [&fleet.ca, &fleet.root]);
}
