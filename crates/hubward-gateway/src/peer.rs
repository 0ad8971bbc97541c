//! Who is at the other end, as far as the transport shows.

use core::net::SocketAddr;

use hubward::policy::Transport;
use rustls_pki_types::CertificateDer;

use crate::places::Place;

/// A peer whose TLS handshake is done.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) transport: Transport,
    pub(crate) address: SocketAddr,
    /// The chain that it showed, the key of whose first certificate it has proven to hold; often none. It proves
    /// nothing until an admission has judged it.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// Its connection's place, which is that of a stranger until somebody is proven.
    pub(crate) place: Place,
}
