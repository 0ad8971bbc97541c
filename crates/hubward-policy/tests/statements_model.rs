//! Statements against a naive evaluator over lists of strings.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test counts and indexes its own data, and a failed step is a failed test"
)]

use hubward_core::{DeviceId, Identity, ModuleId};
use hubward_policy::Operation;
use hubward_policy::statements::{Action, Effect, Statement, StatementRequest, Statements};
use proptest::prelude::*;

/// A statement of the naive evaluator, with one entry in each list.
#[derive(Debug, Clone)]
struct Rule {
    effect: Effect,
    identity: String,
    action: Action,
    resource: String,
}

#[derive(Debug, Clone)]
struct Query {
    device: String,
    module: Option<String>,
    client: Option<String>,
    action: Action,
    text: String,
}

impl Query {
    fn identity(&self) -> Identity<'_> {
        let device = DeviceId::parse(&self.device).unwrap();
        match &self.module {
            Some(module) => Identity::Module(device, ModuleId::parse(module).unwrap()),
            None => Identity::Device(device),
        }
    }

    fn operation(&self) -> Operation<'_> {
        match self.action {
            Action::MqttPublish => Operation::mqtt_publish(&self.text),
            Action::MqttSubscribe => Operation::mqtt_subscribe(&self.text),
            Action::HttpGet => Operation::http("GET", &self.text),
            Action::AmqpSend => Operation::amqp_send(&self.text),
            _ => Operation::mqtt_connect(),
        }
    }

    fn is_mqtt(&self) -> bool {
        !matches!(self.action, Action::HttpGet | Action::AmqpSend)
    }

    /// Returns the text between the slashes, decoded, or `None` if the request is malformed.
    fn levels(&self) -> Option<Vec<String>> {
        if self.is_mqtt() {
            let levels: Vec<String> = self.text.split('/').map(str::to_owned).collect();
            let valid = !self.text.is_empty()
                && levels[0] != "$share"
                && levels.iter().enumerate().all(|(at, level)| match level.as_str() {
                    "+" => self.action == Action::MqttSubscribe,
                    "#" => self.action == Action::MqttSubscribe && at + 1 == levels.len(),
                    _ => true,
                });
            return valid.then_some(levels);
        }
        let path = self.text.strip_prefix('/').or((self.action == Action::AmqpSend).then_some(&self.text))?;
        path.split('/')
            .map(|name| {
                let name = decoded(name)?;
                let step = matches!(name.as_str(), "" | "." | "..");
                (!step && !name.contains(['/', '\\', '#'])).then_some(name)
            })
            .collect()
    }

    fn request(&self) -> StatementRequest<'_> {
        StatementRequest::new(self.identity(), self.client.as_deref(), &self.operation())
    }

    fn names(&self) -> Vec<String> {
        [Some(self.device.clone()), self.module.clone()].into_iter().flatten().collect()
    }
}

/// Decodes percent escapes once; `None` if the result is not visible ASCII.
fn decoded(name: &str) -> Option<String> {
    let mut text = String::new();
    let mut parts = name.split('%');
    text.push_str(parts.next()?);
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        text.push(char::from(u8::from_str_radix(digits, 16).ok()?));
        text.push_str(rest);
    }
    text.bytes().all(|b| b.is_ascii_graphic()).then_some(text)
}

/// A level of a pattern after substitution of the variables.
#[derive(Debug, Clone, PartialEq)]
enum Level {
    Text(String),
    One,
    Rest,
}

fn expand(pattern: &str, query: &Query) -> Option<Vec<Level>> {
    let mut levels = vec![];
    for level in pattern.split('/') {
        match level {
            "+" => levels.push(Level::One),
            "#" => levels.push(Level::Rest),
            "{{iot:identity}}" => levels.extend(query.names().into_iter().map(Level::Text)),
            "{{mqtt:client_id}}" => match &query.client {
                Some(id) if *id == query.names().join("/") => {
                    levels.extend(query.names().into_iter().map(Level::Text));
                }
                Some(id) if !id.is_empty() && !id.contains('/') => levels.push(Level::Text(id.clone())),
                _ => return None,
            },
            _ => {
                let mut text = String::new();
                for part in level.split("{{").flat_map(|part| part.split("}}")) {
                    text.push_str(match part {
                        "iot:device_id" => &query.device,
                        "iot:module_id" => query.module.as_deref()?,
                        literal => literal,
                    });
                }
                levels.push(Level::Text(text));
            }
        }
    }
    Some(levels)
}

