//! Hints about credentials that were refused, for the log and for people.
//!
//! A hint recognises a known mistake: quotes around a token, a connection string in its place, the whole host in a
//! SASL username. **Compute it after the answer to the peer, bounded and off the threads that serve**, so that no refusal
//! takes longer for it. No function that refuses calls these, and no error contains a hint.
//!
//! [`RegistrationCredentials::explain`](crate::RegistrationCredentials::explain) explains a registration that was
//! refused, and [`Denial::hint`](hubward_policy::Denial::hint) a denied operation.
//!
//! ```
//! use hubward::explain;
//!
//! let hint = explain::amqp_plain("pump-7@sas.contoso.azure-devices.net", "SharedAccessSignature sr=..");
//! assert_eq!(hint.map(|hint| hint.code()), Some("whole-host"));
//! ```

use hubward_core::{Hint, HostName};
use hubward_sas::explain as token;

use crate::transport::cbs::CbsRequest;
use crate::transport::sasl::hub_of;

/// Explains a refused MQTT CONNECT by its client id, its username and its password.
#[must_use]
pub fn mqtt(client_id: &str, username: &str, password: Option<&str>) -> Option<Hint<'static>> {
    mqtt_username(client_id, username).or_else(|| password.and_then(token))
}

/// Explains a refused SASL PLAIN exchange of AMQP by its username and its password.
#[must_use]
pub fn amqp_plain<'a>(username: &'a str, password: &str) -> Option<Hint<'a>> {
    let whole_host = hub_of(username).filter(|hub| hub.contains('.') && HostName::parse(hub).is_ok());
    match whole_host.and_then(|hub| hub.split('.').next()) {
        Some(label) => Some(Hint::WholeHost { label }),
        None => token(password),
    }
}

/// Explains a refused HTTP request by the value of its `Authorization` header.
#[must_use]
pub fn http(authorization: &str) -> Option<Hint<'static>> {
    token(authorization)
}

/// Explains a refused `put-token` of AMQP's CBS.
#[must_use]
pub fn cbs(put: &CbsRequest<'_>) -> Option<Hint<'static>> {
    if put.is_bearer() { None } else { token(put.token()) }
}

fn mqtt_username(client_id: &str, username: &str) -> Option<Hint<'static>> {
    let (names, query) = match username.split_once('?') {
        Some((names, query)) => (names, Some(query)),
        None => (username, None),
    };
    if names.contains("://") {
        return Some(Hint::SchemeInHost);
    }
    if query.is_some_and(|query| query.contains('/')) {
        return Some(Hint::SlashInQuery);
    }
    if query.is_some_and(|query| query.contains('=')) && !names.ends_with('/') {
        return Some(Hint::NoSlashBeforeQuery);
    }
    let (host, ids) = names.split_once('/')?;
    let ids = match ids.strip_prefix("registrations/") {
        // at the provisioning service the query has no `?`
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None => ids.trim_end_matches('/'),
    };
    if ids != client_id && ids.eq_ignore_ascii_case(client_id) {
        return Some(Hint::CaseDiffers);
    }
    let is_label = !host.contains(['.', ':']) && !names.contains("/registrations/") && host != "localhost";
    is_label.then_some(Hint::ShortHubName)
}
