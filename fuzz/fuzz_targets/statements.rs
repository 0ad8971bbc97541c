//! Statements against an evaluator over lists of strings.
#![no_main]
#![allow(clippy::unwrap_used, reason = "a failed step is a finding")]

use hubward_core::{DeviceId, Identity, ModuleId};
use hubward_policy::Operation;
use hubward_policy::statements::{Act, Action, Statement, Statements};
use libfuzzer_sys::fuzz_target;

// Lines: the device, the module (empty for none), the client id, `p` or `s` for publish or subscribe, the topic;
// then rules of four lines: `a` or `d`, the identity, `p` or `s`, the resource.
fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (device, module, client, subscribes, topic) = (next(), next(), next(), next() == "s", next());
    let rules: Vec<_> = (0..8).map(|_| (next() == "d", next(), next() == "s", next())).collect();
    let rules: Vec<_> = rules.into_iter().take_while(|rule| !rule.1.is_empty()).collect();

    let Ok(device) = DeviceId::parse(device) else { return };
    let identity = match ModuleId::parse(module) {
        Ok(module) => Identity::Module(device, module),
        Err(_) => Identity::Device(device),
    };
    let statements: Vec<_> = rules
        .iter()
        .map(|(denies, who, subscribes, resource)| {
            let start = if *denies { Statement::deny() } else { Statement::allow() };
            let action = if *subscribes { Action::MqttSubscribe } else { Action::MqttPublish };
            start.identity(who).action(action).resource(resource)
        })
        .collect();
    let Ok(compiled) = Statements::compile(&statements) else { return };

    let operation =
        if subscribes { Operation::mqtt_subscribe(topic) } else { Operation::mqtt_publish(topic) };
    let asked = Asked { names: names(identity), client, subscribes, levels: topic.split('/').collect() };
    let matching = |denies: bool| {
        rules.iter().any(|(deny, who, subscribes, resource)| {
            *deny == denies
                && *subscribes == asked.subscribes
                && asked.is(who)
                && asked.reaches(resource, denies)
        })
    };
    let expected = asked.is_sound() && !matching(true) && matching(false);
    let verdict = compiled.evaluate(&Act::new(identity, Some(client), &operation));
    assert_eq!(verdict.is_allow(), expected, "{verdict}");
});

fn names(identity: Identity<'_>) -> Vec<&str> {
    let device = identity.device().map(|id| id.as_str());
    device.into_iter().chain(identity.module().map(|id| id.as_str())).collect()
}

struct Asked<'a> {
    names: Vec<&'a str>,
    client: &'a str,
    subscribes: bool,
    levels: Vec<&'a str>,
}

#[derive(Debug, PartialEq)]
enum Level {
    Text(String),
    One,
    Rest,
}

impl Asked<'_> {
    fn is_sound(&self) -> bool {
        let all = self.levels.join("/");
        let last = self.levels.len() - 1;
        !all.is_empty()
            && !all.contains('\0')
            && self.levels[0] != "$share"
            && self.levels.iter().enumerate().all(|(at, level)| match *level {
                "+" => self.subscribes,
                "#" => self.subscribes && at == last,
                _ => true,
            })
    }

    fn is(&self, who: &str) -> bool {
        if !who.contains("{{") {
            return who == self.names.join("/");
        }
        let own: Vec<_> = self.names.iter().map(|name| Level::Text((*name).to_owned())).collect();
        self.expand(who) == Some(own)
    }

    fn expand(&self, pattern: &str) -> Option<Vec<Level>> {
        let own = || self.names.iter().map(|name| Level::Text((*name).to_owned()));
        let mut levels = vec![];
        for level in pattern.split('/') {
            match level {
                "+" => levels.push(Level::One),
                "#" => levels.push(Level::Rest),
                "{{iot:identity}}" => levels.extend(own()),
                "{{mqtt:client_id}}" if self.names.len() == 2 && self.client == self.names.join("/") => {
                    levels.extend(own());
                }
                "{{mqtt:client_id}}" if self.client.is_empty() || self.client.contains('/') => return None,
                "{{mqtt:client_id}}" => levels.push(Level::Text(self.client.to_owned())),
                _ => {
                    let mut text = String::new();
                    let mut rest = level;
                    while let Some((before, tail)) = rest.split_once("{{") {
                        let (variable, after) = tail.split_once("}}")?;
                        text.push_str(before);
                        text.push_str(match variable {
                            "iot:device_id" => self.names[0],
                            _ => self.names.get(1)?,
                        });
                        rest = after;
                    }
                    text.push_str(rest);
                    levels.push(Level::Text(text));
                }
            }
        }
        Some(levels)
    }

    /// For a deny, whether the resource has a part in what is asked; for an allow, whether it has all of it.
    fn reaches(&self, resource: &str, denies: bool) -> bool {
        let Some(pattern) = self.expand(resource) else { return false };
        let hidden = self.levels[0].starts_with('$') && !matches!(pattern[0], Level::Text(_));
        (denies || !hidden) && self.walk(&pattern, &self.levels, denies)
    }

    fn walk(&self, pattern: &[Level], levels: &[&str], denies: bool) -> bool {
        let wild = |level: &str| self.subscribes && matches!(level, "+" | "#");
        match (pattern, levels) {
            ([], []) | ([Level::Rest], _) => true,
            (_, ["#"]) if denies && self.subscribes => true,
            ([_, pattern @ ..], ["+", levels @ ..]) if denies && self.subscribes => {
                self.walk(pattern, levels, denies)
            }
            ([Level::One, pattern @ ..], [level, levels @ ..]) => {
                !(wild(level) && *level == "#") && self.walk(pattern, levels, denies)
            }
            ([Level::Text(text), pattern @ ..], [level, levels @ ..]) => {
                !wild(level) && text == level && self.walk(pattern, levels, denies)
            }
            _ => false,
        }
    }
}
