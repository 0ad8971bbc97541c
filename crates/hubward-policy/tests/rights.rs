//! Decisions on operations of each transport: rights, identities and scopes.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test asserts subjects, and a failed step is a failed test"
)]

use hubward_core::{DeviceId, Identity, ModuleId, Permissions, PolicyName, ResourcePath};
use hubward_policy::{Decision, Operation, Scope, Subject, decide};

fn device(id: &str) -> Subject<'_> {
    let identity = Identity::Device(DeviceId::parse(id).unwrap());
    Subject::assertion(identity, Permissions::all(), Scope::Own)
}

fn module<'a>(id: &'a str, module: &'a str) -> Subject<'a> {
    let identity = Identity::Module(DeviceId::parse(id).unwrap(), ModuleId::parse(module).unwrap());
    Subject::assertion(identity, Permissions::DEVICE_CONNECT, Scope::Own)
}

fn policy(rights: Permissions, sr: &str) -> Subject<'_> {
    let identity = Identity::Policy(PolicyName::parse("p").unwrap());
    Subject::assertion(identity, rights, Scope::Resource(ResourcePath::parse(sr).unwrap()))
}

#[track_caller]
fn check(subject: &Subject<'_>, operation: Operation<'_>, expected: &str) {
    let decision = decide(subject, &operation);
    let code = match &decision {
        Decision::Allow(_) => "allow",
        Decision::Deny(denial) => denial.code(),
    };
    assert_eq!(code, expected, "{decision}");
}

#[test]
fn a_device_uses_its_own_endpoints() {
    let dev = device("dev1");
    check(&dev, Operation::mqtt_connect(), "allow");
    for topic in [
        "devices/dev1/messages/events",
        "devices/dev1/messages/events/",
        "devices/dev1/messages/events/a=b&$.ct=x%2Fy",
        "devices/dev1/messages/events/a=b/",
        "$iothub/twin/GET/?$rid=1",
        "$iothub/twin/PATCH/properties/reported/?$rid=1&$version=2",
        "$iothub/methods/res/200/?$rid=7",
    ] {
        check(&dev, Operation::mqtt_publish(topic), "allow");
    }
    for filter in [
        "devices/dev1/messages/devicebound/#",
        "$iothub/twin/res/#",
        "$iothub/twin/PATCH/properties/desired/#",
        "$iothub/methods/POST/#",
    ] {
        check(&dev, Operation::mqtt_subscribe(filter), "allow");
    }
    check(&dev, Operation::http("POST", "/devices/dev1/messages/events?api-version=2021-04-12"), "allow");
    check(&dev, Operation::http("POST", "/devices/de%76%31/messages/events"), "allow");
    check(&dev, Operation::amqp_send("/devices/dev1/messages/events"), "allow");
    check(&dev, Operation::amqp_receive("devices/dev1/messages/deviceBound"), "allow");
    check(&dev, Operation::amqp_send("/messages/serviceBound/feedback"), "allow");
}

#[test]
fn a_device_uses_no_endpoint_of_another_identity() {
    let dev = device("dev1");
    for other in ["dev10", "dev", "Dev1", "dev2"] {
        let topic = format!("devices/{other}/messages/events/");
        check(&dev, Operation::mqtt_publish(&topic), "identity-mismatch");
        let filter = format!("devices/{other}/messages/devicebound/#");
        check(&dev, Operation::mqtt_subscribe(&filter), "identity-mismatch");
        let path = format!("/devices/{other}/messages/events");
        check(&dev, Operation::http("POST", &path), "identity-mismatch");
        check(&dev, Operation::amqp_send(&path), "identity-mismatch");
    }
    check(&dev, Operation::mqtt_publish("devices/dev1/modules/m/messages/events/"), "identity-mismatch");
    check(
        &module("dev1", "m"),
        Operation::mqtt_publish("devices/dev1/messages/events/"),
        "identity-mismatch",
    );
    check(&module("dev1", "m"), Operation::mqtt_subscribe("devices/dev1/modules/m/#"), "allow");
    check(&module("dev1", "m"), Operation::mqtt_subscribe("devices/dev1/modules/n/#"), "identity-mismatch");
    // a device has DeviceConnect alone, though the subject was asserted with every right
    check(&dev, Operation::http("GET", "/devices/dev1"), "missing-right");
    check(&dev, Operation::http("GET", "/twins/dev1"), "missing-right");
}

