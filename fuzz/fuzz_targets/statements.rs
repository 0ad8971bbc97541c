//! Compares statements with an evaluator over lists of strings.
#![no_main]
#![allow(clippy::unwrap_used, reason = "a failed step is a finding")]

use hubward_core::{DeviceId, Identity, ModuleId};
use hubward_policy::Operation;
use hubward_policy::statements::{Action, Statement, StatementRequest, Statements};
use libfuzzer_sys::fuzz_target;

// Lines: the device, the module (empty for none), the client id, `p`, `s` or `g` for publish, subscribe or get, the
// topic, filter or path; then rules of four lines: `a` or `d`, the identity, `p`, `s` or `g`, the resource.
fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (device, module, client, action, text) = (next(), next(), next(), action(next()), next());
    let rules: Vec<_> = (0..8).map(|_| (next() == "d", next(), self::action(next()), next())).collect();
    let rules: Vec<_> = rules.into_iter().take_while(|rule| !rule.1.is_empty()).collect();

    let Ok(device) = DeviceId::parse(device) else { return };
    let identity = match ModuleId::parse(module) {
        Ok(module) => Identity::Module(device, module),
        Err(_) => Identity::Device(device),
    };
    let statements: Vec<_> = rules
        .iter()
        .map(|(denies, who, action, resource)| {
            let start = if *denies { Statement::deny() } else { Statement::allow() };
            start.with_identity(who).with_action(*action).with_resource(resource)
        })
        .collect();
    let Ok(compiled) = Statements::compile(&statements) else { return };

    let operation = match action {
        Action::HttpGet => Operation::http("GET", text),
        Action::MqttSubscribe => Operation::mqtt_subscribe(text),
        _ => Operation::mqtt_publish(text),
    };
    let (names, levels) = (names(identity), levels(action, text));
    let asked = Asked { names, client, action, levels: levels.clone().unwrap_or_default() };
    let matching = |denies: bool| {
        rules.iter().any(|(deny, who, action, resource)| {
            *deny == denies && *action == asked.action && asked.is(who) && asked.reaches(resource, denies)
        })
    };
    let expected = levels.is_some() && !matching(true) && matching(false);
    let verdict = compiled.evaluate(&StatementRequest::new(identity, Some(client), &operation));
    assert_eq!(verdict.is_allow(), expected, "{verdict}");
});

fn action(word: &str) -> Action {
    match word {
        "g" => Action::HttpGet,
        "s" => Action::MqttSubscribe,
        _ => Action::MqttPublish,
    }
}

/// Returns the levels between the slashes; `None` if the text cannot be evaluated.
fn levels(action: Action, text: &str) -> Option<Vec<String>> {
    if action != Action::HttpGet {
        let levels: Vec<_> = text.split('/').map(str::to_owned).collect();
        let subscribes = action == Action::MqttSubscribe;
        let sound = !text.is_empty()
            && !text.contains('\0')
            && levels[0] != "$share"
            && levels.iter().enumerate().all(|(at, level)| match level.as_str() {
                "+" => subscribes,
                "#" => subscribes && at + 1 == levels.len(),
                _ => true,
            });
        return sound.then_some(levels);
    }
    let path = text.split('?').next()?.strip_prefix('/').filter(|path| !path.contains('#'))?;
    path.split('/')
        .map(|name| decoded(name).filter(|name| !matches!(name.as_str(), "" | "." | "..")))
        .collect()
}

/// Returns the name decoded once, if that is visible ASCII without a separator.
fn decoded(name: &str) -> Option<String> {
    let mut parts = name.split('%');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        text.push(char::from(u8::from_str_radix(digits, 16).ok()?));
        text.push_str(&part[2..]);
    }
    text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'\\')).then_some(text)
}

fn names(identity: Identity<'_>) -> Vec<&str> {
    let device = identity.device().map(|id| id.as_str());
    device.into_iter().chain(identity.module().map(|id| id.as_str())).collect()
}

struct Asked<'a> {
    names: Vec<&'a str>,
    client: &'a str,
    action: Action,
    levels: Vec<String>,
}

#[derive(Debug, PartialEq)]
enum Level {
    Text(String),
    One,
    Rest,
}

impl Asked<'_> {
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

    /// Returns for a deny if the resource overlaps the request, and for an allow if it covers the request.
    fn reaches(&self, resource: &str, denies: bool) -> bool {
        let Some(pattern) = self.expand(resource) else { return false };
        // the broker's own topics match literally only
        let first = resource.split('/').next().unwrap();
        let text = !first.contains("{{") && !matches!(first, "+" | "#");
        let hidden = self.action != Action::HttpGet && self.levels[0].starts_with('$') && !text;
        let levels: Vec<_> = self.levels.iter().map(String::as_str).collect();
        (denies || !hidden) && self.walk(&pattern, &levels, denies)
    }

    fn walk(&self, pattern: &[Level], levels: &[&str], denies: bool) -> bool {
        let subscribes = self.action == Action::MqttSubscribe;
        let wild = |level: &str| subscribes && matches!(level, "+" | "#");
        match (pattern, levels) {
            ([], []) | ([Level::Rest], _) => true,
            (_, ["#"]) if denies && subscribes => true,
            ([_, pattern @ ..], ["+", levels @ ..]) if denies && subscribes => {
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
