//! Keys at rest: a sealed key opens in its own place only.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::*;
use hubward::registry::{AuthenticationView, Change, Precondition, SymmetricKeys};
use hubward::types::{Credential, KeySlot, LookupResult, Permissions, PolicyName};
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    Expected, FeedTimes, Follower, Kind, MemoryStore, Row, RowError, RowKey, SealedKeyError, SealedPlace,
    Sealer, Store, Write, change, reseal,
};

const PLACE: SealedPlace<'static> =
    SealedPlace { kind: Kind::Identity, name: "dev1", secondary: false, generation: 7, version: 8 };

#[test]
fn a_sealed_key_opens_in_its_place() {
    let sealer = sealer();
    let one = sealer.seal(&key(9), &PLACE).unwrap();
    assert_eq!(sealer.open(&one, &PLACE).unwrap().expose(), key(9).expose());
    assert_ne!(one, sealer.seal(&key(9), &PLACE).unwrap(), "each has a nonce of its own");
    assert!(!one.windows(8).any(|bytes| bytes == [9; 8]));
    let hub = Sealer::new("HUB.example", aead(1), random);
    assert!(hub.open(&one, &PLACE).is_ok(), "host names have no case");
}

#[test]
fn a_key_that_is_moved_or_altered_does_not_open() {
    let sealer = sealer();
    let sealed = sealer.seal(&key(9), &PLACE).unwrap();
    for other in [
        SealedPlace { kind: Kind::Policy, ..PLACE },
        SealedPlace { name: "dev2", ..PLACE },
        SealedPlace { name: "dev", ..PLACE },
        SealedPlace { secondary: true, ..PLACE },
        SealedPlace { generation: 8, ..PLACE },
        SealedPlace { version: 7, ..PLACE },
    ] {
        assert_eq!(sealer.open(&sealed, &other).unwrap_err(), SealedKeyError::NotAuthentic, "{other:?}");
    }
    let hub = Sealer::new("other.example", aead(1), random);
    assert_eq!(hub.open(&sealed, &PLACE).unwrap_err(), SealedKeyError::NotAuthentic);
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(sealer.open(&altered, &PLACE).is_err(), "byte {at}");
        assert!(sealer.open(&sealed[..at], &PLACE).is_err(), "{at} bytes");
    }
    assert_eq!(sealer.open(&[], &PLACE).unwrap_err(), SealedKeyError::Malformed);
    assert_eq!(sealer.open(&[1; 500], &PLACE).unwrap_err(), SealedKeyError::UnknownKey { id: 0x0101_0101 });
}

#[test]
fn an_unknown_key_is_named_and_a_former_one_opens() {
    let old = sealer();
    let sealed = old.seal(&key(9), &PLACE).unwrap();
    let new = Sealer::new("hub.example", aead(2), random);
    let error = new.open(&sealed, &PLACE).unwrap_err();
    assert_eq!(error, SealedKeyError::UnknownKey { id: old.key_id() });
    assert!(error.to_string().contains(&format!("{:08x}", old.key_id())), "{error}");
    let both = Sealer::new("hub.example", aead(2), random).with_former(aead(1));
    assert!(both.open(&sealed, &PLACE).is_ok());
    assert_eq!(both.key_id(), new.key_id());
    assert!(!format!("{both:?}").contains("AeadKey"));
}

fn store() -> (MemoryStore, Sealer) {
    let (store, sealer) = (MemoryStore::new("hub.example"), sealer());
    let policy = RowKey { kind: Kind::Policy, name: "service".into() };
    change(&store, &sealer, HmacKey::new, &[row_key("dev1"), row_key("dev2"), policy], |registry| {
        registry.create(who("dev1"), sas(1), Change::new()).unwrap();
        registry.create(who("dev2"), sas(3), Change::new()).unwrap();
        let keys = SymmetricKeys::kept(key(5), key(6), HmacKey::new);
        registry.set_policy(PolicyName::parse("service").unwrap(), Permissions::all(), keys);
    })
    .unwrap();
    (store, sealer)
}

