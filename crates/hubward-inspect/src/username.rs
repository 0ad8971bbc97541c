//! Usernames of MQTT and of SASL PLAIN.

use std::io;

use hubward::types::{Hint, SecretShape};
use hubward::{AuthError, Credentials, RegistrationCredentials, explain};

use crate::caret::caret;
use crate::{Outcome, Report};

/// Prints a username. Returns `None` if the text is not one.
pub(crate) fn print(report: &mut Report<'_>, text: &str) -> io::Result<Option<Outcome>> {
    if text.len() > 1024 || text.contains(char::is_whitespace) {
        return Ok(None);
    }
    if let Some((name, hub)) = text.split_once("@sas.") {
        report.kind("username of SASL PLAIN (AMQP)")?;
        report.field("name", name)?;
        report.field("hub", hub.strip_prefix("root.").unwrap_or(hub))?;
        let hint = explain::amqp_plain(text, "");
        let hint = hint.filter(|hint| matches!(hint, Hint::WholeHost { .. }));
        return judged(report, text, Credentials::amqp_plain(text, "").err(), hint).map(Some);
    }
    let is_query = text.contains("api-version=");
    let (names, query) = text.split_once('?').unwrap_or((text, ""));
    if !text.contains('/') || !(is_query || text.contains("/registrations/")) {
        return Ok(None);
    }
    if text.contains("/registrations/") {
        report.kind("MQTT username of a DPS registration")?;
        let id =
            text.split("/registrations/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
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
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        report.field("query", parameter)?;
    }
    let client = ids.join("/");
    let credentials = Credentials::mqtt(&client, text, None);
    let hint = explain::mqtt(&client, text, None);
    report.field("client", &client)?;
    judged(report, text, credentials.err(), hint).map(Some)
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
            report.refused(&format!("{error} ({})", error.code()))?;
            if let AuthError::Username(error) = error {
                // a key in the place of a name is not shown
                let shown = if SecretShape::of(text).is_some() {
                    text.chars().map(|c| if c.is_ascii_alphanumeric() { '*' } else { c }).collect()
                } else {
                    text.to_owned()
                };
                // a username has no character of two bytes before its first error
                caret(report.out, &shown.escape_debug().to_string(), error.offset)?;
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
