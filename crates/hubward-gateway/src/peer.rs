//! The peer of a connection, as the transport presents it.

use core::net::SocketAddr;

use hubward::policy::Transport;
use rustls_pki_types::CertificateDer;

use crate::slots::Slot;

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
}
