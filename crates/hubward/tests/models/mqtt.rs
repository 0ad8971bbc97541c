//! Model of MQTT's username, `{host}/{device}[/{module}]/?api-version=..`, and the client id.

use std::collections::BTreeSet;

use hubward::Credentials;

use super::{HUB, NamedIdentity, auth_chain, is_id, lookup_of};

/// Returns the host, the identity, and the edge device whose edge hub acts on its behalf.
pub fn read(
    client_id: &str,
    username: &str,
) -> Result<(String, NamedIdentity, Option<String>), &'static str> {
    let parts: Vec<&str> = username.split('/').collect();
    let (host, identity, query) = match parts[..] {
        // the query of a device is optional
        [host, device] if is_id(device) => (host, NamedIdentity::Device(device.to_owned()), ""),
        [host, device, query] if is_id(device) => (host, NamedIdentity::Device(device.to_owned()), query),
        [host, device, module, query] if is_id(device) && is_id(module) => {
            (host, NamedIdentity::Module(device.to_owned(), module.to_owned()), query)
        }
        _ => return Err("username"),
    };
    if host.is_empty() || !host.chars().all(|c| c.is_ascii_graphic()) {
        return Err("username");
    }
    let is_device = matches!(identity, NamedIdentity::Device(_));
    let parameters =
        if is_device && matches!(query, "" | "?") { vec![] } else { parameters(query).ok_or("username")? };
    let chain = parameters.iter().find(|(name, _)| *name == "auth-chain");
    let chain = match chain {
        Some((_, value)) => Some(auth_chain::read(value, true).ok_or("username")?),
        None => None,
    };
    if client_id != identity.names() {
        return Err("client-id");
    }
    match chain {
        Some((target, _)) if target != identity => Err("auth-chain-target"),
        Some((_, actor)) => Ok((host.to_owned(), identity, actor)),
        None => Ok((host.to_owned(), identity, None)),
    }
}

/// Returns the parameters. Each has a name, none is a duplicate in any case, and one is a version.
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
    // an edge hub sends its own token
    let signer = read.clone().map(|(_, identity, actor)| match actor {
        Some(actor) => NamedIdentity::Module(actor, "$edgeHub".to_owned()),
        None => identity,
    });
    let token = signer.as_ref().map(|signer| signer.token()).unwrap_or_default();
    let expected = read.and_then(|(host, ..)| {
        if host.eq_ignore_ascii_case(HUB) { Ok(signer.unwrap().lookup()) } else { Err("hub-mismatch") }
    });
    assert_eq!(
        lookup_of(Credentials::mqtt(client_id, username, Some(&token))),
        expected,
        "{client_id} {username}"
    );
}
