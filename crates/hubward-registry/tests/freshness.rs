//! No version and no etag of an identity is given to two credentials, across restored snapshots and later changes.
#![cfg(feature = "json")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]
mod common;
use core::hash::{Hash, Hasher};
use std::collections::BTreeMap;
use std::hash::DefaultHasher;

use common::*;
use hubward_core::{KeySlot, Lookup, LookupResult, Permissions, PolicyName, RecordVersion};
use hubward_registry::{
    Authentication, AuthenticationView, Change, ExportKeys, Importer, NoEntropy, Precondition, RecordView,
    SymmetricKeys,
};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use proptest::prelude::*;

const IDS: [&str; 3] = ["a", "b", "a/m"];

#[derive(Debug, Clone)]
enum Step {
    Create,
    Delete,
    Replace,
    Key(KeySlot),
    Swap,
    Touch,
    Policy,
}

/// An event of a running registry. Each `Restore` and each `Import` adds one that runs in parallel.
#[derive(Debug, Clone)]
enum Event {
    Change { registry: usize, id: usize, step: Step },
    Seal { registry: usize },
    Restore { snapshot: usize },
    Import { registry: usize },
}

fn event() -> impl Strategy<Value = Event> {
    let step = prop_oneof![
        3 => Just(Step::Create),
        2 => Just(Step::Delete),
        1 => Just(Step::Replace),
        1 => Just(Step::Key(KeySlot::Primary)),
        1 => Just(Step::Key(KeySlot::Secondary)),
        1 => Just(Step::Swap),
        1 => Just(Step::Touch),
        1 => Just(Step::Policy),
    ];
    prop_oneof![
        12 => (any::<usize>(), 0..IDS.len(), step)
            .prop_map(|(registry, id, step)| Event::Change { registry, id, step }),
        2 => any::<usize>().prop_map(|registry| Event::Seal { registry }),
        2 => any::<usize>().prop_map(|snapshot| Event::Restore { snapshot }),
        1 => any::<usize>().prop_map(|registry| Event::Import { registry }),
    ]
}

/// Never returns the same bytes twice.
fn entropy(seed: u64) -> impl FnMut(&mut [u8]) -> Result<(), NoEntropy> {
    let mut count = 0_u64;
    move |buffer| {
        for bytes in buffer.chunks_mut(8) {
            count += 1;
            let mut hasher = DefaultHasher::new();
            (seed, count).hash(&mut hasher);
            bytes.copy_from_slice(&hasher.finish().to_le_bytes()[..bytes.len()]);
        }
        Ok(())
    }
}

/// The credential that each version and each etag was given to.
#[derive(Default)]
struct Given {
    versions: BTreeMap<(String, u64, u64), String>,
    etags: BTreeMap<(String, String), String>,
}

impl Given {
    fn version(&mut self, id: &str, version: RecordVersion, credential: &str) -> Result<(), TestCaseError> {
        let place = (id.to_owned(), version.generation(), version.keys());
        let given = self.versions.entry(place).or_insert_with(|| credential.to_owned());
        prop_assert_eq!(&*given, credential, "version {:?} of {} is given twice", version, id);
        Ok(())
    }

    fn record(&mut self, view: &RecordView<'_, HmacKey>) -> Result<(), TestCaseError> {
        let id = view.identity().to_string();
        let (first, second) = credentials(view);
        self.version(&id, view.version(), &first)?;
        if let Some(version) = view.secondary_version() {
            self.version(&id, version, &second)?;
        }
        let place = (id.clone(), view.etag().to_string());
        let both = format!("{first} {second}");
        let given = self.etags.entry(place).or_insert_with(|| both.clone());
        prop_assert_eq!(&*given, &both, "etag {} of {} is given twice", view.etag(), id);
        Ok(())
    }

    fn registry(&mut self, hub: &Hub) -> Result<(), TestCaseError> {
        hub.iter().try_for_each(|view| self.record(&view))?;
        let name = PolicyName::parse("service").unwrap();
        if let LookupResult::Policy(policy) = hub.find(&Lookup::Policy(name.segment()), &[]) {
            // the permissions of each policy in this test differ
            self.version("policy", policy.version(), &format!("{:?}", policy.rights()))?;
        }
        Ok(())
    }
}

fn credentials(view: &RecordView<'_, HmacKey>) -> (String, String) {
    let name = |key: Option<hubward_core::SymmetricKey>| {
        key.map_or_else(String::new, |key| String::from_utf8_lossy(key.expose()).into_owned())
    };
    match view.authentication() {
        AuthenticationView::Sas(keys) => (name(keys.expose_primary()), name(keys.expose_secondary())),
        other => (format!("{other:?}"), String::new()),
    }
}

