//! A delta list changes only the complete list that it applies to (RFC 5280 5.2.4, 6.3.3 (c), (h)-(k)).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/crl_fleet.rs"]
mod crl_fleet;
#[path = "common/mod.rs"]
mod minting;

use core::slice;

use crl_builder::{CrlBuilder, Entry, HOLD, KEY_COMPROMISE, REMOVE};
use crl_fleet::{CrlFleet, PUMP, is_good, is_revoked, unknown};
use hubward_x509::crl::{CrlProblem, StatusUnknown};

const OLD: Option<&str> = Some("251230000000Z");

/// A delta list with number 7 and base 5.
fn delta(fleet: &CrlFleet) -> CrlBuilder {
    fleet.list().number(7).delta_since(5)
}

fn check(
    fleet: &CrlFleet,
    complete: CrlBuilder,
    delta: CrlBuilder,
) -> Result<hubward_x509::RevocationStatus, hubward_x509::ChainError> {
    fleet.check(&[delta.sign(&fleet.ca_key), complete.sign(&fleet.ca_key)])
}

#[test]
fn a_delta_list_adds_and_removes_revocations() {
    let fleet = CrlFleet::new();
    let on_hold = || fleet.list().entry(&Entry::new(PUMP).reason(HOLD));
    let removed = || Entry::new(PUMP).reason(REMOVE);
    assert!(is_good(check(&fleet, fleet.list(), delta(&fleet))));
    assert!(is_revoked(check(&fleet, fleet.list(), delta(&fleet).revoking(PUMP))));
    assert!(is_revoked(check(&fleet, on_hold(), delta(&fleet))));
    assert!(is_good(check(&fleet, on_hold(), delta(&fleet).entry(&removed()))));
    let compromised = Entry::new(PUMP).reason(KEY_COMPROMISE);
    assert!(is_revoked(check(&fleet, on_hold(), delta(&fleet).entry(&compromised))));
    // in both orders
    let both = |first: &Entry, second: &Entry| delta(&fleet).entry(first).entry(second);
    assert!(is_revoked(check(&fleet, on_hold(), both(&removed(), &compromised))));
    assert!(is_revoked(check(&fleet, on_hold(), both(&compromised, &removed()))));
}

#[test]
fn a_delta_list_without_a_complete_list_does_not_clear() {
    let fleet = CrlFleet::new();
    assert_eq!(unknown(fleet.check(&[delta(&fleet).sign(&fleet.ca_key)])), StatusUnknown::NoCrl);
}

#[test]
fn a_complete_list_cannot_remove_a_revocation() {
    let fleet = CrlFleet::new();
    let list = fleet.list().entry(&Entry::new(PUMP).reason(REMOVE)).sign(&fleet.ca_key);
    assert!(is_revoked(fleet.check(slice::from_ref(&list))), "only a delta list may have that reason");
}

#[test]
fn a_delta_list_applies_by_its_base_and_number() {
    let fleet = CrlFleet::new();
    // each of these delta lists would revoke the pump if it applied
    let counts = |complete: u8, number: u8, base: u8| {
        let delta = fleet.list().number(number).delta_since(base).revoking(PUMP);
        is_revoked(check(&fleet, fleet.list().number(complete), delta))
    };
    assert!(counts(5, 7, 5));
    assert!(counts(6, 7, 5), "a complete list that is newer than the base");
    assert!(!counts(4, 7, 5), "the changes between 4 and 5 are in neither");
    assert!(!counts(7, 7, 5), "the complete list is as new");
    assert!(!counts(8, 7, 5));
}

#[test]
fn a_current_delta_list_makes_an_expired_list_current() {
    let fleet = CrlFleet::new();
    let old = || fleet.list().with_next_update(OLD);
    assert!(is_good(check(&fleet, old(), delta(&fleet))));
    let stale = StatusUnknown::Crl { crl: 2, problem: CrlProblem::Stale { seconds: 2 * 86_400 } };
    assert_eq!(unknown(check(&fleet, old(), delta(&fleet).with_next_update(OLD))), stale);
    // what an expired delta list adds is revoked; what it removes is not cleared
    let old_delta = || delta(&fleet).with_next_update(OLD);
    assert!(is_good(check(&fleet, fleet.list(), old_delta())));
    assert!(is_revoked(check(&fleet, fleet.list(), old_delta().revoking(PUMP))));
    let on_hold = fleet.list().entry(&Entry::new(PUMP).reason(HOLD));
    assert!(is_revoked(check(&fleet, on_hold, old_delta().entry(&Entry::new(PUMP).reason(REMOVE)))));
}

#[test]
fn the_newest_delta_list_is_used() {
    let fleet = CrlFleet::new();
    let adds = delta(&fleet).entry(&Entry::new(PUMP).reason(HOLD)).sign(&fleet.ca_key);
    let takes_back = fleet.list().number(8).delta_since(5).entry(&Entry::new(PUMP).reason(REMOVE));
    let (takes_back, complete) = (takes_back.sign(&fleet.ca_key), fleet.list().sign(&fleet.ca_key));
    assert!(is_good(fleet.check(&[adds.clone(), takes_back.clone(), complete.clone()])));
    assert!(is_good(fleet.check(&[takes_back, complete, adds])));
}

#[test]
fn a_delta_list_of_another_scope_or_key_is_ignored() {
    let fleet = CrlFleet::new();
    let users: &[u8] = &[0x81, 1, 0xff];
    let scoped = delta(&fleet).scope(&[users]).revoking(PUMP);
    assert!(is_good(check(&fleet, fleet.list(), scoped)));
    let scoped = || delta(&fleet).scope(&[users]).revoking(PUMP);
    assert!(is_revoked(check(&fleet, fleet.list().scope(&[users]), scoped())));
    let key_id: &[u8] = &[0x30, 3, 0x80, 1, 9];
    let named = delta(&fleet).extension(&[0x55, 0x1d, 35], false, key_id).revoking(PUMP);
    assert!(is_good(check(&fleet, fleet.list(), named)));
    let forged = delta(&fleet).revoking(PUMP).sign(&minting::key());
    assert!(is_good(fleet.check(&[forged, fleet.list().sign(&fleet.ca_key)])));
}
