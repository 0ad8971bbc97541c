//! What the codec is given: whole frames, so long, of values that nest so far and no further, and of numbers within
//! bounds.
//!
//! The codec descends with the values that it reads, for as long as there is stack: a frame of lists in lists, which
//! anybody may send, would end the process. It works for as long as a number says, on a thread of those that serve
//! everybody. Here every frame is read first, by its sizes and counts ([`values`](super::values)) and its numbers
//! ([`numbers`](super::numbers)), so that one frame costs the codec at most a time linear in its bytes.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::numbers::{Kind, Sessions, kind};
use super::values::Values;
use super::{AMQP, Header};
use crate::limits::CONNECT_BYTES;
use crate::places::Place;

/// Bytes of a frame: a message of 256 KiB, as a hub has it, and what is around it.
pub(super) const FRAME_BYTES: u32 = 260 * 1024;
/// Bytes of a frame that is no message, or comes before the peer is proven: as much as MQTT's CONNECT.
const SHORT_BYTES: usize = CONNECT_BYTES;
/// Bytes of a frame that is no message and comes before the peer is proven. The codec keeps a link's names several times.
const STRANGER_SHORT_BYTES: usize = 1024;
/// Bytes of a frame of SASL (AMQP 1.0, 5.3.1).
const SASL_BYTES: usize = 512;
/// Values of a frame. The codec takes up to a hundred bytes for one that is sent in one.
const VALUES: usize = 8 * 1024;
/// Bytes of all frames before the peer is proven: a session, two links, and a token of 4 KiB that is put twice.
const STRANGER_BYTES: usize = 16 * 1024;
/// Values of all frames before the peer is proven.
const STRANGER_VALUES: usize = 1024;
/// Bytes of a buffer that is kept for the next frame.
const KEPT: usize = 1024;

/// Bytes that are no frame, or none that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// What one peer has said so far, as far as it bounds what it may say next.
#[derive(Debug)]
pub(super) struct Guard {
    place: Place,
    /// Whether the header of AMQP came; until then there are frames of SASL.
    amqp: bool,
    sessions: Sessions,
    /// What is left of [`STRANGER_BYTES`] and [`STRANGER_VALUES`].
    bytes: usize,
    values: usize,
}

impl Guard {
    /// For a peer that began with this header.
    pub(super) fn new(place: Place, header: Header) -> Self {
        let (amqp, sessions) = (header == Header::Amqp, Sessions::default());
        Self { place, amqp, sessions, bytes: STRANGER_BYTES, values: STRANGER_VALUES }
    }

    /// Reads the next frame or header into `frame` and checks it; `None` where the peer says no more.
    async fn next(
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
            // between SASL and AMQP, and nowhere else
            let first = !core::mem::replace(&mut self.amqp, true);
            return if first { Ok(Some(())) } else { Err(Malformed) };
        }
        let [size @ .., offset, frame_type, _, _] = head;
        let size = u32::from_be_bytes(size);
        if !(8..=FRAME_BYTES).contains(&size) || offset != 2 || frame_type != u8::from(!self.amqp) {
            return Err(Malformed);
        }
        let size = usize::try_from(size).map_err(|_| Malformed)?;
        let stranger = !self.place.is_proven();
        if stranger {
            self.bytes = self.bytes.checked_sub(size).ok_or(Malformed)?;
        }
        if !self.amqp && size > SASL_BYTES {
            return Err(Malformed);
        }
        // so much of any frame; more of a message
        let (short, long) =
            if stranger { (STRANGER_SHORT_BYTES, SHORT_BYTES) } else { (SHORT_BYTES, usize::MAX) };
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
        self.check(frame, stranger)?;
        Ok(Some(()))
    }

    /// Checks one frame (AMQP 1.0, 2.3.1 and 5.3.2): its own header of eight bytes, then values.
    fn check(&mut self, frame: &[u8], stranger: bool) -> Result<(), Malformed> {
        let (header, body) = frame.split_first_chunk::<8>().ok_or(Malformed)?;
        let mut values = Values::new(body, if stranger { self.values } else { VALUES });
        while !values.is_empty() {
            values.next()?;
        }
        if stranger {
            self.values = values.left();
        }
        let [.., high, low] = *header;
        match body {
            // an empty frame says that the peer is there
            [] => Ok(()),
            _ if self.amqp => self.sessions.check(u16::from_be_bytes([high, low]), body, stranger),
            _ => Ok(()),
        }
    }
}

/// Reads until `frame` has so many bytes; whether it has. A frame is kept as it comes, not before.
async fn fill(peer: &mut (impl AsyncRead + Unpin), frame: &mut Vec<u8>, size: usize) -> bool {
    let missing = size.saturating_sub(frame.len());
    if size <= SHORT_BYTES {
        // the buffer would double otherwise
        frame.reserve_exact(missing);
    }
    let missing = u64::try_from(missing).unwrap_or(u64::MAX);
    peer.take(missing).read_to_end(frame).await.is_ok() && frame.len() >= size
}

/// Lets go of what a long frame took.
fn shrink(frame: &mut Vec<u8>) {
    if frame.capacity() > KEPT {
        *frame = Vec::new();
    }
}

