//! Enrollments, registrations and policies of the provisioning service as rows: they follow the feed, and what cannot be
//! read denies.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::*;
use hubward::registry::{Attestation, EndorsementKey, Registry, Thumbprints};
use hubward::types::{MacKey, PolicyName, RegistrationId, Status, Thumbprint};
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    Affected, Allocation, EnrollmentAttestation, EnrollmentRecord, EnrollmentSettings, Expected, FeedTimes,
    Follower, Kind, MemoryStore, ProvisioningEntry, ProvisioningIndex, RegistrationRecord, RegistrationState,
    Reprovision, Row, RowError, RowKey, ServicePolicyContent, ServiceRecord, Store, Target, Write,
    change_provisioning, change_provisioning_rows, read_provisioning, read_service_policy, registrations_of,
    reseal, seed_provisioning,
};

/// The indexes of a gateway.
#[derive(Default)]
struct Gateway {
    index: ProvisioningIndex<HmacKey>,
    loads: usize,
    refused: Vec<(RowKey, RowError)>,
}

impl Target<HmacKey> for Gateway {
    fn load(&mut self, _: Registry<HmacKey>) {}
    fn change(&mut self, _: &mut dyn FnMut(&mut Registry<HmacKey>)) {}
    fn load_provisioning(&mut self, index: ProvisioningIndex<HmacKey>) {
        self.index = index;
        self.loads = self.loads.wrapping_add(1);
    }
    fn provisioning(&mut self, entry: ProvisioningEntry<HmacKey>) {
        self.index.apply(entry);
    }
    fn affected(&mut self, _: Vec<Affected>) {}
    fn refused(&mut self, key: &RowKey, error: RowError) {
        self.refused.push((key.clone(), error));
    }
}

fn rid(id: &str) -> RegistrationId<'_> {
    RegistrationId::parse(id).unwrap()
}

