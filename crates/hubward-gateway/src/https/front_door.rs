//! One decision on a request's head; then it is answered by the endpoint that was decided on, and by no other.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, IF_MATCH};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use hubward::policy::{Caller, Operation, Target};
use hubward::types::{DeviceId, Identity, ModuleId, Segment};
use hubward::{AuthError, Credentials, Session};

use super::problem::Problem;
use super::{Door, body, identities};
use crate::hub::Refusal;

/// Most bytes of a device's message.
const MESSAGE: usize = 256 * 1024;
/// Most bytes of an identity.
const IDENTITY: usize = 64 * 1024;
/// Most bytes of a list of a hundred of them.
const BULK: usize = 1024 * 1024;

/// Answers a request.
pub(super) async fn answer(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let operation = Operation::http(head.method.as_str(), path);
    let answer = match admit(&door, &head, path, &operation) {
        Ok(session) => dispatch(&door, &head, &operation, body, session.as_ref()).await,
        Err(refusal) => {
            // whoever is proven guesses nothing
            if let Refusal::Unproven(_) = refusal {
                door.hub.slow(&door.peer).await;
            }
            Err(told(&refusal))
        }
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

/// Whoever presents it may do what it asks for. Users of a directory have no session.
fn admit(
    door: &Door,
    head: &Parts,
    path: &str,
    operation: &Operation<'_>,
) -> Result<Option<Session>, Refusal> {
    let Door { hub, peer } = door;
    let authorization = only(&head.headers, &AUTHORIZATION);
    let target = ids(operation);
    let claimed = match operation.endpoint().map(|endpoint| endpoint.caller()) {
        Some(Caller::Itself) => target.as_ref().and_then(Ids::identity),
        _ => None,
    };
    match (authorization, &hub.users) {
        (Ok(Some(value)), Some(users)) if users.speaks_to(value) => {
            users.enter(hub, peer, operation, [head.method.as_str(), path, value]).map(|()| None)
        }
        (authorization, _) => {
            let presented = authorization.and_then(|authorization| {
                let presented = Credentials::http(head.method.as_str(), path, host(head)?, authorization)?;
                Ok(presented.with_certificates(&peer.certificates))
            });
            hub.enter(peer, operation, claimed, presented).map(Some)
        }
    }
}

/// What a peer is told of why it is not let in.
const fn told(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Unproven(_) => Problem::unproven(),
        Refusal::Denied => Problem::denied(),
        Refusal::UnknownOperation => Problem::not_here(),
    }
}

/// The host of a request: that of a target in absolute form, else of the header (RFC 9112, 3.2.2).
fn host(head: &Parts) -> Result<&str, AuthError> {
    let header = only(&head.headers, &HOST)?;
    Ok(head.uri.authority().map(Authority::as_str).or(header).unwrap_or_default())
}

/// The one value of a header. Two would be two readings.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, AuthError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| AuthError::Scheme),
        (Some(_), Some(_)) => Err(AuthError::Scheme),
    }
}

async fn dispatch(
    door: &Door,
    head: &Parts,
    operation: &Operation<'_>,
    body: Body,
    session: Option<&Session>,
) -> Result<Response, Problem> {
    let Door { hub, peer } = door;
    let endpoint = operation.endpoint().map_or("", |endpoint| endpoint.name());
    let ids = ids(operation);
    let identity = ids.as_ref().and_then(Ids::identity);
    let if_match = || match only(&head.headers, &IF_MATCH) {
        // some clients put the asterisk in quotes
        Ok(Some("\"*\"")) => Ok(Some("*")),
        Ok(etag) => Ok(etag),
        Err(_) => Err(Problem::argument("If-Match stands twice")),
    };
    let read = async |most| {
        let bytes = body::read(body, most, hub.limits.connect_timeout).await?;
        // a body takes its time, and whoever was proven by the head may be proven no more
        match session {
            Some(session) if !hub.still(peer, session, operation) => Err(Problem::unproven()),
            _ => Ok(bytes),
        }
    };
    match (endpoint, identity) {
        ("events.send", Some(_)) => {
            let message = read(MESSAGE).await?;
            hub.metrics.messages.add(1);
            hub.metrics.message_bytes.add(u64::try_from(message.len()).unwrap_or(u64::MAX));
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        ("identity.list", None) => identities::list(hub, head.uri.query()),
        ("identity.bulk", None) => identities::bulk(hub, &read(BULK).await?),
        ("statistics.registry", None) => Ok(identities::statistics(hub)),
        ("identity.read" | "module.read", Some(identity)) => identities::read(hub, identity),
        ("module.list", Some(device)) => identities::modules(hub, device),
        ("identity.write" | "module.write", Some(identity)) => {
            let if_match = if_match()?;
            identities::write(hub, identity, if_match, &read(IDENTITY).await?)
        }
        ("identity.delete" | "module.delete", Some(identity)) => {
            identities::delete(hub, identity, if_match()?)
        }
        _ => Err(Problem::not_here()),
    }
}

/// The ids of a path, decoded once.
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
