//! Packets over a stream. The codec checks their format and their order.

use core::time::Duration;

use mqtt::common::Cursor;
use mqtt::connection::{ConnectionOptions, Event};
use mqtt::packet::{GenericPacketTrait, Packet};
use mqtt::result_code::ConnectReturnCode;
use mqtt_protocol_core::mqtt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::End;
use crate::limits::{CONNECT_BYTES, PACKET_BYTES};
use crate::stream::Stream;

/// Bytes read at a time: telemetry is small, and each idle connection holds a buffer of this size.
const READ: usize = 1024;

/// The time that a peer has to accept the last packet.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection and its codec.
pub(crate) struct Wire {
    stream: Stream,
    codec: mqtt::Connection<mqtt::role::Server>,
    /// Bytes that were read; the codec has not received those from `at` to `len`.
    buffer: [u8; READ],
    at: usize,
    len: usize,
    /// Bytes that the peer may still send before authentication.
    allowance: Option<usize>,
    /// The codec's last packet to a peer that does not follow the protocol.
    last_packet: Vec<u8>,
    write_timeout: Duration,
}

impl Wire {
    pub(crate) fn new(stream: Stream, write_timeout: Duration) -> Self {
        let options = ConnectionOptions::new().maximum_packet_size_recv(PACKET_BYTES);
        let mut codec = mqtt::Connection::with_options(mqtt::Version::V3_1_1, options);
        // packets are answered after the decision only
        codec.set_auto_pub_response(false);
        codec.set_auto_ping_response(false);
        let (buffer, at, len, allowance) = ([0; READ], 0, 0, Some(CONNECT_BYTES));
        Self { stream, codec, buffer, at, len, allowance, last_packet: Vec::new(), write_timeout }
    }

    /// Lifts the limit of bytes before authentication.
    pub(crate) const fn lift_allowance(&mut self) {
        self.allowance = None;
    }

    /// Reads the next packet. Bytes after it stay in the buffer: a client need not wait for its CONNACK. The future is
    /// cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<Packet, End> {
        loop {
            while self.at < self.len {
                let mut unread = Cursor::new(self.buffer.get(self.at..self.len).unwrap_or_default());
                let events = self.codec.recv(&mut unread);
                let read = usize::try_from(unread.position()).unwrap_or_default();
                self.at = self.at.saturating_add(read);
                if let Some(packet) = self.received(events)? {
                    return Ok(packet);
                }
                if read == 0 {
                    return Err(End::Malformed);
                }
            }
            self.len = self.stream.read(&mut self.buffer).await.map_err(|_| End::Gone)?;
            self.at = 0;
            if self.len == 0 {
                return Err(End::Gone);
            }
            if let Some(allowance) = &mut self.allowance {
                *allowance = allowance.checked_sub(self.len).ok_or(End::Malformed)?;
            }
        }
    }

    /// Returns the packet of the codec's events, if there is one. The codec's timers are ignored: the session has its own.
    fn received(&mut self, events: Vec<Event>) -> Result<Option<Packet>, End> {
        let mut received = Ok(None);
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => received = received.and(Ok(Some(packet))),
                // a CONNECT that is malformed has no answer (MQTT 3.1.1, 3.1.4), one of another version has return code 1
                Event::RequestSendPacket { packet: Packet::V3_1_1Connack(connack), .. }
                    if connack.return_code() != ConnectReturnCode::UnacceptableProtocolVersion => {}
                Event::RequestSendPacket { packet, .. } => self.last_packet = packet.to_continuous_buffer(),
                Event::NotifyError(_) | Event::RequestClose => received = Err(End::Malformed),
                _ => {}
            }
        }
        received
    }

    /// Sends a packet.
    pub(crate) async fn send(&mut self, packet: impl Into<Packet>) -> Result<(), End> {
        let mut bytes = Vec::new();
        for event in self.codec.send(packet.into()) {
            match event {
                Event::RequestSendPacket { packet, .. } => bytes.extend(packet.to_continuous_buffer()),
                // after a refusing CONNACK
                Event::RequestClose => {}
                Event::NotifyError(error) => {
                    tracing::error!(?error, "the codec refused a packet of the gateway");
                    return Err(End::Malformed);
                }
                _ => {}
            }
        }
        self.write(&bytes).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match timeout(self.write_timeout, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Silent),
        }
    }

    /// Sends the last packet and closes the stream, if the peer accepts that in time.
    pub(crate) async fn close(mut self) {
        // a gateway that stops waits no longer than this for a peer that reads nothing
        self.write_timeout = self.write_timeout.min(GOODBYE);
        let last_packet = core::mem::take(&mut self.last_packet);
        if last_packet.is_empty() || self.write(&last_packet).await.is_ok() {
            let _ = timeout(self.write_timeout, self.stream.shutdown()).await;
        }
    }
}
