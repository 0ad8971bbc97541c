//! Packets over a TLS stream. What a packet is and in which order it may come is the codec's.

use core::time::Duration;

use mqtt::common::Cursor;
use mqtt::connection::{ConnectionOptions, Event};
use mqtt::packet::{GenericPacketTrait, Packet};
use mqtt_protocol_core::mqtt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::End;
use crate::limits::{CONNECT_BYTES, PACKET_BYTES};

/// Bytes read at a time: telemetry is small, and each idle connection holds as many.
const READ: usize = 1024;

/// How long a peer may take to accept the last word.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection and its codec.
pub(crate) struct Wire {
    stream: TlsStream<TcpStream>,
    codec: mqtt::Connection<mqtt::role::Server>,
    /// Bytes that were read; those from `at` to `len` have yet to go through the codec.
    buffer: [u8; READ],
    at: usize,
    len: usize,
    /// Bytes that are still welcome before somebody is admitted.
    allowance: Option<usize>,
    /// What the codec wants to say to a peer that it cannot understand.
    parting: Vec<u8>,
    write_timeout: Duration,
}

impl Wire {
    pub(crate) fn new(stream: TlsStream<TcpStream>, write_timeout: Duration) -> Self {
        let options = ConnectionOptions::new().maximum_packet_size_recv(PACKET_BYTES);
        let mut codec = mqtt::Connection::with_options(mqtt::Version::V3_1_1, options);
        // nothing is answered before it was judged
        codec.set_auto_pub_response(false);
        codec.set_auto_ping_response(false);
        let (buffer, at, len, allowance) = ([0; READ], 0, 0, Some(CONNECT_BYTES));
        Self { stream, codec, buffer, at, len, allowance, parting: Vec::new(), write_timeout }
    }

    /// Somebody is admitted, and may send as much as a message takes.
    pub(crate) const fn admit(&mut self) {
        self.allowance = None;
    }

    /// The next packet. Whatever comes behind it waits: a client need not wait for its CONNACK. Dropping the future
    /// before it is ready loses nothing.
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

    /// The packet, where the bytes made one. The codec's timers are not kept: the session knows how long it waits.
    fn received(&mut self, events: Vec<Event>) -> Result<Option<Packet>, End> {
        let mut received = Ok(None);
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => received = received.and(Ok(Some(packet))),
                Event::RequestSendPacket { packet, .. } => self.parting = packet.to_continuous_buffer(),
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
                // after a CONNACK that refuses
                Event::RequestClose => {}
                Event::NotifyError(error) => {
                    tracing::error!(?error, "a packet of our own is not of the protocol");
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

    /// Says what is left to say, and that nothing more comes, if the peer takes it.
    pub(crate) async fn close(mut self) {
        // a gateway that stops does not wait longer than this for a peer that takes nothing
        self.write_timeout = self.write_timeout.min(GOODBYE);
        let parting = core::mem::take(&mut self.parting);
        if parting.is_empty() || self.write(&parting).await.is_ok() {
            let _ = timeout(self.write_timeout, self.stream.shutdown()).await;
        }
    }
}
