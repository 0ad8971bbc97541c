//! `{id scope}/registrations/{id}/api-version=..` and the client id.

use hubward::PresentedRegistration;
use hubward::core::Lookup;

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
    let real = PresentedRegistration::mqtt(client_id, username, None);
    match (&real, read(client_id, username)) {
        (Ok(presented), Ok((scope, id))) => assert!(
            matches!(presented.lookup(), Lookup::Registration(a, b) if a.eq_decoded(scope) && b.eq_decoded(id)),
            "{client_id} {username}"
        ),
        (Err(error), Err(code)) => assert_eq!(error.code(), code, "{client_id} {username}"),
        (real, model) => panic!("{client_id} {username}: {real:?}, {model:?}"),
    }
}
