//! Prints the time of a decision on this machine, in nanoseconds: the best of many rounds.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a measurement reads a clock, counts, and asserts subjects"
)]

use core::hint::black_box;
use std::time::Instant;

use hubward_core::{DeviceId, Identity, Permissions, PolicyName, ResourcePath};
use hubward_policy::roles::{Access, ActionName, ArmScope, Plane, Request, built_in};
use hubward_policy::statements::{Action, Statement, StatementRequest, Statements};
use hubward_policy::{Operation, Scope, Subject, decide};

fn main() {
    let device = Identity::Device(DeviceId::parse("thermostat-0042").unwrap());
    let device = Subject::assertion(device, Permissions::DEVICE_CONNECT, Scope::Own);
    let topic = "devices/thermostat-0042/messages/events/$.ct=application%2Fjson";
    let publish = Operation::mqtt_publish(topic);
    measure("a device publishes, operation parsed", || {
        decide(black_box(&device), black_box(&publish)).is_allow()
    });
    measure("the same, parsing the topic", || {
        decide(black_box(&device), &Operation::mqtt_publish(black_box(topic))).is_allow()
    });
    let service = Identity::Policy(PolicyName::parse("service").unwrap());
    let hub = Scope::Resource(ResourcePath::parse("contoso-hub.azure-devices.net").unwrap());
    let service = Subject::assertion(service, Permissions::SERVICE_CONNECT, hub);
    let path = "/twins/thermostat-0042/methods?api-version=2021-04-12";
    let method = Operation::http("POST", path);
    measure("a service invokes, operation parsed", || {
        decide(black_box(&service), black_box(&method)).is_allow()
    });
    measure("the same, parsing the path", || {
        decide(black_box(&service), &Operation::http(black_box("POST"), black_box(path))).is_allow()
    });
    hundred_statements();
    roles();
}

/// Measures fifty role assignments of which the last one allows.
fn roles() {
    let hub = "/subscriptions/8d3c/resourceGroups/iot/providers/Microsoft.Devices/IotHubs/contoso";
    let mut access = Access::new();
    for at in 1..=50 {
        let principal = format!("00000000-0000-0000-0000-{at:012}");
        access.assign(&principal, built_in("IoT Hub Data Reader").unwrap(), hub).unwrap();
    }
    let read = ActionName::parse("Microsoft.Devices/IotHubs/devices/read").unwrap();
    let principals = ["00000000-0000-0000-0000-000000000050"];
    let request = Request::new(&principals, Plane::Data, read, ArmScope::parse(hub).unwrap());
    measure("50 role assignments", || access.check(black_box(&request)).is_allow());
}

/// Measures a hundred statements, each for a device of its own, then each for every device with a topic of its own.
fn hundred_statements() {
    let rule = |identity: &str, resource: &str| {
        Statement::allow().with_identity(identity).with_action(Action::MqttPublish).with_resource(resource)
    };
    let each: Vec<_> = (0..100)
        .map(|at| rule(&format!("thermostat-{at:04}"), &format!("fleet/thermostat-{at:04}/#")))
        .collect();
    let each = Statements::compile(&each).unwrap();
    let identity = Identity::Device(DeviceId::parse("thermostat-0099").unwrap());
    let operation = Operation::mqtt_publish("fleet/thermostat-0099/temperature");
    let request = StatementRequest::new(identity, Some("thermostat-0099"), &operation);
    measure("100 statements, one for each device", || each.evaluate(black_box(&request)).is_allow());

    let every = |resources: &dyn Fn(u32) -> String| {
        let rules: Vec<_> = (0..100).map(|at| rule("{{iot:identity}}", &resources(at))).collect();
        Statements::compile(&rules).unwrap()
    };
    let apart = every(&|at| format!("z{at:02}/{{{{iot:device_id}}}}/#"));
    let alike = every(&|at| format!("buildings/{at:02}/{{{{iot:device_id}}}}/#"));
    for (name, rules, topic) in [
        ("100 for every device, topics differ at the start", &apart, "z99/thermostat-0099/temperature"),
        ("100 for every device, topics differ later", &alike, "buildings/99/thermostat-0099/temperature"),
    ] {
        let operation = Operation::mqtt_publish(topic);
        let request = StatementRequest::new(identity, Some("thermostat-0099"), &operation);
        measure(name, || rules.evaluate(black_box(&request)).is_allow());
    }
}

fn measure(name: &str, mut judge: impl FnMut() -> bool) {
    const CALLS: u32 = 20_000;
    let best = (0..200)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..CALLS {
                assert!(judge(), "{name}");
            }
            start.elapsed().as_nanos() as f64 / f64::from(CALLS)
        })
        .fold(f64::INFINITY, f64::min);
    println!("{best:8.1} ns  {name}");
}
