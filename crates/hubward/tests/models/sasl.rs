//! PLAIN's `{device}[/modules/{module}]@sas.{hub}` and `{policy}@sas.root.{hub}`, EXTERNAL's
//! `{device}[/modules/{module}]@{hub}`.

use hubward::Presented;

use super::{Who, asked, is_id, is_policy};

/// Whom it names, and the first label of the hub.
pub fn read(username: &str) -> Option<(Who, String)> {
    // the last of them: an id may hold one, a label may not
    let at = username.rfind("@sas.")?;
    let (who, hub) = (&username[..at], &username[at + "@sas.".len()..]);
    match hub.strip_prefix("root.") {
        Some(hub) => (is_label(hub) && is_policy(who)).then(|| (Who::Policy(who.to_owned()), hub.to_owned())),
        None => identity(who).filter(|_| is_label(hub)).map(|who| (who, hub.to_owned())),
    }
}

/// The same of a response of EXTERNAL.
pub fn read_external(response: &str) -> Option<(Who, String)> {
    let at = response.rfind('@')?;
    let (who, hub) = (&response[..at], &response[at + 1..]);
    identity(who).filter(|_| is_label(hub)).map(|who| (who, hub.to_owned()))
}

fn is_label(hub: &str) -> bool {
    (1..=63).contains(&hub.len()) && hub.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn identity(who: &str) -> Option<Who> {
    match who.split('/').collect::<Vec<_>>()[..] {
        [id] if is_id(id) => Some(Who::Device(id.to_owned())),
        [id, "modules", module] if is_id(id) && is_id(module) => {
            Some(Who::Module(id.to_owned(), module.to_owned()))
        }
        _ => None,
    }
}

pub fn agree(username: &str) {
    let read = read(username);
    let token = read.as_ref().map(|(who, _)| who.token()).unwrap_or_default();
    let expected = match read {
        None => Err("sasl-username"),
        Some((_, label)) if !label.eq_ignore_ascii_case("contoso") => Err("another-hub"),
        Some((who, _)) => Ok(who.lookup()),
    };
    assert_eq!(asked(Presented::amqp_plain(username, &token)), expected, "{username}");
}

/// Without certificates nobody is asked for: what is compared is how a response is read.
pub fn agree_on_external(response: &str) {
    let expected = match read_external(response) {
        Some((_, label)) if label.eq_ignore_ascii_case("contoso") => "no-credential",
        Some(_) => "another-hub",
        None if response.is_empty() => "no-credential",
        None => "sasl-username",
    };
    let real = asked(Presented::amqp_external(response, None, &[]));
    assert_eq!(real, Err(expected), "{response}");
}
