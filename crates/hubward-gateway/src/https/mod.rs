//! HTTPS.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::peer::Peer;

/// Serves one connection to its end.
pub(crate) async fn serve(
    _hub: Arc<Hub>,
    _stream: TlsStream<TcpStream>,
    _peer: Peer,
    _stop: CancellationToken,
) {
}
