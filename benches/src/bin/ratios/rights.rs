//! Authorization: a permission check of an authenticated identity and a hundred statements, compared with a general
//! policy engine.

use std::hint::black_box;
use std::str::FromStr;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use hubward_core::{DeviceId, Identity, Permissions};
use hubward_policy::statements::{Action, Statement, StatementRequest, Statements};
use hubward_policy::{Operation, Scope, Subject, decide};

use crate::case::Case;

pub fn cases() -> Vec<Case<'static>> {
    let identity = Identity::Device(DeviceId::parse("pump-0099").unwrap());
    let subject = Subject::assertion(identity, Permissions::DEVICE_CONNECT, Scope::Own);
    let events = Operation::mqtt_publish("devices/pump-0099/messages/events/");
    let statements: Vec<_> = (0..100)
        .map(|at| {
            Statement::allow()
                .with_identity(&format!("pump-{at:04}"))
                .with_action(Action::MqttPublish)
                .with_resource(&format!("fleet/pump-{at:04}/#"))
        })
        .collect();
    let statements = Statements::compile(&statements).unwrap();
    let topic = Operation::mqtt_publish("fleet/pump-0099/temperature");
    let act = StatementRequest::new(identity, Some("pump-0099"), &topic);
    let mut cases = vec![
        Case::new("rights", move || {
            assert!(decide(black_box(&subject), black_box(&events)).is_allow());
        }),
        Case::new("statements 100", move || {
            assert!(statements.evaluate(black_box(&act)).is_allow());
        }),
    ];
    cases.push(cedar("cedar 5", 5));
    cases.push(cedar("cedar 100", 100));
    cases
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
    let request = Request::new(
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
