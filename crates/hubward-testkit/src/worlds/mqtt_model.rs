//! Model of MQTT CONNECT: `{host}/{device}[/{module}]/?api-version=..`, a client id, and perhaps an `auth-chain`.

use super::model::{Counts, certifies, counts, is_hub, is_own, proves, read_token, written};
use super::records::Id;
use super::text::{decoded, is_id};
use super::world::World;

/// Returns the identity that is admitted.
pub(crate) fn admitted(
    world: &World,
    client_id: &str,
    username: &str,
    password: Option<&str>,
    certificate: Option<usize>,
) -> Option<String> {
    let (id, chain) = names(world, client_id, username)?;
    let actor = match &chain {
        None => None,
        Some(chain) => {
            if chain[0] != client_id {
                return None;
            }
            (chain.len() > 1).then(|| chain[chain.len() - 1].as_str())
        }
    };
    match (counts(world.both, password, certificate)?, actor) {
        (Counts::Certificate(_), Some(_)) => None,
        (Counts::Certificate(shown), None) => certifies(world, shown, id).then(|| written(id)),
        (Counts::Token(text), None) => {
            let token = read_token(world, text)?;
            proves(world, &token, id).then(|| written(id))
        }
        (Counts::Token(text), Some(actor)) => {
            // the edge hub's own token, for an identity that the hierarchy places below it
            let token = read_token(world, text).filter(|token| token.skn.is_none())?;
            let above = world.enabled(id, &[])?.above.iter().any(|above| above == actor);
            (above && is_own(world, &token, (actor, Some("$edgeHub"))))
                .then(|| format!("{} by {actor}", written(id)))
        }
    }
}

/// Returns the identity that both names refer to at this hub, and the chain.
fn names<'a>(world: &World, client_id: &'a str, username: &'a str) -> Option<(Id<'a>, Option<Vec<String>>)> {
    let parts: Vec<&str> = username.split('/').collect();
    let (host, id, query) = match parts[..] {
        [host, device] => (host, (device, None), ""),
        [host, device, query] => (host, (device, None), query),
        [host, device, module, query] => (host, (device, Some(module)), query),
        _ => return None,
    };
    let named = match id {
        (device, Some(module)) => format!("{device}/{module}"),
        (device, None) => device.to_owned(),
    };
    if !is_hub(world, host) || !is_id(id.0) || !id.1.is_none_or(is_id) || named != client_id {
        return None;
    }
    // a device may leave its query out
    if id.1.is_none() && ["", "?"].contains(&query) {
        return Some((id, None));
    }
    match parameter(query)? {
        Some(text) => Some((id, Some(chain(text)?))),
        None => Some((id, None)),
    }
}

/// Checks the parameters and returns the value of `auth-chain`.
pub(crate) fn parameter(query: &str) -> Option<Option<&str>> {
    let query = query.strip_prefix('?').unwrap_or(query);
    let all: Vec<(&str, &str)> =
        query.split('&').map(|parameter| parameter.split_once('=')).collect::<Option<_>>()?;
    for (at, (name, _)) in all.iter().enumerate() {
        let again = all[..at].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name));
        let spelled = *name != "auth-chain" && name.eq_ignore_ascii_case("auth-chain");
        if again || spelled || name.is_empty() || name.contains(['%', '+']) {
            return None;
        }
    }
    let version = all.iter().any(|(name, value)| *name == "api-version" && !value.is_empty());
    let chain = all.iter().find(|(name, _)| *name == "auth-chain").map(|(_, value)| *value);
    (version && all.len() <= 16).then_some(chain)
}

/// Reads a chain: split at `;` or its escape, then decoded once.
fn chain(text: &str) -> Option<Vec<String>> {
    let text = text.replace("%3b", ";").replace("%3B", ";");
    let elements: Vec<String> = text.split(';').map(decoded).collect::<Option<_>>()?;
    if elements.len() > 16 {
        return None;
    }
    for (at, element) in elements.iter().enumerate() {
        let sound = match element.split_once('/') {
            // a module only as the first, and below its own device
            Some((device, module)) => {
                at == 0 && is_id(device) && is_id(module) && elements.get(1).is_none_or(|next| next == device)
            }
            None => is_id(element),
        };
        if !sound || element.contains(';') || elements[..at].contains(element) {
            return None;
        }
    }
    // an edge hub does not act on its own behalf
    let own_hub = matches!(&elements[..], [first, last] if *first == format!("{last}/$edgeHub"));
    (!own_hub).then_some(elements)
}