fn covers(pattern: &[Level], names: &[&str], subscribes: bool) -> bool {
    match (pattern, names) {
        ([], []) | ([Level::Rest], _) => true,
        ([Level::One, pattern @ ..], [name, names @ ..]) => {
            !(subscribes && *name == "#") && covers(pattern, names, subscribes)
        }
        ([Level::Text(text), pattern @ ..], [name, names @ ..]) => {
            text == name && !(subscribes && matches!(*name, "+" | "#")) && covers(pattern, names, subscribes)
        }
        _ => false,
    }
}

fn overlaps(pattern: &[Level], names: &[&str], subscribes: bool) -> bool {
    match (pattern, names) {
        ([], []) | ([Level::Rest], _) => true,
        (_, ["#"]) if subscribes => true,
        ([_, pattern @ ..], ["+", names @ ..]) if subscribes => overlaps(pattern, names, subscribes),
        ([Level::One, pattern @ ..], [_, names @ ..]) => overlaps(pattern, names, subscribes),
        ([Level::Text(text), pattern @ ..], [name, names @ ..]) => {
            text == name && overlaps(pattern, names, subscribes)
        }
        _ => false,
    }
}

fn naive(rules: &[Rule], query: &Query) -> bool {
    let subscribes = query.action == Action::MqttSubscribe;
    let levels = if query.action == Action::MqttConnect { Some(vec![]) } else { query.levels() };
    let Some(levels) = levels else { return false };
    let names: Vec<_> = levels.iter().map(String::as_str).collect();
    let matches = |rule: &Rule| {
        let own = query.names();
        let is_about = match rule.identity.contains("{{") {
            // without variables, every character is literal
            false => rule.identity == own.join("/"),
            true => expand(&rule.identity, query) == Some(own.into_iter().map(Level::Text).collect()),
        };
        if rule.action != query.action || !is_about {
            return false;
        }
        if rule.action == Action::MqttConnect {
            return true;
        }
        let Some(pattern) = expand(&rule.resource, query) else { return false };
        let first = rule.resource.split('/').next().unwrap();
        let by_text = !first.contains("{{") && !matches!(first, "+" | "#");
        let reserved = query.is_mqtt() && names[0].starts_with('$') && !by_text;
        match rule.effect {
            Effect::Allow => !reserved && covers(&pattern, &names, subscribes),
            Effect::Deny => overlaps(&pattern, &names, subscribes),
        }
    };
    !rules.iter().any(|rule| rule.effect == Effect::Deny && matches(rule))
        && rules.iter().any(|rule| rule.effect == Effect::Allow && matches(rule))
}

fn statement(rule: &Rule) -> Statement {
    let start = if rule.effect == Effect::Allow { Statement::allow() } else { Statement::deny() };
    let rest = start.with_identity(&rule.identity).with_action(rule.action);
    if rule.action == Action::MqttConnect { rest } else { rest.with_resource(&rule.resource) }
}

fn compile(rules: &[Rule]) -> Statements {
    Statements::compile(&rules.iter().map(statement).collect::<Vec<_>>()).unwrap()
}

fn id() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "ab", "+", "#", "a+", "%41", "$s", "$sx"]).prop_map(str::to_owned)
}

fn action() -> impl Strategy<Value = Action> {
    prop::sample::select(vec![
        Action::MqttConnect,
        Action::MqttPublish,
        Action::MqttPublish,
        Action::MqttSubscribe,
        Action::MqttSubscribe,
        Action::HttpGet,
        Action::AmqpSend,
    ])
}

prop_compose! {
    fn resource()(
        levels in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "ab", "$s", "", "+", "x{{iot:device_id}}", "{{iot:device_id}}", "{{iot:module_id}}",
            "{{iot:device_id}}{{iot:module_id}}", "{{iot:identity}}", "{{mqtt:client_id}}", "a-long-level",
        ]), 1..4),
        rest in any::<bool>(),
    ) -> String {
        let mut text = levels.join("/");
        if rest || text.is_empty() {
            text.push_str(if text.is_empty() { "#" } else { "/#" });
        }
        text
    }
}

prop_compose! {
    fn rule()(
        deny in prop::bool::weighted(0.3),
        identity in prop::sample::select(vec![
            "a", "b", "a/b", "+", "#", "a+/%41", "{{iot:identity}}", "{{mqtt:client_id}}", "{{iot:device_id}}",
            "{{iot:device_id}}/b", "a/{{iot:module_id}}", "{{iot:device_id}}/{{iot:module_id}}",
        ]),
        action in action(),
        resource in resource(),
    ) -> Rule {
        let effect = if deny { Effect::Deny } else { Effect::Allow };
        // a set with an empty name in a path is refused
        let resource: Vec<_> = resource.split('/').map(|level| if level.is_empty() { "b" } else { level }).collect();
        let mut resource = resource.join("/");
        // so is one with a module's variable and no module
        if !identity.contains('/') && !matches!(identity, "{{iot:identity}}" | "{{mqtt:client_id}}") {
            resource = resource.replace("{{iot:module_id}}", "{{iot:device_id}}");
        }
        Rule { effect, identity: identity.to_owned(), action, resource }
    }
}

