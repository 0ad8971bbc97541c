//! Model of the SASL usernames: PLAIN's `{device}[/modules/{module}]@sas.{hub}` and `{policy}@sas.root.{hub}`, and
//! EXTERNAL's `{device}[/modules/{module}]@{hub}`.

use hubward::Credentials;

use super::{NamedIdentity, is_id, is_policy, lookup_of};

/// Returns the identity, and the first label of the hub.
pub fn read(username: &str) -> Option<(NamedIdentity, String)> {
    // the last occurrence counts: an id may contain the separator, a label may not
    let at = username.rfind("@sas.")?;
    let (names, hub) = (&username[..at], &username[at + "@sas.".len()..]);
    match hub.strip_prefix("root.") {
        Some(hub) => (is_label(hub) && is_policy(names))
            .then(|| (NamedIdentity::Policy(names.to_owned()), hub.to_owned())),
        None => identity(names).filter(|_| is_label(hub)).map(|identity| (identity, hub.to_owned())),
    }
}

/// Parses a response of EXTERNAL.
pub fn read_external(response: &str) -> Option<(NamedIdentity, String)> {
    let at = response.rfind('@')?;
    let (names, hub) = (&response[..at], &response[at + 1..]);
    identity(names).filter(|_| is_label(hub)).map(|identity| (identity, hub.to_owned()))
}

fn is_label(hub: &str) -> bool {
    (1..=63).contains(&hub.len()) && hub.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn identity(identity: &str) -> Option<NamedIdentity> {
    match identity.split('/').collect::<Vec<_>>()[..] {
        [id] if is_id(id) => Some(NamedIdentity::Device(id.to_owned())),
        [id, "modules", module] if is_id(id) && is_id(module) => {
            Some(NamedIdentity::Module(id.to_owned(), module.to_owned()))
        }
        _ => None,
    }
}

pub fn agree(username: &str) {
    let read = read(username);
    let token = read.as_ref().map(|(identity, _)| identity.token()).unwrap_or_default();
    let expected = match read {
        None => Err("sasl-username"),
        Some((_, label)) if !label.eq_ignore_ascii_case("contoso") => Err("hub-mismatch"),
        Some((identity, _)) => Ok(identity.lookup()),
    };
    assert_eq!(lookup_of(Credentials::amqp_plain(username, &token)), expected, "{username}");
}

/// Without certificates no record is looked up: only the parsing of a response is compared.
pub fn agree_on_external(response: &str) {
    let expected = match read_external(response) {
        Some((_, label)) if label.eq_ignore_ascii_case("contoso") => "no-credential",
        Some(_) => "hub-mismatch",
        None if response.is_empty() => "no-credential",
        None => "sasl-username",
    };
    let real = lookup_of(Credentials::amqp_external(response, None, &[]));
    assert_eq!(real, Err(expected), "{response}");
}
