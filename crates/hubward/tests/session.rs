//! Sessions: their decisions, and the reasons for their end.
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
use hubward::policy::Operation;
use hubward::registry::Authentication;
use hubward::types::{LookupResult, Permissions, Status};
use hubward::{Credentials, Session, SessionError};

fn session(hub: &Hub, id: &str, password: &str) -> Session {
    let username = username(id);
    let session =
        hub.admit(Credentials::mqtt(id, &username, Some(password)).unwrap(), NOW).unwrap().into_session();
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)).map(drop), Ok(()));
    session
}

fn by_policy(id: &str) -> String {
    token(&format!("{HUB}/devices/{id}"), &key("device primary"), NOW + 3600, Some("device"))
}

fn ended(hub: &Hub, session: &Session) -> SessionError {
    session.recheck(&hub.answers(session), at(NOW)).unwrap_err()
}

#[test]
fn session_decides_as_the_authentication_did() {
    let hub = hub();
    let session = session(&hub, "dev1", &own_token("dev1"));
    let checked = hub.checked(&session, NOW);
    assert!(checked.decide(&Operation::mqtt_publish("devices/dev1/messages/events/")).is_allow());
    assert!(checked.decide(&Operation::mqtt_subscribe("devices/dev1/messages/devicebound/#")).is_allow());
    assert!(!checked.decide(&Operation::mqtt_publish("devices/dev10/messages/events/")).is_allow());
    assert!(!checked.decide(&Operation::mqtt_subscribe("#")).is_allow());
    assert_eq!(session.to_string(), format!("device dev1 with DeviceConnect until {}", NOW + 3600));
}

#[test]
fn session_ends_with_its_token() {
    let hub = compat();
    let session = session(&hub, "dev1", &own_token("dev1"));
    assert_eq!(session.until(), at(NOW + 3600 + 300), "leeway included");
    let answers = hub.answers(&session);
    assert_eq!(session.recheck(&answers, session.until()).map(drop), Ok(()));
    let now = session.until().as_secs() + 1;
    assert_eq!(
        session.recheck(&answers, at(now)).map(drop),
        Err(SessionError::Expired { until: session.until().as_secs(), now })
    );
}

#[test]
fn each_reason_has_a_code_and_a_sentence() {
    let ends = [
        SessionError::Expired { until: 1, now: 2 },
        SessionError::Deleted,
        SessionError::Recreated,
        SessionError::KeysReplaced,
        SessionError::AuthorityRemoved,
        SessionError::RightsReduced,
        SessionError::NotInHierarchy,
        SessionError::Disabled,
        SessionError::RecordMismatch,
    ];
    let words: std::collections::BTreeSet<_> = ends.iter().map(SessionError::code).collect();
    assert_eq!(words.len(), ends.len());
    for end in ends {
        assert!(end.code().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", end.code());
        assert!(end.to_string().contains(' '), "{end}");
    }
}

#[test]
fn session_ends_with_its_device() {
    let mut hub = hub();
    let session = session(&hub, "dev1", &own_token("dev1"));
    hub.registry.set_status(device("dev1"), Status::Disabled).unwrap();
    assert_eq!(ended(&hub, &session), SessionError::Disabled);
    hub.registry.set_status(device("dev1"), Status::Enabled).unwrap();
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)).map(drop), Ok(()));
    hub.registry.set_device_authentication(device("dev1"), Authentication::Sas(pair("other"))).unwrap();
    assert_eq!(ended(&hub, &session), SessionError::KeysReplaced);
    hub.registry.delete_device(device("dev1")).unwrap();
    assert_eq!(ended(&hub, &session), SessionError::Deleted);
    hub.registry.create_device(device("dev1"), Authentication::Sas(pair("dev1"))).unwrap();
    assert_eq!(ended(&hub, &session), SessionError::Recreated, "even with the same keys");
}

#[test]
fn session_by_a_policy_ends_with_policy_or_device() {
    let mut hub = hub();
    let session = session(&hub, "dev1", &by_policy("dev1"));
    assert_eq!(session.lookups().count(), 2);
    hub.registry.set_device_authentication(device("dev1"), Authentication::Sas(pair("other"))).unwrap();
    assert_eq!(
        session.recheck(&hub.answers(&session), at(NOW)).map(drop),
        Ok(()),
        "the device's keys opened nothing"
    );
    hub.registry.set_status(device("dev1"), Status::Disabled).unwrap();
    assert_eq!(ended(&hub, &session), SessionError::Disabled);
    hub.registry.set_status(device("dev1"), Status::Enabled).unwrap();
    hub.registry.set_policy(policy("device"), Permissions::DEVICE_CONNECT, pair("device"));
    assert_eq!(ended(&hub, &session), SessionError::Recreated);
    hub.registry.delete_policy(policy("device")).unwrap();
    assert_eq!(ended(&hub, &session), SessionError::Deleted);
}

#[test]
fn recheck_needs_a_record_for_each_lookup() {
    let hub = hub();
    let session = session(&hub, "dev1", &by_policy("dev1"));
    let wrong = Err(SessionError::RecordMismatch);
    assert_eq!(session.recheck::<hubward_rustcrypto::HmacKey>(&[], at(NOW)).map(drop), wrong);
    let mut answers = hub.answers(&session);
    answers.pop();
    assert_eq!(session.recheck(&answers, at(NOW)).map(drop), wrong, "the record of the device is missing");
    let mut answers = hub.answers(&session);
    answers.reverse();
    assert_eq!(session.recheck(&answers, at(NOW)).map(drop), wrong);
    let mut answers = hub.answers(&session);
    answers.push(LookupResult::NotFound);
    assert_eq!(session.recheck(&answers, at(NOW)).map(drop), wrong);
}

#[test]
fn service_session_keeps_its_resource() {
    let hub = hub();
    let authorization =
        token(&format!("{HUB}%2Fdevices%2Fdev1"), &key("iothubowner primary"), NOW, Some("iothubowner"));
    let presented = Credentials::http("GET", "/devices/dev1", HUB, Some(&authorization)).unwrap();
    let session = hub.admit(presented, NOW).unwrap().into_session();
    assert_eq!(session.identity().to_string(), "policy iothubowner");
    assert!(hub.checked(&session, NOW).decide(&Operation::http("GET", "/devices/dev1")).is_allow());
    assert!(!hub.checked(&session, NOW).decide(&Operation::http("GET", "/devices/dev10")).is_allow());
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)).map(drop), Ok(()));
}