fn settings() -> EnrollmentSettings {
    EnrollmentSettings {
        device_id: Some("Pump-7".into()),
        iot_edge: true,
        allocation: Allocation::Static,
        reprovision: Reprovision { update_hub_assignment: false, migrate_device_data: false },
        hubs: vec!["a.example".into(), "b.example".into()],
        initial_twin: Some(r#"{"tags":{"floor":"é \"3'"}}"#.into()),
        created: 7,
        ..EnrollmentSettings::default()
    }
}

fn by_key(byte: u8) -> EnrollmentAttestation {
    EnrollmentAttestation::Keys(key(byte), Some(key(byte.wrapping_add(1))))
}

fn all_kinds() -> Vec<EnrollmentRecord> {
    let print = |byte| Some(Thumbprint::Sha256([byte; 32]));
    let tpm = EndorsementKey::new(&[5; 300]).unwrap();
    vec![
        EnrollmentRecord::new(RowKey::enrollment(rid("SN-7")), by_key(1), settings()),
        EnrollmentRecord {
            enabled: false,
            ..EnrollmentRecord::new(
                RowKey::enrollment(rid("cert")),
                EnrollmentAttestation::X509(Thumbprints::new(print(1), print(2)).unwrap()),
                EnrollmentSettings::default(),
            )
        },
        EnrollmentRecord::new(
            RowKey::enrollment(rid("tpm")),
            EnrollmentAttestation::Tpm(tpm, Some([6; 20].into())),
            EnrollmentSettings::default(),
        ),
        EnrollmentRecord::new(
            RowKey::enrollment_group(rid("Pumps")),
            EnrollmentAttestation::Keys(key(9), None),
            EnrollmentSettings::default(),
        ),
    ]
}

fn service() -> ServiceRecord {
    ServiceRecord { id_scope: "0ne00000A0A".into(), host: "dps.example".into() }
}

fn policy() -> ServicePolicyContent {
    ServicePolicyContent {
        name: "owner".into(),
        rights: "EnrollmentWrite, RegistrationStatusRead".parse().unwrap(),
        primary: key(20),
        secondary: Some(key(21)),
    }
}

fn seeded() -> MemoryStore {
    let store = MemoryStore::new("hub.example");
    assert!(seed_provisioning(&store, &sealer(), &service(), &[policy()], &all_kinds()).unwrap());
    store
}

fn catch_up(
    follower: &mut Follower<fn(&hubward::types::SymmetricKey) -> HmacKey>,
    store: &MemoryStore,
    to: &mut Gateway,
) {
    follower.catch_up(store, &sealer(), noon, to).unwrap();
}

fn follower() -> Follower<fn(&hubward::types::SymmetricKey) -> HmacKey> {
    Follower::new(FeedTimes::default(), HmacKey::new, random)
}

#[test]
fn each_enrollment_comes_back_as_it_was_written() {
    let store = seeded();
    for record in all_kinds() {
        let rows = read_provisioning(&store, &sealer(), core::slice::from_ref(&record.key)).unwrap();
        let read = rows.enrollment(&record.key).unwrap();
        assert!(read.same(&record) && read.etag != 0, "{read:?} was {record:?}");
    }
    let read = read_service_policy(&store, &sealer(), "owner").unwrap().unwrap();
    assert!(read.same(&policy()));
    assert!(read_service_policy(&store, &sealer(), "other").unwrap().is_none());
    // a key is in no row
    store
        .changes(None, &mut |row| {
            for bytes in [&row.primary, &row.secondary].into_iter().flatten() {
                let keys = [1, 2, 9, 20, 21];
                assert!(
                    row.proof != hubward_store::Proof::Keys
                        || !bytes.windows(8).any(|part| { keys.iter().any(|key| part == [*key; 8]) })
                );
            }
        })
        .unwrap();
}

#[test]
fn a_store_is_seeded_once() {
    let store = seeded();
    assert!(!seed_provisioning(&store, &sealer(), &service(), &[], &[]).unwrap());
    // one enrollment that someone wrote by SQL is content too
    let store = MemoryStore::new("hub.example");
    let row = Row { generation: 1, ..Row::new(Kind::EnrollmentGroup, "pumps") }.into_owned();
    store.commit(&[Write::Put(row, Expected::Absent)]).unwrap();
    assert!(!seed_provisioning(&store, &sealer(), &service(), &[], &all_kinds()).unwrap());
    assert_eq!(store.position().unwrap().change, 1, "nothing was written");
}

#[test]
fn an_index_follows_each_change() {
    let store = seeded();
    let (mut follower, mut gateway) = (follower(), Gateway::default());
    catch_up(&mut follower, &store, &mut gateway);
    let enrollments = gateway.index.enrollments();
    assert_eq!(gateway.index.service(), Some(&service()));
    let individual = enrollments.individual(rid("sn-7")).unwrap();
    assert_eq!(individual.device_id().unwrap().as_str(), "Pump-7");
    let Attestation::SymmetricKey(keys) = individual.attestation() else { panic!("{individual:?}") };
    let tag = |key: &HmacKey| hubward::types::SymmetricKey::from(key.tag(&[b"x"])).expose().to_vec();
    assert_eq!(tag(keys.keys().primary()), tag(&HmacKey::new(&key(1))));
    assert_eq!(enrollments.individual(rid("CERT")).unwrap().status(), Status::Disabled);
    assert!(matches!(enrollments.individual(rid("tpm")).unwrap().attestation(), Attestation::Tpm(_)));
    assert!(enrollments.group("pumps").is_some());
    let owner = gateway.index.policy(PolicyName::parse("owner").unwrap()).unwrap();
    assert_eq!(owner.rights, policy().rights);
    // a change, a deletion and a creation, in one transaction
    let keys = [
        RowKey::enrollment(rid("sn-7")),
        RowKey::enrollment_group(rid("pumps")),
        RowKey::enrollment(rid("new")),
    ];
    let changed = change_provisioning(&store, &sealer(), &keys, |rows| {
        let mut record = EnrollmentRecord::new(keys[0].clone(), by_key(30), settings());
        record.enabled = false;
        rows.set_enrollment(record);
        rows.delete(&keys[1]);
        let tpm =
            EnrollmentAttestation::X509(Thumbprints::new(Some(Thumbprint::Sha256([3; 32])), None).unwrap());
        rows.set_enrollment(EnrollmentRecord::new(keys[2].clone(), tpm, EnrollmentSettings::default()));
    });
    assert!(changed.unwrap().change.is_some());
    catch_up(&mut follower, &store, &mut gateway);
    let enrollments = gateway.index.enrollments();
    assert_eq!(enrollments.individual(rid("sn-7")).unwrap().status(), Status::Disabled);
    assert!(enrollments.group("pumps").is_none() && enrollments.individual(rid("new")).is_some());
    assert_eq!((gateway.loads, gateway.refused.len()), (1, 0));
    // a restored backup rewinds the numbers
    let backup = store.backup();
    change_provisioning(&store, &sealer(), &keys, |rows| rows.delete(&keys[0])).unwrap();
    catch_up(&mut follower, &store, &mut gateway);
    assert!(gateway.index.enrollments().individual(rid("sn-7")).is_none());
    store.restore(&backup, [9; 16]);
    catch_up(&mut follower, &store, &mut gateway);
    assert!(gateway.index.enrollments().individual(rid("sn-7")).is_some());
    assert_eq!(gateway.loads, 2);
}

#[test]
fn of_two_changes_with_one_etag_one_is_done_again() {
    let store = seeded();
    let key = RowKey::enrollment(rid("sn-7"));
    let mut calls = 0;
    let changed = change_provisioning(&store, &sealer(), core::slice::from_ref(&key), |rows| {
        calls += 1;
        if calls == 1 {
            // another gateway is faster
            change_provisioning(&store, &sealer(), core::slice::from_ref(&key), |rows| rows.delete(&key))
                .unwrap();
        }
        let before = rows.etag(&key);
        rows.set_enrollment(EnrollmentRecord::new(key.clone(), by_key(40), EnrollmentSettings::default()));
        before
    })
    .unwrap();
    assert_eq!((calls, changed.result), (2, None));
}

#[test]
fn a_registration_is_recorded_and_is_in_no_index() {
    let store = seeded();
    let key = RowKey::registration(rid("SN-7"));
    let state = RegistrationState {
        device_id: "Pump-7".into(),
        hub: "a.example".into(),
        group: Some("pumps".into()),
        group_creation: Some(7),
        generation: Some("9".into()),
        operation: "4.1".into(),
        storage_root: Some("AQID".into()),
        substatus: "initialAssignment".into(),
        created: 1,
        updated: 2,
    };
    let record = RegistrationRecord { key: key.clone(), state: state.clone(), etag: 0 };
    change_provisioning(&store, &sealer(), core::slice::from_ref(&key), |rows| {
        assert!(rows.registration(&key).is_none());
        rows.set_registration(record.clone());
    })
    .unwrap();
    let rows = read_provisioning(&store, &sealer(), core::slice::from_ref(&key)).unwrap();
    assert_eq!(rows.registration(&key).unwrap().state, state);
    let (mut follower, mut gateway) = (follower(), Gateway::default());
    catch_up(&mut follower, &store, &mut gateway);
    assert_eq!(gateway.refused, []);
    change_provisioning(&store, &sealer(), core::slice::from_ref(&key), |rows| rows.delete(&key)).unwrap();
    let rows = read_provisioning(&store, &sealer(), core::slice::from_ref(&key)).unwrap();
    assert!(rows.registration(&key).is_none() && rows.etag(&key).is_none());
}

#[test]
fn a_change_returns_its_own_etag_and_not_that_of_a_later_writer() {
    let store = seeded();
    let key = RowKey::enrollment(rid("SN-7"));
    let change = |byte| {
        let set = |rows: &mut hubward_store::ProvisioningRows| {
            rows.set_enrollment(EnrollmentRecord::new(key.clone(), by_key(byte), settings()));
        };
        change_provisioning_rows(&store, &sealer(), core::slice::from_ref(&key), set).unwrap().result.1
    };
    let (first, later) = (change(1), change(2));
    let read = read_provisioning(&store, &sealer(), core::slice::from_ref(&key)).unwrap();
    for rows in [&first, &later] {
        assert_eq!(rows.enrollment(&key).unwrap().etag, rows.etag(&key).unwrap());
    }
    assert_ne!(first.etag(&key), later.etag(&key));
    assert_eq!(read.etag(&key), later.etag(&key));
    // the number of its creation stays the same
    assert_eq!(first.creation(&key), read.creation(&key));
}

#[test]
fn the_registrations_of_a_group_are_read_by_page() {
    let store = seeded();
    for (at, group) in ["a", "b", "a", "a", "b"].into_iter().enumerate() {
        let key = RowKey::registration(rid(&format!("d{at}")));
        let state = RegistrationState { group: Some(group.into()), ..RegistrationState::default() };
        change_provisioning(&store, &sealer(), core::slice::from_ref(&key), |rows| {
            rows.set_registration(RegistrationRecord { key: key.clone(), state: state.clone(), etag: 0 });
        })
        .unwrap();
    }
    let page = |group, after, most| -> Vec<String> {
        let found = registrations_of(&store, group, after, most).unwrap();
        found.into_iter().map(|record| record.key.name.into()).collect()
    };
    assert_eq!((page("a", "", 2), page("a", "d2", 2)), (vec!["d0".into(), "d2".into()], vec!["d3".into()]));
    assert_eq!((page("b", "", 9).len(), page("c", "", 9).len()), (2, 0));
}

#[test]
fn an_enrollment_that_cannot_be_read_denies_and_can_be_replaced() {
    let store = seeded();
    let (individual, group) = (RowKey::enrollment(rid("sn-7")), RowKey::enrollment_group(rid("pumps")));
    let mut rows = Vec::new();
    store.read(&[individual.clone(), group.clone()], &mut |row| rows.push(row.into_owned())).unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row.primary.clone()).collect();
    assert_eq!(keys.len(), 2);
    // the key of another row, and attributes that are no object
    for (mut row, key) in rows.into_iter().zip(keys.into_iter().rev()) {
        row.primary = key;
        row.detail = if row.kind == Kind::Enrollment { row.detail } else { "[]".into() };
        store.commit(&[Write::Put(row, Expected::Present)]).unwrap();
    }
    let (mut follower, mut gateway) = (follower(), Gateway::default());
    catch_up(&mut follower, &store, &mut gateway);
    assert_eq!(gateway.refused.len(), 2, "{:?}", gateway.refused);
    let enrollments = gateway.index.enrollments();
    for denied in [enrollments.individual(rid("sn-7")).unwrap(), enrollments.group("pumps").unwrap()] {
        assert_eq!(denied.status(), Status::Disabled);
        assert!(matches!(denied.attestation(), Attestation::Tpm(_)), "no token and no certificate matches");
    }
    let changed = change_provisioning(&store, &sealer(), core::slice::from_ref(&individual), |rows| {
        assert!(rows.enrollment(&individual).is_none() && rows.etag(&individual).is_some());
        rows.set_enrollment(EnrollmentRecord::new(individual.clone(), by_key(1), settings()));
    });
    assert!(changed.unwrap().change.is_some());
    catch_up(&mut follower, &store, &mut gateway);
    let individual = gateway.index.enrollments().individual(rid("sn-7")).unwrap();
    assert_eq!(individual.status(), Status::Enabled);
}

