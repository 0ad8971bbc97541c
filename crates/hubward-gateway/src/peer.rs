//! The peer of a connection, as the transport presents it.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use hubward::policy::Transport;
use hubward::types::Lookup;
use rustls_pki_types::CertificateDer;
use tokio::sync::watch;

use crate::slots::Slot;
use crate::wakes::Wake;

/// A peer whose TLS handshake is done.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) transport: Transport,
    pub(crate) address: SocketAddr,
    /// The certificate chain of the peer, often empty. The handshake proved possession of the leaf's key; authentication
    /// verifies the chain.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// The slot of its connection.
    pub(crate) slot: Slot,
    /// Wakes the connection when its records change; `None` if each request is authenticated for itself.
    wake: Option<Arc<Wake>>,
    /// The version of the configuration by which the chain was verified.
    chain_checked: Arc<AtomicU64>,
}

impl Peer {
    pub(crate) fn new(
        transport: Transport,
        address: SocketAddr,
        certificates: Vec<CertificateDer<'static>>,
        slot: Slot,
        wake: Option<Arc<Wake>>,
    ) -> Self {
        let chain_checked = Arc::new(AtomicU64::new(u64::MAX));
        Self { transport, address, certificates, slot, wake, chain_checked }
    }

    /// Returns the peer of a WebSocket that its connection has become, with what wakes it.
    pub(crate) fn upgraded(self, transport: Transport, wake: Arc<Wake>) -> Self {
        Self { transport, wake: Some(wake), ..self }
    }

    /// Returns whether the chain was verified by this version of the configuration, if there is one.
    pub(crate) fn is_chain_checked(&self, version: u64) -> bool {
        self.certificates.is_empty() || self.chain_checked.load(Ordering::Relaxed) == version
    }

    /// Notes that the chain was verified by this version of the configuration, or a newer one.
    pub(crate) fn chain_checked(&self, version: u64) {
        self.chain_checked.store(version, Ordering::Relaxed);
    }

    /// Registers the connection for the changes of a record that is about to be looked up.
    pub(crate) fn depends_on(&self, lookup: &Lookup<'_>) {
        if let Some(wake) = &self.wake {
            wake.depends_on(lookup);
        }
    }

    /// Returns a receiver of all later changes of the records that the connection depends on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.wake.as_ref().map_or_else(|| watch::Sender::new(()).subscribe(), |wake| wake.changes())
    }
}
