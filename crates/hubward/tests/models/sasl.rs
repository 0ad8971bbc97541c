//! `{device}[/modules/{module}]@sas.{hub}` and `{policy}@sas.root.{hub}`.

use hubward::Presented;

use super::{Who, asked, is_id, is_policy};

/// Whom it names, and the first label of the hub.
pub fn read(username: &str) -> Option<(Who, String)> {
    // the last of them: an id may hold one, a label may not
    let at = username.rfind("@sas.")?;
    let (who, hub) = (&username[..at], &username[at + "@sas.".len()..]);
    let (label, policy) = hub.strip_prefix("root.").map_or((hub, false), |label| (label, true));
    if !(1..=63).contains(&label.len()) || !label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return None;
    }
    let who = match (policy, &who.split('/').collect::<Vec<_>>()[..]) {
        (true, [name]) if is_policy(name) => Who::Policy((*name).to_owned()),
        (false, [id]) if is_id(id) => Who::Device((*id).to_owned()),
        (false, [id, "modules", module]) if is_id(id) && is_id(module) => {
            Who::Module((*id).to_owned(), (*module).to_owned())
        }
        _ => return None,
    };
    Some((who, label.to_owned()))
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
