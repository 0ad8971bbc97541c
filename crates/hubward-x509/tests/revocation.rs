//! A revoked certificate is refused, an unknown status is an outcome of its own, and a list counts while it is
//! current.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/listed.rs"]
mod listed;
#[path = "common/lists.rs"]
mod lists;
#[path = "common/mod.rs"]
mod minting;

use core::slice;

use hubward_x509::{
    Anchors, Chain, ChainError, CrlDuty, CrlProblem, Crls, Duties, ExpiredCrl, NextUpdate, Place, Problem,
    Profile, Revocation, RevocationDepth, RevocationReason, RevocationStatus, StatusUnknown, Subject,
    UnknownStatus,
};
use listed::{CA, Listed, PUMP, is_good, is_revoked, unknown};
use lists::{Entry, HOLD, KEY_COMPROMISE, List};
use minting::now;

/// 2025-12-01 and 2026-02-01.
const LAST_MONTH: i64 = 1_764_547_200;
const NEXT_MONTH: i64 = 1_769_904_000;

#[test]
fn a_named_certificate_is_refused_with_when_and_why() {
    let fleet = Listed::new();
    let list = fleet.list().revoking(3).entry(&Entry::new(PUMP).reason(KEY_COMPROMISE)).revoking(4);
    let problem = Problem::Revoked { at: LAST_MONTH, reason: RevocationReason::KeyCompromise };
    let refused = ChainError::Refused { place: Place::Leaf, problem };
    assert_eq!(fleet.judge(&[list.sign(&fleet.ca_key)]), Err(refused));
    assert_eq!(refused.to_string(), "leaf: was revoked (keyCompromise) at Unix time 1764547200");
    // on hold is not let pass
    let list = fleet.list().entry(&Entry::new(PUMP).reason(HOLD));
    assert!(is_revoked(fleet.judge(&[list.sign(&fleet.ca_key)])));
}

#[test]
fn a_cleared_path_tells_until_when() {
    let fleet = Listed::new();
    let list = fleet.list().revoking(3).sign(&fleet.ca_key);
    assert_eq!(fleet.judge(&[list]), Ok(RevocationStatus::Good { until: NEXT_MONTH }));
    let soon = fleet.list().next_update(Some("260101000500Z")).sign(&fleet.ca_key);
    assert_eq!(
        fleet.judge(&[soon]),
        Ok(RevocationStatus::Good { until: 1_767_225_600 + 300 }),
        "the list that ends first decides"
    );
}

#[test]
fn nobody_asks_unless_the_profile_does() {
    let fleet = Listed::new();
    let status = fleet.judge_under(&Profile::device(Subject::Anybody));
    assert_eq!(status, Ok(RevocationStatus::Unchecked));
}

#[test]
fn what_no_list_tells_is_refused_unless_the_caller_lets_it_pass() {
    let fleet = Listed::new();
    assert_eq!(unknown(fleet.judge(&[])), StatusUnknown::NoCrl);
    let status = |lists: &[Vec<u8>]| fleet.judge_by(lists, |rules| rules.unknown(UnknownStatus::Allow));
    assert_eq!(status(&[]), Ok(RevocationStatus::Unknown(StatusUnknown::NoCrl)));
    // what is named is refused all the same
    let list = fleet.list().revoking(PUMP).sign(&fleet.ca_key);
    assert!(is_revoked(status(&[list])));
}

#[test]
fn the_whole_path_counts_or_only_the_leaf() {
    let fleet = Listed::new();
    let list = fleet.list().sign(&fleet.ca_key);
    let revoked = List::by(&fleet.root).revoking(CA).sign(&fleet.root_key);
    let place = Place::Intermediate(0);
    let problem = Problem::Revoked { at: LAST_MONTH, reason: RevocationReason::Unspecified };
    let both = [list.clone(), revoked];
    assert_eq!(fleet.judge_by(&both, |rules| rules), Err(ChainError::Refused { place, problem }));
    assert!(is_good(fleet.judge_by(&both, |rules| rules.depth(RevocationDepth::Leaf))));
    let problem = Problem::RevocationUnknown(StatusUnknown::NoCrl);
    assert_eq!(fleet.judge_by(&[list], |rules| rules), Err(ChainError::Refused { place, problem }));
}

#[test]
fn an_old_list_clears_nobody_and_still_revokes() {
    let fleet = Listed::new();
    let old = |list: List| list.next_update(Some("251229000000Z")).sign(&fleet.ca_key);
    let list = old(fleet.list());
    let why = StatusUnknown::Crl { crl: 1, problem: CrlProblem::Stale { seconds: 3 * 86_400 } };
    assert_eq!(unknown(fleet.judge(slice::from_ref(&list))), why);
    assert_eq!(why.to_string(), "revocation list 1: expired 3 days before now");
    assert!(is_revoked(fleet.judge(&[old(fleet.list().revoking(PUMP))])));

    let both = [fleet.root_list(), list];
    let days = |days: u32| ExpiredCrl::AcceptFor { seconds: days * 86_400 };
    assert!(is_good(fleet.judge_by(&both, |rules| rules.expired(days(3)))));
    assert_eq!(unknown(fleet.judge_by(&both, |rules| rules.expired(days(2)))), why);
}

