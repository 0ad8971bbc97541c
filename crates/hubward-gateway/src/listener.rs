//! Accepts connections up to their limits, and completes their TLS handshakes.

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

use crate::clock;
use crate::hub::Hub;
use crate::peer::Peer;
use crate::slots::Slots;

/// The state that all listeners of a gateway share.
#[derive(Debug, Clone)]
pub(crate) struct ListenerContext {
    pub(crate) hub: Arc<Hub>,
    pub(crate) slots: Slots,
    /// Cancelled when the gateway stops.
    pub(crate) stop: CancellationToken,
    /// Cancelled when nothing new is accepted.
    pub(crate) closed: CancellationToken,
    /// Every task of the gateway.
    pub(crate) tasks: TaskTracker,
}

/// The pause after an error of the operating system, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Bytes of a certificate chain: ten of the longest certificates in the field.
pub(crate) const CHAIN_BYTES: usize = 16 * 1024;

/// Accepts connections until the gateway stops, and passes each to `serve` after its handshake.
pub(crate) async fn run<S, F>(
    listener: TcpListener,
    tls: TlsAcceptor,
    transport: Transport,
    context: ListenerContext,
    serve: S,
) where
    S: Fn(Arc<Hub>, TlsStream<TcpStream>, Peer, CancellationToken) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let taken = tokio::select! {
            () = context.closed.cancelled() => return,
            taken = listener.accept() => taken,
        };
        let (stream, address) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%transport, %error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let metrics = &context.hub.metrics;
        if !context.hub.addresses.allows(address.ip()) {
            metrics.over_rate.add(1);
            continue;
        }
        let Some(slot) = context.slots.take() else {
            metrics.crowded_out.add(1);
            continue;
        };
        metrics.accepted.add(1);
        let open = Open::new(Arc::clone(&context.hub));
        let (tls, serve, stop) = (tls.clone(), serve.clone(), context.stop.clone());
        context.tasks.spawn(async move {
            // no delay for small packets
            let _ = stream.set_nodelay(true);
            let watch = clock::stopwatch();
            let handshake = tokio::select! {
                () = stop.cancelled() => return,
                () = slot.displaced() => return open.hub.metrics.crowded_out.add(1),
                handshake = timeout(open.hub.limits.handshake_timeout, tls.accept(stream)) => handshake,
            };
            let Some((stream, certificates)) = handshake.ok().and_then(Result::ok).and_then(client_chain)
            else {
                open.hub.metrics.handshakes_failed.add(1);
                tracing::debug!(%transport, peer = %address, "the TLS handshake failed");
                return;
            };
            open.hub.metrics.handshake_took(watch.elapsed());
            // HTTP authenticates each request
            let wake = (transport != Transport::Http).then(|| open.hub.wakes.connection());
            let peer = Peer::new(transport, address, certificates, slot.clone(), wake);
            tokio::select! {
                () = slot.displaced() => open.hub.metrics.crowded_out.add(1),
                () = Box::pin(serve(Arc::clone(&open.hub), stream, peer, stop)) => {}
            }
        });
    }
}

/// Returns the certificate chain of the peer; `None` if it is longer than the gateway keeps before authentication.
fn client_chain(
    stream: TlsStream<TcpStream>,
) -> Option<(TlsStream<TcpStream>, Vec<CertificateDer<'static>>)> {
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let bytes = chain.iter().fold(0_usize, |bytes, der| bytes.saturating_add(der.len()));
    let chain = (bytes <= CHAIN_BYTES).then(|| chain.iter().map(|der| der.clone().into_owned()).collect());
    chain.map(|chain| (stream, chain))
}

/// Counts an open connection, until it is dropped.
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
