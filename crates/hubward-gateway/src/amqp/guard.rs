//! What the codec is given: whole frames of values that nest so far and no further.
//!
//! The codec descends with the values that it reads, for as long as there is stack: a frame of lists in lists, which
//! anybody may send, would end the process. Here every frame is read first, by its sizes and counts alone.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of a frame: a message of 256 KiB, as a hub has it, and what is around it.
pub(super) const FRAME_BYTES: u32 = 260 * 1024;
/// Values within values: those of the protocol and of hubs' messages are five deep.
const DEPTH: u8 = 24;

/// Bytes that are no frame, or none that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Hands on what the peer says, frame by frame, until it says no more.
pub(super) async fn hear(
    peer: &mut (impl AsyncRead + Unpin),
    codec: &mut (impl AsyncWrite + Unpin),
) -> Result<(), Malformed> {
    let mut frame = Vec::new();
    loop {
        let mut head = [0; 4];
        if peer.read_exact(&mut head).await.is_err() {
            return Ok(());
        }
        // a header between SASL and AMQP is no frame
        let header = head == *b"AMQP";
        let size = if header { 8 } else { u32::from_be_bytes(head) };
        if !(8..=FRAME_BYTES).contains(&size) {
            return Err(Malformed);
        }
        frame.clear();
        frame.extend_from_slice(&head);
        let rest = u64::from(size).saturating_sub(4);
        // a frame is kept as it comes, not before
        match (&mut *peer).take(rest).read_to_end(&mut frame).await {
            Ok(read) if u64::try_from(read) == Ok(rest) => {}
            _ => return Ok(()),
        }
        if !header {
            check(&frame)?;
        }
        if codec.write_all(&frame).await.is_err() {
            return Ok(());
        }
    }
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
    }
}

/// Whether a frame of AMQP, and not of SASL, has the descriptor of `close` as the codec writes it.
fn is_close(frame: &[u8]) -> bool {
    matches!(frame, [_, _, _, _, 2, 0, _, _, 0x00, 0x53, 0x18, ..])
}

/// Checks one frame (AMQP 1.0, 2.3.1 and 5.3.2): its own header of eight bytes, then values.
fn check(frame: &[u8]) -> Result<(), Malformed> {
    let (header, mut values) = frame.split_first_chunk::<8>().ok_or(Malformed)?;
    let [.., offset, kind, _, _] = header;
    if *offset != 2 || *kind > 1 {
        return Err(Malformed);
    }
    while !values.is_empty() {
        value(&mut values, DEPTH)?;
    }
    Ok(())
}

/// Skips one value (1.2): a constructor, which may be described, and its data.
fn value(bytes: &mut &[u8], depth: u8) -> Result<(), Malformed> {
    let (code, depth) = constructor(bytes, depth)?;
    data(code, bytes, depth)
}

/// Skips a constructor up to its format code. Each description is one level more.
fn constructor(bytes: &mut &[u8], mut depth: u8) -> Result<(u8, u8), Malformed> {
    loop {
        depth = depth.checked_sub(1).ok_or(Malformed)?;
        match number::<1>(bytes)? {
            0 => value(bytes, depth)?,
            code => return Ok((u8::try_from(code).map_err(|_| Malformed)?, depth)),
        }
    }
}

/// Skips the data of a format code (1.2.1 to 1.2.4). What a list, a map or an array has in it must fill it to its end,
/// so that size and count say the same.
fn data(code: u8, bytes: &mut &[u8], depth: u8) -> Result<(), Malformed> {
    let (size, count) = match code >> 4 {
        0x4 => return Ok(()),
        0x5 => return skip(bytes, 1).map(drop),
        0x6 => return skip(bytes, 2).map(drop),
        0x7 => return skip(bytes, 4).map(drop),
        0x8 => return skip(bytes, 8).map(drop),
        0x9 => return skip(bytes, 16).map(drop),
        0xa => {
            let size = number::<1>(bytes)?;
            return skip(bytes, size).map(drop);
        }
        0xb => {
            let size = number::<4>(bytes)?;
            return skip(bytes, size).map(drop);
        }
        0xc | 0xe => (number::<1>(bytes)?.checked_sub(1), number::<1>(bytes)?),
        0xd | 0xf => (number::<4>(bytes)?.checked_sub(4), number::<4>(bytes)?),
        _ => return Err(Malformed),
    };
    let mut inner = skip(bytes, size.ok_or(Malformed)?)?;
    // values of no bytes could be any number
    if count > inner.len() {
        return Err(Malformed);
    }
    if code >> 4 >= 0xe {
        let (code, depth) = constructor(&mut inner, depth)?;
        for _ in 0..count {
            data(code, &mut inner, depth)?;
        }
    } else {
        for _ in 0..count {
            value(&mut inner, depth)?;
        }
    }
    if inner.is_empty() { Ok(()) } else { Err(Malformed) }
}

fn skip<'b>(bytes: &mut &'b [u8], count: usize) -> Result<&'b [u8], Malformed> {
    let (skipped, rest) = bytes.split_at_checked(count).ok_or(Malformed)?;
    *bytes = rest;
    Ok(skipped)
}

