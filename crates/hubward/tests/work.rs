//! The cost of an authentication, counted in allocations and MAC tags.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use core::sync::atomic::{AtomicUsize, Ordering};
use hubward::policy::Operation;
use hubward::types::{
    Credential, HostName, Identity, IdentityRecord, Keys, LookupResult, MacKey, RecordVersion, Status, Tag,
};
use hubward::{AuthError, Authenticated, AuthenticationStep, Credentials, HubConfig, PendingAuthentication};
use hubward_rustcrypto::HmacKey;

#[test]
fn authentication_and_decision_allocate_nothing() {
    let hub = hub();
    let (name, password) = (username("dev1"), own_token("dev1"));
    let count = allocation_counter::measure(|| {
        let admitted = hub.admit(Credentials::mqtt("dev1", &name, Some(&password)).unwrap(), NOW).unwrap();
        assert!(admitted.decision().is_allow());
        assert!(admitted.decide(&Operation::mqtt_publish("devices/dev1/messages/events/")).is_allow());
    });
    assert_eq!(count.count_total, 0);
}

/// The configuration owns its parts: authentication, recheck and decision borrow from it.
#[test]
fn recheck_and_decision_allocate_nothing() {
    let hub = hub();
    let (name, password) = (username("dev1"), own_token("dev1"));
    let session = hub.admit(Credentials::mqtt("dev1", &name, Some(&password)).unwrap(), NOW).unwrap();
    let session = session.into_session();
    let config = hub.rules.clone();
    let count = allocation_counter::measure(|| {
        let checked = config.recheck(&session, &hub.registry, || at(NOW)).unwrap();
        assert!(checked.decide(&Operation::mqtt_publish("devices/dev1/messages/events/")).is_allow());
        let clone = config.clone();
        assert!(clone.x509().is_none());
    });
    assert_eq!(count.count_total, 0);
}

#[test]
fn pending_authentication_is_small() {
    assert!(size_of::<Credentials<'_>>() <= 176);
    assert!(size_of::<PendingAuthentication<'_, '_, HmacKey>>() <= 256);
    assert!(size_of::<Authenticated<'_>>() <= 232);
}

/// A key that counts the tags that it computes.
#[derive(Debug)]
struct Counting<'c>(HmacKey, &'c AtomicUsize);

impl MacKey for Counting<'_> {
    fn tag(&self, parts: &[&[u8]]) -> Tag {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.tag(parts)
    }
}

#[test]
fn every_rejection_costs_the_same() {
    let tags = AtomicUsize::new(0);
    let counting = |name: &str| Counting(key(name), &tags);
    let rules = HubConfig::new(HostName::parse(HUB).unwrap(), counting("dummy"));
    let (primary, secondary) = (counting("dev1 primary"), counting("dev1 secondary"));
    let (name, good) = (username("dev1"), own_token("dev1"));
    let bad = token(&format!("{HUB}/devices/dev1"), &key("another device's"), NOW + 3600, None);
    let by_dummy = token(&format!("{HUB}/devices/dev1"), &key("dummy"), NOW + 3600, None);

    let record = |id: &'static str, credential| {
        LookupResult::Identity(IdentityRecord::new(
            Identity::Device(device(id)),
            Status::Enabled,
            RecordVersion::new(1, 1),
            credential,
        ))
    };
    let judge = |password: &str, found| {
        tags.store(0, Ordering::Relaxed);
        let presented = Credentials::mqtt("dev1", &name, Some(password)).unwrap();
        let question = presented.start(&rules).unwrap();
        let error = question.resume(found, at(NOW)).err();
        (error.map(|error| error.code()), error.map(|error| error.public()), tags.load(Ordering::Relaxed))
    };

    let unauthorized = Some(hubward::PublicError::Unauthorized);
    let pair = || Credential::Keys(Keys::pair(&primary, &secondary));
    let one = || Credential::Keys(Keys::one(&primary));
    assert_eq!(judge(&good, record("dev1", pair())), (None, None, 2));
    assert_eq!(judge(&good, record("dev1", one())), (None, None, 2));
    for (password, found, code) in [
        (&bad, record("dev1", pair()), "token-wrong-signature"),
        (&bad, record("dev1", one()), "token-wrong-signature"),
        (&by_dummy, record("dev1", one()), "token-wrong-signature"),
        (&good, LookupResult::NotFound, "unknown"),
        (&by_dummy, LookupResult::NotFound, "unknown"),
        (&by_dummy, record("dev1", Credential::None), "not-by-token"),
        (&by_dummy, record("dev1", Credential::CertificateAuthority), "not-by-token"),
        (&good, record("dev10", pair()), "record-mismatch"),
    ] {
        assert_eq!(judge(password, found), (Some(code), unauthorized, 2), "{code}");
    }
}

