//! The counters over plain HTTP, on a listener of their own: what they count is for the operator and not for peers.

use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONNECTION;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::listen::Doors;

/// Connections at one time.
const PLACES: usize = 8;
/// So long may one take.
const LIFETIME: Duration = Duration::from_secs(10);
/// After an error of the operating system the next connection is taken after this.
const PAUSE: Duration = Duration::from_millis(100);

/// The address to listen on. A port alone is one of this machine's own: other machines see the counters only where an
/// address says so.
pub(crate) fn address(given: &str) -> String {
    let port = given.strip_prefix(':').unwrap_or(given);
    if port.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("127.0.0.1:{port}")
    } else {
        given.to_owned()
    }
}

/// Serves `/metrics` until the gateway stops.
pub(crate) async fn run(listener: TcpListener, doors: Doors) {
    let places = Arc::new(Semaphore::new(PLACES));
    loop {
        let taken = tokio::select! {
            () = doors.stop.cancelled() => return,
            taken = listener.accept() => taken,
        };
        let stream = match taken {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "no connection for metrics was taken");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let (hub, stop) = (Arc::clone(&doors.hub), doors.stop.clone());
        doors.tasks.spawn(async move {
            let _place = place;
            let counters = async move || ([(CONNECTION, "close")], hub.counters());
            let router = Router::new().route("/metrics", get(counters));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
            let connection = pin!(timeout(LIFETIME, connection));
            tokio::select! {
                () = stop.cancelled() => {}
                // whatever came of it, the operator sees it
                _ = connection => {}
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_port_alone_is_this_machine_s() {
        for (given, expected) in [
            ("9090", "127.0.0.1:9090"),
            (":9090", "127.0.0.1:9090"),
            ("0.0.0.0:9090", "0.0.0.0:9090"),
            ("[::]:9090", "[::]:9090"),
            ("localhost:9090", "localhost:9090"),
        ] {
            assert_eq!(address(given), expected);
        }
    }
}
