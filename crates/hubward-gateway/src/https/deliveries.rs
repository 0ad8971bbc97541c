//! Messages from services to devices, and their feedback, over HTTPS: received with a lock, and settled by it.

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use hubward::types::Identity;

use super::problem::{About, Problem};
use crate::clock;
use crate::hub::Hub;
use crate::messages::{CloudMessage, Delivery, Recipient, Settlement};

/// Answers a request that was decided on; `endpoint` is one of `commands.*`.
pub(super) fn answer(
    hub: &Hub,
    endpoint: &str,
    identity: Option<Identity<'_>>,
    path: &str,
    query: Option<&str>,
) -> Result<axum::response::Response, Problem> {
    let recipient = match identity {
        Some(identity) => {
            Recipient::of(&hub.read(), identity).ok_or_else(|| Problem::not_found(About::Device))?
        }
        None => Recipient::feedback(),
    };
    let mut segments = path.rsplit('/');
    let settlement = match endpoint {
        "commands.receive" | "commands.feedback" => return Ok(receive(hub, &recipient)),
        "commands.complete" | "commands.feedback.complete" => {
            let rejected = query.unwrap_or_default().split('&');
            let rejected = rejected.filter_map(|part| part.split('=').next()).any(|name| name == "reject");
            if rejected { Settlement::Reject } else { Settlement::Complete }
        }
        "commands.abandon" | "commands.feedback.abandon" => {
            let _ = segments.next();
            Settlement::Abandon
        }
        _ => return Err(Problem::not_here()),
    };
    let lock = segments.next().unwrap_or_default();
    hub.mailboxes.settle(&recipient, lock, settlement).map_err(|_| Problem::lock_lost())?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Locks and returns the next message; 204 without one.
fn receive(hub: &Hub, recipient: &Recipient) -> axum::response::Response {
    match hub.mailboxes.next(recipient) {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(delivery) => written(delivery).into_response(),
    }
}

fn written(delivery: Delivery) -> Response<Body> {
    let Delivery { lock, count, message } = delivery;
    let CloudMessage { message_id, correlation_id, to, content_type, content_encoding, expires, .. } =
        message;
    let mut response = Response::new(Body::from(message.body));
    // a text that is not allowed in a header is left out: a service cannot write further lines
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            response.headers_mut().insert(name, value);
        }
    };
    let own = HeaderName::from_static;
    set(ETAG, &format!("\"{lock}\""));
    set(own("iothub-deliverycount"), &count.to_string());
    set(own("iothub-expiry"), &clock::text(expires));
    set(own("iothub-to"), &to);
    for (name, value) in [
        (own("iothub-messageid"), message_id),
        (own("iothub-correlationid"), correlation_id),
        (CONTENT_TYPE, content_type),
        (CONTENT_ENCODING, content_encoding),
    ] {
        if let Some(value) = value {
            set(name, &value);
        }
    }
    for (name, value) in message.properties {
        if let Ok(name) = HeaderName::from_bytes(format!("iothub-app-{name}").as_bytes()) {
            set(name, &value);
        }
    }
    response
}
