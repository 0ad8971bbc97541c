//! Writes a world as the text of a Rust test.

use core::fmt::Write as _;

use super::world::{
    Attempt, Attestation, Credential, Device, Enrollment, Entry, Lists, Module, Policy, World,
};

/// Returns a test that compares the facade with the model in this world. It belongs in `tests/worlds.rs`.
#[must_use]
pub fn as_test(name: &str, world: &World) -> String {
    let mut out = format!("#[test]\nfn {name}() {{\n    let world = World {{\n");
    let mut line = |text: String| writeln!(out, "        {text},").unwrap();
    line(format!("rules: Rules::{:?}", world.rules));
    line(format!("both: Both::{:?}", world.both));
    line(format!("now: {}", world.now));
    line(format!("alias: {}", optional(world.alias.as_ref())));
    line(format!("devices: {}", list(&world.devices, device)));
    line(format!("modules: {}", list(&world.modules, module)));
    line(format!("policies: {}", list(&world.policies, policy)));
    line(format!("lists: {}", lists(&world.lists)));
    line(format!("enrollments: {}", list(&world.enrollments, enrollment)));
    line(format!("attempt: {}", attempt(&world.attempt)));
    out + "    };\n    assert_eq!(real(&world), model(&world));\n}\n"
}

fn text(text: &String) -> String {
    format!("{text:?}.into()")
}

fn optional(of: Option<&String>) -> String {
    of.map_or_else(|| "None".to_owned(), |it| format!("Some({})", text(it)))
}

fn list<T>(of: &[T], write: impl Fn(&T) -> String) -> String {
    format!("vec![{}]", of.iter().map(write).collect::<Vec<_>>().join(", "))
}

fn credential(of: &Credential) -> String {
    match of {
        Credential::Keys(one, other) => {
            format!("Credential::Keys({}, {})", text(one), optional(other.as_ref()))
        }
        other => format!("Credential::{other:?}"),
    }
}

fn device(of: &Device) -> String {
    format!(
        "Device {{ id: {}, enabled: {}, edge: {}, credential: {}, above: {} }}",
        text(&of.id),
        of.enabled,
        of.edge,
        credential(&of.credential),
        list(&of.above, text)
    )
}

fn module(of: &Module) -> String {
    format!(
        "Module {{ device: {}, id: {}, credential: {}, above: {} }}",
        text(&of.device),
        text(&of.id),
        credential(&of.credential),
        list(&of.above, text)
    )
}

fn policy(of: &Policy) -> String {
    format!(
        "Policy {{ name: {}, rights: {}, keys: ({}, {}) }}",
        text(&of.name),
        text(&of.rights),
        text(&of.keys.0),
        text(&of.keys.1)
    )
}

fn entry(of: &Entry) -> String {
    match of {
        Entry::Identity(name) => format!("Entry::Identity({})", text(name)),
        Entry::Group(name) => format!("Entry::Group({})", text(name)),
        Entry::Issuer(number) => format!("Entry::Issuer({number})"),
    }
}

fn lists(of: &Lists) -> String {
    if *of == Lists::default() {
        return "Lists::default()".to_owned();
    }
    let allow =
        of.allow.as_ref().map_or_else(|| "None".to_owned(), |all| format!("Some({})", list(all, entry)));
    let members = list(&of.members, |(group, member)| format!("({}, {})", text(group), text(member)));
    format!("Lists {{ allow: {allow}, block: {}, members: {members} }}", list(&of.block, entry))
}

fn enrollment(of: &Enrollment) -> String {
    let attestation = match &of.attestation {
        Attestation::Keys(one, other) => format!("Attestation::Keys({}, {})", text(one), text(other)),
        other => format!("Attestation::{other:?}"),
    };
    format!(
        "Enrollment {{ name: {}, group: {}, enabled: {}, attestation: {attestation}, device_id: {} }}",
        text(&of.name),
        of.group,
        of.enabled,
        optional(of.device_id.as_ref())
    )
}

fn attempt(of: &Attempt) -> String {
    match of {
        Attempt::Mqtt { client_id, username, password, certificate } => format!(
            "Attempt::Mqtt {{ client_id: {}, username: {}, password: {}, certificate: {certificate:?} }}",
            text(client_id),
            text(username),
            optional(password.as_ref())
        ),
        Attempt::Http { method, path, host, authorization, certificate } => format!(
            "Attempt::Http {{ method: {}, path: {}, host: {}, authorization: {}, certificate: {certificate:?} }}",
            text(method),
            text(path),
            text(host),
            optional(authorization.as_ref())
        ),
        Attempt::Plain { username, password } => {
            format!("Attempt::Plain {{ username: {}, password: {} }}", text(username), text(password))
        }
        Attempt::Cbs { kind, name, token, sends, address } => format!(
            "Attempt::Cbs {{ kind: {}, name: {}, token: {}, sends: {sends}, address: {} }}",
            text(kind),
            text(name),
            text(token),
            text(address)
        ),
        Attempt::Register { client_id, username, password, certificate } => format!(
            "Attempt::Register {{ client_id: {}, username: {}, password: {}, certificate: {certificate:?} }}",
            text(client_id),
            text(username),
            optional(password.as_ref())
        ),
    }
}