#[test]
fn only_the_documented_filters_are_allowed() {
    for (id, filter, expected) in [
        ("dev1", "#", "unknown-operation"),
        ("dev1", "devices/#", "unknown-operation"),
        // `+` is the connected device
        ("dev1", "devices/+/messages/devicebound/#", "allow"),
        ("dev1", "devices/+/messages/devicebound/+", "unknown-operation"),
        ("dev1", "devices/+/messages/events/#", "unknown-operation"),
        ("dev1", "devices/+/+/devicebound/#", "unknown-operation"),
        ("dev1", "+/+/messages/devicebound/#", "unknown-operation"),
        ("dev1", "/devices/+/messages/devicebound/#", "unknown-operation"),
        ("dev1", "devices/+/modules/+/#", "unknown-operation"),
        ("dev1", "devices/dev1/modules/+/messages/devicebound/#", "unknown-operation"),
        ("dev1", "devices/dev1/#", "unknown-operation"),
        ("dev1", "devices/dev1/messages/+/#", "unknown-operation"),
        ("dev1", "$iothub/#", "unknown-operation"),
        ("dev1", "$iothub/twin/#", "unknown-operation"),
        ("dev1", "$share/g/devices/dev1/messages/devicebound/#", "unknown-operation"),
        ("dev1", "/devices/dev1/messages/devicebound/#", "unknown-operation"),
        ("dev1", "devices/dev1/messages/devicebound/#/", "unknown-operation"),
        // as a whole level these are wildcards and not ids
        ("+", "devices/+/messages/devicebound/#", "identity-mismatch"),
        ("#", "devices/+/messages/devicebound/#", "identity-mismatch"),
        ("#", "devices/#/messages/devicebound/#", "unknown-operation"),
        ("a+b", "devices/a+b/messages/devicebound/#", "allow"),
        ("a+b", "devices/acb/messages/devicebound/#", "identity-mismatch"),
        ("a#", "devices/a#/messages/devicebound/#", "allow"),
        ("a%41", "devices/a%41/messages/devicebound/#", "allow"),
        ("aA", "devices/a%41/messages/devicebound/#", "identity-mismatch"),
    ] {
        check(&device(id), Operation::mqtt_subscribe(filter), expected);
    }
    let module = module("dev1", "m");
    for (filter, expected) in [
        ("devices/+/messages/devicebound/#", "identity-mismatch"),
        ("devices/dev1/modules/m/messages/devicebound/#", "allow"),
        ("devices/dev1/modules/m0/messages/devicebound/#", "identity-mismatch"),
        ("devices/dev1/modules/+/messages/devicebound/#", "unknown-operation"),
    ] {
        check(&module, Operation::mqtt_subscribe(filter), expected);
    }
    check(&device("dev1"), Operation::mqtt_publish("devices/dev1/messages/events/#"), "unknown-operation");
    check(&device("+"), Operation::mqtt_publish("devices/+/messages/events/"), "unknown-operation");
    for topic in ["?$rid=", "?$rid=+", "?$rid=1#", "?$rid=1/x", "?rid=1", "", "?$version=1&$rid=1"] {
        let topic = format!("$iothub/twin/GET/{topic}");
        check(&device("dev1"), Operation::mqtt_publish(&topic), "unknown-operation");
    }
}

#[test]
fn a_policy_acts_within_the_resource_of_its_token() {
    let registry = Permissions::REGISTRY_WRITE;
    for (sr, path, expected) in [
        ("h.net", "/devices/dev1", "allow"),
        ("h.net%2Fdevices", "/devices/dev1", "allow"),
        ("h.net%2fdevices%2Fdev1", "/devices/dev1", "allow"),
        ("h.net%2Fdevices%2Fdev1", "/devices/dev1/modules/m", "allow"),
        ("h.net%2Fdevices%2Fdev1", "/devices/dev10", "out-of-scope"),
        ("h.net%2Fdevices%2Fdev10", "/devices/dev1", "out-of-scope"),
        ("h.net%2Fdevices%2Fdev1", "/devices", "out-of-scope"),
        ("h.net%2Fdevices%2Fdev1", "/statistics/devices", "out-of-scope"),
        ("h.net%2FDevices", "/devices/dev1", "out-of-scope"),
        ("h.net%2Fdevices%2FDev1", "/devices/dev1", "out-of-scope"),
        ("h.net", "/twins/dev1", "missing-right"),
    ] {
        check(&policy(registry, sr), Operation::http("GET", path), expected);
    }
    let service = policy(Permissions::SERVICE_CONNECT, "h.net");
    check(&service, Operation::amqp_send("/messages/devicebound"), "allow");
    check(
        &service,
        Operation::amqp_receive("/messages/events/ConsumerGroups/$Default/Partitions/0"),
        "allow",
    );
    let owner = policy(Permissions::all(), "h.net");
    check(&owner, Operation::mqtt_connect(), "not-a-device");
    check(&owner, Operation::mqtt_publish("$iothub/twin/GET/?$rid=1"), "not-a-device");
    check(&owner, Operation::mqtt_publish("devices/any/messages/events/"), "not-a-device");
    check(&owner, Operation::http("POST", "/devices/any/messages/events"), "allow");
    let bare = Subject::assertion(owner.identity(), Permissions::all(), Scope::Own);
    check(&bare, Operation::http("GET", "/devices/dev1"), "out-of-scope");
}