prop_compose! {
    fn query()(
        device in id(),
        module in prop::option::of(id()),
        own in 0..3_u8,
        client in prop::option::of(id()),
        action in action(),
        levels in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "ab", "$s", "$sx", "", "+", "#", "xa", "x+", "a+", "aa", "%41", "a-long-level", "$share",
            "%61", "%2b", "a%2Fb", "%2e%2E", "%5c", "a%2", "%2541", "%24s", "%20",
        ]), 1..5),
        slash in any::<bool>(),
    ) -> Query {
        let slash = action == Action::HttpGet || slash && action == Action::AmqpSend;
        let text = format!("{}{}", if slash { "/" } else { "" }, levels.join("/"));
        let mut query = Query { device, module, client, action, text };
        if own > 0 {
            query.client = Some(query.names().join("/"));
        }
        query
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn statements_agree_with_the_naive_evaluator(
        rules in prop::collection::vec(rule(), 0..8),
        query in query(),
    ) {
        prop_assert_eq!(compile(&rules).evaluate(&query.request()).is_allow(), naive(&rules, &query));
    }

    #[test]
    fn a_deny_never_allows_and_an_allow_never_denies(
        rules in prop::collection::vec(rule(), 0..6),
        extra in rule(),
        query in query(),
    ) {
        let before = compile(&rules).evaluate(&query.request()).is_allow();
        let more = compile(&[rules.clone(), vec![extra.clone()]].concat());
        let after = more.evaluate(&query.request()).is_allow();
        match extra.effect {
            Effect::Deny => prop_assert!(before || !after),
            Effect::Allow => prop_assert!(after || !before),
        }
        let mut reversed = rules;
        reversed.push(extra);
        reversed.reverse();
        prop_assert_eq!(compile(&reversed).evaluate(&query.request()).is_allow(), after, "the order of statements does not matter");
    }

    #[test]
    fn lists_are_every_combination_of_their_entries(
        rules in prop::collection::vec(rule(), 1..4),
        other in prop::collection::vec(rule(), 0..3),
        query in query(),
    ) {
        let effect = rules[0].effect;
        // `mqtt:connect` has no resource and needs a statement of its own
        let connects = rules[0].action == Action::MqttConnect;
        let mut rules = rules;
        rules.retain(|rule| (rule.action == Action::MqttConnect) == connects);
        let mut one = if effect == Effect::Allow { Statement::allow() } else { Statement::deny() };
        let mut each = vec![];
        for rule in &rules {
            one = one.with_identity(&rule.identity).with_action(rule.action);
            if !connects {
                one = one.with_resource(&rule.resource);
            }
            for action in &rules {
                each.extend(rules.iter().map(|resource| Rule {
                    effect,
                    identity: rule.identity.clone(),
                    action: action.action,
                    resource: resource.resource.clone(),
                }));
            }
        }
        let others: Vec<_> = other.iter().map(statement).collect();
        let lists = Statements::compile(&[vec![one], others].concat()).unwrap();
        let single = [each, other].concat();
        prop_assert_eq!(lists.evaluate(&query.request()).is_allow(), naive(&single, &query));
    }
}

#[test]
fn an_escaped_slash_is_refused() {
    let rules = [
        Statement::allow()
            .with_identity("d")
            .with_action(Action::HttpGet)
            .with_action(Action::AmqpSend)
            .with_resource("devices/{{iot:device_id}}/#"),
        Statement::deny()
            .with_identity("d")
            .with_action(Action::HttpGet)
            .with_action(Action::AmqpSend)
            .with_resource("devices/+/files/#"),
    ];
    let rules = Statements::compile(&rules).unwrap();
    let identity = Identity::Device(DeviceId::parse("d").unwrap());
    let allowed = |operation: Operation<'_>| {
        rules.evaluate(&StatementRequest::new(identity, None, &operation)).is_allow()
    };
    assert!(allowed(Operation::http("GET", "/devices/d/other")));
    for path in
        ["/devices/d/files%2Fx", "/devices/d/.%2Ffiles/x", "/devices/d/x/..%5cvictim", "/devices/d/x\\y"]
    {
        assert!(!allowed(Operation::http("GET", path)), "{path}");
        assert!(!allowed(Operation::amqp_send(path)), "{path}");
    }
    for address in ["devices/d/other?x", "devices/d/other#x"] {
        assert!(!allowed(Operation::amqp_send(address)), "{address}");
    }
}
