//! Snapshots: complete and authentic, or refused.
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
use hubward_core::{DeviceId, LookupResult, Permissions, PolicyName, RegistrationId, Status};
use hubward_registry::{
    Attestation, Authentication, Capabilities, Change, Derivation, DeviceScope, EndorsementKey, Enrollment,
    Enrollments, GenerationId, ListEntry, ListVerdict, NoEntropy, Precondition, SnapshotError, StatusReason,
    SymmetricKeys, Thumbprints, snapshot_counter,
};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;

const KEY: [u8; 32] = [9; 32];
const HEADER: usize = 38;

fn key() -> AeadKey {
    AeadKey::new(&KEY)
}

/// Creates a hub with every kind of content.
fn hub() -> Hub {
    let mut hub = Hub::unseeded();
    let scope = |text: &str| DeviceScope::new(text).unwrap();
    let rest = Change::new()
        .with_status(Status::Disabled)
        .with_status_reason(Some(StatusReason::new("été").unwrap()))
        .with_capabilities(Capabilities::EDGE)
        .with_device_scope(Some(scope("s")))
        .with_parent_scopes(vec![scope("p"), scope("q")])
        .with_generation_id(GenerationId::new("637").unwrap());
    hub.create(who("gone"), sas("gone"), Change::new()).unwrap();
    hub.create(who("gate"), sas("gate"), rest).unwrap();
    hub.create(
        who("gate/m"),
        Authentication::Sas(SymmetricKeys::kept_one(raw("m"), HmacKey::new)),
        Change::new(),
    )
    .unwrap();
    let prints = |one: &str, two: &str| Thumbprints::new(one.parse().ok(), two.parse().ok()).unwrap();
    for (id, authentication) in [
        ("a", Authentication::None),
        ("b", Authentication::CertificateAuthority),
        ("c", Authentication::SelfSigned(prints(&"1".repeat(40), &"2".repeat(40)))),
        ("d", Authentication::SelfSigned(prints("", &"3".repeat(64)))),
    ] {
        hub.create(who(id), authentication, Change::new()).unwrap();
    }
    hub.delete(who("gone"), Precondition::Any).unwrap();
    hub.update(who("gate"), Change::new().with_swapped_keys(), Precondition::Any).unwrap();
    hub.set_policy(PolicyName::parse("service").unwrap(), Permissions::SERVICE_CONNECT, pair("service"));
    let lists = hub.access_mut();
    lists.block_mut().add(ListEntry::Identity(who("a")));
    lists.require_allow().add(ListEntry::Group("north"));
    lists.require_allow().add(ListEntry::Issuer("4".repeat(64).parse().unwrap()));
    lists.join("north", who("gate"));
    hub
}

fn sealed() -> Vec<u8> {
    hub().seal(&key(), 5, &mut counting()).unwrap()
}

fn open(bytes: Vec<u8>) -> Result<Hub, SnapshotError> {
    Hub::open(bytes, &key(), 0, &mut counting(), HmacKey::new)
}

#[test]
fn all_content_is_restored() {
    let (before, after) = (hub(), open(sealed()).unwrap());
    assert_eq!(after.len(), before.len());
    for view in before.iter() {
        let other = after.get(view.identity()).unwrap();
        // all fields but the keys, and whether keys are stored
        let said = |view: &hubward_registry::RecordView<'_, HmacKey>| {
            format!(
                "{} {:?} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?}",
                view.identity(),
                view.etag(),
                (view.version(), view.secondary_version()),
                view.generation_id(),
                view.status(),
                view.status_reason(),
                view.capabilities(),
                view.device_scope(),
                view.parent_scopes(),
                view.authentication()
            )
        };
        assert_eq!(said(&view), said(&other));
    }
    let policy = PolicyName::parse("service").unwrap();
    let lookup = hubward_core::Lookup::Policy(policy.segment());
    let (LookupResult::Policy(one), LookupResult::Policy(two)) =
        (before.find(&lookup, &[]), after.find(&lookup, &[]))
    else {
        panic!()
    };
    assert_eq!((one.rights(), one.version()), (two.rights(), two.version()));
    for (id, issuers) in [("a", "4"), ("b", "4"), ("b", "5"), ("gate", "5"), ("gate/m", "5")] {
        let issuers = [issuers.repeat(64).parse().unwrap()];
        assert_eq!(after.access().verdict(&who(id), &issuers), before.access().verdict(&who(id), &issuers));
    }
    assert_eq!(after.access().verdict(&who("a"), &[]), ListVerdict::Blocked);
    // sealing again under the same counter and nonce gives the same bytes, keys included: the counter began at the
    // same seed
    let again = after.seal(&key(), 5, &mut counting()).unwrap();
    assert_eq!(again.len(), sealed().len());
    assert_eq!(open(again.clone()).unwrap().seal(&key(), 5, &mut counting()).unwrap(), again);
}

#[test]
fn an_earlier_version_is_not_reused() {
    let mut after = open(sealed()).unwrap();
    let before: Vec<_> = after.iter().map(|view| view.version().keys()).collect();
    after.create(who("new"), sas("new"), Change::new()).unwrap();
    let version = after.get(who("new")).unwrap().version();
    assert!(!before.contains(&version.generation()) && !before.contains(&version.keys()));
}

