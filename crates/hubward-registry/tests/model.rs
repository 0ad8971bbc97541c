//! A registry and a plain map agree on any sequence of changes.
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
use std::collections::BTreeMap;

use common::*;
use hubward_core::{Credential, KeySlot, LookupResult, MacKey, RecordVersion, Status};
use hubward_registry::{Authentication, Change, ETag, Precondition, RegistryError, SymmetricKeys};
use hubward_rustcrypto::HmacKey;
use proptest::prelude::*;

const IDS: [&str; 6] = ["a", "b", "a/m", "a/n", "b/m", "a-device-whose-id-is-longer-than-an-entry"];

#[derive(Debug, Clone)]
enum Step {
    Create { keys: Vec<u8> },
    Replace { keys: Vec<u8> },
    Key { slot: bool, key: u8 },
    Swap,
    Disable(bool),
    Nothing,
    Delete,
}

/// The etag that is shown: none, the current one, or an earlier one.
type Shown = Option<bool>;

fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..9_u8, 0..3)
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step, Shown)>> {
    let step = prop_oneof![
        3 => keys().prop_map(|keys| Step::Create { keys }),
        2 => keys().prop_map(|keys| Step::Replace { keys }),
        2 => (any::<bool>(), 0..9_u8).prop_map(|(slot, key)| Step::Key { slot, key }),
        1 => Just(Step::Swap),
        1 => any::<bool>().prop_map(Step::Disable),
        1 => Just(Step::Nothing),
        2 => Just(Step::Delete),
    ];
    prop::collection::vec((0..IDS.len(), step, any::<Shown>()), 0..60)
}

#[derive(Debug, Clone)]
struct Model {
    /// The keys with their versions; each new version is unique.
    keys: Vec<(u8, RecordVersion)>,
    enabled: bool,
    etag: ETag,
    /// The version of the record, if it has no keys.
    version: RecordVersion,
}

fn authentication(keys: &[u8]) -> Authentication<HmacKey> {
    let key = |key: &u8| raw(&format!("key {key}"));
    match keys {
        [] => Authentication::None,
        [one] => Authentication::Sas(SymmetricKeys::kept_one(key(one), HmacKey::new)),
        [one, two, ..] => Authentication::Sas(SymmetricKeys::kept(key(one), key(two), HmacKey::new)),
    }
}

/// Returns the expected outcome of a step.
fn expected(
    model: &BTreeMap<&str, Model>,
    id: &str,
    step: &Step,
    matches: bool,
) -> Result<(), RegistryError> {
    let there = model.get(id);
    let device = id.split('/').next().unwrap();
    if let Step::Create { .. } = step {
        return match there {
            _ if !model.contains_key(device) && device != id => Err(RegistryError::NotFound),
            Some(_) => Err(RegistryError::Exists),
            None => Ok(()),
        };
    }
    let there = there.ok_or(RegistryError::NotFound)?;
    if !matches {
        return Err(RegistryError::EtagMismatch);
    }
    match step {
        Step::Disable(_) if device != id => Err(RegistryError::NotOfAModule),
        Step::Key { .. } if there.keys.is_empty() => Err(RegistryError::NoKeys),
        Step::Swap if there.keys.len() < 2 => Err(RegistryError::NoKeys),
        _ => Ok(()),
    }
}

proptest! {
    #[test]
    fn they_agree(steps in steps()) {
        let mut hub = Hub::with_seed(&[3; 16]);
        let mut model = BTreeMap::<&str, Model>::new();
        let mut old = None;
        let mut versions = Vec::new();
        for (id, step, shown) in steps {
            let id = IDS[id];
            let current = model.get(id).map(|there| there.etag);
            let precondition = match (shown, current, old) {
                (Some(true), Some(etag), _) | (Some(false), _, Some(etag)) => Precondition::IfMatch(etag),
                _ => Precondition::Any,
            };
            let matches = match precondition {
                Precondition::IfMatch(etag) => Some(etag) == current,
                _ => true,
            };
            old = current.or(old);
            let expected = expected(&model, id, &step, matches);
            let key = |key: u8| raw(&format!("key {key}"));
            let change = match &step {
                Step::Create { .. } | Step::Nothing | Step::Delete => Change::new(),
                Step::Replace { keys } => Change::new().with_authentication(authentication(keys)),
                Step::Key { slot: false, key: k } => Change::new().with_key(KeySlot::Primary, key(*k), HmacKey::new),
                Step::Key { slot: true, key: k } => Change::new().with_key(KeySlot::Secondary, key(*k), HmacKey::new),
                Step::Swap => Change::new().with_swapped_keys(),
                Step::Disable(off) => Change::new().with_status(if *off { Status::Disabled } else { Status::Enabled }),
            };
            let done = match &step {
                Step::Create { keys } => {
                    hub.create(who(id), authentication(keys), change).map(|record| Some(record.etag()))
                }
                Step::Delete => hub.delete(who(id), precondition).map(|()| None),
                _ => hub.update(who(id), change, precondition).map(Some),
            };
            prop_assert_eq!(done.map(drop), expected, "{:?} of {}", step, id);
            if let Ok(etag) = done {
                apply(&mut model, id, step, etag, &hub, &mut versions)?;
            }
            agree(&hub, &model)?;
        }
    }
}

