//! Checks frames before the codec receives them: complete, of bounded length, with bounded nesting and bounded numbers.
//!
//! The codec recurses into nested values without a limit: a frame of lists in lists, which any peer may send, would
//! overflow the stack and end the process. It also loops as often as a number in a frame demands, on threads that serve
//! all connections. So every frame is checked first, by its sizes and counts ([`values`](super::values)) and its numbers
//! ([`performatives`](super::performatives)): one frame costs the codec at most a time linear in its bytes.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::performatives::{Kind, Sessions, kind};
use super::values::Values;
use super::{AMQP, Header};
use crate::limits::CONNECT_BYTES;
use crate::slots::Slot;

/// Bytes of a frame: a message of 256 KiB, the limit of a hub, and its envelope.
pub(super) const FRAME_BYTES: u32 = 260 * 1024;
/// Bytes of a frame that is not a message, or comes before authentication: as many as of MQTT's CONNECT.
const SHORT_BYTES: usize = CONNECT_BYTES;
/// Bytes of a frame that is not a message and comes before authentication. The codec stores a link's names several times.
const UNAUTHENTICATED_SHORT_BYTES: usize = 1024;
/// Bytes of a frame of SASL (AMQP 1.0, 5.3.1).
const SASL_BYTES: usize = 512;
/// Values of a frame. The codec allocates up to a hundred bytes for a value of one byte.
const VALUES: usize = 8 * 1024;
/// Bytes of all frames before authentication: a session, two links, and a token of 4 KiB that is put twice.
const UNAUTHENTICATED_BYTES: usize = 16 * 1024;
/// Values of all frames before authentication.
const UNAUTHENTICATED_VALUES: usize = 1024;
/// Capacity in bytes up to which a buffer is reused for the next frame.
const KEPT: usize = 1024;

/// The bytes are not a frame, or exceed a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The state of one peer's frames that limits its next frames.
#[derive(Debug)]
pub(super) struct Guard {
    slot: Slot,
    /// Set when the header of AMQP was read; frames before it are of SASL.
    amqp: bool,
    sessions: Sessions,
    /// The remainders of [`UNAUTHENTICATED_BYTES`] and [`UNAUTHENTICATED_VALUES`].
    bytes: usize,
    values: usize,
}

impl Guard {
    /// Returns a guard for a peer that began with this header.
    pub(super) fn new(slot: Slot, header: Header) -> Self {
        let (amqp, sessions) = (header == Header::Amqp, Sessions::default());
        Self { slot, amqp, sessions, bytes: UNAUTHENTICATED_BYTES, values: UNAUTHENTICATED_VALUES }
    }

    /// Reads the next frame or header into `frame` and checks it; `None` at the end of the stream.
    pub(super) async fn next(
        &mut self,
        peer: &mut (impl AsyncRead + Unpin),
        frame: &mut Vec<u8>,
    ) -> Result<Option<()>, Malformed> {
        let mut head = [0; 8];
        if peer.read_exact(&mut head).await.is_err() {
            return Ok(None);
        }
        frame.clear();
        frame.extend_from_slice(&head);
        if head == AMQP {
            // between SASL and AMQP only
            let first = !core::mem::replace(&mut self.amqp, true);
            return if first { Ok(Some(())) } else { Err(Malformed) };
        }
        let [size @ .., offset, frame_type, _, _] = head;
        let size = u32::from_be_bytes(size);
        if !(8..=FRAME_BYTES).contains(&size) || offset != 2 || frame_type != u8::from(!self.amqp) {
            return Err(Malformed);
        }
        let size = usize::try_from(size).map_err(|_| Malformed)?;
        let unauthenticated = !self.slot.is_authenticated();
        if unauthenticated {
            self.bytes = self.bytes.checked_sub(size).ok_or(Malformed)?;
        }
        if !self.amqp && size > SASL_BYTES {
            return Err(Malformed);
        }
        // any frame may have `short` bytes, a message `long`
        let (short, long) = if unauthenticated {
            (UNAUTHENTICATED_SHORT_BYTES, SHORT_BYTES)
        } else {
            (SHORT_BYTES, usize::MAX)
        };
        let all = fill(peer, frame, size.min(short)).await
            && (size <= short || {
                if size > long || kind(frame.get(8..).unwrap_or_default()) != Kind::Transfer {
                    return Err(Malformed);
                }
                fill(peer, frame, size).await
            });
        if !all {
            return Ok(None);
        }
        self.check(frame, unauthenticated)?;
        Ok(Some(()))
    }

