//! Revocation lists that a CA issues: numbers only rise, a revoked device is refused, and other readers agree.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

#[path = "common/issuing.rs"]
mod issuing;

use hubward_core::DeviceId;
use hubward_ring::{KeyType, SigningKey, signature};
use hubward_x509::crl::{Crl, RevocationReason};
use hubward_x509::issue::{CertificateAuthority, CrlDraft, CrlDraftError, IssueError};
use hubward_x509::{
    Anchors, Certificate, Chain, ChainError, Crls, ExpectedSubject, Problem, Profile, Revocation,
    RevocationStatus,
};
use issuing::{Fleet, day, days, new_key};
use x509_cert::crl::CertificateList;
use x509_cert::der::{Decode, Encode};

/// Returns the verdict on a device at the end of day 9, by these lists.
fn verdict(fleet: &Fleet, device: &[u8], lists: &[&[u8]]) -> Result<RevocationStatus, Problem> {
    let anchors = Anchors::parse([&fleet.root]).unwrap();
    let crls = Crls::parse(lists.iter().copied()).unwrap();
    let above = [fleet.ca.as_der()];
    let chain = Chain::parse(device, &above).unwrap();
    let profile = Profile::device(ExpectedSubject::Device(DeviceId::parse("pump").unwrap()));
    let profile =
        profile.with_revocation(Revocation::by(&crls).with_depth(hubward_x509::crl::RevocationDepth::Leaf));
    match chain.verify(&anchors, &profile, signature::ALL, day(9)) {
        Ok(verified) => Ok(verified.revocation()),
        Err(ChainError::Refused { problem, .. }) => Err(problem),
        Err(other) => panic!("{other}"),
    }
}

/// Returns fleets whose CA names the address of its lists, and whose CA does not.
fn fleets() -> [Fleet; 2] {
    let plain = Fleet::new(KeyType::P256, KeyType::P256);
    let mut with_url = Fleet::new(KeyType::P256, KeyType::Ed25519);
    with_url.ca = with_url.ca.with_crl_url("http://ca.example/plant.crl").unwrap();
    [plain, with_url]
}

#[test]
fn a_revoked_device_is_refused_by_a_complete_list_and_by_a_delta() {
    for fleet in fleets() {
        let key = new_key(KeyType::P256);
        let (revoked, good) =
            (fleet.device("pump", &key, 7, days(0, 90)), fleet.device("pump", &key, 8, days(0, 90)));
        let first =
            CrlDraft::first(&fleet.ca).unwrap().complete(days(0, 30)).unwrap().sign(&fleet.key).unwrap();
        assert!(verdict(&fleet, &revoked, &[&first]).is_ok());

        let base = Crl::parse(&first).unwrap();
        let mut draft = CrlDraft::after(&base, &fleet.ca, signature::ALL).unwrap();
        let certificate = Certificate::parse(&revoked).unwrap();
        draft.revoke(&certificate, day(1), RevocationReason::KeyCompromise, signature::ALL).unwrap();
        let complete = draft.complete(days(1, 30)).unwrap().sign(&fleet.key).unwrap();
        let delta = draft.delta(&base, signature::ALL, days(1, 30)).unwrap().sign(&fleet.key).unwrap();
        for lists in
            [&[&complete[..]][..], &[&first, &delta], &[&first, &complete], &[&delta, &complete, &first]]
        {
            assert!(matches!(verdict(&fleet, &revoked, lists), Err(Problem::Revoked { .. })));
            assert!(matches!(verdict(&fleet, &good, lists), Ok(RevocationStatus::Good { .. })));
        }
    }
}

