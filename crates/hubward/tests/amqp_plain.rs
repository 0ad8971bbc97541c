//! SASL PLAIN (AMQP) of a device, a module or a policy. All names must refer to one identity.
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
use hubward::types::{Authority, Identity};
use hubward::{Credentials, SaslProblem};

fn plain(hub: &Hub, username: &str, password: &str) -> Result<String, &'static str> {
    Credentials::amqp_plain(username, password)
        .and_then(|presented| hub.admit(presented, NOW).map(|admitted| admitted.identity().to_string()))
        .map_err(|error| error.code())
}

fn by(name: &str, sr: &str) -> String {
    token(&format!("{HUB}{sr}"), &key(&format!("{name} primary")), NOW, Some(name))
}

#[test]
fn device_module_and_policy_are_authenticated() {
    let mut hub = hub();
    for id in ["a@b", "a@sas.b", "a@sas.root.b", "root.x"] {
        hub.registry.create_device(device(id), Authentication::Sas(pair(id))).unwrap();
        let username = format!("{id}@sas.contoso");
        assert_eq!(plain(&hub, &username, &own_token(id)), Ok(format!("device {id}")));
    }
    let own = own_token("dev1");
    assert_eq!(plain(&hub, "dev1@sas.contoso", &own), Ok("device dev1".into()));
    assert_eq!(plain(&hub, "dev1@sas.CONTOSO", &own), Ok("device dev1".into()), "hosts have no case");
    let module = token(&format!("{HUB}/devices/dev1/modules/mod1"), &key("dev1/mod1 primary"), NOW, None);
    assert_eq!(plain(&hub, "dev1/modules/mod1@sas.contoso", &module), Ok("module dev1/mod1".into()));
    assert_eq!(plain(&hub, "service@sas.root.contoso", &by("service", "")), Ok("policy service".into()));
    assert_eq!(plain(&hub, "dev1@sas.contoso", &by("device", "/devices")), Ok("device dev1".into()));
}

#[test]
fn mismatched_names_are_rejected() {
    let hub = hub();
    let own = own_token("dev1");
    let module = token(&format!("{HUB}/devices/dev1/modules/mod1"), &key("dev1/mod1 primary"), NOW, None);
    let elsewhere = token("contoso.example/devices/dev1", &key("dev1 primary"), NOW, None);
    for (username, password, code) in [
        ("dev10@sas.contoso", own.as_str(), "identity-mismatch"),
        ("DEV1@sas.contoso", &own, "identity-mismatch"),
        ("dev1/modules/mod1@sas.contoso", &own, "identity-mismatch"),
        ("dev1@sas.contoso", &module, "identity-mismatch"),
        ("dev1@sas.fabrikam", &own, "hub-mismatch"),
        ("dev1@sas.contos", &own, "hub-mismatch"),
        ("dev1@sas.contoso", &elsewhere, "hub-mismatch"),
        ("service@sas.root.contoso", &own, "identity-mismatch"),
        ("service@sas.root.contoso", &by("iothubowner", ""), "identity-mismatch"),
        ("iothubowner@sas.root.contoso", &by("service", ""), "identity-mismatch"),
        ("SERVICE@sas.root.contoso", &by("service", ""), "identity-mismatch"),
        ("dev1@sas.root.contoso", &own, "identity-mismatch"),
        ("dev10@sas.contoso", &by("device", "/devices/dev1"), "identity-mismatch"),
        ("ghost@sas.contoso", &by("device", ""), "unknown"),
        ("off@sas.contoso", &own_token("off"), "disabled"),
    ] {
        assert_eq!(plain(&hub, username, password), Err(code), "{username}");
    }
}

#[test]
fn first_label_of_an_alias_is_accepted() {
    let mut hub = hub();
    hub.rules = hub.rules.with_aliases([Authority::parse("localhost:5671").unwrap()]);
    assert_eq!(plain(&hub, "dev1@sas.localhost", &own_token("dev1")), Ok("device dev1".into()));
}

#[test]
fn malformed_usernames_are_errors_with_an_offset() {
    for (username, offset) in [
        ("", 0),
        ("dev1", 0),
        ("dev1@contoso", 0),
        ("@sas.contoso", 0),
        ("dev1@sas.", 9),
        ("dev1@sas.root.", 14),
        ("dev1@sas.contoso.azure-devices.net", 9),
        ("dev1@sas.root.contoso.example", 14),
        ("dev1/mod1@sas.contoso", 0),
        ("dev1/Modules/mod1@sas.contoso", 0),
        ("dev1/modules/@sas.contoso", 13),
        ("dev1/modules/m/x@sas.contoso", 0),
        ("a/modules/b@sas.root.contoso", 0),
        ("dev 1@sas.contoso", 3),
        ("d\u{e9}@sas.contoso", 1),
        ("p+1@sas.root.contoso", 1),
    ] {
        let error = Credentials::amqp_plain(username, "x").unwrap_err();
        assert_eq!(error.code(), "sasl-username", "{username}");
        let hubward::AuthError::Sasl(error) = error else { unreachable!() };
        let within = if let SaslProblem::Id(name) = error.problem {
            match name.problem {
                hubward::types::NameProblem::Character { offset } => offset,
                _ => 0,
            }
        } else {
            0
        };
        assert_eq!(error.offset + within, offset, "{username}");
    }
}

#[test]
fn policy_has_its_permissions_within_its_resource_and_is_no_device() {
    let hub = hub();
    let owner = by("iothubowner", "");
    let presented = Credentials::amqp_plain("iothubowner@sas.root.contoso", &owner).unwrap();
    let admitted = hub.admit(presented, NOW).unwrap();
    assert_eq!(admitted.identity(), Identity::Policy(policy("iothubowner")));
    assert!(!admitted.decision().is_allow(), "SASL requests no operation");
    assert!(admitted.decide(&Operation::amqp_send("/messages/devicebound")).is_allow());
    // the device's record was not looked up, so it could be missing or disabled
    assert!(!admitted.decide(&Operation::amqp_send("/devices/off/messages/events")).is_allow());

    let narrow = by("service", "/messages/events");
    let presented = Credentials::amqp_plain("service@sas.root.contoso", &narrow).unwrap();
    let session = hub.admit(presented, NOW).unwrap().into_session();
    assert!(!hub.checked(&session, NOW).decide(&Operation::amqp_send("/messages/devicebound")).is_allow());
    let partition = "/messages/events/ConsumerGroups/$Default/Partitions/0";
    assert!(hub.checked(&session, NOW).decide(&Operation::amqp_receive(partition)).is_allow());
}

#[test]
fn device_may_use_its_own_endpoints_only() {
    let hub = hub();
    let own = own_token("dev1");
    let admitted = hub.admit(Credentials::amqp_plain("dev1@sas.contoso", &own).unwrap(), NOW).unwrap();
    assert!(admitted.decide(&Operation::amqp_send("/devices/dev1/messages/events")).is_allow());
    assert!(!admitted.decide(&Operation::amqp_send("/devices/dev10/messages/events")).is_allow());
    assert!(!admitted.decide(&Operation::amqp_send("/messages/devicebound")).is_allow());
}
