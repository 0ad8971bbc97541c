//! Model of the names of a registration on each transport.

use hubward::sas::UnsignedToken;
use hubward::types::{Authority, IdScope, RegistrationId, UnixTime};
use hubward::{AuthError, ProvisioningConfig, RegistrationCredentials};

use super::mqtt::parameters;
use super::{decoded, key};

const SCOPE: &str = "0ne1";

fn is_scope(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_registration(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c))
        && !text.ends_with(['.', '_', ':'])
}

/// Parses `{id scope}/registrations/{id}/api-version=..` and compares the client id.
pub fn read(client_id: &str, username: &str) -> Result<(String, String), &'static str> {
    match username.split('/').collect::<Vec<_>>()[..] {
        [scope, "registrations", id, query] if is_scope(scope) && is_registration(id) => {
            let parameters = parameters(query).ok_or("username")?;
            if parameters.iter().any(|(name, _)| *name == "auth-chain") {
                return Err("username");
            }
            if id == client_id { Ok((scope.to_owned(), id.to_owned())) } else { Err("client-id") }
        }
        _ => Err("username"),
    }
}

/// Parses `{id scope}/registrations/{id}`. A request's path may have more parts, and escapes.
pub fn read_path(path: &str, request: bool) -> Result<(String, String), &'static str> {
    let parts: Vec<&str> = path.split('/').collect();
    let (scope, id) = match parts[..] {
        [scope, "registrations", id] => (scope, id),
        [scope, "registrations", id, ..] if request => (scope, id),
        _ => return Err("registration-path"),
    };
    let plain = |text: &str| if request { decoded(text) } else { Some(text.to_owned()) };
    match (plain(scope), plain(id)) {
        (Some(scope), Some(id)) if is_scope(&scope) && is_registration(&id) => Ok((scope, id)),
        _ => Err("registration-path"),
    }
}

/// Returns the registration that is looked up, with a token of this registration.
fn lookup_of<'a>(
    present: impl FnOnce(&'a str) -> Result<RegistrationCredentials<'a>, AuthError>,
    token: &'a str,
) -> Result<String, &'static str> {
    let rules = ProvisioningConfig::new(IdScope::parse(SCOPE).unwrap(), key());
    let presented = present(token).map_err(|error| error.code())?;
    presented.start(&rules).map(|question| question.lookup().to_string()).map_err(|error| error.code())
}

fn expected(read: Result<(String, String), &'static str>) -> (Result<String, &'static str>, String) {
    let token = match &read {
        Ok((_, id)) => {
            let (scope, id) = (IdScope::parse(SCOPE).unwrap(), RegistrationId::parse(id).unwrap());
            let until = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1));
            UnsignedToken::registration(scope, id, until).sign(&key()).to_string()
        }
        // a hub's token is not valid at the provisioning service
        Err(_) => {
            let host = Authority::parse(super::HUB).unwrap();
            let id = hubward::types::DeviceId::parse("d").unwrap();
            let until = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1));
            UnsignedToken::device(host, id, until).sign(&key()).to_string()
        }
    };
    let expected = read.and_then(|(scope, id)| {
        if scope == SCOPE {
            Ok(format!("registration {id} in scope {scope}"))
        } else {
            Err("id-scope-mismatch")
        }
    });
    (expected, token)
}

pub fn agree(client_id: &str, username: &str) {
    let (wanted, token) = expected(read(client_id, username));
    let real = lookup_of(|token| RegistrationCredentials::mqtt(client_id, username, Some(token)), &token);
    assert_eq!(real, wanted, "{client_id} {username}");
}

/// Compares SASL PLAIN, SASL EXTERNAL and HTTP with the model, without certificates.
pub fn agree_on_path(path: &str) {
    let (wanted, token) = expected(read_path(path, false));
    assert_eq!(lookup_of(|token| RegistrationCredentials::amqp_plain(path, token), &token), wanted, "{path}");
    let (wanted, token) = expected(
        path.split('?')
            .next()
            .unwrap()
            .strip_prefix('/')
            .map_or(Err("registration-path"), |path| read_path(path, true)),
    );
    let real = lookup_of(|token| RegistrationCredentials::http("PUT", path, Some(token)), &token);
    assert_eq!(real, wanted, "{path}");
}
