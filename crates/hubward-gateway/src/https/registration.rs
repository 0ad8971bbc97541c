//! Devices that register over HTTPS.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use hubward::AuthError;
use hubward::policy::Operation;
use hubward::policy::provisioning::ProvisioningDenial;
use hubward::types::RegistrationId;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::problem::Problem;
use super::requests::{host, only};
use super::{Handler, body as bodies};
use crate::decision_log::{ADMISSION, Who};
use crate::provisioning::{
    Attempt, Failure, Names, Provisioning, PublicKeys, Refused, Registrant, assigning, log_decision,
    log_hint, log_refusal, registration,
};

/// Seconds after which a device asks for the result of its registration.
const AFTER: &str = "1";
/// Largest size in bytes of a request to register.
const REQUEST: usize = 64 * 1024;
/// Largest size in bytes of a request without a credential.
const CHALLENGE: usize = 4 * 1024;

/// Returns whether a path is of a device that registers in the service's id scope.
pub(super) fn is_for(service: &Provisioning, path: &str) -> bool {
    let mut parts = path.split(['/', '?']).skip(1);
    let index = service.index();
    let scope = index.service().map(|service| &*service.id_scope);
    parts.next().is_some_and(|own| Some(own) == scope) && parts.next() == Some("registrations")
}

/// Answers a request of a device.
pub(super) async fn answer(
    handler: &Handler,
    service: &Arc<Provisioning>,
    head: &Parts,
    operation: &Operation<'_>,
    body: Body,
) -> Response {
    let Handler { hub, peer, .. } = handler;
    if let Err(refusal) = hub.require_current(peer, operation) {
        tracing::debug!(?refusal, "a device is not registered");
        return failed(Failure::Unavailable);
    }
    let (body, challenged) = challenge(handler, service, head, operation, body).await;
    if let Some(challenged) = challenged {
        return challenged;
    }
    let attempt = match attempt(handler, head) {
        Ok(attempt) => Arc::new(attempt),
        Err(error) => return refused(handler, operation, &Refused::Unauthenticated(error)).await,
    };
    let registrant = match service.verify(peer.address.ip(), &attempt, None).await {
        Ok(registrant) => registrant,
        Err(error) => {
            log_hint(hub, service, peer, &attempt);
            return refused(handler, operation, &error).await;
        }
    };
    log_decision(hub, peer, operation, &registrant);
    peer.slot.set_authenticated();
    let endpoint = match registrant.decision {
        Some(Ok(endpoint)) => endpoint.name(),
        Some(Err(ProvisioningDenial::UnknownOperation)) | None => {
            return Problem::not_here().into_response();
        }
        Some(Err(_)) => return Problem::denied().into_response(),
    };
    let done = match endpoint {
        "register" => match bodies::read(body, REQUEST, hub.limits.connect_timeout).await {
            Err(problem) => return problem.into_response(),
            Ok(body) => {
                let address = peer.address.ip();
                let registered = service.register(hub, address, &attempt, &registrant, &body).await;
                registered.map(|registered| (StatusCode::ACCEPTED, assigning(&registered)))
            }
        },
        endpoint => looked_up(service, &registrant, endpoint, head.uri.path()).await,
    };
    match done {
        Ok((StatusCode::ACCEPTED, body)) => {
            (StatusCode::ACCEPTED, [(RETRY_AFTER, AFTER)], Json(body)).into_response()
        }
        Ok((status, body)) => (status, Json(body)).into_response(),
        Err(failure) => failed(failure),
    }
}

/// Answers the first request of a device with a TPM, which has public keys in place of a credential: the answer has a key that
/// only its TPM decrypts. Returns the body for other requests.
async fn challenge(
    handler: &Handler,
    service: &Arc<Provisioning>,
    head: &Parts,
    operation: &Operation<'_>,
    body: Body,
) -> (Body, Option<Response>) {
    let Handler { hub, peer, .. } = handler;
    let path = head.uri.path();
    if head.headers.contains_key(AUTHORIZATION)
        || !peer.certificates.is_empty()
        || head.method != Method::PUT
        || !path.ends_with("/register")
    {
        return (body, None);
    }
    let body = match bodies::read(body, CHALLENGE, hub.limits.connect_timeout).await {
        Ok(body) => body,
        Err(problem) => return (Body::empty(), Some(problem.into_response())),
    };
    let Some(keys) = PublicKeys::of(&body) else { return (body.into(), None) };
    if !service.has_tpm() {
        let reason = format_args!("a TPM is presented, and no wrapper of keys for TPMs is configured");
        hub.log_refusal(peer, Who::Unknown, operation, ADMISSION, "tpm-not-configured", reason);
        hub.slow(peer).await;
        return (Body::empty(), Some(failed(Failure::NotImplemented)));
    }
    let mut parts = path.split('/').skip(1);
    let (scope, id) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
    let answer = match service.challenge(peer.address.ip(), scope, id, keys).await {
        Err(error) => refused(handler, operation, &error).await,
        Ok(wrapped) => {
            let reason = format_args!("a TPM is enrolled, and is to sign a token with a key for it");
            hub.log_refusal(peer, Who::Unknown, operation, ADMISSION, "tpm-challenged", reason);
            let body = json!({
                "message": "Authorization required.",
                "authenticationKey": Base64::encode_string(&wrapped),
                "keyName": "registration",
            });
            (StatusCode::UNAUTHORIZED, Json(body)).into_response()
        }
    };
    (Body::empty(), Some(answer))
}

fn attempt(handler: &Handler, head: &Parts) -> Result<Attempt, AuthError> {
    let authorization = only(&head.headers, &AUTHORIZATION)?;
    let names = Names::Http {
        method: head.method.as_str().into(),
        path: head.uri.path_and_query().map_or("/", |path| path.as_str()).into(),
        host: host(head)?.into(),
        authorization: authorization.map(|text| Zeroizing::new(text.to_owned())),
    };
    Ok(Attempt { names, certificates: handler.peer.certificates.clone() })
}

/// Answers with the registration, or with the result of an operation.
async fn looked_up(
    service: &Arc<Provisioning>,
    registrant: &Registrant,
    endpoint: &str,
    path: &str,
) -> Result<(StatusCode, Value), Failure> {
    let id = RegistrationId::parse(&registrant.id).map_err(|_| Failure::BadRequest)?;
    if endpoint == "register.lookup" {
        let record = service.lookup(registrant, None).await?;
        return Ok((StatusCode::OK, registration(&record, id.as_str())));
    }
    let operation = path.rsplit('/').next().ok_or(Failure::BadRequest)?;
    let record = service.lookup(registrant, Some(operation)).await?;
    Ok((StatusCode::OK, service.status(&record, id).await))
}

/// Answers a device that is not authenticated: the answer is the same for every reason.
async fn refused(handler: &Handler, operation: &Operation<'_>, error: &Refused) -> Response {
    let Handler { hub, peer, .. } = handler;
    log_refusal(hub, peer, operation, error);
    match error {
        Refused::Unauthenticated(_) => {
            hub.slow(peer).await;
            Problem::unauthenticated().into_response()
        }
        Refused::OverBudget => failed(Failure::TooMany),
        Refused::Interrupted => failed(Failure::Unavailable),
    }
}

fn failed(failure: Failure) -> Response {
    let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(failure.body())).into_response();
    if matches!(failure, Failure::TooMany | Failure::Unavailable) {
        response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static(AFTER));
    }
    response
}
