//! Authorization: a permission check of an authenticated identity and a hundred statements, compared with a general
//! policy engine.

use std::hint::black_box;
use std::str::FromStr;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet};
use hubward_core::{DeviceId, Identity, Permissions};
use hubward_policy::roles::{Access, ActionName, ArmScope, Plane, Request, built_in};
use hubward_policy::statements::{Action, Statement, StatementRequest, Statements};
use hubward_policy::{Operation, Scope, Subject, decide};
use hubward_registry::{AccessLists, ListEntry, ListVerdict};

use crate::case::Case;

pub fn cases() -> Vec<Case<'static>> {
    let identity = Identity::Device(DeviceId::parse("pump-0099").unwrap());
    let subject = Subject::assertion(identity, Permissions::DEVICE_CONNECT, Scope::Own);
    let events = Operation::mqtt_publish("devices/pump-0099/messages/events/");
    let mut cases = vec![
        Case::new("rights", move || {
            assert!(decide(black_box(&subject), black_box(&events)).is_allow());
        }),
        statements("statements 100", 100),
    ];
    cases.push(cedar("cedar 5", 5));
    cases.push(cedar("cedar 100", 100));
    cases
}

fn statement(at: usize) -> Statement {
    Statement::allow().with_action(Action::MqttPublish).with_resource(&format!("fleet/pump-{at:04}/#"))
}

fn evaluate(name: &'static str, count: usize, statements: &[Statement]) -> Case<'static> {
    let statements = Statements::compile(statements).unwrap();
    let last: &str = format!("pump-{:04}", count - 1).leak();
    let topic: &str = format!("fleet/{last}/temperature").leak();
    let identity = Identity::Device(DeviceId::parse(last).unwrap());
    Case::new(name, move || {
        let topic = Operation::mqtt_publish(black_box(topic));
        assert!(statements.evaluate(&StatementRequest::new(identity, Some(last), &topic)).is_allow());
    })
}

/// A statement for each of `count` devices; the last one allows.
pub fn statements(name: &'static str, count: usize) -> Case<'static> {
    let all: Vec<_> = (0..count).map(|at| statement(at).with_identity(&format!("pump-{at:04}"))).collect();
    evaluate(name, count, &all)
}

/// `count` statements for every identity; the last one allows.
pub fn statements_for_all(name: &'static str, count: usize) -> Case<'static> {
    let all: Vec<_> = (0..count).map(|at| statement(at).with_identity("{{iot:identity}}")).collect();
    evaluate(name, count, &all)
}

/// Role assignments of `count` users; the last one asks.
pub fn roles(name: &'static str, count: usize) -> Case<'static> {
    const HUB: &str = "/subscriptions/8d3c/resourceGroups/iot/providers/Microsoft.Devices/IotHubs/contoso";
    let mut access = Access::new();
    let user = |at: usize| format!("{at:08}-1111-1111-1111-111111111111");
    let role = built_in("IoT Hub Data Reader").unwrap();
    (0..count).for_each(|at| access.assign(&user(at), role, HUB).unwrap());
    let last = user(count - 1);
    let action = ActionName::parse("Microsoft.Devices/IotHubs/devices/read").unwrap();
    Case::new(name, move || {
        let principals = [&*last];
        let scope = ArmScope::parse(black_box(HUB)).unwrap();
        assert!(access.check(&Request::new(&principals, Plane::Data, action, scope)).is_allow());
    })
}

/// An access list of `count` devices, and `count` groups of one device each; another device asks.
pub fn lists(name: &'static str, count: usize, groups: bool) -> Case<'static> {
    let mut lists = AccessLists::default();
    for at in 0..count {
        let id = format!("pump-{at:07}");
        let identity = Identity::Device(DeviceId::parse(&id).unwrap());
        if groups {
            let group = format!("group-{at:07}");
            lists.join(&group, identity);
            lists.block_mut().add(ListEntry::Group(&group));
        } else {
            lists.block_mut().add(ListEntry::Identity(identity));
        }
    }
    let identity = Identity::Device(DeviceId::parse("valve-1").unwrap());
    // each group is asked
    let calls = if groups { 4 } else { 2_000 };
    Case::new(name, move || assert_eq!(lists.verdict(black_box(&identity), &[]), ListVerdict::Pass))
        .calls(calls)
}

/// Creates one policy for each of `count` devices; the last one allows.
fn cedar(name: &'static str, count: u32) -> Case<'static> {
    let policies: String = (0..count)
        .map(|at| {
            format!(
                "permit(principal == Device::\"pump-{at:04}\", action == Action::\"publish\", \
                 resource == Topic::\"fleet/pump-{at:04}/temperature\");\n"
            )
        })
        .collect();
    let policies = PolicySet::from_str(&policies).unwrap();
    let uid = |text: String| EntityUid::from_str(&text).unwrap();
    let last = count - 1;
    let request = cedar_policy::Request::new(
        uid(format!("Device::\"pump-{last:04}\"")),
        uid("Action::\"publish\"".to_owned()),
        uid(format!("Topic::\"fleet/pump-{last:04}/temperature\"")),
        Context::empty(),
        None,
    )
    .unwrap();
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    Case::new(name, move || {
        let response = authorizer.is_authorized(black_box(&request), &policies, &entities);
        assert_eq!(response.decision(), Decision::Allow);
    })
}