fn apply<'i>(
    model: &mut BTreeMap<&'i str, Model>,
    id: &'i str,
    step: Step,
    etag: Option<ETag>,
    hub: &Hub,
    versions: &mut Vec<RecordVersion>,
) -> Result<(), TestCaseError> {
    let Some(etag) = etag else {
        model.retain(|other, _| *other != id && !other.starts_with(&format!("{id}/")));
        return Ok(());
    };
    let view = hub.get(who(id)).unwrap();
    let version = view.version();
    // a credential that this step sets has a new version
    let mut fresh = |version: RecordVersion| {
        prop_assert!(!versions.contains(&version), "a version of its own");
        versions.push(version);
        Ok(version)
    };
    let mut all_fresh = |keys: Vec<u8>| {
        let now = [Some(version), view.secondary_version()].into_iter().flatten();
        let now = now.map(&mut fresh).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, TestCaseError>(keys.into_iter().zip(now).collect::<Vec<_>>())
    };
    if let Step::Create { keys } = step {
        model.insert(id, Model { keys: all_fresh(keys)?, enabled: true, etag, version });
        return Ok(());
    }
    let there = model.get_mut(id).unwrap();
    prop_assert_ne!(there.etag, etag);
    there.etag = etag;
    match step {
        Step::Replace { keys } => (there.keys, there.version) = (all_fresh(keys)?, version),
        Step::Key { slot: false, key } => there.keys[0] = (key, fresh(version)?),
        Step::Key { slot: true, key } => {
            there.keys.truncate(1);
            there.keys.push((key, fresh(view.secondary_version().unwrap())?));
        }
        Step::Swap => there.keys.swap(0, 1),
        Step::Disable(off) => there.enabled = !off,
        _ => {}
    }
    Ok(())
}

fn agree(hub: &Hub, model: &BTreeMap<&str, Model>) -> Result<(), TestCaseError> {
    prop_assert_eq!(hub.len(), model.len());
    prop_assert_eq!(hub.iter().count(), model.len());
    for (id, found) in IDS.map(|id| (id, hub.find(&who(id).lookup(), &[]))) {
        let Some(there) = model.get(id) else {
            prop_assert!(matches!(found, LookupResult::NotFound));
            continue;
        };
        let LookupResult::Identity(found) = found else { panic!("{id} is there") };
        let device = id.split('/').next().unwrap();
        prop_assert_eq!(found.identity(), who(id));
        prop_assert_eq!(found.status() == Status::Enabled, model[device].enabled);
        let slots = [KeySlot::Primary, KeySlot::Secondary];
        match &*there.keys {
            [] => prop_assert_eq!(found.version(), there.version),
            keys => {
                let now: Vec<_> = slots.iter().zip(keys).map(|(slot, _)| found.version_of(*slot)).collect();
                prop_assert_eq!(now, keys.iter().map(|key| key.1).collect::<Vec<_>>());
            }
        }
        prop_assert_eq!(hub.get(who(id)).unwrap().etag(), there.etag);
        for key in 0..9 {
            let tag = HmacKey::new(&raw(&format!("key {key}"))).tag(&[b"m"]);
            let slot = match found.credential() {
                Credential::Keys(keys) => keys.matching(&[b"m"], tag.expose()),
                _ => None,
            };
            let expected = there.keys.iter().position(|k| k.0 == key);
            prop_assert_eq!(slot.map(|slot| slot as usize), expected);
        }
    }
    Ok(())
}
