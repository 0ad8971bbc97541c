//! Keys: generated, rotated, swapped; and the version that each change sets.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;
use common::*;
use hubward_core::{Credential, KeySlot, LookupResult, MacKey, RecordVersion};
use hubward_registry::{
    Authentication, AuthenticationView, Change, NoEntropy, Precondition, RegistryError, SymmetricKeys,
    Thumbprints,
};
use hubward_rustcrypto::HmacKey;

fn version(hub: &Hub, id: &str) -> RecordVersion {
    hub.get(who(id)).unwrap().version()
}

/// Returns the slot in which a lookup finds the key of this name.
fn slot_of(hub: &Hub, id: &str, key: &str) -> Option<KeySlot> {
    let tag = HmacKey::new(&raw(key)).tag(&[b"message"]);
    match hub.find(&who(id).lookup(), &[]) {
        LookupResult::Identity(found) => match found.credential() {
            Credential::Keys(keys) => keys.matching(&[b"message"], tag.expose()),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn each_change_of_credentials_changes_the_version() {
    let mut hub = Hub::unseeded();
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    let mut seen = vec![version(&hub, "a")];
    let thumbprints = Thumbprints::new(Some("a".repeat(64).parse().unwrap()), None).unwrap();
    let changes = [
        Change::new().with_key(KeySlot::Primary, raw("new"), HmacKey::new),
        Change::new().with_regenerated_key(KeySlot::Primary, &mut counting(), HmacKey::new).unwrap(),
        Change::new().with_authentication(sas("a")),
        Change::new().with_authentication(sas("a")),
        Change::new().with_authentication(Authentication::SelfSigned(thumbprints)),
        Change::new().with_authentication(Authentication::CertificateAuthority),
        Change::new().with_authentication(Authentication::None),
    ];
    for change in changes {
        hub.update(who("a"), change, Precondition::Any).unwrap();
        let now = version(&hub, "a");
        assert!(!seen.contains(&now));
        assert_eq!(now.generation(), seen[0].generation());
        seen.push(now);
    }
    hub.delete(who("a"), Precondition::Any).unwrap();
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    assert_ne!(version(&hub, "a").generation(), seen[0].generation());
}

/// Returns the versions of both keys.
fn versions(hub: &Hub) -> (RecordVersion, RecordVersion) {
    let LookupResult::Identity(found) = hub.find(&who("a").lookup(), &[]) else { panic!() };
    assert_eq!(found.version_of(KeySlot::Primary), version(hub, "a"));
    assert_eq!(Some(found.version_of(KeySlot::Secondary)), hub.get(who("a")).unwrap().secondary_version());
    (found.version_of(KeySlot::Primary), found.version_of(KeySlot::Secondary))
}

#[test]
fn each_key_keeps_its_own_version() {
    let mut hub = Hub::unseeded();
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    let (first, second) = versions(&hub);
    assert_ne!(first, second);
    let mut change = |change| {
        hub.update(who("a"), change, Precondition::Any).unwrap();
        versions(&hub)
    };
    let (primary, new) = change(Change::new().with_key(KeySlot::Secondary, raw("new"), HmacKey::new));
    assert!(primary == first && new != second && new != first);
    assert_eq!(change(Change::new().with_swapped_keys()), (new, first));
    let (newest, secondary) = change(Change::new().with_key(KeySlot::Primary, raw("newest"), HmacKey::new));
    assert!(secondary == first && newest != new);
    assert_eq!(change(Change::new().with_status_reason(None)), (newest, first));
    let (a, b) = change(Change::new().with_authentication(sas("a")));
    assert!(![first, second, new, newest].contains(&a) && ![first, second, new, newest, a].contains(&b));
}

#[test]
fn one_key_is_replaced_and_the_other_stays() {
    let mut hub = Hub::unseeded();
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    let change = Change::new().with_key(KeySlot::Primary, raw("new"), HmacKey::new);
    hub.update(who("a"), change, Precondition::Any).unwrap();
    assert_eq!(slot_of(&hub, "a", "new"), Some(KeySlot::Primary));
    assert_eq!(slot_of(&hub, "a", "a 1"), None, "the old one is worth nothing");
    assert_eq!(slot_of(&hub, "a", "a 2"), Some(KeySlot::Secondary));
    let AuthenticationView::Sas(keys) = hub.get(who("a")).unwrap().authentication() else { panic!() };
    assert_eq!(keys.expose_primary().unwrap().expose(), raw("new").expose());
}

#[test]
fn a_swap_exchanges_the_raw_keys_too() {
    let mut hub = Hub::unseeded();
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    hub.update(who("a"), Change::new().with_swapped_keys(), Precondition::Any).unwrap();
    assert_eq!(slot_of(&hub, "a", "a 1"), Some(KeySlot::Secondary));
    assert_eq!(slot_of(&hub, "a", "a 2"), Some(KeySlot::Primary));
    let AuthenticationView::Sas(keys) = hub.get(who("a")).unwrap().authentication() else { panic!() };
    assert_eq!(keys.expose_primary().unwrap().expose(), raw("a 2").expose());
}

#[test]
fn a_secondary_key_is_added_and_removed() {
    let mut hub = Hub::unseeded();
    let one = || Authentication::Sas(SymmetricKeys::kept_one(raw("one"), HmacKey::new));
    hub.create(who("a"), one(), Change::new()).unwrap();
    let swapped = hub.update(who("a"), Change::new().with_swapped_keys(), Precondition::Any);
    assert_eq!(swapped, Err(RegistryError::NoKeys), "there is nothing to exchange it with");
    let second = || Change::new().with_key(KeySlot::Secondary, raw("two"), HmacKey::new);
    hub.update(who("a"), second(), Precondition::Any).unwrap();
    assert_eq!(slot_of(&hub, "a", "two"), Some(KeySlot::Secondary));
    hub.update(who("a"), Change::new().with_authentication(one()), Precondition::Any).unwrap();
    assert_eq!(slot_of(&hub, "a", "two"), None);
    // the slot of its secondary key is reused for another key
    hub.create(who("b"), sas("b"), Change::new()).unwrap();
    assert_eq!(slot_of(&hub, "a", "b 2"), None);
    hub.update(who("a"), Change::new().with_authentication(Authentication::None), Precondition::Any).unwrap();
    assert_eq!(hub.update(who("a"), second(), Precondition::Any), Err(RegistryError::NoKeys));
    assert_eq!(slot_of(&hub, "a", "one"), None);
}

#[test]
fn a_refused_change_keeps_the_version() {
    let mut hub = Hub::unseeded();
    let etag = hub.create(who("a"), Authentication::None, Change::new()).unwrap().etag();
    let before = version(&hub, "a");
    hub.update(who("a"), Change::new().with_swapped_keys(), Precondition::Any).unwrap_err();
    assert_eq!(version(&hub, "a"), before);
    assert_eq!(hub.get(who("a")).unwrap().etag(), etag);
}

#[test]
fn without_entropy_no_key_is_generated() {
    let empty = |_: &mut [u8]| Err(NoEntropy);
    assert_eq!(SymmetricKeys::generate(empty, HmacKey::new).unwrap_err(), NoEntropy);
    let silent = |_: &mut [u8]| Ok::<(), NoEntropy>(());
    assert_eq!(SymmetricKeys::generate(silent, HmacKey::new).unwrap_err(), NoEntropy, "it wrote nothing");
    let pair = SymmetricKeys::generate(&mut counting(), HmacKey::new).unwrap();
    let (first, second) = (pair.keys().primary(), pair.keys().secondary().unwrap());
    assert!(!first.tag(&[b"m"]).matches(second.tag(&[b"m"]).expose()));
}