/// A number of so many bytes, big-endian.
fn number<const N: usize>(bytes: &mut &[u8]) -> Result<usize, Malformed> {
    let big_endian = skip(bytes, N)?;
    let number = big_endian.iter().fold(0_u64, |number, byte| number.wrapping_shl(8) | u64::from(*byte));
    usize::try_from(number).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "a test")]

    use super::*;

    /// A frame of these values.
    fn frame(values: &[u8]) -> Vec<u8> {
        [&[0, 0, 0, 0, 2, 0, 0, 0], values].concat()
    }

    /// `value` in so many lists.
    fn nested(depth: usize, value: &[u8]) -> Vec<u8> {
        (0..depth).fold(value.to_vec(), |inner, _| {
            let size = u32::try_from(inner.len() + 4).unwrap().to_be_bytes();
            [&[0xd0], &size[..], &[0, 0, 0, 1], &inner].concat()
        })
    }

    #[test]
    fn values_of_every_form_are_skipped() {
        for values in [
            &b""[..],
            b"\x40\x41\x42\x43\x44\x45",
            b"\x50\x01\x60\x01\x02\x70\x01\x02\x03\x04",
            b"\x80\x01\x02\x03\x04\x05\x06\x07\x08\x980123456789abcdef",
            b"\xa1\x02hi\xa3\x00\xb1\x00\x00\x00\x02hi",
            b"\xc0\x01\x00\xc1\x03\x02\x40\x40\xd0\x00\x00\x00\x05\x00\x00\x00\x01\x40",
            b"\x00\x53\x10\xc0\x04\x01\xa1\x01x",
            b"\xe0\x04\x02\x50\x01\x02\xe0\x0a\x02\xa3\x03one\x03two",
            b"\xf0\x00\x00\x00\x07\x00\x00\x00\x02\x50\x01\x02",
            b"\xe0\x07\x02\x00\x53\x01\x50\x01\x02",
        ] {
            assert_eq!(check(&frame(values)), Ok(()), "{values:02x?}");
            for short in 1..values.len() {
                // what is cut off within a value is none
                let cut = check(&frame(&values[..short]));
                assert!(cut.is_err() || check(&frame(&values[short..])).is_ok(), "{values:02x?} at {short}");
            }
        }
    }

    #[test]
    fn sizes_and_counts_that_disagree_are_refused() {
        for values in [
            &b"\xc0\x00\x00"[..],
            b"\xc0\x01\x01\x40",
            b"\xc0\x02\x00\x40",
            b"\xc0\x03\x01\x40\x40",
            b"\xd0\xff\xff\xff\xff\x00\x00\x00\x00",
            b"\xe0\x02\xff\x40",
            b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40",
            b"\xb0\xff\xff\xff\xff",
            b"\x10",
            b"\x00",
        ] {
            assert_eq!(check(&frame(values)), Err(Malformed), "{values:02x?}");
        }
    }

    #[test]
    fn nesting_ends() {
        let most = usize::from(DEPTH) - 1;
        assert_eq!(check(&frame(&nested(most, &[0x40]))), Ok(()));
        assert_eq!(check(&frame(&nested(most + 1, &[0x40]))), Err(Malformed));
        assert_eq!(check(&frame(&nested(20_000, &[0x40]))), Err(Malformed));
        // descriptions within descriptions, and arrays within arrays
        assert_eq!(check(&frame(&[0; 100_000])), Err(Malformed));
        let arrays = (0..100).fold(vec![0x50, 1], |inner: Vec<u8>, _| {
            let size = u32::try_from(inner.len() + 4).unwrap().to_be_bytes();
            [&[0xf0], &size[..], &[0, 0, 0, 1], &inner].concat()
        });
        assert_eq!(check(&frame(&arrays)), Err(Malformed));
    }

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

    #[tokio::test]
    async fn frames_go_on_whole_and_others_do_not() {
        let whole =
            b"AMQP\x00\x01\x00\x00\x00\x00\x00\x08\x02\x00\x00\x00\x00\x00\x00\x09\x02\x00\x00\x00\x40";
        for (bytes, outcome, passed) in [
            (&whole[..], Ok(()), whole.len()),
            (&whole[..whole.len() - 1], Ok(()), 16),
            (b"\x00\x00\x00\x07\x02\x00\x00", Err(Malformed), 0),
            (b"\x00\x00\x00\x00", Err(Malformed), 0),
            (b"\xff\xff\xff\xff", Err(Malformed), 0),
            (b"\x00\x00\x00\x08\x03\x00\x00\x00", Err(Malformed), 0),
            (b"\x00\x00\x00\x08\x02\x02\x00\x00", Err(Malformed), 0),
        ] {
            let mut codec = Vec::new();
            assert_eq!(hear(&mut &*bytes, &mut codec).await, outcome, "{bytes:02x?}");
            assert_eq!(codec, bytes[..passed]);
        }
    }
}
