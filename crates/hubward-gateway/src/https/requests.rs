//! Decides once on the head of a request; then the endpoint that was decided on answers it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, IF_MATCH};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use hubward::policy::{Caller, Operation, Target};
use hubward::types::{DeviceId, Identity, ModuleId, Segment};
use hubward::{AuthError, Credentials, Session};

use super::problem::Problem;
use super::{Handler, body, deliveries, edge_modules, edge_scope, identities, registration, service};
use crate::hub::Refusal;

/// Largest size in bytes of a device's message.
const MESSAGE: usize = 256 * 1024;
/// Largest size in bytes of an identity.
const IDENTITY: usize = 64 * 1024;
/// Largest size in bytes of a list of a hundred identities.
const BULK: usize = 1024 * 1024;

/// Answers a request.
pub(super) async fn answer(State(handler): State<Arc<Handler>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let operation = Operation::http(head.method.as_str(), path);
    if let Some(service) = &handler.hub.provisioning {
        if registration::is_for(service, path) {
            return registration::answer(&handler, service, &head, &operation, body).await;
        }
        if service::is_for(path) {
            let answer = service::answer(&handler, service, &head, &operation, body).await;
            return answer.unwrap_or_else(IntoResponse::into_response);
        }
    }
    let answer = match authorize(&handler, &head, path, &operation) {
        Ok(session) => dispatch(&handler, &head, &operation, body, session.as_ref()).await,
        Err(refusal) => {
            // an authenticated peer does not guess credentials: no delay
            if let Refusal::Unauthenticated(_) = refusal {
                handler.hub.slow(&handler.peer).await;
            }
            Err(problem(&refusal))
        }
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

/// Authenticates the peer and decides on its request. Users of a directory have no session.
fn authorize(
    handler: &Handler,
    head: &Parts,
    path: &str,
    operation: &Operation<'_>,
) -> Result<Option<Session>, Refusal> {
    let Handler { hub, settings, peer, .. } = handler;
    let users = settings.current_users();
    let authorization = only(&head.headers, &AUTHORIZATION);
    let target = ids(operation);
    let claimed = match operation.endpoint().map(|endpoint| endpoint.caller()) {
        Some(Caller::Itself) => target.as_ref().and_then(Ids::identity),
        _ => None,
    };
    match (authorization, users) {
        (Ok(Some(value)), Some(users)) if users.takes(value) => {
            hub.require_current(peer, operation)?;
            users.authorize(hub, peer, operation, [head.method.as_str(), path, value]).map(|()| None)
        }
        (authorization, _) => {
            let credentials = authorization.and_then(|authorization| {
                let credentials = Credentials::http(head.method.as_str(), path, host(head)?, authorization)?;
                Ok(credentials.with_certificates(&peer.certificates))
            });
            let session = hub.authorize(peer, operation, claimed, credentials);
            if let (Err(Refusal::Unauthenticated(_)), Ok(Some(token))) = (&session, authorization) {
                hub.hints.log(peer, [token], |[token]| hubward::explain::http(token));
            }
            session.map(Some)
        }
    }
}

/// Returns the answer for a refusal.
const fn problem(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Unauthenticated(_) => Problem::unauthenticated(),
        Refusal::Unavailable => Problem::unavailable(),
        Refusal::Denied => Problem::denied(),
        Refusal::UnknownOperation => Problem::not_here(),
    }
}

/// Returns the host of a request: that of a target in absolute form, else that of the header (RFC 9112, 3.2.2).
pub(super) fn host(head: &Parts) -> Result<&str, AuthError> {
    let header = only(&head.headers, &HOST)?;
    Ok(head.uri.authority().map(Authority::as_str).or(header).unwrap_or_default())
}

/// Returns the value of a header. A repeated header is refused, since it could be read in two ways.
pub(crate) fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, AuthError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| AuthError::Scheme),
        (Some(_), Some(_)) => Err(AuthError::Scheme),
    }
}

