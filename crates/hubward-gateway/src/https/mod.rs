//! HTTPS: the gateway decides on the head of a request, and reads its body after that.

mod body;
mod deliveries;
mod edge_modules;
mod edge_scope;
mod enrollments;
mod identities;
mod leniency;
mod problem;
mod record;
mod registration;
mod requests;
mod scans;
mod service;

use core::future::pending;
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONNECTION;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use hubward::policy::Operation;
use hubward_store::FeedHealth;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::amqp;
use crate::hub::Hub;
use crate::peer::Peer;
use crate::slots::Slot;
use crate::websocket::{self, Upgrade};
use problem::Problem;
pub(crate) use requests::only;
pub(crate) use scans::Scans;

/// Bytes of a request's head, which is buffered before authentication: a token of a directory and the other headers.
const HEAD: usize = 16 * 1024;
/// The longest lifetime of a connection, which also ends peers that read too slowly.
const LIFETIME: Duration = Duration::from_secs(300);

/// The state that the handler of a connection's requests needs.
#[derive(Debug)]
struct Handler {
    hub: Arc<Hub>,
    settings: amqp::Context,
    peer: Peer,
    /// The WebSocket that the connection becomes when its answer is sent.
    upgrade: Mutex<Option<Upgrade>>,
}

/// Returns whether a path is of the provisioning service, if there is one: of a device that registers, or of a service.
pub(crate) fn is_provisioning(path: &str) -> bool {
    service::is_for(path) || path.split(['/', '?']).nth(2) == Some("registrations")
}

/// Serves one connection to its end.
pub(crate) async fn serve(
    hub: Arc<Hub>,
    settings: amqp::Context,
    stream: TlsStream<TcpStream>,
    peer: Peer,
    stop: CancellationToken,
) {
    let (limits, slot) = (hub.limits, peer.slot.clone());
    let handler = Arc::new(Handler { hub, settings, peer, upgrade: Mutex::new(None) });
    let router = Router::new()
        // closed, so that a health check frees its slot at once
        .route("/healthz", get(async || ([(CONNECTION, "close")], "ok\n")))
        .route("/readyz", get(readyz))
        .route(websocket::PATH, any(open_websocket))
        .fallback(requests::answer)
        .with_state(Arc::clone(&handler));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.connect_timeout)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    // boxed, so that its memory is freed before a WebSocket is served
    let mut connection = Box::pin(connection);
    tokio::select! {
        // an error means that the peer disconnected, or did not send HTTP
        _ = connection.as_mut() => {
            drop(connection);
            return serve_websocket(&handler, stop).await;
        }
        // a peer that is not authenticated has no request in progress to wait for
        () = stop.cancelled() => if !slot.is_authenticated() { return },
        () = sleep(LIFETIME) => {}
        () = unauthenticated_for(&slot, limits.connect_timeout) => {}
    }
    connection.as_mut().graceful_shutdown();
    // less than the drain timeout, so that the gateway itself stops in time
    let _ = timeout(limits.drain_timeout.mul_f32(0.75), connection).await;
}

/// Answers a request for a WebSocket; another request at its path is answered as any other.
async fn open_websocket(State(handler): State<Arc<Handler>>, request: Request) -> Response {
    if !websocket::is_upgrade(request.headers()) {
        return requests::answer(State(handler), request).await;
    }
    // the limits before authentication are those of the connection
    let accepted = if handler.peer.slot.is_authenticated() {
        Err("open a new connection for a WebSocket")
    } else {
        websocket::accept(request)
    };
    match accepted {
        Ok((upgrade, answer)) => {
            *handler.upgrade.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
            answer
        }
        Err(cure) => {
            let Handler { hub, peer, .. } = &*handler;
            hub.metrics.malformed.add(1);
            hub.log_malformed(peer, &Operation::http("GET", websocket::PATH));
            hub.slow(peer).await;
            Problem::argument(cure).into_response()
        }
    }
}

/// Serves the WebSocket that a connection has become, if it has.
async fn serve_websocket(handler: &Handler, stop: CancellationToken) {
    let upgrade = handler.upgrade.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(upgrade) = upgrade {
        let settings = handler.settings.clone();
        websocket::serve(Arc::clone(&handler.hub), settings, upgrade, handler.peer.clone(), stop).await;
    }
}

/// Answers whether sessions are admitted: the gateway is not about to stop, and the index of the registry is current.
async fn readyz(State(handler): State<Arc<Handler>>) -> impl IntoResponse {
    let (status, text) = match handler.hub.health() {
        _ if handler.hub.is_draining() => (StatusCode::SERVICE_UNAVAILABLE, "the gateway is about to stop\n"),
        FeedHealth::Current => (StatusCode::OK, "ok\n"),
        FeedHealth::Late => (StatusCode::SERVICE_UNAVAILABLE, "the registry's store does not answer\n"),
        FeedHealth::Lost => {
            (StatusCode::SERVICE_UNAVAILABLE, "the registry's store is gone, and sessions have ended\n")
        }
    };
    // closed, so that a check frees its slot at once
    (status, [(CONNECTION, "close")], text)
}

/// Waits for `time`, and forever if the peer is authenticated by then: refused requests keep no connection open.
async fn unauthenticated_for(slot: &Slot, time: Duration) {
    sleep(time).await;
    if slot.is_authenticated() {
        pending().await
    }
}
