//! A device that connected with a policy's token: its identity and the token's resource must both match.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test asserts subjects, and a failed step is a failed test"
)]

use hubward_core::{DeviceId, Identity, ModuleId, Permissions, ResourcePath};
use hubward_policy::{Operation, Scope, Subject, decide};

fn subject<'a>(identity: Identity<'a>, sr: &'a str) -> Subject<'a> {
    Subject::assertion(identity, Permissions::all(), Scope::Resource(ResourcePath::parse(sr).unwrap()))
}

#[test]
fn both_the_identity_and_the_resource_must_match() {
    let dev1 = Identity::Device(DeviceId::parse("dev1").unwrap());
    let module = Identity::Module(DeviceId::parse("dev1").unwrap(), ModuleId::parse("m").unwrap());
    let events = Operation::mqtt_publish("devices/dev1/messages/events/");
    let module_events = Operation::mqtt_publish("devices/dev1/modules/m/messages/events/");
    let twin = Operation::mqtt_publish("$iothub/twin/GET/?$rid=1");
    for (identity, sr, own) in [
        (dev1, "h.net", true),
        (dev1, "h.net%2Fdevices", true),
        (dev1, "h.net%2Fdevices%2Fdev1", true),
        (dev1, "h.net%2Fdevices%2Fdev1%2Fmodules%2Fm", false),
        (dev1, "h.net%2Fdevices%2Fdev10", false),
        (dev1, "h.net%2Ftwins", false),
        (module, "h.net%2Fdevices%2Fdev1", true),
        (module, "h.net%2Fdevices%2Fdev1%2Fmodules%2Fm", true),
        (module, "h.net%2Fdevices%2Fdev1%2Fmodules%2Fn", false),
    ] {
        let subject = subject(identity, sr);
        let is_module = identity.module().is_some();
        assert_eq!(decide(&subject, &Operation::mqtt_connect()).is_allow(), own, "{identity} in {sr}");
        assert_eq!(decide(&subject, &twin).is_allow(), own, "{identity} in {sr}");
        assert_eq!(decide(&subject, &events).is_allow(), own && !is_module, "{identity} in {sr}");
        assert_eq!(decide(&subject, &module_events).is_allow(), own && is_module, "{identity} in {sr}");
        assert!(!decide(&subject, &Operation::http("GET", "/devices/dev1")).is_allow());
    }
}
