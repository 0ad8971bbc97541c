//! HTTPS: a request is decided on by its head, and its body is read after that.

mod body;
mod front_door;
mod identities;
mod jwt;
mod problem;
mod record;
mod users;

use core::time::Duration;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::peer::Peer;
pub(crate) use users::Users;
pub use users::UsersError;

/// Bytes of a request's head.
const HEAD: usize = 32 * 1024;
/// So long may a connection be used. Who reads too slowly is not there for ever.
const LIFETIME: Duration = Duration::from_secs(300);

/// A connection and the hub it is to.
#[derive(Debug)]
struct Door {
    hub: Arc<Hub>,
    peer: Peer,
}

/// Serves one connection to its end.
pub(crate) async fn serve(hub: Arc<Hub>, stream: TlsStream<TcpStream>, peer: Peer, stop: CancellationToken) {
    let limits = hub.limits;
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(async |State(door): State<Arc<Door>>| door.hub.counters()))
        .fallback(front_door::answer)
        .with_state(Arc::new(Door { hub, peer }));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.connect_timeout)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    tokio::select! {
        // an error is the peer's: it went away, or did not send HTTP
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = sleep(LIFETIME) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.drain_timeout, connection).await;
}
