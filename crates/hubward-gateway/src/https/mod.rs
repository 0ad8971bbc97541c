//! HTTPS: a request is decided on by its head, and its body is read after that.

mod body;
mod front_door;
mod identities;
mod jwt;
mod problem;
mod record;
mod users;

use core::future::pending;
use core::time::Duration;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONNECTION;
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
use crate::places::Place;
pub(crate) use users::Users;
pub use users::UsersError;

/// Bytes of a request's head, which is kept before anybody is proven: a token of a directory's and what is around it.
const HEAD: usize = 16 * 1024;
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
    let (limits, place) = (hub.limits, peer.place.clone());
    let router = Router::new()
        // whoever asks for no more leaves its place to another
        .route("/healthz", get(async || ([(CONNECTION, "close")], "ok\n")))
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
        // of a stranger nothing is under way that would be waited for
        () = stop.cancelled() => if !place.is_proven() { return },
        () = sleep(LIFETIME) => {}
        () = unproven(&place, limits.connect_timeout) => {}
    }
    connection.as_mut().graceful_shutdown();
    // and the gateway is done before its own time to stop is over
    let _ = timeout(limits.drain_timeout.mul_f32(0.75), connection).await;
}

/// Waits for so long, and for ever if somebody is proven by then: requests that are all refused keep no connection open.
async fn unproven(place: &Place, time: Duration) {
    sleep(time).await;
    if place.is_proven() {
        pending().await
    }
}
