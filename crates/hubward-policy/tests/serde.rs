//! The feature `serde`: decisions with their facts, and denials as their codes.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use hubward_core::{DeviceId, Identity, Permissions};
use hubward_policy::provisioning::{ProvisioningDenial, ProvisioningRights};
use hubward_policy::roles::{MissingPermission, RoleDecision};
use hubward_policy::statements::{StatementDenial, StatementVerdict};
use hubward_policy::tls::{TlsDenial, TlsVersion};
use hubward_policy::{Operation, Reason, Scope, Subject, decide};
use serde_json::{from_str, json, to_string, to_value};

fn dev1() -> Subject<'static> {
    let identity = Identity::Device(DeviceId::parse("dev1").unwrap());
    Subject::assertion(identity, Permissions::DEVICE_CONNECT, Scope::Own)
}

#[test]
fn a_decision_has_its_facts() {
    let topic = "devices/dev1/messages/events/";
    let allow = decide(&dev1(), &Operation::mqtt_publish(topic));
    assert_eq!(
        to_value(allow).unwrap(),
        json!({"allow": {
            "identity": {"device": "dev1"},
            "operation": format!("MQTT publish {topic}"),
            "endpoint": "events.send",
            "right": "DeviceConnect",
        }})
    );
    let deny = decide(&dev1(), &Operation::http("GET", "/devices/dev1"));
    assert_eq!(
        to_value(deny).unwrap(),
        json!({"deny": {
            "identity": {"device": "dev1"},
            "operation": "HTTP GET /devices/dev1",
            "endpoint": "identity.read",
            "reason": "missing-right",
        }})
    );
    let unknown = decide(&dev1(), &Operation::mqtt_subscribe("#"));
    assert_eq!(to_value(unknown).unwrap()["deny"]["endpoint"], json!(null));
}

#[test]
fn an_address_that_looks_like_a_secret_is_hidden() {
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let text = to_string(&decide(&dev1(), &Operation::mqtt_publish(key))).unwrap();
    assert!(!text.contains(key), "{text}");
}

#[test]
fn denials_are_their_codes() {
    assert_eq!(to_value(Reason::OutOfScope).unwrap(), "out-of-scope");
    assert_eq!(to_value(ProvisioningDenial::NotADevice).unwrap(), "not-a-device");
    let version = TlsVersion(0x0304);
    assert_eq!(to_value(TlsDenial::UnknownVersion { version }).unwrap(), "unknown-version");
    let verdict = StatementVerdict::Allow { statement: 3 };
    assert_eq!(to_value(verdict).unwrap(), json!({"allow": {"statement": 3}}));
    let verdict = StatementVerdict::Deny(StatementDenial::Statement(3));
    assert_eq!(to_value(verdict).unwrap(), json!({"deny": "denied-by-statement"}));
    let decision = RoleDecision::Allow { assignment: 2 };
    assert_eq!(to_value(decision).unwrap(), json!({"allow": {"assignment": 2}}));
    let decision = RoleDecision::Deny(MissingPermission::NoRole);
    assert_eq!(to_value(decision).unwrap(), json!({"deny": "no-role"}));
}

#[test]
fn rights_of_the_provisioning_service_are_their_list() {
    for json in [r#""""#, r#""EnrollmentRead""#, r#""EnrollmentWrite, RegistrationStatusRead""#] {
        let rights: ProvisioningRights = from_str(json).unwrap();
        assert_eq!(to_string(&rights).unwrap(), json);
    }
    assert!(from_str::<ProvisioningRights>(r#""Owner""#).is_err());
}