#[test]
fn an_enrollment_in_another_case_changes_none_and_is_reported() {
    let store = seeded();
    let (mut follower, mut gateway) = (follower(), Gateway::default());
    catch_up(&mut follower, &store, &mut gateway);
    let status = |gateway: &Gateway, id: &str| {
        gateway.index.enrollments().individual(rid(id)).map(hubward::registry::Enrollment::status)
    };
    let before = [("sn-7", Some(Status::Enabled)), ("cert", Some(Status::Disabled))];
    let unchanged = |gateway: &Gateway| {
        before.iter().all(|(id, expected)| status(gateway, id) == *expected)
            && gateway.index.enrollments().individuals().count() == 3
            && gateway.index.enrollments().groups().count() == 1
            && gateway.index.enrollments().group("pumps").is_some_and(|one| one.status() == Status::Enabled)
    };
    assert!(unchanged(&gateway));
    let row = |kind, name| Row { generation: 1, ..Row::new(kind, name) }.into_owned();
    let names = [
        (Kind::Enrollment, "SN-7"),
        (Kind::Enrollment, "Cert"),
        (Kind::Enrollment, "NEW"),
        (Kind::EnrollmentGroup, "Pumps"),
    ];
    for (kind, name) in names {
        store.commit(&[Write::Put(row(kind, name), Expected::Absent)]).unwrap();
    }
    catch_up(&mut follower, &store, &mut gateway);
    assert!(unchanged(&gateway), "after they were written");
    let reason = |kind| if kind == Kind::Enrollment { RowError::Name } else { RowError::UnmatchedGroup };
    let expected = names.map(|(kind, name)| (RowKey { kind, name: name.into() }, reason(kind)));
    assert_eq!(gateway.refused, expected);
    // a gateway that loads everything
    let mut other = Gateway::default();
    catch_up(&mut self::follower(), &store, &mut other);
    assert!(unchanged(&other) && other.refused.len() == 4, "{:?}", other.refused);
    for (kind, name) in names {
        let key = RowKey { kind, name: name.into() };
        store.commit(&[Write::Delete(key, Expected::Present)]).unwrap();
    }
    catch_up(&mut follower, &store, &mut gateway);
    assert!(unchanged(&gateway), "a blocked device stays blocked after they were deleted");
}