/// Hands on what the peer says, frame by frame, until it says no more.
pub(super) async fn hear(
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

/// Hands on what the codec says, frame by frame, up to its `close`: behind it there is nothing (AMQP 1.0, 2.7.9). While
/// the codec waits for the peer's own `close` it does not sleep, so that nobody may have it wait.
pub(super) async fn say(
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

/// Whether a frame of AMQP, and not of SASL, has the descriptor of `close` as the codec writes it.
fn is_close(frame: &[u8]) -> bool {
    matches!(frame, [_, _, _, _, 2, 0, _, _, 0x00, 0x53, 0x18, ..])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "a test")]

    use super::*;

    #[tokio::test]
    async fn nothing_is_said_behind_a_close() {
        let close = b"\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x53\x18\x45";
        let before = b"AMQP\x00\x01\x00\x00\x00\x00\x00\x08\x02\x00\x00\x00\x00\x00\x00\x0c\x02\x01\x00\x00\x00\x53\x18\x45";
        let said = [&before[..], close].concat();
        // the codec's end is open still, and nobody waits for more
        let (mut codec, mut near) = tokio::io::duplex(1024);
        codec.write_all(&[&said[..], b"\x00\x00\x00\x08\x02\x00\x00\x00"].concat()).await.unwrap();
        let mut peer = Vec::new();
        say(&mut near, &mut peer).await.unwrap();
        assert_eq!(peer, said);
    }

    /// What passes of these bytes, and how it ends.
    async fn heard(place: &Place, header: Header, bytes: &[u8]) -> (Result<(), Malformed>, usize) {
        let (mut codec, mut guard) = (Vec::new(), Guard::new(place.clone(), header));
        let outcome = hear(&mut guard, &mut &*bytes, &mut codec).await;
        assert_eq!(codec, bytes[..codec.len()]);
        (outcome, codec.len())
    }

    const EMPTY: &[u8] = b"\x00\x00\x00\x08\x02\x00\x00\x00";
    const OPEN: &[u8] = b"\x00\x00\x00\x12\x02\x00\x00\x00\x00\x53\x10\xc0\x05\x01\xa1\x02hi";

    #[tokio::test]
    async fn frames_go_on_whole_and_others_do_not() {
        let place = Place::alone();
        let whole = [EMPTY, OPEN].concat();
        for (bytes, outcome, passed) in [
            (&whole[..], Ok(()), whole.len()),
            (&whole[..whole.len() - 1], Ok(()), 8),
            (b"\x00\x00\x00\x07\x02\x00\x00\x00", Err(Malformed), 0),
            (b"\x00\x00\x00\x00\x00\x00\x00\x00", Err(Malformed), 0),
            (b"\xff\xff\xff\xff\x02\x00\x00\x00", Err(Malformed), 0),
            (b"\x00\x00\x00\x08\x03\x00\x00\x00", Err(Malformed), 0),
            (b"\x00\x00\x00\x08\x02\x02\x00\x00", Err(Malformed), 0),
            // a frame of SASL, a second header, and a value that is no performative
            (b"\x00\x00\x00\x08\x02\x01\x00\x00", Err(Malformed), 0),
            (&AMQP, Err(Malformed), 0),
            (b"\x00\x00\x00\x09\x02\x00\x00\x00\x40", Err(Malformed), 0),
        ] {
            assert_eq!(heard(&place, Header::Amqp, bytes).await, (outcome, passed), "{bytes:02x?}");
        }
        let sasl = [b"\x00\x00\x00\x09\x02\x01\x00\x00\x40", &AMQP[..], OPEN].concat();
        assert_eq!(heard(&place, Header::Sasl, &sasl).await, (Ok(()), sasl.len()));
        assert_eq!(heard(&place, Header::Sasl, OPEN).await, (Err(Malformed), 0));
    }

    /// An `open` whose container has so long a name.
    fn open(length: usize) -> Vec<u8> {
        let name = [&[0xb1][..], &u32::try_from(length).unwrap().to_be_bytes(), &vec![b'x'; length]].concat();
        let list = u32::try_from(name.len() + 4).unwrap().to_be_bytes();
        let body = [&[0, 0x53, 0x10, 0xd0][..], &list, &[0, 0, 0, 1], &name].concat();
        [&u32::try_from(body.len() + 8).unwrap().to_be_bytes()[..], &[2, 0, 0, 0], &body].concat()
    }

    #[tokio::test]
    async fn a_stranger_says_little_and_somebody_proven_says_more() {
        let (stranger, proven) = (Place::alone(), Place::alone());
        proven.proven();
        for (length, of_stranger, of_proven) in [(900, true, true), (2000, false, true), (9000, false, false)]
        {
            let bytes = open(length);
            assert_eq!(heard(&stranger, Header::Amqp, &bytes).await.0.is_ok(), of_stranger, "{length}");
            assert_eq!(heard(&proven, Header::Amqp, &bytes).await.0.is_ok(), of_proven, "{length}");
        }
        let (short, many) = (open(900).len(), open(900).repeat(18));
        assert_eq!(heard(&stranger, Header::Amqp, &many).await, (Err(Malformed), 17 * short));
        assert_eq!(heard(&proven, Header::Amqp, &many).await, (Ok(()), many.len()));
    }
}