#[test]
fn a_hold_ends_and_a_revocation_does_not() {
    let [fleet, _] = fleets();
    let device = fleet.device("pump", &new_key(KeyType::P256), 7, days(0, 90));
    let serial = Certificate::parse(&device).unwrap().serial().to_vec();
    let mut draft = CrlDraft::first(&fleet.ca).unwrap();
    draft.revoke_serial(&serial, day(0), RevocationReason::CertificateHold).unwrap();
    let held = draft.complete(days(0, 30)).unwrap().sign(&fleet.key).unwrap();
    assert!(matches!(verdict(&fleet, &device, &[&held]), Err(Problem::Revoked { .. })));

    let base = Crl::parse(&held).unwrap();
    let mut next = CrlDraft::after(&base, &fleet.ca, signature::ALL).unwrap();
    assert!(next.release_serial(&serial) && !next.release_serial(&serial) && next.is_empty());
    let complete = next.complete(days(1, 30)).unwrap().sign(&fleet.key).unwrap();
    let delta = next.delta(&base, signature::ALL, days(1, 30)).unwrap().sign(&fleet.key).unwrap();
    assert_eq!(Crl::parse(&delta).unwrap().entries().next().unwrap().reason, RevocationReason::RemoveFromCrl);
    assert!(matches!(verdict(&fleet, &device, &[&held, &delta]), Ok(RevocationStatus::Good { .. })));
    assert!(matches!(verdict(&fleet, &device, &[&held, &complete]), Ok(RevocationStatus::Good { .. })));

    let mut draft = CrlDraft::after(&base, &fleet.ca, signature::ALL).unwrap();
    draft.revoke_serial(&serial, day(2), RevocationReason::KeyCompromise).unwrap();
    assert!(!draft.release_serial(&serial), "a revocation is final");
    draft.revoke_serial(&serial, day(3), RevocationReason::Superseded).unwrap();
    let list = draft.complete(days(2, 30)).unwrap().sign(&fleet.key).unwrap();
    let entry = Crl::parse(&list).unwrap().entries().next().unwrap();
    assert_eq!(entry.reason, RevocationReason::KeyCompromise);
    assert_eq!(u64::try_from(entry.at), Ok(day(0).as_secs()), "the first date is kept");
}

#[test]
fn numbers_and_times_only_rise() {
    for fleet in fleets() {
        let mut list =
            CrlDraft::first(&fleet.ca).unwrap().complete(days(5, 30)).unwrap().sign(&fleet.key).unwrap();
        for number in 2..300_u64 {
            let previous = Crl::parse(&list).unwrap();
            let mut draft = CrlDraft::after(&previous, &fleet.ca, signature::ALL).unwrap();
            assert_eq!(draft.number(), number);
            draft
                .revoke_serial(&number.to_be_bytes()[5..], day(1), RevocationReason::Unspecified)
                .unwrap_or(());
            assert_eq!(
                draft.complete(days(4, 30)).unwrap_err(),
                IssueError::Crl(CrlDraftError::Time),
                "the list would be older"
            );
            let next = draft.complete(days(5, 30)).unwrap().sign(&fleet.key).unwrap();
            let theirs = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&next).unwrap();
            assert_eq!(theirs.to_der().unwrap(), next);
            list = next;
        }
        assert_eq!(Crl::parse(&list).unwrap().crl_number(), Some(&[1, 43][..]));
    }
}