#[test]
fn a_group_whose_name_is_not_valid_denies_those_below_its_certificates() {
    let store = seeded();
    let print = vec![9; 32];
    let row = Row {
        generation: 1,
        proof: hubward_store::Proof::Thumbprints,
        primary: Some(print.clone().into()),
        ..Row::new(Kind::EnrollmentGroup, "a b")
    };
    store.commit(&[Write::Put(row.clone().into_owned(), Expected::Absent)]).unwrap();
    let (mut follower, mut gateway) = (follower(), Gateway::default());
    catch_up(&mut follower, &store, &mut gateway);
    assert_eq!(gateway.refused, [(row.key(), RowError::GroupName)]);
    let group = gateway.index.enrollments().group("a b").unwrap();
    assert_eq!(group.status(), Status::Disabled);
    assert!(matches!(group.attestation(), Attestation::X509(_)));
    store.commit(&[Write::Delete(row.key(), Expected::Present)]).unwrap();
    catch_up(&mut follower, &store, &mut gateway);
    assert!(gateway.index.enrollments().group("a b").is_none());
}

#[test]
fn keys_of_enrollments_and_policies_are_sealed_again_under_a_new_key() {
    let store = seeded();
    let newer = || hubward_store::Sealer::new("hub.example", aead(2), random);
    let both = newer().with_former(aead(1));
    let result = reseal(&store, &both).unwrap();
    // the individual one, the group and the policy
    assert_eq!((result.resealed, result.unopened.len()), (3, 0));
    for record in all_kinds() {
        let rows = read_provisioning(&store, &newer(), core::slice::from_ref(&record.key)).unwrap();
        assert!(rows.enrollment(&record.key).unwrap().same(&record));
    }
}
