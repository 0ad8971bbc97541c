//! A message as the blocks that SHA-256 compresses, its padding included (FIPS 180-4, 5.1.1).

use sha2::block_api::compress256;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;
/// Blocks kept on the stack: enough for the signed text of a token with ids of ordinary length.
const INLINE: usize = 4;
/// Bytes that padding adds at the least: one bit, and the length.
const MIN_PADDING: usize = 9;

/// Room for a message that fits the stack.
pub(crate) type Room = [u8; BLOCK * INLINE];

/// Joins and pads `parts` in `room`, as hashed after one block that was compressed before (HMAC's key pad), and returns
/// the blocks; `None` where they need more than four.
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

/// Hashes `parts` of any length into `state`.
pub(crate) fn absorb(state: &mut [u32; 8], parts: &[&[u8]]) {
    let mut block = [0_u8; BLOCK];
    let mut filled = 0_usize;
    let mut total = 0_usize;
    for part in parts {
        total = total.saturating_add(part.len());
        for byte in *part {
            if let Some(slot) = block.get_mut(filled) {
                *slot = *byte;
            }
            filled = filled.saturating_add(1);
            if filled == BLOCK {
                compress256(state, &[block]);
                filled = 0;
            }
        }
    }
    let padding = block.get_mut(filled..).unwrap_or_default();
    padding.fill(0);
    if let Some(first) = padding.first_mut() {
        *first = 0x80;
    }
    if padding.len() < MIN_PADDING {
        compress256(state, &[block]);
        block = [0; BLOCK];
    }
    if let Some(length) = block.last_chunk_mut() {
        *length = bit_length(total);
    }
    compress256(state, &[block]);
}

/// The length field: bits hashed, the block of the key pad included.
#[inline]
fn bit_length(len: usize) -> [u8; 8] {
    let bytes = len.saturating_add(BLOCK);
    u64::try_from(bytes).unwrap_or(u64::MAX).wrapping_shl(3).to_be_bytes()
}
