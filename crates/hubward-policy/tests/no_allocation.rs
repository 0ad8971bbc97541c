//! Parsing an operation, deciding and evaluating do not allocate.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test asserts subjects, and a failed step is a failed test"
)]

use core::hint::black_box;

use allocation_counter::measure;
use hubward_core::{DeviceId, Identity, Permissions, PolicyName, ResourcePath};
use hubward_policy::roles::{Access, ActionName, ArmScope, Plane, Request, built_in};
use hubward_policy::statements::{Action, Statement, StatementRequest, Statements};
use hubward_policy::{Operation, Scope, Subject, decide};

#[test]
fn a_rights_check_does_not_allocate() {
    let device = Identity::Device(DeviceId::parse("a+b").unwrap());
    let device = Subject::assertion(device, Permissions::DEVICE_CONNECT, Scope::Own);
    let service = Identity::Policy(PolicyName::parse("service").unwrap());
    let scope = Scope::Resource(ResourcePath::parse("h.net%2Fdevices%2Fa%2Bb").unwrap());
    let service = Subject::assertion(service, Permissions::all(), scope);
    let counted = measure(|| {
        for subject in [&device, &service] {
            for operation in [
                Operation::mqtt_connect(),
                Operation::mqtt_publish("devices/a+b/messages/events/x=y"),
                Operation::mqtt_subscribe("devices/+/messages/devicebound/#"),
                Operation::http("GET", "/devices/a%2Bb?api-version=2021-04-12"),
                Operation::amqp_send("/devices/a%2bb/messages/events"),
            ] {
                let _ = black_box(decide(subject, &operation));
            }
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn evaluating_statements_does_not_allocate() {
    let rules: Vec<_> = (0..100)
        .map(|at| {
            Statement::allow()
                .with_identity("{{iot:identity}}")
                .with_identity(&format!("dev{at}"))
                .with_action(Action::MqttPublish)
                .with_action(Action::HttpGet)
                .with_resource(&format!("fleet/{at}/{{{{iot:device_id}}}}/+/#"))
        })
        .collect();
    let rules = Statements::compile(&rules).unwrap();
    let identity = Identity::Device(DeviceId::parse("dev7").unwrap());
    let counted = measure(|| {
        for operation in
            [Operation::mqtt_publish("fleet/7/dev7/x/y"), Operation::http("GET", "/fleet/7/dev%37/x")]
        {
            assert!(rules.evaluate(&StatementRequest::new(identity, Some("dev7"), &operation)).is_allow());
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn a_role_check_does_not_allocate() {
    let mut access = Access::new();
    for (principal, role) in
        [("ops", "Reader"), ("ann", "IoT Hub Twin Contributor"), ("ann", "IoT Hub Data Reader")]
    {
        access.assign(principal, built_in(role).unwrap(), "/subscriptions/s/resourceGroups/iot").unwrap();
    }
    let counted = measure(|| {
        let hub =
            ArmScope::parse("/subscriptions/s/resourceGroups/iot/providers/Microsoft.Devices/IotHubs/h")
                .unwrap();
        let read = ActionName::parse("Microsoft.Devices/IotHubs/devices/read").unwrap();
        assert!(access.check(&Request::new(&["ann", "everyone"], Plane::Data, read, hub)).is_allow());
        assert!(!access.check(&Request::new(&["ops"], Plane::Data, read, hub)).is_allow());
    });
    assert_eq!(counted.count_total, 0);
}

/// The largest sets that are accepted: with the most levels, or with the most bytes.
#[test]
fn a_compiled_set_has_a_few_megabytes_at_most() {
    let rule = |resource: &str| {
        Statement::allow()
            .with_identity("{{iot:identity}}")
            .with_action(Action::MqttPublish)
            .with_resource(resource)
    };
    for resource in
        [["{{iot:device_id}}"; 13].join("/"), ["a"; 14].join("/"), "a".repeat(230), "a/b".to_owned()]
    {
        let rules = vec![rule(&resource); 4096];
        let counted = measure(|| assert_eq!(Statements::compile(&rules).unwrap().len(), 4096));
        println!("{} bytes for 4,096 rules of {} bytes", counted.bytes_max, resource.len());
        assert!(counted.bytes_max < 12 << 20);
    }
}