#[test]
fn a_list_continues_only_a_complete_list_of_the_same_ca_and_scope() {
    let [fleet, other] = fleets();
    let after = |list: &[u8], ca: &CertificateAuthority| {
        CrlDraft::after(&Crl::parse(list).unwrap(), ca, signature::ALL).map(|_| ()).unwrap_err()
    };
    let sign = |ca: &CertificateAuthority, key: &SigningKey| {
        CrlDraft::first(ca).unwrap().complete(days(0, 30)).unwrap().sign(key).unwrap()
    };
    let list = sign(&fleet.ca, &fleet.key);
    assert_eq!(after(&list, &fleet.root_ca()), CrlDraftError::Issuer, "another name");
    assert_eq!(after(&list, &other.ca), CrlDraftError::Issuer, "another key of the same name");
    let named = fleet.ca.clone().with_crl_url("http://ca.example/a.crl").unwrap();
    assert_eq!(after(&list, &named), CrlDraftError::ForeignScope);
    let base = Crl::parse(&list).unwrap();
    let draft = CrlDraft::after(&base, &fleet.ca, signature::ALL).unwrap();
    let delta = draft.delta(&base, signature::ALL, days(0, 30)).unwrap().sign(&fleet.key).unwrap();
    assert_eq!(after(&delta, &fleet.ca), CrlDraftError::NotComplete);
    assert!(draft.delta(&Crl::parse(&delta).unwrap(), signature::ALL, days(0, 30)).is_err());
    let same = draft.complete(days(0, 30)).unwrap().sign(&fleet.key).unwrap();
    assert!(
        draft.delta(&Crl::parse(&same).unwrap(), signature::ALL, days(0, 30)).is_err(),
        "the base has the draft's own number"
    );
    let mut altered = list.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    assert_eq!(after(&altered, &fleet.ca), CrlDraftError::Issuer, "the signature");
    // what a base contains is not in the delta, so a base that this CA did not sign could hide a revocation
    for (foreign, why) in [(&altered, "the signature"), (&sign(&other.ca, &other.key), "another key")] {
        let delta = draft.delta(&Crl::parse(foreign).unwrap(), signature::ALL, days(0, 30));
        assert!(matches!(delta, Err(IssueError::Crl(CrlDraftError::Issuer))), "{why}: {delta:?}");
    }
}

#[test]
fn what_cannot_be_revoked_is_refused() {
    let [fleet, other] = fleets();
    let mut draft = CrlDraft::first(&fleet.ca).unwrap();
    let of_root = Certificate::parse(other.ca.as_der()).unwrap();
    let revoked = draft.revoke(&of_root, day(0), RevocationReason::Superseded, signature::ALL);
    assert_eq!(revoked, Err(CrlDraftError::NotIssued));
    let reason = RevocationReason::RemoveFromCrl;
    assert_eq!(draft.revoke_serial(&[1], day(0), reason), Err(CrlDraftError::Reason));
    for serial in [&[][..], &[0x80], &[0, 1], &[1; 21]] {
        assert!(draft.revoke_serial(serial, day(0), RevocationReason::Unspecified).is_err(), "{serial:?}");
    }
    assert!(draft.is_empty());
    // an unknown status is refused unless the caller allows it
    let device = fleet.device("pump", &new_key(KeyType::P256), 7, days(0, 90));
    assert!(matches!(verdict(&fleet, &device, &[]), Err(Problem::RevocationUnknown(_))));
}

#[test]
fn only_a_certificate_that_the_ca_signed_is_revoked_or_released() {
    // two CAs of the same name, whose devices have the same serial number
    let [fleet, other] = fleets();
    let key = new_key(KeyType::P256);
    let (own, foreign) =
        (fleet.device("pump", &key, 7, days(0, 90)), other.device("pump", &key, 7, days(0, 90)));
    let mut altered = own.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let (hold, all) = (RevocationReason::CertificateHold, signature::ALL);
    let mut draft = CrlDraft::first(&fleet.ca).unwrap();
    for (der, why) in [(&foreign, "another key of the same name"), (&altered, "the signature")] {
        let certificate = Certificate::parse(der).unwrap();
        assert_eq!(draft.revoke(&certificate, day(0), hold, all), Err(CrlDraftError::NotIssued), "{why}");
        assert!(draft.is_empty(), "{why}");
    }
    let own = Certificate::parse(&own).unwrap();
    assert_eq!(draft.revoke(&own, day(0), hold, &[]), Err(CrlDraftError::NotIssued), "no algorithm");
    draft.revoke(&own, day(0), hold, all).unwrap();
    for der in [&foreign, &altered] {
        let certificate = Certificate::parse(der).unwrap();
        assert_eq!(draft.release(&certificate, all), Err(CrlDraftError::NotIssued));
        assert_eq!(draft.len(), 1);
    }
    assert_eq!(draft.release(&own, all), Ok(true));
    assert_eq!(draft.release(&own, all), Ok(false));
}
