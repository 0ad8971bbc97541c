//! A delta changes the complete list that it fits, and nothing else (RFC 5280 5.2.4, 6.3.3 (c), (h)-(k)).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/listed.rs"]
mod listed;
#[path = "common/lists.rs"]
mod lists;
#[path = "common/mod.rs"]
mod minting;

use core::slice;

use hubward_x509::{CrlProblem, StatusUnknown};
use listed::{Listed, PUMP, is_good, is_revoked, unknown};
use lists::{Entry, HOLD, KEY_COMPROMISE, List, REMOVE};

const OLD: Option<&str> = Some("251230000000Z");

/// Number 7, since 5.
fn delta(fleet: &Listed) -> List {
    fleet.list().number(7).delta_since(5)
}

fn judge(
    fleet: &Listed,
    complete: List,
    delta: List,
) -> Result<hubward_x509::RevocationStatus, hubward_x509::ChainError> {
    fleet.judge(&[delta.sign(&fleet.ca_key), complete.sign(&fleet.ca_key)])
}

#[test]
fn a_delta_adds_and_takes_back() {
    let fleet = Listed::new();
    let on_hold = || fleet.list().entry(&Entry::new(PUMP).reason(HOLD));
    let removed = || Entry::new(PUMP).reason(REMOVE);
    assert!(is_good(judge(&fleet, fleet.list(), delta(&fleet))));
    assert!(is_revoked(judge(&fleet, fleet.list(), delta(&fleet).revoking(PUMP))));
    assert!(is_revoked(judge(&fleet, on_hold(), delta(&fleet))));
    assert!(is_good(judge(&fleet, on_hold(), delta(&fleet).entry(&removed()))));
    let compromised = Entry::new(PUMP).reason(KEY_COMPROMISE);
    assert!(is_revoked(judge(&fleet, on_hold(), delta(&fleet).entry(&compromised))));
    // in both orders
    let both = |first: &Entry, second: &Entry| delta(&fleet).entry(first).entry(second);
    assert!(is_revoked(judge(&fleet, on_hold(), both(&removed(), &compromised))));
    assert!(is_revoked(judge(&fleet, on_hold(), both(&compromised, &removed()))));
}

#[test]
fn a_delta_alone_clears_nobody() {
    let fleet = Listed::new();
    assert_eq!(unknown(fleet.judge(&[delta(&fleet).sign(&fleet.ca_key)])), StatusUnknown::NoCrl);
}

#[test]
fn a_complete_list_takes_nothing_back() {
    let fleet = Listed::new();
    let list = fleet.list().entry(&Entry::new(PUMP).reason(REMOVE)).sign(&fleet.ca_key);
    assert!(is_revoked(fleet.judge(slice::from_ref(&list))), "only a delta has that reason");
}

#[test]
fn numbers_say_what_fits() {
    let fleet = Listed::new();
    // each of these deltas would revoke the pump if it counted
    let counts = |complete: u8, number: u8, base: u8| {
        let delta = fleet.list().number(number).delta_since(base).revoking(PUMP);
        is_revoked(judge(&fleet, fleet.list().number(complete), delta))
    };
    assert!(counts(5, 7, 5));
    assert!(counts(6, 7, 5), "a complete list that is newer than the base");
    assert!(!counts(4, 7, 5), "what happened between 4 and 5 is in neither");
    assert!(!counts(7, 7, 5), "the complete list is as new");
    assert!(!counts(8, 7, 5));
}

#[test]
fn a_current_delta_renews_an_old_list() {
    let fleet = Listed::new();
    let old = || fleet.list().next_update(OLD);
    assert!(is_good(judge(&fleet, old(), delta(&fleet))));
    let stale = StatusUnknown::Crl { crl: 2, problem: CrlProblem::Stale { seconds: 2 * 86_400 } };
    assert_eq!(unknown(judge(&fleet, old(), delta(&fleet).next_update(OLD))), stale);
    // what an old delta adds counts; what it takes back does not
    let old_delta = || delta(&fleet).next_update(OLD);
    assert!(is_good(judge(&fleet, fleet.list(), old_delta())));
    assert!(is_revoked(judge(&fleet, fleet.list(), old_delta().revoking(PUMP))));
    let on_hold = fleet.list().entry(&Entry::new(PUMP).reason(HOLD));
    assert!(is_revoked(judge(&fleet, on_hold, old_delta().entry(&Entry::new(PUMP).reason(REMOVE)))));
}

#[test]
fn the_newest_delta_counts() {
    let fleet = Listed::new();
    let adds = delta(&fleet).entry(&Entry::new(PUMP).reason(HOLD)).sign(&fleet.ca_key);
    let takes_back = fleet.list().number(8).delta_since(5).entry(&Entry::new(PUMP).reason(REMOVE));
    let (takes_back, complete) = (takes_back.sign(&fleet.ca_key), fleet.list().sign(&fleet.ca_key));
    assert!(is_good(fleet.judge(&[adds.clone(), takes_back.clone(), complete.clone()])));
    assert!(is_good(fleet.judge(&[takes_back, complete, adds])));
}

#[test]
fn a_delta_of_another_scope_or_key_changes_nothing() {
    let fleet = Listed::new();
    let users: &[u8] = &[0x81, 1, 0xff];
    let scoped = delta(&fleet).scope(&[users]).revoking(PUMP);
    assert!(is_good(judge(&fleet, fleet.list(), scoped)));
    let scoped = || delta(&fleet).scope(&[users]).revoking(PUMP);
    assert!(is_revoked(judge(&fleet, fleet.list().scope(&[users]), scoped())));
    let key_id: &[u8] = &[0x30, 3, 0x80, 1, 9];
    let named = delta(&fleet).extension(&[0x55, 0x1d, 35], false, key_id).revoking(PUMP);
    assert!(is_good(judge(&fleet, fleet.list(), named)));
    let forged = delta(&fleet).revoking(PUMP).sign(&minting::key());
    assert!(is_good(fleet.judge(&[forged, fleet.list().sign(&fleet.ca_key)])));
}