/// The path decides, not what its words mean: docs/THREATS.md says not to give a device the id of such a word.
#[test]
fn a_resource_of_a_device_named_as_a_word_of_a_path_covers_that_path() {
    let service = policy(Permissions::SERVICE_CONNECT, "h.net%2Fdevices%2Fquery");
    check(&service, Operation::http("POST", "/devices/query"), "allow");
    let other = policy(Permissions::SERVICE_CONNECT, "h.net%2Fdevices%2Fdev1");
    check(&other, Operation::http("POST", "/devices/query"), "out-of-scope");
}

#[test]
fn each_name_of_a_path_is_decoded_once() {
    let owner = policy(Permissions::all(), "h.net");
    for path in [
        "devices/dev1",
        "/devices//dev1",
        "/devices/dev1/",
        "/devices/.",
        "/devices/..",
        "/devices/%2e%2E",
        "/devices/a%2Fb",
        "/devices/a%5Cb",
        "/devices/a%00",
        "/devices/a%zz",
        "/devices/a%",
        "/devices/a b",
        "/devices/\u{e9}",
        "/devices/a#b",
        "/Devices/dev1",
        "/devices/dev1;/",
        "//devices/dev1",
        "/devices/dev1/modules/m/twin",
        "",
        "/",
        "*",
    ] {
        check(&owner, Operation::http("GET", path), "unknown-operation");
    }
    for method in ["get", "POST", "TRACE", "", "GET "] {
        check(&owner, Operation::http(method, "/devices/dev1"), "unknown-operation");
    }
    check(&owner, Operation::http("GET", "/%64evices/dev1?top=/../"), "allow");
    check(&device("a%41"), Operation::http("POST", "/devices/a%2541/messages/events"), "allow");
    check(&device("aA"), Operation::http("POST", "/devices/a%2541/messages/events"), "identity-mismatch");
}

#[test]
fn a_module_may_invoke_methods_on_its_own_device() {
    let m = module("edge", "m");
    check(&m, Operation::http("POST", "/twins/edge/modules/n/methods"), "allow");
    check(&m, Operation::http("POST", "/twins/edge/methods"), "allow");
    check(&m, Operation::http("POST", "/twins/edge2/methods"), "identity-mismatch");
    check(&device("edge"), Operation::http("POST", "/twins/edge/modules/n/methods"), "missing-right");
    let scope = "/devices/edge/modules/$edgeHub/devicesAndModulesInTargetDeviceScope";
    check(&module("edge", "$edgeHub"), Operation::http("POST", scope), "allow");
    check(&m, Operation::http("POST", scope), "identity-mismatch");
    let other = "/devices/edge/modules/m/devicesAndModulesInTargetDeviceScope";
    check(&m, Operation::http("POST", other), "unknown-operation");
}

/// If an edge hub acts for a child, the subject is the child. As a subject, an edge hub is a module like any other.
#[test]
fn an_edge_hub_has_no_rights_of_its_children() {
    let hub = module("edge", "$edgeHub");
    for end in [
        "devicesAndModulesInTargetDeviceScope",
        "getDeviceAndModuleOnBehalfOf",
        "getModuleOnBehalfOf",
        "getModulesOnTargetDevice",
        "deleteModuleOnBehalfOf",
    ] {
        let path = format!("/devices/edge/modules/$edgeHub/{end}");
        check(&hub, Operation::http("POST", &path), "allow");
        check(&hub, Operation::http("POST", &path.replace('$', "%24")), "allow");
        check(&device("edge"), Operation::http("POST", &path), "identity-mismatch");
        check(&module("edge10", "$edgeHub"), Operation::http("POST", &path), "identity-mismatch");
        check(&module("edge", "$edgehub"), Operation::http("POST", &path), "identity-mismatch");
    }
    check(&hub, Operation::http("PUT", "/devices/edge/modules/$edgeHub/putModuleOnBehalfOf"), "allow");
    check(&hub, Operation::mqtt_publish("devices/child/messages/events/"), "identity-mismatch");
    check(&hub, Operation::mqtt_publish("devices/edge/messages/events/"), "identity-mismatch");
    check(&hub, Operation::amqp_send("/devices/child/messages/events"), "identity-mismatch");
    check(&hub, Operation::http("POST", "/twins/child/methods"), "identity-mismatch");
    // the child is the subject
    check(&device("child"), Operation::mqtt_publish("devices/child/messages/events/"), "allow");
}
