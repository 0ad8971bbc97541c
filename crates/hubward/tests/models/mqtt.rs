//! `{host}/{device}[/{module}]/?api-version=..` and the client id.

use hubward::Presented;

use super::{HUB, Who, asked, is_id};

pub fn read(client_id: &str, username: &str) -> Result<(String, Who), &'static str> {
    let parts: Vec<&str> = username.split('/').collect();
    let (host, who, query) = match parts[..] {
        [host, device, query] if is_id(device) => (host, Who::Device(device.to_owned()), query),
        [host, device, module, query] if is_id(device) && is_id(module) => {
            (host, Who::Module(device.to_owned(), module.to_owned()), query)
        }
        _ => return Err("username"),
    };
    if host.is_empty() || !host.chars().all(|c| c.is_ascii_graphic()) || !is_query(query) {
        return Err("username");
    }
    let named = match &who {
        Who::Module(device, module) => format!("{device}/{module}"),
        Who::Device(name) | Who::Policy(name) => name.clone(),
    };
    if client_id == named { Ok((host.to_owned(), who)) } else { Err("client-id") }
}

/// Parameters of a name each, none twice in any case, and a version.
pub fn is_query(query: &str) -> bool {
    let parameters: Option<Vec<(String, &str)>> = query
        .strip_prefix('?')
        .unwrap_or(query)
        .split('&')
        .map(|parameter| parameter.split_once('=').map(|(name, value)| (name.to_ascii_lowercase(), value)))
        .collect();
    let Some(parameters) = parameters else { return false };
    let names: std::collections::BTreeSet<_> = parameters.iter().map(|(name, _)| name).collect();
    let version = query
        .strip_prefix('?')
        .unwrap_or(query)
        .split('&')
        .any(|parameter| parameter.strip_prefix("api-version=").is_some_and(|value| !value.is_empty()));
    version
        && names.len() == parameters.len()
        && names.len() <= 16
        && names.iter().all(|name| !name.is_empty() && !name.contains(['%', '+']) && *name != "auth-chain")
}

pub fn agree(client_id: &str, username: &str) {
    let read = read(client_id, username);
    let token = read.as_ref().map(|(_, who)| who.token()).unwrap_or_default();
    let expected =
        read.and_then(
            |(host, who)| {
                if host.eq_ignore_ascii_case(HUB) { Ok(who.lookup()) } else { Err("another-hub") }
            },
        );
    assert_eq!(asked(Presented::mqtt(client_id, username, Some(&token))), expected, "{client_id} {username}");
}
