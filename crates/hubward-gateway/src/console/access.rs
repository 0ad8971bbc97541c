//! Who may read the console: a service whose token has both RegistryRead and ServiceConnect, by the records of the moment.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use hubward::policy::Operation;
use hubward::types::Identity;
use hubward::{AuthError, Credentials};
use hubward_store::FeedHealth;

use crate::clock;
use crate::https::only;
use crate::hub::{Hub, Refusal};

/// Operations of a hub, one for each right that the console requires.
const REQUIRED: [(&str, &str); 2] = [("GET", "/devices"), ("GET", "/statistics/service")];

/// Verifies the token of a request, anew for each: a policy that was changed, or a token that has expired, opens nothing.
/// Nothing is logged or counted as a decision of the hub.
pub(super) fn check(hub: &Hub, host: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    if hub.health() != FeedHealth::Current {
        return Err(Refusal::Unavailable);
    }
    let authenticated = only(headers, &AUTHORIZATION)
        .and_then(|token| {
            let [(method, path), _] = REQUIRED;
            let credentials = Credentials::http(method, path, host, token)?;
            Ok(hub.config().authenticate(credentials, &hub.records_to_inspect(), clock::now)?)
        })
        .map_err(Refusal::Unauthenticated)?;
    if !matches!(authenticated.identity(), Identity::Policy(_)) {
        return Err(Refusal::Denied);
    }
    let permitted = |(method, path)| authenticated.decide(&Operation::http(method, path)).is_allow();
    if REQUIRED.into_iter().all(permitted) { Ok(()) } else { Err(Refusal::Denied) }
}

/// Returns the word for a refusal in the log.
pub(super) const fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unauthenticated(error) => AuthError::code(error),
        Refusal::Unavailable => "unavailable",
        Refusal::Denied | Refusal::UnknownOperation => "missing-right",
    }
}
