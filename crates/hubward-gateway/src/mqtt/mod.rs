//! MQTT 3.1.1: the gateway decides on CONNECT, then on each PUBLISH and SUBSCRIBE.

mod commands;
mod connect;
mod registration;
mod session;
mod wire;

use std::sync::Arc;

use mqtt_protocol_core::mqtt::packet::v3_1_1::Connect;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::peer::Peer;
use crate::stream::Stream;
use wire::Wire;

/// Serves one connection to its end.
pub(crate) async fn serve(hub: Arc<Hub>, stream: Stream, peer: Peer, stop: CancellationToken) {
    let mut wire = Wire::new(stream, hub.limits.write_timeout);
    let end = tokio::select! {
        () = stop.cancelled() => End::Stopped,
        first = connect::first(&hub, &mut wire, &peer) => match first {
            Ok(first) => after(&hub, &mut wire, &peer, first, &stop).await,
            Err(end) => end,
        },
    };
    match end {
        End::Malformed => hub.metrics.malformed.add(1),
        End::Silent => hub.metrics.timed_out.add(1),
        End::Evicted => hub.metrics.evicted.add(1),
        End::Refused | End::Gone | End::Stopped => {}
    }
    tracing::debug!(peer = %peer.address, ?end, "MQTT connection over");
    wire.close().await;
}

/// Serves a connection from its CONNECT.
async fn after(
    hub: &Arc<Hub>,
    wire: &mut Wire,
    peer: &Peer,
    first: Connect,
    stop: &CancellationToken,
) -> End {
    if let Some(service) = hub.provisioning.as_ref().filter(|_| registration::is_for(&first)) {
        return registration::run(hub, service, wire, peer, first, stop).await;
    }
    let connected = tokio::select! {
        () = stop.cancelled() => return End::Stopped,
        connected = connect::connect(hub, wire, peer, first) => connected,
    };
    match connected {
        Ok(connected) => session::run(hub, wire, peer, connected, stop).await,
        Err(end) => end,
    }
}

/// The reason why a connection has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Denied; the decision is in the log.
    Refused,
    /// The peer disconnected, or its connection broke.
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
