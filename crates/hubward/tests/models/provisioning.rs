//! `{id scope}/registrations/{id}/api-version=..` and the client id.

use hubward::ProvisioningUsername;

use super::mqtt::is_query;

pub fn read<'a>(client_id: &str, username: &'a str) -> Result<(&'a str, &'a str), &'static str> {
    let is_scope =
        |text: &str| (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric());
    let is_registration = |text: &str| {
        (1..=128).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c))
            && !text.ends_with(['.', '_', ':'])
    };
    match username.split('/').collect::<Vec<_>>()[..] {
        [scope, "registrations", id, query] if is_scope(scope) && is_registration(id) && is_query(query) => {
            if id == client_id {
                Ok((scope, id))
            } else {
                Err("client-id")
            }
        }
        _ => Err("username"),
    }
}

pub fn agree(client_id: &str, username: &str) {
    let real = ProvisioningUsername::parse(client_id, username);
    let real = real.map(|name| (name.scope().as_str(), name.id().as_str())).map_err(|error| error.code());
    assert_eq!(real, read(client_id, username), "{client_id} {username}");
}
