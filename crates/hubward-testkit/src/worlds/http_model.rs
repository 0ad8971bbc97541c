//! Model of a request over HTTP, by the table of docs/ENDPOINTS.md.

use super::model::{
    Counts, certifies, connects, counts, is_device_of_skn, is_hub_of_connection, is_own, read_token, written,
};
use super::records::Id;
use super::text::{decoded, is_id};
use super::token::Token;
use super::world::World;

const TABLE: &str = include_str!("../../../../docs/ENDPOINTS.md");

/// A row of the table.
#[derive(Debug)]
struct Row {
    method: String,
    pattern: Vec<String>,
    right: String,
    caller: String,
}

fn rows() -> &'static [Row] {
    static ROWS: std::sync::OnceLock<Vec<Row>> = std::sync::OnceLock::new();
    ROWS.get_or_init(|| {
        let hub = TABLE.split("# Endpoints of the provisioning service").next().unwrap();
        let row = |line: &str| {
            let line = line.replace("\\|", "\u{1}");
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, "HTTP", method, path, right, caller, ..] = cells[..] else { return None };
            Some(Row {
                method: method.to_owned(),
                pattern: path.trim_matches('`').split('/').map(str::to_owned).collect(),
                right: right.to_owned(),
                caller: caller.to_owned(),
            })
        };
        hub.lines().filter_map(row).collect()
    })
}

/// Returns the caller that is admitted and allowed.
pub(crate) fn admitted(
    world: &World,
    (method, target): (&str, &str),
    host: &str,
    authorization: Option<&str>,
    certificate: Option<usize>,
) -> Option<String> {
    if !is_hub_of_connection(world, host) || authorization.is_some_and(|value| !has_scheme(value)) {
        return None;
    }
    // a path has no fragment, and a name in it no `&`
    let path = target.split('?').next().filter(|path| !path.contains(['#', '&']))?;
    let segments: Vec<String> = path.strip_prefix('/')?.split('/').map(segment).collect::<Option<_>>()?;
    let row = rows().iter().find(|row| row.method == method && matches(row, &segments))?;
    let address = address(row, &segments);
    let is_for_itself = row.caller == "the identity in the address";
    let is_for_edge = row.caller.ends_with("or the edge device in the address");
    match counts(world.both, authorization, certificate)? {
        Counts::Certificate(shown) => {
            let id = address.filter(|_| is_for_itself || is_for_edge)?;
            let id = if is_for_edge { (id.0, None) } else { id };
            let edge = is_for_itself || is_edge(world, id);
            (edge && certifies(world, shown, id)).then(|| written(id))
        }
        Counts::Token(text) => {
            let token = read_token(world, text)?;
            if let Some(name) = token.skn.as_deref() {
                let Some(policy) = world.policy(name) else {
                    let id = address.filter(|id| is_for_itself && is_device_of_skn(world, name, *id))?;
                    return is_own(world, &token, id).then(|| written(id));
                };
                if !policy.has(&row.right) || !token.verifies(&policy.keys(), world) {
                    return None;
                }
                if is_for_itself {
                    let id = address?;
                    return connects(world, &token, id).then(|| written(id));
                }
                let names: Vec<&str> = segments.iter().map(String::as_str).collect();
                return token.covers(&names).then(|| format!("policy {name}"));
            }
            by_itself(world, row, address?, &token)
        }
    }
}

/// Returns the identity whose own token opens a row.
fn by_itself(world: &World, row: &Row, address: Id<'_>, token: &Token) -> Option<String> {
    if row.caller == "the identity in the address" {
        return is_own(world, token, address).then(|| written(address));
    }
    if row.caller.ends_with("or the edge device in the address") {
        let device = (address.0, None);
        return (is_own(world, token, device) && is_edge(world, device)).then(|| written(device));
    }
    if row.caller.ends_with("or a module of the device with DeviceConnect") {
        // the token alone names the caller, so nothing is compared by lenient rules
        let [_, _, device, _, module] = &token.resource[..] else { return None };
        let caller = (device.as_str(), Some(module.as_str()));
        return (device == address.0 && is_own(world, token, caller)).then(|| written(caller));
    }
    None
}

/// Returns whether a header has the scheme of a token. The value is parsed only if the token counts.
fn has_scheme(value: &str) -> bool {
    value.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("SharedAccessSignature"))
}

fn is_edge(world: &World, id: Id<'_>) -> bool {
    // the status and the lists are checked with the credential
    world.devices.iter().any(|own| own.id == id.0 && own.edge) && id.1.is_none()
}

/// Decodes a segment of a path: no slash may come of an escape.
fn segment(text: &str) -> Option<String> {
    // `.` and `..` are not names (RFC 3986, 5.2.4)
    decoded(text).filter(|text| !text.contains('/') && text != "." && text != "..")
}

fn matches(row: &Row, segments: &[String]) -> bool {
    let pattern = &row.pattern[1..];
    let fits = |(part, segment): (&String, &String)| match part.as_str() {
        "{$edgeHub}" => segment == "$edgeHub",
        "{device}" | "{module}" => is_id(segment),
        name if name.starts_with('{') => !segment.is_empty(),
        words => words.split('\u{1}').any(|word| word == segment),
    };
    pattern.len() == segments.len() && pattern.iter().zip(segments).all(fits)
}

/// Returns the identity in the address.
fn address<'s>(row: &Row, segments: &'s [String]) -> Option<Id<'s>> {
    let at = |name: &[&str]| {
        row.pattern[1..].iter().position(|part| name.contains(&part.as_str())).map(|at| segments[at].as_str())
    };
    Some((at(&["{device}"])?, at(&["{module}", "{$edgeHub}"])))
}