fn index(store: &MemoryStore, sealer: &Sealer) -> Index {
    let mut index = Index::default();
    let mut follower = Follower::new(FeedTimes::default(), HmacKey::new, random);
    follower.catch_up(store, sealer, noon, &mut index).unwrap();
    index
}

fn row(store: &MemoryStore, key: RowKey) -> Row<'static> {
    let mut found = None;
    store.read(&[key], &mut |row| found = Some(row.into_owned())).unwrap();
    found.unwrap()
}

#[test]
fn a_row_with_the_keys_of_another_is_denied_and_reported() {
    let (store, sealer) = store();
    let (one, two) = (row(&store, row_key("dev1")), row(&store, row_key("dev2")));
    let forged = Row { primary: two.primary, ..one };
    store.commit(&[Write::Put(forged, Expected::Present)]).unwrap();
    let index = index(&store, &sealer);
    let record = index.registry.find(&who("dev1").lookup(), &[]);
    let LookupResult::Identity(record) = record else { panic!("{record:?}") };
    assert!(matches!(record.credential(), Credential::None), "{record:?}");
    assert_eq!(index.refused, [(row_key("dev1"), RowError::Key(SealedKeyError::NotAuthentic))]);
    let other = index.registry.get(who("dev2")).unwrap();
    assert!(matches!(other.authentication(), AuthenticationView::Sas(_)));
}

#[test]
fn without_the_key_every_row_is_denied() {
    let (store, sealer) = store();
    let index = index(&store, &Sealer::new("hub.example", aead(2), random));
    let unknown = RowError::Key(SealedKeyError::UnknownKey { id: sealer.key_id() });
    assert!(index.refused.iter().all(|(_, error)| *error == unknown));
    assert_eq!(index.refused.len(), 3);
    assert_eq!(index.registry.policies().count(), 0);
    for id in ["dev1", "dev2"] {
        let view = index.registry.get(who(id)).unwrap();
        assert!(matches!(view.authentication(), AuthenticationView::None), "{id}");
    }
}

#[test]
fn another_key_seals_all_rows_and_no_version_changes() {
    let (store, sealer) = store();
    let before = content(&index(&store, &sealer).registry);
    let both = Sealer::new("hub.example", aead(2), random).with_former(aead(1));
    let done = reseal(&store, &both).unwrap();
    assert_eq!((done.resealed, done.unopened.len()), (3, 0));
    assert_eq!(reseal(&store, &both).unwrap().resealed, 0);
    let new = Sealer::new("hub.example", aead(2), random);
    let after = index(&store, &new);
    assert_eq!(content(&after.registry), before);
    let lost = reseal(&store, &Sealer::new("hub.example", aead(3), random)).unwrap();
    assert_eq!((lost.resealed, lost.unopened.len()), (0, 3));
}

#[test]
fn keys_are_sealed_again_when_they_are_swapped_or_rotated() {
    let (store, sealer) = store();
    for change_of in [
        || Change::<HmacKey>::new().with_swapped_keys(),
        || Change::new().with_key(KeySlot::Secondary, key(40), HmacKey::new),
        || Change::new().with_key(KeySlot::Primary, key(41), HmacKey::new),
    ] {
        let key = row_key("dev1");
        change(&store, &sealer, HmacKey::new, &[key], |registry| {
            registry.update(who("dev1"), change_of(), Precondition::Any).unwrap();
        })
        .unwrap();
        let index = index(&store, &sealer);
        assert!(index.refused.is_empty(), "{:?}", index.refused);
    }
    let index = index(&store, &sealer);
    let AuthenticationView::Sas(keys) = index.registry.get(who("dev1")).unwrap().authentication() else {
        panic!("no keys")
    };
    assert_eq!(keys.expose_primary().unwrap().expose(), key(41).expose());
    assert_eq!(keys.expose_secondary().unwrap().expose(), key(40).expose());
}
