//! Usernames of MQTT and of SASL PLAIN.

use std::io;

use hubward::types::{Hint, SecretShape};
use hubward::{AuthError, Credentials, RegistrationCredentials, explain};

use crate::caret::caret;
use crate::{Outcome, Report, escaped};

/// The parameters of usernames. The value of another one may be a secret, such as the `code` of a URL.
const PARAMETERS: [&str; 6] =
    ["api-version", "auth-chain", "DeviceClientType", "ClientVersion", "model-id", "x509"];

/// Prints a username. Returns `None` if the text is not one.
pub(crate) fn print(report: &mut Report<'_>, text: &str) -> io::Result<Option<Outcome>> {
    if text.len() > 1024 || text.contains(char::is_whitespace) {
        return Ok(None);
    }
    let (names, query) = text.split_once('?').unwrap_or((text, ""));
    if let Some((name, hub)) = text.split_once("@sas.")
        && query.is_empty()
    {
        report.kind("username of SASL PLAIN (AMQP)")?;
        report.field("name", name)?;
        report.field("hub", hub.strip_prefix("root.").unwrap_or(hub))?;
        let hint = explain::amqp_plain(text, "");
        let hint = hint.filter(|hint| matches!(hint, Hint::WholeHost { .. }));
        return judged(report, text, Credentials::amqp_plain(text, "").err(), hint).map(Some);
    }
    let parameters = || query.split('&').filter(|parameter| !parameter.is_empty());
    let is_query = text.contains("api-version=") || parameters().any(is_known);
    let is_bare = query.is_empty() && is_names(names);
    if !text.contains('/') || !(is_query || text.contains("/registrations/") || is_bare) {
        return Ok(None);
    }
    if text.contains("/registrations/") {
        report.kind("MQTT username of a DPS registration")?;
        let id = names.split("/registrations/").nth(1).and_then(|rest| rest.split('/').next());
        let id = id.unwrap_or_default();
        report.field("scope", text.split('/').next().unwrap_or_default())?;
        report.field("id", id)?;
        let error = RegistrationCredentials::mqtt(id, text, Some("")).err();
        return judged(report, text, error, explain::mqtt(id, text, None)).map(Some);
    }
    let names =
        names.trim_start_matches("https://").trim_start_matches("mqtts://").trim_start_matches("ssl://");
    let mut parts = names.trim_end_matches('/').split('/').filter(|part| !part.contains('='));
    let host = parts.next().unwrap_or_default();
    let ids: Vec<&str> = parts.collect();
    report.kind(if ids.len() > 1 { "MQTT username of a module" } else { "MQTT username of a device" })?;
    report.field("host", host)?;
    for (label, id) in ["device", "module"].iter().zip(&ids) {
        report.field(label, id)?;
    }
    for parameter in parameters() {
        report
            .field("query", if is_known(parameter) { parameter } else { "another parameter, not shown" })?;
    }
    let client = ids.join("/");
    let credentials = Credentials::mqtt(&client, text, None);
    let hint = explain::mqtt(&client, text, None);
    report.field("client", &client)?;
    judged(report, text, credentials.err(), hint).map(Some)
}

fn is_known(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, "?"));
    !value.contains('?') && PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Returns the username with its names and its known parameters only. A key in the place of a name is not shown.
fn masked(text: &str) -> String {
    let is_secret = SecretShape::of(text).is_some();
    let mut shown = String::new();
    for (count, part) in text.split('&').enumerate() {
        if count > 0 {
            shown.push('&');
        }
        let (names, first) = part.split_once('?').unwrap_or((part, ""));
        let open = if count > 0 {
            is_known(part)
        } else {
            (first.is_empty() || is_known(first))
                && names.split('/').all(|name| !name.contains('=') || is_known(name))
        };
        shown.extend(part.chars().map(|c| if open && !is_secret || c == '=' { c } else { '*' }));
    }
    shown
}

/// Returns whether a text is a host and one or two ids, as a username without its query is.
fn is_names(text: &str) -> bool {
    let mut parts = text.trim_end_matches('/').split('/');
    let is_host = |host: &str| {
        host.contains('.')
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    };
    parts.next().is_some_and(is_host)
        && matches!(parts.clone().count(), 1 | 2)
        && parts.all(|part| !part.is_empty())
}

fn judged(
    report: &mut Report<'_>,
    text: &str,
    error: Option<AuthError>,
    hint: Option<Hint<'_>>,
) -> io::Result<Outcome> {
    if let Some(hint) = hint {
        writeln!(report.out, "hint      {hint} ({})", hint.code())?;
    }
    match error {
        Some(error) => {
            let (reason, code) = reason(&error);
            report.refused(&format!("{reason} ({code})"))?;
            if let AuthError::Username(error) = error {
                // a username has no character of two bytes before its first error
                caret(report.out, &escaped(&masked(text)), error.offset)?;
            }
            Ok(Outcome::Refused)
        }
        None if hint.is_some() => {
            report.refused("a hub does not know the username as it is written (username)")
        }
        None => {
            writeln!(report.out, "well formed; the CONNECT needs the same client id")?;
            Ok(Outcome::Good)
        }
    }
}

/// Returns the sentence and the code of an error that a username may have. Those of [`AuthError`] itself name each error of
/// certificates and chains, which the page would have without a use.
fn reason(error: &AuthError) -> (String, &'static str) {
    match error {
        AuthError::Username(error) => (error.to_string(), "username"),
        AuthError::Sasl(error) => (error.to_string(), "sasl-username"),
        AuthError::DelegationTargetMismatch => (
            "the first element of the auth-chain differs from the identity that the username names"
                .to_owned(),
            "auth-chain-target",
        ),
        _ => ("the client id differs from the identity that the username names".to_owned(), "client-id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_errors_of_usernames_have_their_own_sentences() {
        let chain = "h.example/d/?api-version=2021-04-12&auth-chain=other%3Bedge";
        let errors = [
            Credentials::mqtt("d", "h.example/d/?api-version=2021-04-12&x", None).err(),
            Credentials::mqtt("other", "h.example/d/?api-version=2021-04-12", None).err(),
            Credentials::mqtt("d", chain, None).err(),
            Credentials::amqp_plain("x", "").err(),
            RegistrationCredentials::mqtt("d", "0ne1/registrations/d", Some("")).err(),
            RegistrationCredentials::mqtt("d", "0ne1/registrations/e/api-version=2019-03-31", Some("")).err(),
        ];
        for error in errors {
            let error = error.unwrap();
            assert_eq!(reason(&error), (error.to_string(), error.code()));
        }
    }
}
