//! Taking connections: as many as there is room for, each with its handshake in time.

use core::time::Duration;
use std::sync::Arc;

use hubward::policy::Transport;
use rustls_pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::hub::Hub;
use crate::peer::Peer;
use crate::places::Places;

/// What every listener of a gateway shares.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    pub(crate) hub: Arc<Hub>,
    pub(crate) places: Places,
    /// Cancelled when the gateway stops.
    pub(crate) stop: CancellationToken,
    /// Every task of the gateway.
    pub(crate) tasks: TaskTracker,
}

/// After an error of the operating system, such as too many open files, the next connection is taken after this.
const PAUSE: Duration = Duration::from_millis(100);

/// Bytes of a chain of certificates: ten of the longest in the field.
const CHAIN_BYTES: usize = 16 * 1024;

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
        let Some(place) = doors.places.take() else {
            metrics.crowded_out.add(1);
            continue;
        };
        metrics.accepted.add(1);
        let open = Open::new(Arc::clone(&doors.hub));
        let (tls, serve, stop) = (tls.clone(), serve.clone(), doors.stop.clone());
        doors.tasks.spawn(async move {
            // small packets are not to wait for one another
            let _ = stream.set_nodelay(true);
            let handshake = tokio::select! {
                () = stop.cancelled() => return,
                () = place.gives_way() => return open.hub.metrics.crowded_out.add(1),
                handshake = timeout(open.hub.limits.handshake_timeout, tls.accept(stream)) => handshake,
            };
            let Some((stream, certificates)) = handshake.ok().and_then(Result::ok).and_then(shown) else {
                open.hub.metrics.handshakes_failed.add(1);
                tracing::debug!(%transport, peer = %address, "no handshake");
                return;
            };
            let peer = Peer { transport, address, certificates, place: place.clone() };
            tokio::select! {
                () = place.gives_way() => open.hub.metrics.crowded_out.add(1),
                () = Box::pin(serve(Arc::clone(&open.hub), stream, peer, stop)) => {}
            }
        });
    }
}

/// The chain that the peer showed; `None` where it is longer than any that is kept for a peer that is not proven.
fn shown(stream: TlsStream<TcpStream>) -> Option<(TlsStream<TcpStream>, Vec<CertificateDer<'static>>)> {
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let bytes = chain.iter().fold(0_usize, |bytes, der| bytes.saturating_add(der.len()));
    let chain = (bytes <= CHAIN_BYTES).then(|| chain.iter().map(|der| der.clone().into_owned()).collect());
    chain.map(|chain| (stream, chain))
}

/// An open connection.
struct Open {
    hub: Arc<Hub>,
}

impl Open {
    fn new(hub: Arc<Hub>) -> Self {
        hub.metrics.open.up();
        Self { hub }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.hub.metrics.open.down();
    }
}
