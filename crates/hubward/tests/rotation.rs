//! Keys are rolled without refusing anyone: the procedure of docs/COOKBOOK.md, step by step.
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
use hubward::core::KeySlot;
use hubward::registry::{Authentication, KeyPair};
use hubward::{Ended, Presented};

/// The slot that a token under `signer` matches, or the code of its refusal.
fn slot(hub: &Hub, signer: &str) -> Result<KeySlot, &'static str> {
    let (name, password) =
        (username("dev1"), token(&format!("{HUB}/devices/dev1"), &key(signer), NOW + 60, None));
    let presented = Presented::mqtt("dev1", &name, Some(&password)).unwrap();
    hub.admit(presented, NOW).map(|admitted| admitted.key_slot().unwrap()).map_err(|error| error.code())
}

fn set(hub: &mut Hub, primary: &str, secondary: &str) {
    let pair = KeyPair::new(key(primary), key(secondary));
    hub.registry.set_device_authentication(device("dev1"), Authentication::Sas(pair)).unwrap();
}

#[test]
fn nobody_is_refused_while_keys_are_rolled() {
    let mut hub = hub();
    set(&mut hub, "old", "spare");
    assert_eq!(slot(&hub, "old"), Ok(KeySlot::Primary));

    // 1: a new key in the slot that nobody uses
    set(&mut hub, "old", "new");
    assert_eq!(slot(&hub, "old"), Ok(KeySlot::Primary));
    assert_eq!(slot(&hub, "new"), Ok(KeySlot::Secondary));
    assert_eq!(slot(&hub, "spare"), Err("token-wrong-signature"));

    // 2: the device gets the new key; the slot that matched says when it has it
    assert_eq!(slot(&hub, "new"), Ok(KeySlot::Secondary));

    // 3: the new key becomes the primary, the old one stays for stragglers
    set(&mut hub, "new", "old");
    assert_eq!(slot(&hub, "new"), Ok(KeySlot::Primary));
    assert_eq!(slot(&hub, "old"), Ok(KeySlot::Secondary), "a straggler, and it is seen");

    // 4: the old key goes, and what it opened ends
    let (name, password) =
        (username("dev1"), token(&format!("{HUB}/devices/dev1"), &key("old"), NOW + 60, None));
    let session =
        hub.admit(Presented::mqtt("dev1", &name, Some(&password)).unwrap(), NOW).unwrap().into_session();
    set(&mut hub, "new", "spare again");
    assert_eq!(slot(&hub, "old"), Err("token-wrong-signature"));
    assert_eq!(slot(&hub, "new"), Ok(KeySlot::Primary));
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)), Err(Ended::KeysReplaced));
}
