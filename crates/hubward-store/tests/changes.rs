//! What a change writes.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::*;
use hubward::registry::{Change, Precondition, SymmetricKeys};
use hubward::types::{Permissions, PolicyName};
use hubward_rustcrypto::HmacKey;
use hubward_store::{Kind, MemoryStore, RowKey, Store, change};

#[test]
fn a_policy_of_a_devices_name_does_not_keep_its_modules() {
    let (store, sealer) = (MemoryStore::new("hub.example"), sealer());
    let policy = || PolicyName::parse("dev1").unwrap();
    let rows = [row_key("dev1/m"), RowKey { kind: Kind::Policy, name: "dev1".into() }];
    change(&store, &sealer, HmacKey::new, &rows, |registry| {
        registry.create(who("dev1"), sas(1), Change::new()).unwrap();
        registry.create(who("dev1/m"), sas(3), Change::new()).unwrap();
        registry.set_policy(policy(), Permissions::all(), SymmetricKeys::kept(key(5), key(6), HmacKey::new));
    })
    .unwrap();
    change(&store, &sealer, HmacKey::new, &rows, |registry| {
        registry.delete(who("dev1/m"), Precondition::Any).unwrap();
        registry.delete_policy(policy()).unwrap();
    })
    .unwrap();
    let mut left = Vec::new();
    store.read(&rows, &mut |row| left.push((row.name.to_string(), row.deleted))).unwrap();
    assert!(left.iter().all(|(_, deleted)| *deleted), "{left:?}");
}