async fn dispatch(
    handler: &Handler,
    head: &Parts,
    operation: &Operation<'_>,
    body: Body,
    session: Option<&Session>,
) -> Result<Response, Problem> {
    let Handler { hub, peer, .. } = handler;
    let endpoint = operation.endpoint().map_or("", |endpoint| endpoint.name());
    let ids = ids(operation);
    let identity = ids.as_ref().and_then(Ids::identity);
    let if_match = || match only(&head.headers, &IF_MATCH) {
        // some clients quote the asterisk
        Ok(Some("\"*\"")) => Ok(Some("*")),
        Ok(etag) => Ok(etag),
        Err(_) => Err(Problem::argument("If-Match is repeated or not ASCII: send it once")),
    };
    let read = async |most| {
        let bytes = body::read(body, most, hub.limits.connect_timeout).await?;
        // the session of the head may have ended while the body was read
        match session {
            Some(session) if !hub.still_valid(peer, session, operation) => Err(Problem::unauthenticated()),
            _ => Ok(bytes),
        }
    };
    // a policy that connects devices is no edge hub: it would read keys, and write modules with keys of its choice
    if endpoint.starts_with("edge.") && session.is_none_or(|session| session.policy().is_some()) {
        return Err(Problem::not_own_token());
    }
    match (endpoint, identity) {
        ("events.send", Some(_)) => {
            let message = read(MESSAGE).await?;
            hub.metrics.messages.add(1);
            hub.metrics.message_bytes.add(u64::try_from(message.len()).unwrap_or(u64::MAX));
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        ("identity.list", None) => identities::list(hub, head.uri.query()),
        ("identity.bulk", None) => identities::bulk(hub, read(BULK).await?).await,
        ("statistics.registry", None) => Ok(identities::statistics(hub)),
        ("statistics.service", None) => Ok(identities::service_statistics(hub)),
        ("identity.read" | "module.read", Some(identity)) => identities::read(hub, identity),
        ("module.list", Some(device)) => identities::modules(hub, device),
        ("identity.write" | "module.write", Some(identity)) => {
            let if_match = if_match()?;
            identities::write(hub, identity, if_match, read(IDENTITY).await?).await
        }
        ("identity.delete" | "module.delete", Some(identity)) => {
            identities::delete(hub, identity, if_match()?).await
        }
        ("edge.scope", Some(edge)) if head.method == Method::POST => {
            let still_valid = || session.is_some_and(|session| hub.still_valid(peer, session, operation));
            edge_scope::scope(hub, edge, read(IDENTITY).await?, still_valid).await
        }
        ("edge.identity", Some(edge)) if head.method == Method::POST => {
            edge_scope::identity(hub, edge, &read(IDENTITY).await?)
        }
        ("edge.module.put", Some(edge)) => {
            let if_match = if_match()?;
            edge_modules::put(hub, edge, if_match, read(IDENTITY).await?).await
        }
        ("edge.module.get", Some(edge)) => edge_modules::get(hub, edge, &read(IDENTITY).await?),
        ("edge.module.list", Some(edge)) => edge_modules::list(hub, edge, &read(IDENTITY).await?),
        ("edge.module.delete", Some(edge)) => {
            let if_match = if_match()?;
            edge_modules::delete(hub, edge, if_match, &read(IDENTITY).await?).await
        }
        (endpoint, identity) if endpoint.starts_with("commands.") => {
            deliveries::answer(hub, endpoint, identity, head.uri.path(), head.uri.query())
        }
        _ => Err(Problem::not_here()),
    }
}

/// The percent-decoded ids of a path.
struct Ids {
    device: String,
    module: Option<String>,
}

fn ids(operation: &Operation<'_>) -> Option<Ids> {
    let decoded = |id: &Segment<'_>| id.to_string();
    match operation.target() {
        Target::Device(id) => Some(Ids { device: decoded(&id), module: None }),
        Target::Module(device, module) => {
            Some(Ids { device: decoded(&device), module: Some(decoded(&module)) })
        }
        Target::Hub | Target::Own => None,
    }
}

impl Ids {
    fn identity(&self) -> Option<Identity<'_>> {
        let device = DeviceId::parse(&self.device).ok()?;
        Some(match &self.module {
            Some(module) => Identity::Module(device, ModuleId::parse(module).ok()?),
            None => Identity::Device(device),
        })
    }
}
