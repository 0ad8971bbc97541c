//! The code, the facts and the sentence of a denial.
#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test asserts subjects, and a failed step is a failed test"
)]

use hubward_core::{DeviceId, Hint, Identity, Permissions, PolicyName, ResourcePath};
use hubward_policy::{
    DEFAULT_POLICIES, Decision, Denial, Operation, Scope, SharedAccessPolicy, Subject, decide,
};

fn device(id: &str) -> Subject<'_> {
    let identity = Identity::Device(DeviceId::parse(id).unwrap());
    Subject::assertion(identity, Permissions::DEVICE_CONNECT, Scope::Own)
}

fn policy<'a>(name: &'a str, rights: Permissions, sr: &'a str) -> Subject<'a> {
    let identity = Identity::Policy(PolicyName::parse(name).unwrap());
    Subject::assertion(identity, rights, Scope::Resource(ResourcePath::parse(sr).unwrap()))
}

fn denied<'a>(subject: &Subject<'a>, operation: Operation<'a>) -> Denial<'a> {
    match decide(subject, &operation) {
        Decision::Deny(denial) => denial,
        Decision::Allow(permit) => panic!("{permit}"),
    }
}

#[test]
fn every_reason_has_its_sentence() {
    let connect = Permissions::DEVICE_CONNECT;
    for (subject, operation, sentence) in [
        (
            policy("device", connect, "h.net"),
            Operation::http("GET", "/twins/dev1?api-version=2021-04-12"),
            "policy `device` may not HTTP GET /twins/dev1: needs ServiceConnect; policy `device` grants \
             DeviceConnect; policies with this right: service, iothubowner",
        ),
        (
            policy("none", Permissions::empty(), "h.net"),
            Operation::http("GET", "/devices/dev1"),
            "policy `none` may not HTTP GET /devices/dev1: needs RegistryRead; policy `none` grants nothing; \
             policies with this right: registryRead, registryReadWrite, iothubowner",
        ),
        (
            policy("service", Permissions::SERVICE_CONNECT, "h.net"),
            Operation::mqtt_connect(),
            "policy `service` may not MQTT connect: needs DeviceConnect; policy `service` grants ServiceConnect",
        ),
        (
            device("dev1"),
            Operation::http("POST", "/devices/dev%2B2/messages/events"),
            "device `dev1` may not HTTP POST /devices/dev%2B2/messages/events: the address belongs to \
             device `dev+2`; use its own credential, or a token of one of the policies device, iothubowner",
        ),
        (
            device("dev1"),
            Operation::mqtt_publish("devices/dev2/messages/events/"),
            "device `dev1` may not MQTT publish devices/dev2/messages/events/: the address belongs to \
             device `dev2`; use its own credential",
        ),
        (
            policy("device", connect, "h.net"),
            Operation::mqtt_connect(),
            "policy `device` may not MQTT connect: the endpoint serves connected devices and modules, \
             not policies",
        ),
        (
            policy("device", connect, "h.net%2Fdevices%2Fdev1"),
            Operation::amqp_send("/devices/dev10/messages/events"),
            "policy `device` may not AMQP send /devices/dev10/messages/events: the path is outside the \
             token's resource h.net/devices/dev1; use a token for the hub or for a prefix of the path",
        ),
        (
            device("dev1"),
            Operation::http("PATCH", "/devices/dev1"),
            "device `dev1` may not HTTP PATCH /devices/dev1: no endpoint matches; this address takes \
             GET, PUT, DELETE",
        ),
        (
            device("dev1"),
            Operation::mqtt_publish("a\nb"),
            "device `dev1` may not MQTT publish a\\nb: no endpoint matches",
        ),
    ] {
        assert_eq!(denied(&subject, operation).to_string(), sentence);
    }
}

#[test]
fn a_permit_has_a_sentence() {
    let allowed = decide(&device("dev1"), &Operation::mqtt_connect());
    assert_eq!(
        allowed.to_string(),
        "device `dev1` may MQTT connect: endpoint connect requires DeviceConnect"
    );
}

#[test]
fn the_facts_have_accessors() {
    let denial =
        denied(&policy("device", Permissions::DEVICE_CONNECT, "h.net"), Operation::http("GET", "/twins/d"));
    assert_eq!((denial.code(), denial.hint().unwrap().code()), ("missing-right", "policy"));
    assert!(matches!(denial.hint(), Some(Hint::Policy(Permissions::SERVICE_CONNECT))));
    let names: Vec<_> = denial.policies_with_right(&DEFAULT_POLICIES).map(|policy| policy.name()).collect();
    assert_eq!(names, ["service", "iothubowner"]);

    let own = SharedAccessPolicy::from_names(
        PolicyName::parse("twins@ops").unwrap(),
        "RegistryRead, ServiceConnect",
    );
    let sentence = denial.explain(&[own.unwrap()]).to_string();
    assert!(sentence.ends_with("policies with this right: twins@ops"), "{sentence}");

    let denial = denied(&device("dev1"), Operation::http("PATCH", "/devices/dev1"));
    assert!(matches!(denial.hint(), Some(Hint::AnotherVerb)));
    assert_eq!(denial.endpoints_at_address().count(), 3);
}

#[test]
fn a_hostile_text_gives_one_short_line() {
    let long = "x".repeat(100_000);
    let text = denied(&device("dev1"), Operation::mqtt_publish(&long)).to_string();
    assert!(text.len() < 1000, "{}", text.len());
    let text = denied(&device("dev1"), Operation::http("GET\r\n", "/\u{202e}\u{0}")).to_string();
    assert!(text.bytes().all(|b| (0x20..0x7f).contains(&b)), "{text}");
}

#[test]
fn an_operation_shows_no_key() {
    let key = "85HnC13EiB+ibtk3sEz6FXvhli3IUw6/ZKnyPYHOVxo=";
    let long = format!("{}/{key}", "devices/".repeat(63));
    for operation in [
        Operation::http(key, "/devices/dev1"),
        Operation::http("GET", key),
        Operation::mqtt_publish(&long),
        Operation::amqp_send(&long),
    ] {
        let text = operation.to_string();
        assert!(!text.contains("85HnC13E") && text.contains("not shown"), "{text}");
    }
}
