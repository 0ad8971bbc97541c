//! One connection: its authentication, its sessions, and its end.

use core::time::Duration;
use std::sync::Arc;

use fe2o3_amqp::acceptor::{
    ConnectionAcceptor, ListenerConnectionHandle, ListenerSessionHandle, SessionAcceptor,
};
use fe2o3_amqp::connection::OpenError;
use fe2o3_amqp::types::definitions::{self, AmqpError, ConnectionError};
use hubward::policy::Operation;
use hubward::types::UnixTime;
use tokio::io::DuplexStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::authenticated::Connection;
use super::cbs::Node;
use super::guard::FRAME_BYTES;
use super::performatives::{LAST_HANDLE, SESSIONS};
use super::sasl::Entry;
use super::{Context, End, GOODBYE, link};
use crate::clock;
use crate::hub::Hub;
use crate::peer::Peer;

/// Frames of a session that may be in flight: 4 MiB.
const WINDOW: u32 = 16;
/// Milliseconds without a frame after which the codec closes a connection.
const IDLE: u32 = 240_000;

/// Serves a connection to its end.
pub(super) async fn run(
    hub: Arc<Hub>,
    context: Context,
    peer: Arc<Peer>,
    entry: Entry,
    stream: DuplexStream,
    stop: CancellationToken,
) -> End {
    let mut changes = peer.changes();
    let accepted = tokio::select! {
        () = stop.cancelled() => return End::Stopped,
        // boxed, so that its memory is freed when it is done
        accepted = timeout(hub.limits.connect_timeout, Box::pin(accept(&hub, context, &peer, entry, stream))) => accepted,
    };
    let (connection, mut handle) = match accepted {
        Ok(Ok(accepted)) => accepted,
        Ok(Err(error)) => {
            tracing::debug!(peer = %peer.address, %error, "no AMQP connection");
            return End::Malformed;
        }
        Err(_) => return End::Silent,
    };
    let _over = connection.guard();
    let enter = || connection.hub.roster.enter(&connection.peer, &connection);
    let mut present = connection.is_authenticated().then(enter);
    let (node, mut sessions) = (Arc::new(Node::new()), JoinSet::new());
    let acceptor = SessionAcceptor::builder().handle_max(LAST_HANDLE).incoming_window(WINDOW).build();
    let deadline = later(Instant::now(), hub.limits.connect_timeout);
    // staying connected requires the permission to connect
    let staying = Operation::amqp_send("connection");
    let (end, error) = loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break (End::Stopped, ConnectionError::ConnectionForced.into()),
            () = connection.evicted.cancelled() => break (End::Evicted, ConnectionError::ConnectionForced.into()),
            // wakes the loop, which computes both deadlines below anew
            () = connection.newly_authenticated.notified() => {
                present.get_or_insert_with(enter);
            }
            () = sleep_until(deadline), if !connection.is_authenticated() => {
                break (End::Silent, definitions::Error::from(AmqpError::UnauthorizedAccess));
            }
            // the registry changed; a peer that has yet to put a token has its time for that
            _ = changes.changed() => {
                let had_identity = connection.is_authenticated();
                if !connection.recheck(&staying) && had_identity {
                    break (End::Refused, AmqpError::UnauthorizedAccess.into());
                }
            }
            // a token expired
            () = expiry(connection.until()) => {
                if !connection.recheck(&staying) {
                    break (End::Refused, AmqpError::UnauthorizedAccess.into());
                }
            }
            Some(session) = sessions.join_next() => {
                // the codec would wait for the peer's `end` without sleeping, and keep what comes for the link
                if matches!(session, Ok(SessionEnd::LinkRefused)) {
                    return End::Malformed;
                }
            }
            session = handle.next_incoming_session() => match session {
                Some(session) => match Box::pin(acceptor.accept_incoming_session(session, &mut handle)).await {
                    Ok(session) => {
                        sessions.spawn(serve_session(Arc::clone(&connection), Arc::clone(&node), session));
                    }
                    Err(error) => {
                        tracing::debug!(peer = %peer.address, %error, "no AMQP session");
                        return End::Malformed;
                    }
                },
                None => return End::Gone,
            },
        }
    };
    let _ = timeout(GOODBYE, handle.close_with_error(error)).await;
    end
}

/// Runs the exchange of `open`.
async fn accept(
    hub: &Arc<Hub>,
    context: Context,
    peer: &Arc<Peer>,
    entry: Entry,
    stream: DuplexStream,
) -> Result<(Arc<Connection>, ListenerConnectionHandle), OpenError> {
    let acceptor = ConnectionAcceptor::builder()
        .container_id("hubward-gateway")
        .max_frame_size(FRAME_BYTES)
        .channel_max(u16::try_from(SESSIONS.saturating_sub(1)).unwrap_or_default())
        .idle_time_out(IDLE);
    let handle = acceptor.build().accept(stream).await?;
    if let Entry::Session(session) = &entry {
        hub.connections.slow(&session.identity()).await;
    }
    Ok((Connection::new(Arc::clone(hub), context, Arc::clone(peer), entry), handle))
}

/// How a session ended.
enum SessionEnd {
    /// By the peer.
    Over,
    /// The codec did not take a link, such as one whose name is in use.
    LinkRefused,
}

async fn serve_session(
    connection: Arc<Connection>,
    node: Arc<Node>,
    mut session: ListenerSessionHandle,
) -> SessionEnd {
    let mut links = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = links.join_next() => {}
            attach = session.next_incoming_attach() => match attach {
                Some(attach) => {
                    let attaching = link::attach(&connection, &node, attach, &mut session, &mut links);
                    if !Box::pin(attaching).await {
                        return SessionEnd::LinkRefused;
                    }
                }
                None => return SessionEnd::Over,
            },
        }
    }
}

/// Waits until the second after the first expiry of a session; forever without a session.
async fn expiry(until: Option<UnixTime>) {
    let Some(until) = until else { return core::future::pending().await };
    let left = until.as_secs().saturating_add(1).saturating_sub(clock::now().as_secs());
    tokio::time::sleep(Duration::from_secs(left)).await;
}

/// Returns `from + by`, or `from` if that overflows.
fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by).unwrap_or(from)
}
