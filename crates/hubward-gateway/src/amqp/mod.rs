//! AMQP 1.0: a peer is authenticated by SASL or by tokens that it puts on `$cbs`; then the gateway decides on each link
//! and each message.

mod authenticated;
mod cbs;
mod cloud_to_device;
mod connection;
mod context;
mod delegation;
mod delivery;
mod guard;
mod link;
mod performatives;
mod registration;
mod registration_error;
mod sasl;
mod sasl_tpm;
mod twin;
mod values;

use core::future::pending;
use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;

use fe2o3_amqp::types::messaging::{Body, Message};
use fe2o3_amqp::types::primitives::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy, sink, split};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::peer::Peer;
use crate::stream::Stream;
pub(crate) use context::Context;
pub use context::{EventsEndpoint, EventsEndpointError};
use guard::Guard;
use sasl::Entry;

/// Bytes of the pipe between the socket and the codec. Each connection has two, one for each direction.
const PIPE_BYTES: usize = 2 * 1024;

/// The time that a peer has to answer `close`, and then to accept the remaining bytes.
const GOODBYE: Duration = Duration::from_secs(1);

/// The protocol header of a client (AMQP 1.0, 2.2 and 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    /// The client authenticates with SASL.
    Sasl,
    /// The client does without SASL, and puts a token or has a certificate.
    Amqp,
}

const SASL: [u8; 8] = *b"AMQP\x03\x01\x00\x00";
const AMQP: [u8; 8] = *b"AMQP\x00\x01\x00\x00";

/// A message with any body.
type Any = Message<Body<Value>>;

/// The reason why a connection has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Denied; the decision is in the log.
    Refused,
    /// The peer closed the connection, or it broke.
    Gone,
    /// The peer did not follow the protocol.
    Malformed,
    /// The peer took too long.
    Silent,
    /// The same identity opened a newer connection.
    Evicted,
    /// The gateway is stopping.
    Stopped,
}

/// Serves one connection to its end.
///
/// The codec has one end of a pipe and never the socket, so that a connection can be closed while the codec or the peer
/// still waits.
pub(crate) async fn serve(
    hub: Arc<Hub>,
    context: Context,
    mut stream: Stream,
    peer: Peer,
    stop: CancellationToken,
) {
    let (shared, peer) = (Arc::clone(&hub), Arc::new(peer));
    let address = peer.address;
    let entered = tokio::select! {
        () = stop.cancelled() => Err(End::Stopped),
        entered = timeout(hub.limits.connect_timeout, enter(&hub, &peer, &mut stream)) => {
            entered.unwrap_or(Err(End::Silent))
        }
    };
    let end = match entered {
        Err(end) => end,
        Ok((entry, guard, bytes)) => {
            let refused = if let Entry::Certificate(error) = &entry { Some(*error) } else { None };
            let (mut near, far) = tokio::io::duplex(PIPE_BYTES);
            // the empty pipe has room for the header
            let _ = near.write_all(&bytes).await;
            let mut served = Box::pin(connection::run(hub, context, Arc::clone(&peer), entry, far, stop));
            let mut relay = pin!(relay(&mut stream, near, guard));
            let end = tokio::select! {
                end = &mut served => {
                    // the rest of the answer; a codec that is left with a refused link does not sleep
                    if end != End::Malformed {
                        let _ = timeout(GOODBYE, relay).await;
                    }
                    end
                }
                // the codec's end of the pipe is closed now
                carried = &mut relay => match (carried, timeout(GOODBYE, served).await) {
                    (Err(guard::Malformed), _) => End::Malformed,
                    (Ok(()), Ok(End::Malformed) | Err(_)) => End::Gone,
                    (Ok(()), Ok(end)) => end,
                },
            };
            // a certificate that gave no identity, and a peer that left without one
            if let Some(error) = refused.filter(|_| !peer.slot.is_authenticated()) {
                // a refused link was logged
                if end != End::Refused {
                    sasl::log_refused_certificate(&shared, &peer, error);
                }
                shared.slow(&peer).await;
            }
            end
        }
    };
    match end {
        End::Malformed => shared.metrics.malformed.add(1),
        End::Silent => shared.metrics.timed_out.add(1),
        End::Evicted => shared.metrics.evicted.add(1),
        End::Refused | End::Gone | End::Stopped => {}
    }
    tracing::debug!(peer = %address, ?end, "AMQP connection over");
    // a socket that is closed with unread bytes is reset, which may discard the last frames: read and drop them
    let goodbye = async {
        stream.shutdown().await?;
        copy(&mut stream, &mut sink()).await
    };
    let _ = timeout(GOODBYE, goodbye).await;
}

/// Reads the protocol header, and runs SASL if the client begins with it. Returns what the codec reads first, too.
async fn enter(hub: &Hub, peer: &Arc<Peer>, stream: &mut Stream) -> Result<(Entry, Guard, Vec<u8>), End> {
    let (header, bytes) = header(stream).await?;
    let mut guard = Guard::new(peer.slot.clone(), header);
    Ok(match header {
        Header::Sasl => (sasl::negotiate(hub, peer, stream, &mut guard).await?, guard, Vec::new()),
        Header::Amqp => (sasl::without(hub, peer).await?, guard, bytes.to_vec()),
    })
}

/// Forwards frames in both directions until the codec has sent its last one. The end of the peer's stream is passed on.
async fn relay(stream: &mut Stream, near: DuplexStream, mut guard: Guard) -> Result<(), guard::Malformed> {
    let (mut from_peer, mut to_peer) = split(stream);
    let (mut from_codec, mut to_codec) = split(near);
    let incoming = async {
        guard::forward_to_codec(&mut guard, &mut from_peer, &mut to_codec).await?;
        let _ = to_codec.shutdown().await;
        pending().await
    };
    tokio::select! {
        malformed = incoming => malformed,
        _ = guard::forward_to_peer(&mut from_codec, &mut to_peer) => Ok(()),
    }
}

/// Reads the protocol header. A client of another protocol is sent the header of SASL.
async fn header(stream: &mut Stream) -> Result<(Header, [u8; 8]), End> {
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
