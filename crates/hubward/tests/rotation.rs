//! Key rotation without rejections: the procedure of docs/COOKBOOK.md, step by step.
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
use hubward::registry::{Authentication, SymmetricKeys};
use hubward::types::KeySlot;
use hubward::{Credentials, SessionError};

/// Returns the slot of the key that matches a token signed by `signer`, or the code of the rejection.
fn slot(hub: &Hub, signer: &str) -> Result<KeySlot, &'static str> {
    let (name, password) =
        (username("dev1"), token(&format!("{HUB}/devices/dev1"), &key(signer), NOW + 60, None));
    let presented = Credentials::mqtt("dev1", &name, Some(&password)).unwrap();
    hub.admit(presented, NOW).map(|admitted| admitted.key_slot().unwrap()).map_err(|error| error.code())
}

fn set(hub: &mut Hub, primary: &str, secondary: &str) {
    let pair = SymmetricKeys::new(key(primary), key(secondary));
    hub.registry.set_device_authentication(device("dev1"), Authentication::Sas(pair)).unwrap();
}

#[test]
fn key_rotation_rejects_no_device() {
    let mut hub = hub();
    set(&mut hub, "old", "spare");
    assert_eq!(slot(&hub, "old"), Ok(KeySlot::Primary));

    // 1: set a new key in the unused slot
    set(&mut hub, "old", "new");
    assert_eq!(slot(&hub, "old"), Ok(KeySlot::Primary));
    assert_eq!(slot(&hub, "new"), Ok(KeySlot::Secondary));
    assert_eq!(slot(&hub, "spare"), Err("token-wrong-signature"));

    // 2: the device gets the new key; the matched slot tells when it uses it
    assert_eq!(slot(&hub, "new"), Ok(KeySlot::Secondary));

    // 3: the new key becomes the primary; the old one stays for devices that still use it
    set(&mut hub, "new", "old");
    assert_eq!(slot(&hub, "new"), Ok(KeySlot::Primary));
    assert_eq!(
        slot(&hub, "old"),
        Ok(KeySlot::Secondary),
        "the slot tells that the device still uses the old key"
    );

    // 4: remove the old key; its sessions end
    let (name, password) =
        (username("dev1"), token(&format!("{HUB}/devices/dev1"), &key("old"), NOW + 60, None));
    let session =
        hub.admit(Credentials::mqtt("dev1", &name, Some(&password)).unwrap(), NOW).unwrap().into_session();
    set(&mut hub, "new", "spare again");
    assert_eq!(slot(&hub, "old"), Err("token-wrong-signature"));
    assert_eq!(slot(&hub, "new"), Ok(KeySlot::Primary));
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)).map(drop), Err(SessionError::KeysReplaced));
}
