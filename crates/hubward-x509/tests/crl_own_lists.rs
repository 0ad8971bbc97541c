//! A current list of the certificate's own issuer that does not cover the certificate, but contains it, revokes it.
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

use crl_builder::{CrlBuilder, full, uri};
use crl_fleet::{CrlFleet, PUMP, is_good, is_revoked};
use hubward_x509::{
    ChainError, RevocationStatus,
    crl::{CrlProblem, StatusUnknown, UnknownStatus},
};

/// The form of step-ca: the list names a distribution point that the certificates do not name.
fn elsewhere(fleet: &CrlFleet) -> CrlBuilder {
    fleet.list().scope(&[&full(&[&uri("https://ca.example/crl")])])
}

/// Accepts an unknown status.
fn allowing(fleet: &CrlFleet, lists: &[Vec<u8>]) -> Result<RevocationStatus, ChainError> {
    let lists = [&[fleet.root_list()], lists].concat();
    fleet.check_with(&lists, |rules| rules.with_unknown(UnknownStatus::Allow))
}

#[test]
fn it_revokes_even_where_an_unknown_status_is_accepted() {
    let fleet = CrlFleet::new();
    let (good, revoked) = (elsewhere(&fleet), elsewhere(&fleet).revoking(PUMP));
    // by RFC 5280 6.3.3 (b) it does not clear
    assert_eq!(
        allowing(&fleet, &[good.sign(&fleet.ca_key)]),
        Ok(RevocationStatus::Unknown(StatusUnknown::NoCrl))
    );
    assert!(is_revoked(allowing(&fleet, &[revoked.sign(&fleet.ca_key)])));
    assert!(is_revoked(fleet.check(&[revoked.sign(&fleet.ca_key)])));
    // also with another list that clears it
    let clears = fleet.list().sign(&fleet.ca_key);
    assert!(is_good(fleet.check(&[good.sign(&fleet.ca_key), clears.clone()])));
    assert!(is_revoked(fleet.check(&[revoked.sign(&fleet.ca_key), clears])));
}

#[test]
fn it_must_be_the_issuers_and_current() {
    let fleet = CrlFleet::new();
    let point = full(&[&uri("https://ca.example/crl")]);
    let revoked = || elsewhere(&fleet).revoking(PUMP);
    let stranger = CrlBuilder::by(&fleet.root).scope(&[&point]).revoking(PUMP);
    for list in [
        // another issuer, another key, ended, not yet issued
        stranger.sign(&fleet.root_key),
        revoked().sign(&minting::key()),
        revoked().this_update("250101000000Z").with_next_update(Some("250201000000Z")).sign(&fleet.ca_key),
        revoked().this_update("260201000000Z").with_next_update(Some("260301000000Z")).sign(&fleet.ca_key),
        revoked().extension(&[0x2a, 3, 4], true, &[5, 0]).sign(&fleet.ca_key),
        elsewhere(&fleet).revoking(PUMP + 1).sign(&fleet.ca_key),
    ] {
        let status = allowing(&fleet, &[list]);
        assert!(matches!(status, Ok(RevocationStatus::Unknown(_))), "{status:?}");
    }
}

#[test]
fn a_later_edition_without_the_entry_replaces_it() {
    let fleet = CrlFleet::new();
    let held = elsewhere(&fleet).number(1).revoking(PUMP).sign(&fleet.ca_key);
    let later = elsewhere(&fleet).number(2).sign(&fleet.ca_key);
    assert!(is_revoked(allowing(&fleet, core::slice::from_ref(&held))));
    for lists in [[held.clone(), later.clone()], [later, held.clone()]] {
        assert!(matches!(allowing(&fleet, &lists), Ok(RevocationStatus::Unknown(_))));
    }
    // a later edition that the issuer did not sign replaces nothing
    let forged = elsewhere(&fleet).number(2).sign(&minting::key());
    assert!(is_revoked(allowing(&fleet, &[held, forged])));
}

/// The forms of OpenSSL and EJBCA: version 1 or without a key identifier, and without nextUpdate. Such a list does not
/// clear, but revokes.
#[test]
fn a_list_without_next_update_revokes_and_does_not_clear() {
    let fleet = CrlFleet::new();
    let list = || fleet.list().with_next_update(None);
    let missing = StatusUnknown::Crl { crl: 1, problem: CrlProblem::NextUpdateMissing };
    assert_eq!(crl_fleet::unknown(fleet.check(&[list().sign(&fleet.ca_key)])), missing);
    assert!(is_revoked(fleet.check(&[list().revoking(PUMP).sign(&fleet.ca_key)])));
    let pointed = elsewhere(&fleet).with_next_update(None).revoking(PUMP);
    assert!(is_revoked(allowing(&fleet, &[pointed.sign(&fleet.ca_key)])));
}

/// `openssl ca -gencrl` without `crl_extensions` makes version 1: without a version, extensions and a key identifier. A
/// revokedCertificates that is empty is written by some and must be absent (RFC 5280 5.1.2.6).
#[test]
fn a_list_of_version_1_and_an_empty_list_of_entries_are_read() {
    let fleet = CrlFleet::new();
    let rewritten = |list: CrlBuilder, change: fn(&mut Vec<Vec<u8>>)| {
        let der = list.sign(&fleet.ca_key);
        let algorithm = minting::der::fields(&der)[1].to_vec();
        let sign = |message: &[u8]| rcgen::SigningKey::sign(&fleet.ca_key, message).unwrap();
        minting::der::signed_again(&der, 1, &algorithm, change, sign)
    };
    let version_1 = |inner: &mut Vec<Vec<u8>>| inner.retain(|field| !matches!(field[0], 2 | 0xa0));
    assert!(is_good(fleet.check(&[rewritten(fleet.list(), version_1)])));
    assert!(is_revoked(fleet.check(&[rewritten(fleet.list().revoking(PUMP), version_1)])));

    let empty = |inner: &mut Vec<Vec<u8>>| inner.insert(inner.len() - 1, vec![0x30, 0]);
    assert!(is_good(fleet.check(&[rewritten(fleet.list(), empty)])));
}
