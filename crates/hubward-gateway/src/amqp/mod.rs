//! AMQP 1.0: a token is judged in SASL PLAIN or when it is put on `$cbs`, then each link and each message.

mod cbs;
mod commands;
mod connection;
mod guard;
mod link;
mod numbers;
mod proven;
mod sasl;
mod values;

use core::future::pending;
use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy, sink, split};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::peer::Peer;

pub(crate) use commands::Mailboxes;
use guard::Guard;

/// Bytes on their way between the socket and the codec. Each connection has as many, twice.
const PIPE_BYTES: usize = 2 * 1024;

/// How long a peer may take to answer that its connection is closed, and then to take what is left to say.
const GOODBYE: Duration = Duration::from_secs(1);

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
    let (shared, address, place) = (Arc::clone(&hub), peer.address, peer.place.clone());
    let end = match timeout(hub.limits.connect_timeout, header(&mut stream)).await {
        Err(_) => End::Silent,
        Ok(Err(end)) => end,
        Ok(Ok((header, bytes))) => {
            let (mut near, far) = tokio::io::duplex(PIPE_BYTES);
            // the pipe has room for it
            let _ = near.write_all(&bytes).await;
            let mut served = Box::pin(connection::run(hub, peer, header, far, stop));
            let mut relay = pin!(relay(&mut stream, near, Guard::new(place, header)));
            tokio::select! {
                end = &mut served => {
                    // the rest of the answer; a codec that is left with a refused link does not sleep
                    if end != End::Malformed {
                        let _ = timeout(GOODBYE, relay).await;
                    }
                    end
                }
                // the codec finds its end of the pipe closed
                carried = &mut relay => match (carried, timeout(GOODBYE, served).await) {
                    (Err(guard::Malformed), _) => End::Malformed,
                    (Ok(()), Ok(End::Malformed) | Err(_)) => End::Gone,
                    (Ok(()), Ok(end)) => end,
                },
            }
        }
    };
    match end {
        End::Malformed => shared.metrics.malformed.add(1),
        End::Silent => shared.metrics.timed_out.add(1),
        End::Evicted => shared.metrics.evicted.add(1),
        End::Refused | End::Gone | End::Stopped => {}
    }
    tracing::debug!(peer = %address, ?end, "AMQP connection over");
    // what the peer says to that is for nobody, but a socket that is closed on it may take the last word back
    let goodbye = async {
        stream.shutdown().await?;
        copy(&mut stream, &mut sink()).await
    };
    let _ = timeout(GOODBYE, goodbye).await;
}

/// Carries frames both ways until the codec has said all that it will. When the peer says no more, the codec is told so.
async fn relay(
    stream: &mut TlsStream<TcpStream>,
    near: DuplexStream,
    mut guard: Guard,
) -> Result<(), guard::Malformed> {
    let (mut from_peer, mut to_peer) = split(stream);
    let (mut from_codec, mut to_codec) = split(near);
    let hear = async {
        guard::hear(&mut guard, &mut from_peer, &mut to_codec).await?;
        let _ = to_codec.shutdown().await;
        pending().await
    };
    tokio::select! {
        malformed = hear => malformed,
        _ = guard::say(&mut from_codec, &mut to_peer) => Ok(()),
    }
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
