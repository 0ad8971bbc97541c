//! Serves the metrics over plain HTTP, on a listener of their own: they are for the operator and not for peers.

use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::http::header::{CONNECTION, CONTENT_TYPE};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::listener::ListenerContext;

/// The format of the answer.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Connections at one time.
const CONNECTIONS: usize = 8;
/// The longest lifetime of a connection.
const LIFETIME: Duration = Duration::from_secs(10);
/// The pause after an error of the operating system.
const PAUSE: Duration = Duration::from_millis(100);

/// Returns the address to listen on. A port alone is bound to the loopback address: other machines reach the metrics
/// only by an explicit address.
pub(crate) fn address(given: &str) -> String {
    let port = given.strip_prefix(':').unwrap_or(given);
    if port.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("127.0.0.1:{port}")
    } else {
        given.to_owned()
    }
}

/// Serves `/metrics` until the gateway stops.
pub(crate) async fn run(listener: TcpListener, context: ListenerContext) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let taken = tokio::select! {
            () = context.stop.cancelled() => return,
            taken = listener.accept() => taken,
        };
        let stream = match taken {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection for metrics could not be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else { continue };
        let (hub, stop) = (Arc::clone(&context.hub), context.stop.clone());
        context.tasks.spawn(async move {
            let _permit = permit;
            let counters =
                async move || ([(CONNECTION, "close"), (CONTENT_TYPE, OPEN_METRICS)], hub.counters());
            let router = Router::new().route("/metrics", get(counters));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
            let connection = pin!(timeout(LIFETIME, connection));
            tokio::select! {
                () = stop.cancelled() => {}
                // the operator sees any error in the scraper
                _ = connection => {}
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_port_alone_is_bound_to_loopback() {
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
