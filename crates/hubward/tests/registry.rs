//! What is changed in the registry ends what was admitted on it.
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
use hubward::core::{Identity, KeySlot, Status, SymmetricKey};
use hubward::registry::{Authentication, Change, Listed, Precondition};
use hubward::{Ended, Presented, Session};
use hubward_rustcrypto::HmacKey;

const DEV1: &str = "dev1";

fn session(hub: &Hub) -> Session {
    let (username, password) = (username(DEV1), own_token(DEV1));
    let session =
        hub.admit(Presented::mqtt(DEV1, &username, Some(&password)).unwrap(), NOW).unwrap().into_session();
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)), Ok(()));
    session
}

/// How a session fares when the device is changed.
fn after(change: Change<HmacKey>) -> Result<(), Ended> {
    let mut hub = hub();
    let session = session(&hub);
    hub.registry.update(Identity::Device(device(DEV1)), change, Precondition::Any).unwrap();
    session.recheck(&hub.answers(&session), at(NOW))
}

#[test]
fn what_is_done_with_the_other_key_leaves_it() {
    let new = || SymmetricKey::from_bytes(&[7; 32]).unwrap();
    assert_eq!(after(Change::new().key(KeySlot::Secondary, new(), HmacKey::new)), Ok(()));
    assert_eq!(after(Change::new().swap_keys()), Ok(()), "its key is there, in the other slot");

    let mut hub = hub();
    let session = session(&hub);
    let mut then = |change| {
        hub.registry.update(Identity::Device(device(DEV1)), change, Precondition::Any).unwrap();
        session.recheck(&hub.answers(&session), at(NOW))
    };
    assert_eq!(then(Change::new().swap_keys()), Ok(()));
    assert_eq!(then(Change::new().key(KeySlot::Primary, new(), HmacKey::new)), Ok(()));
    assert_eq!(then(Change::new().key(KeySlot::Secondary, new(), HmacKey::new)), Err(Ended::KeysReplaced));
    assert_eq!(then(Change::new().swap_keys()), Err(Ended::KeysReplaced), "and it does not come back");
}

#[test]
fn every_change_of_its_credential_ends_it() {
    let new = || SymmetricKey::from_bytes(&[7; 32]).unwrap();
    for change in [
        Change::new().key(KeySlot::Primary, new(), HmacKey::new),
        Change::new().authentication(Authentication::Sas(pair(DEV1))),
        Change::new().authentication(Authentication::CertificateAuthority),
        Change::new().authentication(Authentication::None),
    ] {
        assert_eq!(after(change), Err(Ended::KeysReplaced));
    }
}

#[test]
fn a_change_of_anything_else_leaves_it() {
    assert_eq!(after(Change::new()), Ok(()));
    assert_eq!(after(Change::new().status_reason(None)), Ok(()));
    assert_eq!(after(Change::new().status(Status::Disabled)), Err(Ended::Disabled));
}

#[test]
fn a_block_list_ends_it_until_it_is_lifted() {
    let mut hub = hub();
    let session = session(&hub);
    let dev1 = Listed::Identity(Identity::Device(device(DEV1)));
    hub.registry.access_mut().block().add(dev1);
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)), Err(Ended::Disabled));
    assert!(hub.mqtt(DEV1, &username(DEV1), &own_token(DEV1)).is_err());
    hub.registry.access_mut().block().remove(dev1);
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)), Ok(()));
}
