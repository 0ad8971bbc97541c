//! Taking connections: as many as there is room for, each with its handshake in time.

use core::time::Duration;
use std::sync::Arc;

use hubward::policy::Transport;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::hub::Hub;
use crate::peer::Peer;

/// What every listener of a gateway shares.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    pub(crate) hub: Arc<Hub>,
    /// Room for connections.
    pub(crate) room: Arc<Semaphore>,
    /// Cancelled when the gateway stops.
    pub(crate) stop: CancellationToken,
    /// Every task of the gateway.
    pub(crate) tasks: TaskTracker,
}

/// After an error of the operating system, such as too many open files, the next connection is taken after this.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until the gateway stops, and hands each to `serve` when its handshake is done.
pub(crate) async fn run<S, F>(
    listener: TcpListener,
    tls: TlsAcceptor,
    transport: Transport,
    doors: Doors,
    serve: S,
) where
    S: Fn(Arc<Hub>, TlsStream<TcpStream>, Peer, CancellationToken) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let taken = tokio::select! {
            () = doors.stop.cancelled() => return,
            taken = listener.accept() => taken,
        };
        let (stream, address) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%transport, %error, "no connection was taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let metrics = &doors.hub.metrics;
        let Ok(place) = Arc::clone(&doors.room).try_acquire_owned() else {
            metrics.crowded_out.add(1);
            continue;
        };
        metrics.accepted.add(1);
        let open = Open::new(Arc::clone(&doors.hub), place);
        let (tls, serve, stop) = (tls.clone(), serve.clone(), doors.stop.clone());
        doors.tasks.spawn(async move {
            // small packets are not to wait for one another
            let _ = stream.set_nodelay(true);
            let handshake = tokio::select! {
                () = stop.cancelled() => return,
                handshake = timeout(open.hub.limits.handshake_timeout, tls.accept(stream)) => handshake,
            };
            let Ok(Ok(stream)) = handshake else {
                open.hub.metrics.handshakes_failed.add(1);
                tracing::debug!(%transport, peer = %address, "no handshake");
                return;
            };
            let certificates = stream.get_ref().1.peer_certificates();
            let certificates =
                certificates.unwrap_or_default().iter().map(|der| der.clone().into_owned()).collect();
            let peer = Peer { transport, address, certificates };
            serve(Arc::clone(&open.hub), stream, peer, stop).await;
        });
    }
}

/// An open connection, and its place.
struct Open {
    hub: Arc<Hub>,
    _place: OwnedSemaphorePermit,
}

impl Open {
    fn new(hub: Arc<Hub>, place: OwnedSemaphorePermit) -> Self {
        hub.metrics.open.up();
        Self { hub, _place: place }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.hub.metrics.open.down();
    }
}
