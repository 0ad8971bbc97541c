//! Changes in the registry end the sessions that rest on them.
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
use hubward::registry::{Authentication, Change, ListEntry, Precondition};
use hubward::types::{Identity, KeySlot, Status, SymmetricKey};
use hubward::{Credentials, Session, SessionError};
use hubward_rustcrypto::HmacKey;

const DEV1: &str = "dev1";

fn session(hub: &Hub) -> Session {
    let (username, password) = (username(DEV1), own_token(DEV1));
    let session =
        hub.admit(Credentials::mqtt(DEV1, &username, Some(&password)).unwrap(), NOW).unwrap().into_session();
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)).map(drop), Ok(()));
    session
}

/// Returns the result of a recheck after a change of the device.
fn after(change: Change<HmacKey>) -> Result<(), SessionError> {
    let mut hub = hub();
    let session = session(&hub);
    hub.registry.update(Identity::Device(device(DEV1)), change, Precondition::Any).unwrap();
    session.recheck(&hub.answers(&session), at(NOW)).map(drop)
}

#[test]
fn change_of_the_other_key_keeps_the_session() {
    let new = || SymmetricKey::from_bytes(&[7; 32]).unwrap();
    assert_eq!(after(Change::new().with_key(KeySlot::Secondary, new(), HmacKey::new)), Ok(()));
    assert_eq!(after(Change::new().with_swapped_keys()), Ok(()), "its key is in the other slot");

    let mut hub = hub();
    let session = session(&hub);
    let mut then = |change| {
        hub.registry.update(Identity::Device(device(DEV1)), change, Precondition::Any).unwrap();
        session.recheck(&hub.answers(&session), at(NOW)).map(drop)
    };
    assert_eq!(then(Change::new().with_swapped_keys()), Ok(()));
    assert_eq!(then(Change::new().with_key(KeySlot::Primary, new(), HmacKey::new)), Ok(()));
    assert_eq!(
        then(Change::new().with_key(KeySlot::Secondary, new(), HmacKey::new)),
        Err(SessionError::KeysReplaced)
    );
    assert_eq!(
        then(Change::new().with_swapped_keys()),
        Err(SessionError::KeysReplaced),
        "the session stays invalid"
    );
}

#[test]
fn change_of_the_credential_ends_the_session() {
    let new = || SymmetricKey::from_bytes(&[7; 32]).unwrap();
    for change in [
        Change::new().with_key(KeySlot::Primary, new(), HmacKey::new),
        Change::new().with_authentication(Authentication::Sas(pair(DEV1))),
        Change::new().with_authentication(Authentication::CertificateAuthority),
        Change::new().with_authentication(Authentication::None),
    ] {
        assert_eq!(after(change), Err(SessionError::KeysReplaced));
    }
}

#[test]
fn other_changes_keep_the_session() {
    assert_eq!(after(Change::new()), Ok(()));
    assert_eq!(after(Change::new().with_status_reason(None)), Ok(()));
    assert_eq!(after(Change::new().with_status(Status::Disabled)), Err(SessionError::Disabled));
}

#[test]
fn block_list_invalidates_the_session_while_it_applies() {
    let mut hub = hub();
    let session = session(&hub);
    let dev1 = ListEntry::Identity(Identity::Device(device(DEV1)));
    hub.registry.access_mut().block_mut().add(dev1);
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)).map(drop), Err(SessionError::Disabled));
    assert!(hub.mqtt(DEV1, &username(DEV1), &own_token(DEV1)).is_err());
    hub.registry.access_mut().block_mut().remove(dev1);
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)).map(drop), Ok(()));
}