#[test]
fn both_ends_of_a_list_are_inside() {
    let fleet = Listed::new();
    let at = |this: &'static str, next: &'static str| {
        let list = fleet.list().this_update(this).next_update(Some(next));
        fleet.judge(&[list.sign(&fleet.ca_key)])
    };
    assert!(is_good(at("260101000000Z", "260101000000Z")));
    let stale = StatusUnknown::Crl { crl: 1, problem: CrlProblem::Stale { seconds: 1 } };
    assert_eq!(unknown(at("251231000000Z", "251231235959Z")), stale);
    let early = StatusUnknown::Crl { crl: 1, problem: CrlProblem::NotYetValid { seconds: 1 } };
    assert_eq!(unknown(at("260101000001Z", "260201000000Z")), early);
}

#[test]
fn a_list_without_an_end_counts_where_the_caller_says_so() {
    let fleet = Listed::new();
    let list = fleet.list().next_update(None).sign(&fleet.ca_key);
    let why = StatusUnknown::Crl { crl: 1, problem: CrlProblem::NextUpdateMissing };
    assert_eq!(unknown(fleet.judge(slice::from_ref(&list))), why);
    let both = [fleet.root_list(), list];
    assert!(is_good(fleet.judge_by(&both, |rules| rules.next_update(NextUpdate::Optional))));
}

#[test]
fn the_latest_edition_counts() {
    let fleet = Listed::new();
    let older = fleet.list().entry(&Entry::new(PUMP).reason(HOLD)).sign(&fleet.ca_key);
    let newer = fleet.list().number(6).sign(&fleet.ca_key);
    assert!(is_good(fleet.judge(&[older.clone(), newer.clone()])));
    assert!(is_good(fleet.judge(&[newer, older.clone()])));
    // an edition that is not yet current replaces none, and neither does one of another signer
    let future = fleet.list().number(6).this_update("260102000000Z").sign(&fleet.ca_key);
    assert!(is_revoked(fleet.judge(&[older.clone(), future])));
    let forged = fleet.list().number(6).sign(&minting::key());
    assert!(is_revoked(fleet.judge(&[forged, older])));
}

#[test]
fn lists_of_others_say_nothing() {
    let (fleet, other) = (Listed::new(), Listed::with(minting::ca("Another CA"), minting::entity("x")));
    let theirs = other.list().revoking(PUMP).sign(&other.ca_key);
    assert_eq!(unknown(fleet.judge(slice::from_ref(&theirs))), StatusUnknown::NoCrl);
    assert!(is_good(fleet.judge(&[theirs, fleet.list().sign(&fleet.ca_key)])));
    // the name alone is not enough
    let forged = fleet.list().sign(&other.ca_key);
    let why = StatusUnknown::Crl { crl: 1, problem: CrlProblem::BadSignature };
    assert_eq!(unknown(fleet.judge(&[forged])), why);
}

#[test]
fn critical_extensions_that_are_unknown_spoil_a_list() {
    let fleet = Listed::new();
    let oid = [0x2a, 3, 4];
    let why = StatusUnknown::Crl { crl: 1, problem: CrlProblem::UnknownCriticalExtension };
    let list = |critical| fleet.list().extension(&oid, critical, &[5, 0]).sign(&fleet.ca_key);
    assert_eq!(unknown(fleet.judge(&[list(true)])), why);
    assert!(is_good(fleet.judge(&[list(false)])));
    // of an entry about somebody else, too
    let list = |critical| {
        let entry = Entry::new(3).extension(&oid, critical, &[5, 0]);
        fleet.list().entry(&entry).sign(&fleet.ca_key)
    };
    assert_eq!(unknown(fleet.judge(&[list(true)])), why);
    assert!(is_good(fleet.judge(&[list(false)])));
}

#[test]
fn duties_of_those_who_make_lists_are_judged_where_those_of_cas_are() {
    let fleet = Listed::new();
    let list = fleet.list().sign(&fleet.ca_key);
    let crls = [fleet.root_list(), list];
    let crls = Crls::parse(&crls).unwrap();
    let rules = Revocation::by(&crls).depth(RevocationDepth::Leaf);
    let profile = Profile::device(Subject::Anybody).revocation(rules);
    assert!(is_good(fleet.judge_under(&profile)));
    let why = CrlProblem::Duty(CrlDuty::AuthorityKeyIdentifierMissing);
    assert_eq!(
        fleet.judge_under(&profile.duties(Duties::Enforce)),
        Err(ChainError::Refused {
            place: Place::Leaf,
            problem: Problem::RevocationUnknown(StatusUnknown::Crl { crl: 1, problem: why })
        })
    );
}

#[test]
fn a_verified_chain_hands_out_its_issuers_upward() {
    let (fleet, other) = (Listed::new(), Listed::new());
    let anchors = Anchors::parse([&other.root, &fleet.root]).unwrap();
    let chain = Chain::parse(&fleet.pump, &fleet.pool).unwrap();
    let profile = Profile::device(Subject::Anybody);
    let verified = chain.verify(&anchors, &profile, hubward_ring::signature::ALL, now(0)).unwrap();
    let issuers: Vec<&[u8]> = verified.issuers(&anchors).map(|one| one.as_der()).collect();
    assert_eq!(issuers, [&fleet.ca, &fleet.root]);
}
