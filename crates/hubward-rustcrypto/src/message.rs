//! Divides a message into the blocks that SHA-256 compresses, padding included (FIPS 180-4, 5.1.1).

use core::slice::from_ref;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;
/// Blocks on the stack: enough for the signed text of a token with ids of ordinary length.
const INLINE: usize = 4;
/// Minimum number of bytes of the padding: one bit, and the length.
const MIN_PADDING: usize = 9;

/// A buffer for a message that fits on the stack.
pub(crate) type Room = [u8; BLOCK * INLINE];

/// Concatenates and pads `parts` in `room`, to be hashed after one block that was compressed before (HMAC's key pad),
/// and returns the blocks; `None` if they are more than four.
#[inline]
pub(crate) fn pad<'r>(parts: &[&[u8]], room: &'r mut Room) -> Option<&'r [[u8; BLOCK]]> {
    let mut len = 0_usize;
    for part in parts {
        let end = len.checked_add(part.len())?;
        room.get_mut(len..end)?.copy_from_slice(part);
        len = end;
    }
    let end = len.checked_add(MIN_PADDING)?.checked_next_multiple_of(BLOCK)?;
    let message = room.get_mut(..end)?;
    *message.get_mut(len)? = 0x80;
    *message.last_chunk_mut()? = bit_length(len);
    Some(message.as_chunks().0)
}

/// Pads the last bytes of a message of `len` bytes, fewer than a block, as [`pad`] does, and returns the blocks.
#[inline]
pub(crate) fn last_blocks<'r>(len: usize, rest: &[u8], room: &'r mut [[u8; BLOCK]; 2]) -> &'r [[u8; BLOCK]] {
    let end = if rest.len().wrapping_add(MIN_PADDING) > BLOCK { 2 * BLOCK } else { BLOCK };
    let Some(bytes) = room.as_flattened_mut().get_mut(..end) else { return &[] };
    if let Some((slot, [marker, ..])) = bytes.split_at_mut_checked(rest.len()) {
        slot.copy_from_slice(rest);
        *marker = 0x80;
    }
    if let Some(length) = bytes.last_chunk_mut() {
        *length = bit_length(len);
    }
    bytes.as_chunks().0
}

/// Passes the blocks of `parts`, of any length, to `compress`, in order and padded as [`pad`] does. Whole blocks are
/// compressed where they are in the message, as many in one call as a part has; only blocks that cross the end of a
/// part are copied.
pub(crate) fn absorb(parts: &[&[u8]], mut compress: impl FnMut(&[[u8; BLOCK]])) {
    let mut block = [0_u8; BLOCK];
    let mut filled = 0_usize;
    let mut total = 0_usize;
    for part in parts {
        total = total.saturating_add(part.len());
        let mut rest = *part;
        if filled > 0 {
            let room = block.get_mut(filled..).unwrap_or_default();
            let (head, tail) = rest.split_at_checked(room.len()).unwrap_or((rest, &[]));
            room.iter_mut().zip(head).for_each(|(slot, byte)| *slot = *byte);
            filled = filled.saturating_add(head.len());
            if filled < BLOCK {
                continue;
            }
            compress(from_ref(&block));
            rest = tail;
        }
        let (blocks, tail) = rest.as_chunks();
        if !blocks.is_empty() {
            compress(blocks);
        }
        block.iter_mut().zip(tail).for_each(|(slot, byte)| *slot = *byte);
        filled = tail.len();
    }
    let padding = block.get_mut(filled..).unwrap_or_default();
    padding.fill(0);
    if let Some(first) = padding.first_mut() {
        *first = 0x80;
    }
    if padding.len() < MIN_PADDING {
        compress(from_ref(&block));
        block = [0; BLOCK];
    }
    if let Some(length) = block.last_chunk_mut() {
        *length = bit_length(total);
    }
    compress(from_ref(&block));
}

/// Returns the length field: the number of hashed bits, the block of the key pad included.
#[inline]
fn bit_length(len: usize) -> [u8; 8] {
    let bytes = len.saturating_add(BLOCK);
    u64::try_from(bytes).unwrap_or(u64::MAX).wrapping_shl(3).to_be_bytes()
}