proptest! {
    #[test]
    fn no_version_and_no_etag_is_given_to_two_credentials(
        events in prop::collection::vec(event(), 1..60), seed in any::<u64>(),
    ) {
        let sealing = AeadKey::new(&[9; 32]);
        let mut entropy = entropy(seed);
        let mut first = [0; 16];
        entropy(&mut first).unwrap();
        let mut running = vec![Hub::with_seed(&first)];
        let (mut snapshots, mut given, mut names) = (Vec::new(), Given::default(), 0_u8);
        for event in events {
            match event {
                Event::Change { registry, id, step } => {
                    let at = registry % running.len();
                    names = names.wrapping_add(1);
                    change(&mut running[at], IDS[id], &step, names);
                    given.registry(&running[at])?;
                }
                Event::Seal { registry } => {
                    snapshots.push(running[registry % running.len()].seal(&sealing, 1, &mut entropy).unwrap());
                }
                Event::Restore { snapshot } if !snapshots.is_empty() => {
                    let sealed = snapshots[snapshot % snapshots.len()].clone();
                    let restored = restore(sealed, &sealing, &mut entropy);
                    given.registry(&restored)?;
                    running.push(restored);
                }
                Event::Restore { .. } => {}
                Event::Import { registry } => {
                    let mut lines = String::new();
                    let from = &running[registry % running.len()];
                    from.iter().for_each(|view| view.export(ExportKeys::Included, &mut lines).unwrap());
                    let mut seed = [0; 16];
                    entropy(&mut seed).unwrap();
                    let mut into = Hub::with_seed(&seed);
                    Importer::new(&mut into, &mut entropy, HmacKey::new)
                        .with_kept_etags()
                        .run(lines.lines(), |error| panic!("{error}"));
                    given.registry(&into)?;
                    running.push(into);
                }
            }
        }
    }
}

fn restore(
    sealed: Vec<u8>,
    key: &AeadKey,
    entropy: &mut dyn FnMut(&mut [u8]) -> Result<(), NoEntropy>,
) -> Hub {
    Hub::open(sealed, key, 0, entropy, HmacKey::new).unwrap()
}

/// Makes all kinds of changes; each key has a unique name.
fn change(hub: &mut Hub, id: &str, step: &Step, name: u8) {
    let one = |key: &str| raw(&format!("{key} {name}"));
    let new = || Authentication::Sas(SymmetricKeys::kept(one("first"), one("second"), HmacKey::new));
    let change = match step {
        Step::Create => return hub.create(who(id), new(), Change::new()).map(drop).unwrap_or_default(),
        Step::Delete => return hub.delete(who(id), Precondition::Any).unwrap_or_default(),
        Step::Policy => {
            let rights = Permissions::from_bits_truncate(name);
            return hub.set_policy(PolicyName::parse("service").unwrap(), rights, pair("service"));
        }
        Step::Replace => Change::new().with_authentication(new()),
        Step::Key(slot) => Change::new().with_key(*slot, one("one"), HmacKey::new),
        Step::Swap => Change::new().with_swapped_keys(),
        Step::Touch => Change::new(),
    };
    hub.update(who(id), change, Precondition::Any).map(drop).unwrap_or_default();
}

/// A regression: a key that the restored registry generated had the version of a withdrawn key.
#[test]
fn a_restored_snapshot_does_not_revive_a_session_of_a_withdrawn_key() {
    let sealing = AeadKey::new(&[9; 32]);
    let mut entropy = entropy(1);
    let mut live = Hub::with_seed(&[7; 16]);
    live.create(who("a"), sas("first"), Change::new()).unwrap();
    let snapshot = live.seal(&sealing, 1, &mut entropy).unwrap();
    let set = |hub: &mut Hub, key: &str| {
        hub.update(
            who("a"),
            Change::new().with_key(KeySlot::Primary, raw(key), HmacKey::new),
            Precondition::Any,
        )
        .unwrap();
        (hub.get(who("a")).unwrap().version(), hub.get(who("a")).unwrap().etag())
    };
    let (lost, lost_etag) = set(&mut live, "lost with the snapshot");
    let mut restored = restore(snapshot, &sealing, &mut entropy);
    let (new, new_etag) = set(&mut restored, "another");
    assert_ne!(new, lost);
    assert_ne!(new_etag, lost_etag);
}
