//! HMAC-SHA256 (RFC 2104) with a key whose two pads are compressed once, when it is created.
//!
//! The precomputed states save two of four compressions per tag. Two keys are computed in an interleaved loop.
//! Without either, a verification with one key takes 4 to 20 % longer, and one with two keys 40 to 62 %.

use core::fmt;
use core::slice::from_ref;

use hubward_core::{MacKey, SymmetricKey, Tag};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::message::{BLOCK, Room, absorb, last_blocks, pad};

/// An empty buffer; padding needs its zeros.
const EMPTY: Room = [0; size_of::<Room>()];

/// SHA-256's initial hash value (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A key as the two SHA-256 states after its pads: 64 bytes, erased when dropped.
///
/// The states are as secret as the key.
pub struct HmacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl HmacKey {
    /// Creates the key from a hub's symmetric key.
    #[must_use]
    pub fn new(key: &SymmetricKey) -> Self {
        Self::of_block(key.expose_block())
    }

    /// Creates the key from bytes of any length; more than 64 are hashed first (RFC 2104).
    ///
    /// For a hub's keys use [`HmacKey::new`], which never accepts an empty or a short one.
    #[must_use]
    pub fn from_bytes(key: &[u8]) -> Self {
        let mut block = [0_u8; BLOCK];
        if let Some(slot) = block.get_mut(..key.len()) {
            slot.copy_from_slice(key);
        } else if let Some(slot) = block.first_chunk_mut::<32>() {
            // written into a buffer that is erased, by a hasher that is reset and erased: its state is the hash
            let mut hasher = Sha256::new();
            hasher.update(key);
            hasher.finalize_into_reset(slot.into());
        }
        let key = Self::of_block(&block);
        block.as_mut_slice().zeroize();
        key
    }

    fn of_block(block: &[u8; BLOCK]) -> Self {
        // both blocks are prepared before both compressions, which then overlap
        let (mut inner, mut outer) = ([0; BLOCK], [0; BLOCK]);
        // in place: `map` would leave copies of the key in memory
        for ((inner, outer), byte) in inner.iter_mut().zip(&mut outer).zip(block) {
            (*inner, *outer) = (byte ^ 0x36, byte ^ 0x5c);
        }
        let mut states = Self { inner: INITIAL, outer: INITIAL };
        compress256(&mut states.inner, from_ref(&inner));
        compress256(&mut states.outer, from_ref(&outer));
        inner.as_mut_slice().zeroize();
        outer.as_mut_slice().zeroize();
        states
    }
}

impl HmacKey {
    /// Computes the tag of a message in one piece. Its whole blocks are compressed where they are, and the processor
    /// prepares the last block meanwhile.
    #[inline]
    pub(crate) fn tag_of(&self, message: &[u8]) -> Tag {
        let (blocks, rest) = message.as_chunks();
        let mut inner = self.inner;
        compress256(&mut inner, blocks);
        compress256(&mut inner, last_blocks(message.len(), rest, &mut [[0; BLOCK]; 2]));
        let mut outer = self.outer;
        compress256(&mut outer, &[digest_block(&inner)]);
        Tag::new(bytes_of(&outer))
    }
}

impl MacKey for HmacKey {
    #[inline]
    fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut inner = self.inner;
        match pad(parts, &mut { EMPTY }) {
            Some(blocks) => compress256(&mut inner, blocks),
            None => long(&mut inner, parts),
        }
        let mut outer = self.outer;
        compress256(&mut outer, &[digest_block(&inner)]);
        Tag::new(bytes_of(&outer))
    }

    #[inline]
    fn tag_pair(&self, mine: &[&[u8]], other: &Self, theirs: &[&[u8]]) -> (Tag, Tag) {
        match (pad(mine, &mut { EMPTY }), pad(theirs, &mut { EMPTY })) {
            (Some(mine), Some(theirs)) => interleaved(self, mine, other, theirs),
            _ => (self.tag(mine), other.tag(theirs)),
        }
    }

    #[inline]
    fn tag_both(&self, other: &Self, parts: &[&[u8]]) -> (Tag, Tag) {
        match pad(parts, &mut { EMPTY }) {
            Some(blocks) => interleaved(self, blocks, other, blocks),
            None => long_both(self, other, parts),
        }
    }
}

