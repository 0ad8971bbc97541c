//! `{host}/{device}[/{module}]/?api-version=..` and the client id.

use std::collections::BTreeSet;

use hubward::Presented;

use super::{HUB, Who, asked, auth_chain, is_id};

/// The host, whom it names, and the edge device whose hub speaks for them.
pub fn read(client_id: &str, username: &str) -> Result<(String, Who, Option<String>), &'static str> {
    let parts: Vec<&str> = username.split('/').collect();
    let (host, who, query) = match parts[..] {
        [host, device, query] if is_id(device) => (host, Who::Device(device.to_owned()), query),
        [host, device, module, query] if is_id(device) && is_id(module) => {
            (host, Who::Module(device.to_owned(), module.to_owned()), query)
        }
        _ => return Err("username"),
    };
    if host.is_empty() || !host.chars().all(|c| c.is_ascii_graphic()) {
        return Err("username");
    }
    let parameters = parameters(query).ok_or("username")?;
    let chain = parameters.iter().find(|(name, _)| *name == "auth-chain");
    let chain = match chain {
        Some((_, value)) => Some(auth_chain::read(value, true).ok_or("username")?),
        None => None,
    };
    if client_id != who.names() {
        return Err("client-id");
    }
    match chain {
        Some((target, _)) if target != who => Err("auth-chain-target"),
        Some((_, actor)) => Ok((host.to_owned(), who, actor)),
        None => Ok((host.to_owned(), who, None)),
    }
}

/// Parameters of a name each, none twice in any case, and a version.
pub fn parameters(query: &str) -> Option<Vec<(&str, &str)>> {
    let parameters: Vec<(&str, &str)> = query
        .strip_prefix('?')
        .unwrap_or(query)
        .split('&')
        .map(|parameter| parameter.split_once('='))
        .collect::<Option<_>>()?;
    let names: BTreeSet<_> = parameters.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    let version = parameters.iter().any(|(name, value)| *name == "api-version" && !value.is_empty());
    let named = |name: &str| {
        !name.is_empty()
            && !name.contains(['%', '+'])
            && (name == "auth-chain" || !name.eq_ignore_ascii_case("auth-chain"))
    };
    let sound = version
        && names.len() == parameters.len()
        && names.len() <= 16
        && parameters.iter().all(|(name, _)| named(name));
    sound.then_some(parameters)
}

pub fn agree(client_id: &str, username: &str) {
    let read = read(client_id, username);
    // an edge hub speaks with a token of its own
    let speaks = read.clone().map(|(_, who, actor)| match actor {
        Some(actor) => Who::Module(actor, "$edgeHub".to_owned()),
        None => who,
    });
    let token = speaks.as_ref().map(|speaks| speaks.token()).unwrap_or_default();
    let expected = read.and_then(|(host, ..)| {
        if host.eq_ignore_ascii_case(HUB) { Ok(speaks.unwrap().lookup()) } else { Err("another-hub") }
    });
    assert_eq!(asked(Presented::mqtt(client_id, username, Some(&token))), expected, "{client_id} {username}");
}
