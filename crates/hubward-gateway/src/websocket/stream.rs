//! The messages of a WebSocket as a stream of bytes.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message, Utf8Bytes};

use super::Protocol;
use super::adapter::{AtPoll, waiting, written};
use crate::hub::Hub;
use crate::limits::{CONNECT_BYTES, PACKET_BYTES};
use crate::slots::Slot;

/// Bytes read at a time: each idle connection holds a buffer of this size.
const READ: usize = 1024;
/// Bytes of a message to the peer.
const WRITE: usize = 16 * 1024;
/// Bytes that wait until the peer accepts them: a message, and the answer to a ping.
const WAITING: usize = WRITE.saturating_mul(2);
/// Bytes of frames and their heads before authentication: as many as without a WebSocket, and the heads of a few dozen
/// fragments.
const MQTT_BYTES: usize = CONNECT_BYTES.saturating_add(512);
const AMQP_BYTES: usize = CONNECT_BYTES.saturating_mul(2).saturating_add(1024);

/// A WebSocket on a TLS stream. Only binary messages are accepted.
#[derive(Debug)]
pub(crate) struct WebSocket {
    stream: TlsStream<TcpStream>,
    codec: WebSocketContext,
    /// The unread rest of the last message.
    message: Bytes,
    /// Bytes that the peer may still send before authentication.
    allowance: Option<usize>,
    hub: Arc<Hub>,
    slot: Slot,
    /// Set when nothing more is read.
    ended: bool,
    /// Set when the close frame was queued.
    closing: bool,
    /// The code of the close frame.
    code: CloseCode,
}

impl WebSocket {
    /// Returns the WebSocket of an upgraded stream; `None` if more bytes than allowed were read before.
    pub(super) fn new(
        stream: TlsStream<TcpStream>,
        read: &[u8],
        protocol: Protocol,
        hub: Arc<Hub>,
        slot: Slot,
    ) -> Option<Self> {
        let most = match protocol {
            Protocol::Mqtt => MQTT_BYTES,
            Protocol::Amqp => AMQP_BYTES,
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .write_buffer_size(0)
            .max_write_buffer_size(WAITING)
            .max_message_size(Some(CONNECT_BYTES))
            .max_frame_size(Some(CONNECT_BYTES))
            .accept_unmasked_frames(false);
        Some(Self {
            stream,
            codec: WebSocketContext::from_partially_read(read.to_vec(), Role::Server, Some(config)),
            message: Bytes::new(),
            allowance: Some(most.checked_sub(read.len())?),
            hub,
            slot,
            ended: false,
            closing: false,
            code: CloseCode::Normal,
        })
    }

    /// Lifts the limits before authentication once the peer is authenticated.
    fn lift_limits(&mut self) {
        if self.allowance.is_some() && self.slot.is_authenticated() {
            self.allowance = None;
            let most = usize::try_from(PACKET_BYTES).ok();
            self.codec.set_config(|config| {
                config.max_message_size = most;
                config.max_frame_size = most;
            });
        }
    }

    /// Calls the codec with the stream.
    fn codec<T>(
        &mut self,
        cx: &mut Context<'_>,
        call: impl FnOnce(&mut WebSocketContext, &mut AtPoll<'_, '_, '_, TlsStream<TcpStream>>) -> T,
    ) -> T {
        let (stream, allowance) = (&mut self.stream, &mut self.allowance);
        call(&mut self.codec, &mut AtPoll { stream, cx, allowance })
    }

    /// Ends the reading of a peer that does not follow the protocol.
    fn malformed(&mut self, code: CloseCode) {
        (self.ended, self.code) = (true, code);
        self.hub.metrics.malformed.add(1);
    }
}

impl AsyncRead for WebSocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if !this.message.is_empty() {
                let part = this.message.split_to(this.message.len().min(buf.remaining()));
                buf.put_slice(&part);
                return Poll::Ready(Ok(()));
            }
            if this.ended {
                return Poll::Ready(Ok(()));
            }
            this.lift_limits();
            match ready!(waiting(this.codec(cx, |codec, stream| codec.read(stream)))) {
                Ok(Message::Binary(message)) => this.message = message,
                // the codec answers a ping; its next call answers a close
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {}
                Ok(Message::Text(_)) => this.malformed(CloseCode::Unsupported),
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => this.ended = true,
                // the peer left without a close frame, or sent more than it may
                Err(Error::Io(error)) => match error.kind() {
                    io::ErrorKind::InvalidData => this.malformed(CloseCode::Size),
                    _ => this.ended = true,
                },
                Err(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
                    this.ended = true;
                }
                Err(Error::Capacity(_)) => this.malformed(CloseCode::Size),
                Err(_) => this.malformed(CloseCode::Protocol),
            }
        }
    }
}

impl AsyncWrite for WebSocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // the former message first, so that at most one waits
        ready!(written(waiting(this.codec(cx, |codec, stream| codec.flush(stream)))))?;
        let (part, _) = bytes.split_at_checked(WRITE).unwrap_or((bytes, &[]));
        let message = Message::Binary(Bytes::copy_from_slice(part));
        match waiting(this.codec(cx, |codec, stream| codec.write(stream, message))) {
            // a message that would wait is queued
            Poll::Pending | Poll::Ready(Ok(())) => Poll::Ready(Ok(part.len())),
            Poll::Ready(Err(_)) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        written(waiting(self.get_mut().codec(cx, |codec, stream| codec.flush(stream))))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let closed = if this.closing {
            this.codec(cx, |codec, stream| codec.flush(stream))
        } else {
            this.closing = true;
            let frame = CloseFrame { code: this.code, reason: Utf8Bytes::from_static("") };
            this.codec(cx, |codec, stream| codec.close(stream, Some(frame)))
        };
        ready!(written(waiting(closed)))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}