    /// Checks one frame (AMQP 1.0, 2.3.1 and 5.3.2): its own header of eight bytes, then values.
    fn check(&mut self, frame: &[u8], unauthenticated: bool) -> Result<(), Malformed> {
        let (header, body) = frame.split_first_chunk::<8>().ok_or(Malformed)?;
        let mut values = Values::new(body, if unauthenticated { self.values } else { VALUES });
        while !values.is_empty() {
            values.next()?;
        }
        if unauthenticated {
            self.values = values.left();
        }
        let [.., high, low] = *header;
        match body {
            // an empty frame is a keep-alive
            [] => Ok(()),
            _ if self.amqp => self.sessions.check(u16::from_be_bytes([high, low]), body, unauthenticated),
            _ => Ok(()),
        }
    }
}

/// Reads until `frame` has `size` bytes, and returns whether it has. Memory is allocated as bytes arrive, not before.
async fn fill(peer: &mut (impl AsyncRead + Unpin), frame: &mut Vec<u8>, size: usize) -> bool {
    let missing = size.saturating_sub(frame.len());
    if size <= SHORT_BYTES {
        // otherwise the buffer would double its capacity
        frame.reserve_exact(missing);
    }
    let missing = u64::try_from(missing).unwrap_or(u64::MAX);
    peer.take(missing).read_to_end(frame).await.is_ok() && frame.len() >= size
}

/// Frees the buffer of a long frame.
fn shrink(frame: &mut Vec<u8>) {
    if frame.capacity() > KEPT {
        *frame = Vec::new();
    }
}

/// Forwards the peer's frames to the codec, one by one, until the end of the stream.
pub(super) async fn forward_to_codec(
    guard: &mut Guard,
    peer: &mut (impl AsyncRead + Unpin),
    codec: &mut (impl AsyncWrite + Unpin),
) -> Result<(), Malformed> {
    let mut frame = Vec::new();
    while guard.next(peer, &mut frame).await?.is_some() {
        if codec.write_all(&frame).await.is_err() {
            break;
        }
        shrink(&mut frame);
    }
    Ok(())
}

/// Forwards the codec's frames to the peer, one by one, up to its `close`, which is the last frame (AMQP 1.0, 2.7.9). The
/// codec spins while it waits for the peer's own `close`, so no peer may make it wait.
pub(super) async fn forward_to_peer(
    codec: &mut (impl AsyncRead + Unpin),
    peer: &mut (impl AsyncWrite + Unpin),
) -> std::io::Result<()> {
    let mut frame = Vec::new();
    loop {
        let mut head = [0; 4];
        codec.read_exact(&mut head).await?;
        let size = if head == *b"AMQP" { 8 } else { u32::from_be_bytes(head) };
        frame.clear();
        frame.extend_from_slice(&head);
        let rest = u64::from(size).saturating_sub(4);
        (&mut *codec).take(rest).read_to_end(&mut frame).await?;
        peer.write_all(&frame).await?;
        peer.flush().await?;
        if is_close(&frame) {
            return Ok(());
        }
        shrink(&mut frame);
    }
}

