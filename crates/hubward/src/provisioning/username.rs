//! The username of an MQTT CONNECT at a provisioning service: `{id scope}/registrations/{id}/api-version=..`.

use hubward_core::{IdScope, RegistrationId};

use crate::transport::mqtt::{ConnectError, UsernameError, UsernameProblem, check_query};

/// Parses the username, and requires that the client id is its registration id, byte by byte.
pub(super) fn parse<'a>(
    client_id: &str,
    username: &'a str,
) -> Result<(IdScope<'a>, RegistrationId<'a>), ConnectError> {
    let offset_of = |part: &str| part.as_ptr().addr().saturating_sub(username.as_ptr().addr());
    let err = |part: &str, problem| UsernameError { offset: offset_of(part), problem };
    let mut parts = username.split('/');
    let names = (parts.next(), parts.next(), parts.next(), parts.next(), parts.next());
    let (Some(scope), Some("registrations"), Some(id), Some(query), None) = names else {
        return Err(err(username, UsernameProblem::Registration).into());
    };
    let scope = IdScope::parse(scope).map_err(|e| err(scope, UsernameProblem::Id(e)))?;
    let id = RegistrationId::parse(id).map_err(|e| err(id, UsernameProblem::Id(e)))?;
    // a device cannot register on behalf of another
    if let Some(chain) = check_query(query).map_err(|(part, problem)| err(part, problem))? {
        return Err(err(chain, UsernameProblem::Query).into());
    }
    if client_id == id.as_str() { Ok((scope, id)) } else { Err(ConnectError::ClientId) }
}
