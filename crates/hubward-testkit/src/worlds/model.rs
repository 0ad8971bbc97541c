//! The model of admission: slow, obvious, and written from the documents (docs/COMPATIBILITY.md, docs/ENDPOINTS.md,
//! docs/GLOSSARY.md and the documentation of the types), not from the code.

use super::certificates::certificates;
use super::records::{HUB, Id};
use super::text::{authority, is_id, is_policy};
use super::token::Token;
use super::world::{Attempt, Both, Credential, Rules, Verdict, World};
use super::{cbs_model, http_model, mqtt_model, register_model};

/// Decides about the attempt of a world.
#[must_use]
pub fn model(world: &World) -> Verdict {
    let admitted = match &world.attempt {
        Attempt::Mqtt { client_id, username, password, certificate } => {
            mqtt_model::admitted(world, client_id, username, password.as_deref(), *certificate)
        }
        Attempt::Http { method, path, host, authorization, certificate } => {
            http_model::admitted(world, (method, path), host, authorization.as_deref(), *certificate)
        }
        Attempt::Plain { username, password } => plain(world, username, password),
        Attempt::Cbs { kind, name, token, sends, address } => {
            cbs_model::admitted(world, (kind, name, token), *sends, address)
        }
        Attempt::Register { client_id, username, password, certificate } => {
            register_model::admitted(world, client_id, username, password.as_deref(), *certificate)
        }
    };
    admitted.map_or(Verdict::Refused, Verdict::Admitted)
}

/// Writes an identity as a verdict does.
pub(crate) fn written((device, module): Id<'_>) -> String {
    match module {
        Some(module) => format!("module {device}/{module}"),
        None => format!("device {device}"),
    }
}

/// Returns whether a name with a port, if it has one, is the hub's name or its alias, in any case of letters.
pub(crate) fn is_hub(world: &World, name: &str) -> bool {
    name.eq_ignore_ascii_case(HUB)
        || world.alias.as_ref().is_some_and(|alias| alias.eq_ignore_ascii_case(name))
}

/// Returns whether the host of a connection is the hub. Its port is that of the connection, unless the hub's own name has one.
pub(crate) fn is_hub_of_connection(world: &World, name: &str) -> bool {
    authority(name).is_some_and(|(host, _)| is_hub(world, name) || is_hub(world, host))
}

/// The credential that counts.
pub(crate) enum Counts<'a> {
    Token(&'a str),
    Certificate(usize),
}

/// Selects the credential that counts, if there is one.
pub(crate) fn counts(both: Both, token: Option<&str>, certificate: Option<usize>) -> Option<Counts<'_>> {
    match (token, certificate, both) {
        (None, None, _) | (Some(_), Some(_), Both::Refuse) => None,
        (Some(token), None, _) | (Some(token), Some(_), Both::Token) => Some(Counts::Token(token)),
        (None, Some(shown), _) | (Some(_), Some(shown), Both::Certificate) => {
            Some(Counts::Certificate(shown))
        }
    }
}

/// Reads the token of a hub's client.
pub(crate) fn read_token(world: &World, text: &str) -> Option<Token> {
    Token::read(text, world.rules).filter(|token| !token.is_for_registration() && token.is_at(world))
}

/// Returns whether a token proves the identity that the transport names.
pub(crate) fn proves(world: &World, token: &Token, id: Id<'_>) -> bool {
    match token.skn.as_deref() {
        None => is_own(world, token, id),
        Some(name) => match world.policy(name) {
            Some(policy) => {
                policy.has("DeviceConnect") && connects(world, token, id) && {
                    token.verifies(&policy.keys(), world)
                }
            }
            None => is_device_of_skn(world, name, id) && is_own(world, token, id),
        },
    }
}

/// Returns whether a `skn` is the id of the device itself, which one SDK sends.
pub(crate) fn is_device_of_skn(world: &World, name: &str, id: Id<'_>) -> bool {
    world.rules == Rules::Field && id == (name, None) && is_policy(name)
}

/// Returns whether a token is an identity's own: for it, and signed with one of its keys.
pub(crate) fn is_own(world: &World, token: &Token, id: Id<'_>) -> bool {
    token.is_for(id, world.rules)
        && world
            .enabled(id, &[])
            .and_then(|record| record.keys())
            .is_some_and(|keys| token.verifies(&keys, world))
}

/// Returns whether a policy's token may connect an identity: it exists, is enabled, and is within the resource.
pub(crate) fn connects(world: &World, token: &Token, (device, module): Id<'_>) -> bool {
    let path = match module {
        Some(module) => vec!["devices", device, "modules", module],
        None => vec!["devices", device],
    };
    // the hub, all devices, a device or a module: `{host}/devices/{id}/modules` connects no module
    let whole = [1, 2, 3, 5].contains(&token.resource.len());
    whole && token.covers(&path) && world.enabled((device, module), &[]).is_some()
}

/// Returns whether a certificate proves the identity that the transport names.
pub(crate) fn certifies(world: &World, shown: usize, id: Id<'_>) -> bool {
    let certificate = &certificates()[shown];
    let name = match id {
        (device, Some(module)) => format!("{device}/{module}"),
        (device, None) => device.to_owned(),
    };
    let by_thumbprint =
        || world.enabled(id, &[]).is_some_and(|record| record.has_thumbprint_of(shown, world.now));
    let by_authority = || {
        certificate.is_by_authority(world.now)
            && certificate.name == name
            && world
                .enabled(id, certificate.issuers())
                .is_some_and(|record| *record.credential == Credential::Authority)
    };
    by_thumbprint() || by_authority()
}

/// SASL PLAIN: `{device}[/modules/{module}]@sas.{hub}` or `{policy}@sas.root.{hub}`.
fn plain(world: &World, username: &str, password: &str) -> Option<String> {
    let (name, label) = username.rsplit_once("@sas.")?;
    let (label, is_policy_s) = match label.strip_prefix("root.") {
        Some(label) => (label, true),
        None => (label, false),
    };
    let labels = [Some(HUB), world.alias.as_deref()]
        .map(|name| name.map(|name| name.split(['.', ':']).next().unwrap()));
    if !labels.iter().flatten().any(|own| own.eq_ignore_ascii_case(label)) {
        return None;
    }
    let token = read_token(world, password)?;
    if is_policy_s {
        let policy = world.policy(name).filter(|_| token.skn.as_deref() == Some(name))?;
        return token.verifies(&policy.keys(), world).then(|| format!("policy {name}"));
    }
    let id = match name.split('/').collect::<Vec<_>>()[..] {
        [device] => (device, None),
        [device, "modules", module] => (device, Some(module)),
        _ => return None,
    };
    let sound = is_id(id.0) && id.1.is_none_or(is_id);
    (sound && proves(world, &token, id)).then(|| written(id))
}
