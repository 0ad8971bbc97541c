//! AMQP 1.0: a token is judged in SASL PLAIN or when it is put on `$cbs`, then each link and each message.

mod cbs;
mod commands;
mod connection;
mod link;
mod proven;
mod sasl;

use core::pin::pin;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::peer::Peer;

pub(crate) use commands::Mailboxes;

/// Bytes on their way between the socket and the codec.
const PIPE_BYTES: usize = 64 * 1024;

/// What a client begins with (AMQP 1.0, 2.2 and 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    /// It authenticates with SASL.
    Sasl,
    /// It does without, and puts a token or shows a certificate.
    Amqp,
}

const SASL: [u8; 8] = *b"AMQP\x03\x01\x00\x00";
const AMQP: [u8; 8] = *b"AMQP\x00\x01\x00\x00";

/// Why a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By a decision, which is in the log.
    Refused,
    /// The peer closed, or its connection broke.
    Gone,
    /// The peer sent what is not of the protocol.
    Malformed,
    /// The peer took too long.
    Silent,
    /// The same identity connected anew.
    Evicted,
    /// The gateway stops.
    Stopped,
}

/// Serves one connection to its end.
///
/// The codec has its own end of a pipe and never the socket, so that a connection can be cut whatever the codec or the
/// peer still wait for.
pub(crate) async fn serve(
    hub: Arc<Hub>,
    mut stream: TlsStream<TcpStream>,
    peer: Peer,
    stop: CancellationToken,
) {
    let (patience, address) = (hub.limits.write_timeout, peer.address);
    let end = match timeout(hub.limits.connect_timeout, header(&mut stream)).await {
        Err(_) => End::Silent,
        Ok(Err(end)) => end,
        Ok(Ok((header, bytes))) => {
            let (mut near, far) = tokio::io::duplex(PIPE_BYTES);
            // the pipe has room for it
            let _ = near.write_all(&bytes).await;
            let mut relay = pin!(copy_bidirectional(&mut stream, &mut near));
            let served = pin!(connection::run(Arc::clone(&hub), peer, header, far, stop));
            tokio::select! {
                end = served => {
                    // what is left to say
                    let _ = timeout(patience, relay).await;
                    end
                }
                _ = &mut relay => End::Gone,
            }
        }
    };
    match end {
        End::Malformed => hub.metrics.malformed.add(1),
        End::Silent => hub.metrics.timed_out.add(1),
        End::Evicted => hub.metrics.evicted.add(1),
        End::Refused | End::Gone | End::Stopped => {}
    }
    tracing::debug!(peer = %address, ?end, "AMQP connection over");
    let _ = timeout(patience, stream.shutdown()).await;
}

/// Reads what a client begins with. Who begins with another protocol is told which ones there are.
async fn header(stream: &mut TlsStream<TcpStream>) -> Result<(Header, [u8; 8]), End> {
    let mut bytes = [0; 8];
    stream.read_exact(&mut bytes).await.map_err(|_| End::Gone)?;
    match bytes {
        SASL => Ok((Header::Sasl, bytes)),
        AMQP => Ok((Header::Amqp, bytes)),
        _ => {
            let _ = stream.write_all(&SASL).await;
            Err(End::Malformed)
        }
    }
}