#[test]
fn a_truncated_snapshot_is_refused() {
    let whole = sealed();
    for len in 0..whole.len() {
        let error = open(whole[..len].to_vec()).unwrap_err();
        let expected = if len < HEADER {
            SnapshotError::NotASnapshot
        } else {
            SnapshotError::Length { found: len, expected: whole.len() as u64 }
        };
        assert_eq!(error, expected);
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert!(matches!(open(longer).unwrap_err(), SnapshotError::Length { .. }));
}

#[test]
fn an_altered_snapshot_is_refused() {
    let whole = sealed();
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        let error = open(altered).unwrap_err();
        match at {
            0..8 => assert_eq!(error, SnapshotError::NotASnapshot),
            8..10 => assert!(matches!(error, SnapshotError::Version { .. })),
            30..HEADER => assert!(matches!(error, SnapshotError::Length { .. })),
            _ => assert_eq!(error, SnapshotError::NotAuthentic),
        }
    }
}

#[test]
fn another_key_is_refused() {
    let other = AeadKey::new(&[8; 32]);
    let refused = Hub::open(sealed(), &other, 0, &mut counting(), HmacKey::new);
    assert_eq!(refused.unwrap_err(), SnapshotError::NotAuthentic);
}

#[test]
fn an_older_snapshot_is_refused() {
    let open =
        |newest| Hub::open(sealed(), &key(), newest, &mut counting(), HmacKey::new).map(|hub| hub.len());
    assert_eq!(open(5), Ok(hub().len()));
    assert_eq!(open(6), Err(SnapshotError::RolledBack { found: 5, newest: 6 }));
}

#[test]
fn keys_without_their_raw_form_are_not_sealed() {
    let mut hub = Hub::unseeded();
    hub.create(who("a"), Authentication::Sas(SymmetricKeys::one(HmacKey::new(&raw("a")))), Change::new())
        .unwrap();
    assert_eq!(hub.seal(&key(), 1, &mut counting()), Err(SnapshotError::KeyNotKept));
}

#[test]
fn without_entropy_nothing_is_sealed() {
    let hub = hub();
    assert_eq!(hub.seal(&key(), 1, &mut |_: &mut [u8]| Err(NoEntropy)), Err(SnapshotError::NoEntropy));
    assert_eq!(hub.seal(&key(), 1, &mut |_: &mut [u8]| Ok(())), Err(SnapshotError::NoEntropy));
    // nor restored: the registry would count from a number that another registry has
    for mut none in [(|_| Err(NoEntropy)) as fn(&mut [u8]) -> _, |_| Ok(())] {
        let restored = Hub::open(sealed(), &key(), 0, &mut none, HmacKey::new);
        assert_eq!(restored.unwrap_err(), SnapshotError::NoEntropy);
    }
}

#[test]
fn sealed_bytes_contain_no_plain_text() {
    let sealed = sealed();
    for word in ["gate", "service", "north", "m....."] {
        assert!(!sealed.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
    }
}

fn enrolled() -> Enrollments<HmacKey> {
    let mut all = Enrollments::new(Derivation::AsPresentedOrLowerCase);
    let one = SymmetricKeys::kept_one(raw("one"), HmacKey::new);
    let given =
        Enrollment::new(Attestation::SymmetricKey(pair("own"))).with_device_id(DeviceId::parse("D").unwrap());
    all.enroll(RegistrationId::parse("Pump").unwrap(), given);
    let tpm = Attestation::Tpm(EndorsementKey::new(b"ek").unwrap());
    all.enroll(RegistrationId::parse("gate").unwrap(), Enrollment::new(tpm).with_status(Status::Disabled));
    all.enroll_group("north", Enrollment::new(Attestation::SymmetricKey(one)));
    let print = Thumbprints::new(None, "5".repeat(64).parse().ok()).unwrap();
    all.enroll_group("south", Enrollment::new(Attestation::X509(print)));
    all.enroll_group("west", Enrollment::new(Attestation::Issuer(print)));
    all
}

fn sealed_enrollments() -> Vec<u8> {
    enrolled().seal(&key(), 7, &mut counting()).unwrap()
}

fn unseal_enrollments(bytes: Vec<u8>) -> Result<Enrollments<HmacKey>, SnapshotError> {
    Enrollments::open(bytes, &key(), 0, HmacKey::new)
}

#[test]
fn enrollments_are_restored_as_a_whole_or_not_at_all() {
    let whole = sealed_enrollments();
    let again = unseal_enrollments(whole.clone()).unwrap();
    // the raw keys are restored too, since sealing again gives the same bytes
    assert_eq!(again.seal(&key(), 7, &mut counting()).unwrap(), whole);
    assert_eq!((again.individuals().count(), again.groups().count()), (2, 3));
    assert!(matches!(again.group("west").unwrap().attestation(), Attestation::Issuer(_)));
    let pump = again.individuals().find(|(id, _)| *id == "pump").unwrap().1;
    assert_eq!(pump.device_id().unwrap().as_str(), "D");
    for len in 0..whole.len() {
        unseal_enrollments(whole[..len].to_vec()).unwrap_err();
        let mut altered = whole.clone();
        altered[len] ^= 1;
        unseal_enrollments(altered).unwrap_err();
    }
}

#[test]
fn one_kind_is_not_opened_as_the_other() {
    assert_eq!(open(sealed_enrollments()).unwrap_err(), SnapshotError::NotASnapshot);
    assert_eq!(unseal_enrollments(sealed()).unwrap_err(), SnapshotError::NotASnapshot);
    // not even with the header of the other kind, which is authenticated with the rest
    let mut posed = sealed_enrollments();
    posed[..8].copy_from_slice(&sealed()[..8]);
    assert_eq!(open(posed).unwrap_err(), SnapshotError::NotAuthentic);
}

#[test]
fn the_counter_is_read_without_the_key() {
    assert_eq!(snapshot_counter(&sealed()), Ok(5));
    assert_eq!(snapshot_counter(&sealed_enrollments()[..HEADER]), Ok(7));
    assert_eq!(snapshot_counter(b"{\"id\":\"a\"}"), Err(SnapshotError::NotASnapshot));
}