/// Returns whether a frame of AMQP, and not of SASL, has the descriptor of `close` as the codec writes it.
fn is_close(frame: &[u8]) -> bool {
    matches!(frame, [_, _, _, _, 2, 0, _, _, 0x00, 0x53, 0x18, ..])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "a test")]

    use super::*;

    #[tokio::test]
    async fn close_is_the_last_frame_to_the_peer() {
        let close = b"\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x53\x18\x45";
        let before = b"AMQP\x00\x01\x00\x00\x00\x00\x00\x08\x02\x00\x00\x00\x00\x00\x00\x0c\x02\x01\x00\x00\x00\x53\x18\x45";
        let expected = [&before[..], close].concat();
        // the codec's end of the pipe is still open, and it has more to send
        let (mut codec, mut near) = tokio::io::duplex(1024);
        codec.write_all(&[&expected[..], b"\x00\x00\x00\x08\x02\x00\x00\x00"].concat()).await.unwrap();
        let mut peer = Vec::new();
        forward_to_peer(&mut near, &mut peer).await.unwrap();
        assert_eq!(peer, expected);
    }

    /// Returns the result for these bytes, and how many were forwarded.
    async fn forwarded(slot: &Slot, header: Header, bytes: &[u8]) -> (Result<(), Malformed>, usize) {
        let (mut codec, mut guard) = (Vec::new(), Guard::new(slot.clone(), header));
        let result = forward_to_codec(&mut guard, &mut &*bytes, &mut codec).await;
        assert_eq!(codec, bytes[..codec.len()]);
        (result, codec.len())
    }

    const EMPTY: &[u8] = b"\x00\x00\x00\x08\x02\x00\x00\x00";
    const OPEN: &[u8] = b"\x00\x00\x00\x12\x02\x00\x00\x00\x00\x53\x10\xc0\x05\x01\xa1\x02hi";

    #[tokio::test]
    async fn complete_frames_are_forwarded_and_malformed_ones_refused() {
        let slot = Slot::alone();
        let whole = [EMPTY, OPEN].concat();
        for (bytes, result, count) in [
            (&whole[..], Ok(()), whole.len()),
            (&whole[..whole.len() - 1], Ok(()), 8),
            (b"\x00\x00\x00\x07\x02\x00\x00\x00", Err(Malformed), 0),
            (b"\x00\x00\x00\x00\x00\x00\x00\x00", Err(Malformed), 0),
            (b"\xff\xff\xff\xff\x02\x00\x00\x00", Err(Malformed), 0),
            (b"\x00\x00\x00\x08\x03\x00\x00\x00", Err(Malformed), 0),
            (b"\x00\x00\x00\x08\x02\x02\x00\x00", Err(Malformed), 0),
            // a frame of SASL, a second header, and a value that is not a performative
            (b"\x00\x00\x00\x08\x02\x01\x00\x00", Err(Malformed), 0),
            (&AMQP, Err(Malformed), 0),
            (b"\x00\x00\x00\x09\x02\x00\x00\x00\x40", Err(Malformed), 0),
        ] {
            assert_eq!(forwarded(&slot, Header::Amqp, bytes).await, (result, count), "{bytes:02x?}");
        }
        let sasl = [b"\x00\x00\x00\x09\x02\x01\x00\x00\x40", &AMQP[..], OPEN].concat();
        assert_eq!(forwarded(&slot, Header::Sasl, &sasl).await, (Ok(()), sasl.len()));
        assert_eq!(forwarded(&slot, Header::Sasl, OPEN).await, (Err(Malformed), 0));
    }

    /// An `open` whose container id has this length.
    fn open(length: usize) -> Vec<u8> {
        let name = [&[0xb1][..], &u32::try_from(length).unwrap().to_be_bytes(), &vec![b'x'; length]].concat();
        let list = u32::try_from(name.len() + 4).unwrap().to_be_bytes();
        let body = [&[0, 0x53, 0x10, 0xd0][..], &list, &[0, 0, 0, 1], &name].concat();
        [&u32::try_from(body.len() + 8).unwrap().to_be_bytes()[..], &[2, 0, 0, 0], &body].concat()
    }

    #[tokio::test]
    async fn limits_are_lower_before_authentication() {
        let (unauthenticated, authenticated) = (Slot::alone(), Slot::alone());
        authenticated.set_authenticated();
        for (length, when_unauthenticated, when_authenticated) in
            [(900, true, true), (2000, false, true), (9000, false, false)]
        {
            let bytes = open(length);
            assert_eq!(
                forwarded(&unauthenticated, Header::Amqp, &bytes).await.0.is_ok(),
                when_unauthenticated,
                "{length}"
            );
            assert_eq!(
                forwarded(&authenticated, Header::Amqp, &bytes).await.0.is_ok(),
                when_authenticated,
                "{length}"
            );
        }
        let (short, many) = (open(900).len(), open(900).repeat(18));
        assert_eq!(forwarded(&unauthenticated, Header::Amqp, &many).await, (Err(Malformed), 17 * short));
        assert_eq!(forwarded(&authenticated, Header::Amqp, &many).await, (Ok(()), many.len()));
    }
}
