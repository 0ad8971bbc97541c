//! MQTT and AMQP over WebSockets on the HTTPS port (RFC 6455), for networks that pass no other port.
//!
//! The messages of a WebSocket are one stream of bytes: the same code serves it as the stream of a plain listener, with
//! the same limits. The client certificate is that of the TLS connection.

mod adapter;
mod stream;
mod upgrade;

use std::sync::Arc;

use axum::body::Bytes;
use hubward::policy::Transport;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::peer::Peer;
use crate::stream::Stream;
use crate::{amqp, mqtt};
pub(crate) use stream::WebSocket;
pub(crate) use upgrade::{Upgrade, accept, is_upgrade};

/// The path of WebSockets. Its query is ignored.
pub(crate) const PATH: &str = "/$iothub/websocket";

/// The protocol in a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Mqtt,
    Amqp,
}

/// Serves an upgraded connection to its end. HTTP's time limits do not apply to it, those of its protocol do.
pub(crate) async fn serve(
    hub: Arc<Hub>,
    settings: amqp::Context,
    upgrade: Upgrade,
    peer: Peer,
    stop: CancellationToken,
) {
    let Upgrade { protocol, on_upgrade } = upgrade;
    let Some((stream, read)) = tls_stream(on_upgrade).await else { return };
    let Some(socket) = WebSocket::new(stream, &read, protocol, Arc::clone(&hub), peer.slot.clone()) else {
        hub.metrics.malformed.add(1);
        return;
    };
    hub.metrics.websockets.add(1);
    let transport = match protocol {
        Protocol::Mqtt => Transport::Mqtt,
        Protocol::Amqp => Transport::Amqp,
    };
    let peer = peer.upgraded(transport, hub.wakes.connection());
    let stream = Stream::WebSocket(Box::new(socket));
    match protocol {
        Protocol::Mqtt => Box::pin(mqtt::serve(hub, stream, peer, stop)).await,
        Protocol::Amqp => Box::pin(amqp::serve(hub, settings, stream, peer, stop)).await,
    }
}

/// Returns the TLS stream of an upgraded connection, and the bytes after the request that were read already.
async fn tls_stream(on_upgrade: OnUpgrade) -> Option<(TlsStream<TcpStream>, Bytes)> {
    let upgraded = on_upgrade.await.ok()?;
    let parts = upgraded.downcast::<TokioIo<TlsStream<TcpStream>>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf))
}