/// An unknown edge hub costs the same as one with a wrong key. The check of the identity below it computes no tag.
#[test]
fn every_rejection_of_an_edge_hub_costs_the_same() {
    let tags = AtomicUsize::new(0);
    let counting = |name: &str| Counting(key(name), &tags);
    let rules = HubConfig::new(HostName::parse(HUB).unwrap(), counting("dummy"));
    let (primary, secondary) = (counting("edge1/$edgeHub primary"), counting("edge1/$edgeHub secondary"));
    let name = format!("{}&auth-chain=leaf%3Bedge1", username("leaf"));
    let (good, sr) = (edge::edge_token("edge1"), format!("{HUB}/devices/edge1/modules/%24edgeHub"));
    let bad = token(&sr, &key("another device's"), NOW + 3600, None);
    let by_dummy = token(&sr, &key("dummy"), NOW + 3600, None);
    let edge_hub = Identity::Module(device("edge1"), module("$edgeHub"));
    let record = |identity, credential| {
        LookupResult::Identity(IdentityRecord::new(
            identity,
            Status::Enabled,
            RecordVersion::new(1, 1),
            credential,
        ))
    };
    let ask = |password| {
        tags.store(0, Ordering::Relaxed);
        let presented = Credentials::mqtt("leaf", &name, Some(password)).unwrap();
        presented.start(&rules).unwrap()
    };
    let pair = || Credential::Keys(Keys::pair(&primary, &secondary));
    let one = || Credential::Keys(Keys::one(&primary));
    for (password, found, code) in [
        (&bad, record(edge_hub, pair()), "token-wrong-signature"),
        (&bad, record(edge_hub, one()), "token-wrong-signature"),
        (&by_dummy, record(edge_hub, one()), "token-wrong-signature"),
        (&good, LookupResult::NotFound, "unknown"),
        (&by_dummy, LookupResult::NotFound, "unknown"),
        (&by_dummy, record(edge_hub, Credential::None), "not-by-token"),
        (&good, record(Identity::Device(device("edge1")), pair()), "record-mismatch"),
    ] {
        let error = ask(password).resume(found, at(NOW)).err().unwrap();
        assert_eq!(
            (error.code(), error.public(), tags.load(Ordering::Relaxed)),
            (code, hubward::PublicError::Unauthorized, 2)
        );
    }
    let leaf = || record(Identity::Device(device("leaf")), pair());
    for (found, code) in [(LookupResult::NotFound, "unknown"), (leaf(), "not-in-hierarchy")] {
        let AuthenticationStep::NeedsLookup(question) =
            ask(&good).resume(record(edge_hub, pair()), at(NOW)).unwrap()
        else {
            unreachable!()
        };
        let error = question.resume(found, at(NOW)).err().unwrap();
        assert_eq!(
            (error.code(), error.public(), tags.load(Ordering::Relaxed)),
            (code, hubward::PublicError::Unauthorized, 2)
        );
    }
}

#[test]
fn client_is_told_one_word() {
    assert_eq!(AuthError::Unknown.public().to_string(), "unauthorized");
    assert_eq!(AuthError::Disabled.public().to_string(), "unauthorized");
    assert_eq!(AuthError::NoCredential.public().to_string(), "malformed");
}