/// Hashes a message that does not fit on the stack into `inner`.
#[inline(never)]
fn long(inner: &mut [u32; 8], parts: &[&[u8]]) {
    absorb(parts, |blocks| compress256(inner, blocks));
}

/// Computes the tags of a message that does not fit on the stack, under two keys. Its blocks are read once, and both
/// keys alternate.
#[inline(never)]
fn long_both(key: &HmacKey, other: &HmacKey, parts: &[&[u8]]) -> (Tag, Tag) {
    let (mut inner, mut other_inner) = (key.inner, other.inner);
    absorb(parts, |blocks| by_turns(&mut inner, blocks, &mut other_inner, blocks));
    finish(key, &inner, other, &other_inner)
}

/// Computes the tags of two padded messages.
fn interleaved(key: &HmacKey, mine: &[[u8; BLOCK]], other: &HmacKey, theirs: &[[u8; BLOCK]]) -> (Tag, Tag) {
    let (mut inner, mut other_inner) = (key.inner, other.inner);
    by_turns(&mut inner, mine, &mut other_inner, theirs);
    finish(key, &inner, other, &other_inner)
}

/// Compresses two messages. One compression does not depend on the other's result, so two chains in parallel keep the
/// unit busy.
#[inline]
fn by_turns(inner: &mut [u32; 8], mine: &[[u8; BLOCK]], other_inner: &mut [u32; 8], theirs: &[[u8; BLOCK]]) {
    for (block, other_block) in mine.iter().zip(theirs) {
        compress256(inner, from_ref(block));
        compress256(other_inner, from_ref(other_block));
    }
    // the rest of the longer message
    if let Some(more @ [_, ..]) = mine.get(theirs.len()..) {
        compress256(inner, more);
    }
    if let Some(more @ [_, ..]) = theirs.get(mine.len()..) {
        compress256(other_inner, more);
    }
}

/// Computes the outer hashes.
#[inline]
fn finish(key: &HmacKey, inner: &[u32; 8], other: &HmacKey, other_inner: &[u32; 8]) -> (Tag, Tag) {
    // both blocks are prepared before both compressions: a store between them would delay the second
    let (last, other_last) = (digest_block(inner), digest_block(other_inner));
    let (mut outer, mut other_outer) = (key.outer, other.outer);
    compress256(&mut outer, &[last]);
    compress256(&mut other_outer, &[other_last]);
    (Tag::new(bytes_of(&outer)), Tag::new(bytes_of(&other_outer)))
}

/// The block of the outer hash without the inner digest at its start: one bit, and the length of 96 bytes in bits.
const DIGEST_BLOCK: [u8; BLOCK] = {
    let mut block = [0_u8; BLOCK];
    let (_, padding) = block.split_at_mut(32);
    if let [marker, .., high, low] = padding {
        *marker = 0x80;
        [*high, *low] = 768_u16.to_be_bytes();
    }
    block
};

/// Returns the block of the outer hash.
#[inline]
fn digest_block(inner: &[u32; 8]) -> [u8; BLOCK] {
    let mut block = DIGEST_BLOCK;
    for (slot, word) in block.as_chunks_mut::<4>().0.iter_mut().zip(inner) {
        *slot = word.to_be_bytes();
    }
    block
}

#[inline]
fn bytes_of(state: &[u32; 8]) -> [u8; 32] {
    let mut bytes = [0_u8; 32];
    for (slot, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *slot = word.to_be_bytes();
    }
    bytes
}

impl Drop for HmacKey {
    fn drop(&mut self) {
        self.inner.as_mut_slice().zeroize();
        self.outer.as_mut_slice().zeroize();
    }
}

impl ZeroizeOnDrop for HmacKey {}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_stored_as_two_states_only() {
        assert_eq!(size_of::<HmacKey>(), 64);
    }
}
