//! For all ids: an operation that a device or module is allowed over MQTT reaches no topic of another identity, at a
//! broker that interprets every wildcard.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test asserts subjects, and a failed step is a failed test"
)]

use hubward_core::{DeviceId, Identity, ModuleId, Permissions};
use hubward_policy::{Decision, Operation, Scope, Subject, decide};
use proptest::prelude::*;

/// Matches as MQTT 3.1.1, 4.7, on lists of levels.
fn matches(filter: &[&str], topic: &[&str]) -> bool {
    match (filter, topic) {
        ([], []) | (["#"], _) => true,
        (["+", filter @ ..], [_, topic @ ..]) => matches(filter, topic),
        ([word, filter @ ..], [name, topic @ ..]) => word == name && matches(filter, topic),
        _ => false,
    }
}

/// Generates ids of every legal character, often with wildcards and escapes.
fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!["+", "#", "a", "a+", "+a", "%41", "$iothub", "A", "devices", "..a"])
            .prop_map(str::to_owned),
        "[A-Za-z0-9:.+%_#*?!(),=@;$'-]{1,6}".prop_filter("an id", |id| DeviceId::parse(id).is_ok()),
    ]
}

fn identity<'a>(device: &'a str, module: Option<&'a String>) -> Identity<'a> {
    let device = DeviceId::parse(device).unwrap();
    match module {
        Some(module) => Identity::Module(device, ModuleId::parse(module).unwrap()),
        None => Identity::Device(device),
    }
}

/// Returns topics that only this identity may publish to or receive from.
fn topics(identity: Identity<'_>) -> Vec<String> {
    let device = identity.device().unwrap();
    match identity.module() {
        None => ["messages/devicebound/x=y", "messages/events/"]
            .map(|end| format!("devices/{device}/{end}"))
            .into(),
        Some(module) => ["messages/events/", "inputs/i/x=y", "methods"]
            .map(|end| format!("devices/{device}/modules/{module}/{end}"))
            .into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_allowed_operation_reaches_no_other_identity(
        own in (id(), prop::option::of(id())),
        other in (id(), prop::option::of(id())),
        named in (id(), prop::option::of(id())),
        pick in 0..3_u8,
        end in prop::sample::select(vec![
            "messages/devicebound/#", "#", "inputs/#", "messages/events/", "messages/events/x=y", "messages/+/#", "+",
        ]),
    ) {
        let me = identity(&own.0, own.1.as_ref());
        let them = identity(&other.0, other.1.as_ref());
        prop_assume!(me != them);
        let (device, module) = match pick {
            0 => &own,
            1 => &other,
            _ => &named,
        };
        let text = match module {
            Some(module) => format!("devices/{device}/modules/{module}/{end}"),
            None => format!("devices/{device}/{end}"),
        };
        let subject = Subject::assertion(me, Permissions::DEVICE_CONNECT, Scope::Own);
        if let Decision::Allow(grant) = decide(&subject, &Operation::mqtt_subscribe(&text)) {
            let filter = grant.filter().to_string();
            let levels: Vec<_> = filter.split('/').collect();
            for topic in topics(them) {
                let topic_levels: Vec<_> = topic.split('/').collect();
                prop_assert!(!matches(&levels, &topic_levels), "{me} subscribes {filter}: reaches {topic}");
            }
        }
        if decide(&subject, &Operation::mqtt_publish(&text)).is_allow() {
            let own_start = match me.module() {
                Some(module) => format!("devices/{}/modules/{module}/", own.0),
                None => format!("devices/{}/messages/", own.0),
            };
            prop_assert!(text.starts_with(&own_start), "{me} publishes {text}");
        }
    }
}
