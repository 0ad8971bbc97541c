//! The console: a page for the operator on a loopback listener of its own, and the JSON that it shows. It changes nothing.
//!
//! A request passes, in this order: the checks of `Host` and `Origin`, the token with its rights, the limit on the rate
//! of explanations, the limit on the body.

mod access;
mod address;
mod answers;
mod explain;
mod origin;
mod rates;

use core::net::SocketAddr;
use core::num::NonZeroU32;
use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::response::Response;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::hub::Hub;
use crate::listener::ListenerContext;
use crate::users::UsersFile;
pub use address::{ConsoleAddress, ConsoleAddressError};
use rates::Rates;

/// Connections at one time.
const CONNECTIONS: usize = 32;
/// The longest lifetime of a connection, which has one request.
const LIFETIME: Duration = Duration::from_secs(15);
/// Bytes of a request's head.
const HEAD: usize = 16 * 1024;
/// The pause after an error of the operating system.
const PAUSE: Duration = Duration::from_millis(100);
/// Explanations in a second, and at once.
const EXPLANATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// The headers of every answer. The page is three files of its own origin, and nothing else is loaded or framed.
const HEADERS: [(HeaderName, &str); 9] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    // one request a connection: none waits for another
    (CONNECTION, "close"),
];

/// The console of a gateway.
#[derive(Debug)]
pub(crate) struct Console {
    hub: Arc<Hub>,
    /// The hub's host name, for which tokens are signed.
    name: String,
    /// Verifies pasted bearer tokens, if a directory is configured.
    users: Option<Arc<UsersFile>>,
    /// The listener's own address.
    own: SocketAddr,
    explanations: DefaultDirectRateLimiter,
    rates: Rates,
}

impl Console {
    pub(crate) fn new(
        hub: Arc<Hub>,
        name: String,
        users: Option<Arc<UsersFile>>,
        own: SocketAddr,
    ) -> Arc<Self> {
        let explanations = RateLimiter::direct(Quota::per_second(EXPLANATIONS).allow_burst(BURST));
        Arc::new(Self { hub, name, users, own, explanations, rates: Rates::default() })
    }

    /// Serves until the gateway stops.
    pub(crate) async fn run(self: Arc<Self>, listener: TcpListener, context: ListenerContext) {
        context.tasks.spawn(self.rates.clone().take(Arc::clone(&self.hub), context.stop.clone()));
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let taken = tokio::select! {
                () = context.stop.cancelled() => return,
                taken = listener.accept() => taken,
            };
            let (stream, peer) = match taken {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!(%error, "a connection for the console could not be accepted");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else { continue };
            let (console, stop) = (Arc::clone(&self), context.stop.clone());
            context.tasks.spawn(async move {
                let _permit = permit;
                let router = Router::new().fallback(answer).with_state((console, peer));
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .max_buf_size(HEAD)
                    .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
                let connection = pin!(timeout(LIFETIME, connection));
                tokio::select! {
                    () = stop.cancelled() => {}
                    // an error means that the reader is gone
                    _ = connection => {}
                }
            });
        }
    }
}

async fn answer(State((console, peer)): State<(Arc<Console>, SocketAddr)>, request: Request) -> Response {
    let mut answer = console.answer(peer, request).await;
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}
