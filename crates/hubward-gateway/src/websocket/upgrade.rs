//! The request that opens a WebSocket (RFC 6455, 4.2), and its answer.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response};
use hyper::upgrade::OnUpgrade;

use super::Protocol;
use crate::limits::CONNECT_BYTES;

/// The names of the protocols, as clients offer them.
const PROTOCOLS: [(&str, Protocol); 3] =
    [("mqtt", Protocol::Mqtt), ("AMQPWSB10", Protocol::Amqp), ("amqp", Protocol::Amqp)];

/// An accepted request.
#[derive(Debug)]
pub(crate) struct Upgrade {
    pub(super) protocol: Protocol,
    /// The connection, when the answer was sent.
    pub(super) on_upgrade: OnUpgrade,
}

/// Returns whether a request asks for a WebSocket.
pub(crate) fn is_upgrade(head: &HeaderMap) -> bool {
    head.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Returns the accepted upgrade and its answer. No extension is accepted, so that nothing is compressed.
///
/// # Errors
/// Returns what the client has to do otherwise.
pub(crate) fn accept(mut request: Request) -> Result<(Upgrade, Response<Body>), &'static str> {
    let on_upgrade = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    if bytes(&head) > CONNECT_BYTES {
        return Err("the head of a WebSocket has more than 8 KiB: send a shorter one");
    }
    if !same_origin(&head.headers) {
        return Err(
            "Origin is another host: a page of another site may not use a certificate of this browser",
        );
    }
    let (name, protocol) = protocol(&head.headers)
        .ok_or("offer the subprotocol `mqtt` or `AMQPWSB10` in Sec-WebSocket-Protocol")?;
    let answer = tungstenite::handshake::server::create_response(&Request::from_parts(head, ()))
        .map_err(|_| "not a WebSocket handshake of version 13: see RFC 6455, section 4.2.1")?;
    let mut answer = answer.map(|()| Body::empty());
    answer.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(name));
    Ok((Upgrade { protocol, on_upgrade }, answer))
}

/// Returns the first subprotocol of the client that the gateway has.
fn protocol(headers: &HeaderMap) -> Option<(&'static str, Protocol)> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let mut offered = values.flat_map(|value| value.split(',')).map(str::trim);
    offered.find_map(|offered| PROTOCOLS.into_iter().find(|(name, _)| *name == offered))
}

/// Returns whether a browser, which sends its page's `Origin`, has a page of this host; other clients send none, or
/// their host.
fn same_origin(headers: &HeaderMap) -> bool {
    let texts = |name: &HeaderName| {
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect::<Vec<_>>()
    };
    match texts(&ORIGIN).as_slice() {
        [] => true,
        [origin] => {
            let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
            texts(&HOST) == [authority] && !authority.is_empty()
        }
        _ => false,
    }
}

/// Returns the bytes of a head, nearly as they were sent.
fn bytes(head: &Parts) -> usize {
    let target = head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    let lines = head.headers.iter().map(|(name, value)| {
        // the colon, a space and the end of the line
        name.as_str().len().saturating_add(value.len()).saturating_add(4)
    });
    lines.fold(target, usize::saturating_add)
}
