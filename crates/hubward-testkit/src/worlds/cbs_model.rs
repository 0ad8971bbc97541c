//! Model of a token that is put on an AMQP connection, and of one link.

use super::model::{connects, is_hub, is_hub_of_connection, is_own, proves, read_token, written};
use super::records::Id;
use super::text::{authority, decoded, is_id};
use super::world::{Rules, World};

const TABLE: &str = include_str!("../../../../docs/ENDPOINTS.md");

/// Returns the identity or the policy whose link is attached.
pub(crate) fn admitted(
    world: &World,
    (kind, name, text): (&str, &str, &str),
    sends: bool,
    address: &str,
) -> Option<String> {
    if !["servicebus.windows.net:sastoken", "azure-devices.net:sastoken"].contains(&kind) {
        return None;
    }
    let (host, path) = named(world, name)?;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let token = read_token(world, text)?;
    let target = link(world, sends, address)?;
    let id: Option<Id<'_>> = match path[..] {
        ["devices", device] if is_id(device) => Some((device, None)),
        ["devices", device, "modules", module] if is_id(device) && is_id(module) => {
            Some((device, Some(module)))
        }
        _ => None,
    };
    let caller = match id {
        // the name of a device with its own token, or with that of one of its modules, whose ids are compared exactly
        Some(id) => {
            let module = token.resource.get(4).filter(|_| id.1.is_none() && token.skn.is_none());
            if proves(world, &token, id) {
                id
            } else {
                let module = (id.0, Some(module?.as_str()));
                let exact = token.resource[1..] == ["devices", module.0, "modules", module.1?];
                (exact && is_own(world, &token, module)).then_some(module)?
            }
        }
        None => {
            let policy = world.policy(token.skn.as_deref()?)?;
            // of the hub's names, the token has the one that it is put for
            let same = token.resource[0].eq_ignore_ascii_case(&host);
            if !same || !token.verifies(&policy.keys(), world) || !token.covers(&path) {
                return None;
            }
            return match &target {
                Target::Service(right, segments) => {
                    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
                    // the name limits the token too
                    let within = path.len() <= segments.len()
                        && path.iter().zip(&segments).all(|(one, two)| one == two);
                    (policy.has(right) && within && token.covers(&segments))
                        .then(|| format!("policy {}", policy.name))
                }
                Target::Identity(device, module) => {
                    let id = (device.as_str(), module.as_deref());
                    let own = ["devices", device, "modules", module.as_deref().unwrap_or_default()];
                    let own = if module.is_some() { &own[..] } else { &own[..2] };
                    // of the identity, or of all devices or all names: nothing is named `devices/{device}/modules`
                    let within = [0, 1, 2, 4].contains(&path.len())
                        && path.len() <= own.len()
                        && path.iter().zip(own).all(|(one, two)| one == two);
                    let may = world.rules == Rules::Field && policy.has("DeviceConnect") && within;
                    (may && connects(world, &token, id)).then(|| written(id))
                }
            };
        }
    };
    match target {
        Target::Identity(device, module) if (device.as_str(), module.as_deref()) == caller => {
            Some(written(caller))
        }
        _ => None,
    }
}

/// Returns the hub's name and the segments below it. A URI is of the hub and nothing below it.
fn named(world: &World, name: &str) -> Option<(String, Vec<String>)> {
    if let Some(rest) = uri(name, &["amqps", "https"]) {
        let host = rest.strip_suffix('/').unwrap_or(rest);
        let (own, port) = authority(host)?;
        return (is_hub_of_connection(world, host) && port != Some(0)).then(|| (own.to_owned(), vec![]));
    }
    let mut segments = super::text::at_slashes(name);
    let host = segments.remove(0);
    let segments = segments.iter().map(|segment| decoded(segment)).collect::<Option<Vec<_>>>()?;
    let sound =
        |segment: &String| !segment.is_empty() && segment.len() <= 128 && segment != "." && segment != "..";
    let host = decoded(&host)?;
    (is_hub(world, &host) && segments.iter().all(sound)).then_some((host, segments))
}

/// Returns the text after `scheme://`.
fn uri<'a>(text: &'a str, schemes: &[&str]) -> Option<&'a str> {
    let (scheme, rest) = text.split_once("://")?;
    schemes.iter().any(|own| own.eq_ignore_ascii_case(scheme)).then_some(rest)
}

/// The endpoint of a link.
enum Target {
    Identity(String, Option<String>),
    /// The right, and the segments of the address.
    Service(String, Vec<String>),
}

/// Finds the endpoint of a link by the table.
fn link(world: &World, sends: bool, address: &str) -> Option<Target> {
    let path = match uri(address, &["amqps"]) {
        Some(rest) => {
            let (host, _) = rest.split_once('/')?;
            let (_, port) = authority(host)?;
            if !is_hub_of_connection(world, host) || port == Some(0) {
                return None;
            }
            &rest[host.len()..]
        }
        None => address,
    };
    // an address has no query and no fragment, and a name in it no `&`
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.contains(['?', '#', '&']) {
        return None;
    }
    let segments: Vec<String> = path.split('/').map(decode_segment).collect::<Option<_>>()?;
    let verb = if sends { "send" } else { "receive" };
    let hub = TABLE.split("# Endpoints of the provisioning service").next()?;
    hub.lines().find_map(|line| {
        let line = line.replace("\\|", "\u{1}");
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, "AMQP", own, pattern, right, caller, ..] = cells[..] else { return None };
        let pattern: Vec<&str> = pattern.trim_matches('`').split('/').skip(1).collect();
        let fits = |(part, segment): (&&str, &String)| match *part {
            "{device}" | "{module}" => is_id(segment),
            name if name.starts_with('{') => !segment.is_empty(),
            words => words.split('\u{1}').any(|word| word == segment),
        };
        if own != verb || pattern.len() != segments.len() || !pattern.iter().zip(&segments).all(fits) {
            return None;
        }
        match caller {
            "the identity in the address" => {
                let module = pattern.contains(&"{module}").then(|| segments[3].clone());
                Some(Target::Identity(segments[1].clone(), module))
            }
            _ => Some(Target::Service(right.to_owned(), segments.clone())),
        }
    })
}

fn decode_segment(text: &str) -> Option<String> {
    decoded(text).filter(|text| !text.contains('/'))
}
