//! Decisions on a subscription, against the set of topics that the subscription reaches.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test counts and indexes its own data, and a failed step is a failed test"
)]

use hubward_core::{DeviceId, Identity};
use hubward_policy::Operation;
use hubward_policy::statements::{Action, Statement, StatementRequest, Statements};

/// Returns every topic of up to three levels.
fn topics() -> Vec<Vec<&'static str>> {
    let names = ["a", "b", "c", "", "$s"];
    let mut topics = vec![vec![]];
    let mut all = vec![];
    for _ in 0..3 {
        topics = topics
            .iter()
            .flat_map(|topic| names.map(|name| [topic.clone(), vec![name]].concat()))
            .collect::<Vec<_>>();
        all.extend(topics.clone());
    }
    all
}

/// Matches as MQTT 3.1.1, 4.7, on lists of levels.
fn mqtt_matches(filter: &[&str], topic: &[&str]) -> bool {
    fn levels(filter: &[&str], topic: &[&str]) -> bool {
        match (filter, topic) {
            ([], []) | (["#"], _) => true,
            (["+", filter @ ..], [_, topic @ ..]) => levels(filter, topic),
            ([word, filter @ ..], [name, topic @ ..]) => word == name && levels(filter, topic),
            _ => false,
        }
    }
    !(topic[0].starts_with('$') && matches!(filter[0], "+" | "#")) && levels(filter, topic)
}

/// A subscription and a rule are sets of topics. An allowed subscription must be a subset of the rule's set, and one
/// that intersects the set of a deny must be denied.
#[test]
fn a_subscription_is_a_subset_of_its_rule() {
    let words = ["a", "b", "$s", "+", "#", ""];
    let mut filters: Vec<Vec<&str>> = vec![];
    for first in words {
        filters.push(vec![first]);
        for second in words {
            filters.push(vec![first, second]);
            filters.extend(words.map(|third| vec![first, second, third]));
        }
    }
    filters.retain(|filter| !filter.concat().is_empty() || filter.len() > 1);
    filters.retain(|filter| filter.iter().rev().skip(1).all(|word| *word != "#"));
    let topics = topics();
    let reached: Vec<Vec<bool>> = filters
        .iter()
        .map(|filter| topics.iter().map(|topic| mqtt_matches(filter, topic)).collect())
        .collect();
    let identity = Identity::Device(DeviceId::parse("d").unwrap());
    let (mut judged, mut narrow) = (0, 0);
    for (pattern, pattern_reach) in filters.iter().zip(&reached) {
        let pattern = pattern.join("/");
        let allow =
            Statement::allow().with_identity("d").with_action(Action::MqttSubscribe).with_resource(&pattern);
        let all = ["#", "$s/#"].into_iter().fold(Statement::allow(), |all, text| all.with_resource(text));
        let all = all.with_identity("d").with_action(Action::MqttSubscribe);
        let deny =
            Statement::deny().with_identity("d").with_action(Action::MqttSubscribe).with_resource(&pattern);
        let allows = Statements::compile(&[allow]).unwrap();
        let denies = Statements::compile(&[all, deny]).unwrap();
        for (filter, reach) in filters.iter().zip(&reached) {
            let text = filter.join("/");
            let request = StatementRequest::new(identity, None, &Operation::mqtt_subscribe(&text));
            let within = pattern_reach.iter().zip(reach).all(|(pattern, filter)| *pattern || !filter);
            let touches = pattern_reach.iter().zip(reach).any(|(pattern, filter)| *pattern && *filter);
            let allowed = allows.evaluate(&request).is_allow();
            assert!(within || !allowed, "allow `{pattern}`, subscribe `{text}`");
            assert!(
                !touches || !denies.evaluate(&request).is_allow(),
                "deny `{pattern}`, subscribe `{text}`"
            );
            judged += 1;
            narrow += u32::from(within && !allowed);
        }
    }
    println!("{judged} pairs of rule and subscription; {narrow} subsets are refused");
}
