//! HMAC-SHA256 (RFC 2104) under a key whose two pads were compressed once, when it was made.

use core::fmt;
use core::slice::from_ref;

use hubward_core::{MacKey, SymmetricKey, Tag};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::message::{BLOCK, Room, absorb, pad};

/// An empty room; a message is padded with what it holds.
const EMPTY: Room = [0; size_of::<Room>()];

/// SHA-256's initial hash value (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A key as the two states that its pads leave: 64 bytes, erased when dropped.
///
/// The states are as secret as the key.
pub struct HmacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl HmacKey {
    /// Makes a key of a hub's symmetric key.
    #[must_use]
    pub fn new(key: &SymmetricKey) -> Self {
        Self::of_block(key.expose_block())
    }

    /// Makes a key of bytes of any length; more than 64 are hashed first, as RFC 2104 says.
    ///
    /// For a hub's keys use [`HmacKey::new`], which cannot be given an empty or short one.
    #[must_use]
    pub fn from_bytes(key: &[u8]) -> Self {
        let mut block = [0_u8; BLOCK];
        match block.get_mut(..key.len()) {
            Some(slot) => slot.copy_from_slice(key),
            None => {
                let mut digest: [u8; 32] = Sha256::digest(key).into();
                block.iter_mut().zip(digest).for_each(|(slot, byte)| *slot = byte);
                digest.as_mut_slice().zeroize();
            }
        }
        let key = Self::of_block(&block);
        block.as_mut_slice().zeroize();
        key
    }

    fn of_block(block: &[u8; BLOCK]) -> Self {
        // both blocks before both compressions, which then overlap
        let [mut inner, mut outer] = [0x36, 0x5c].map(|pad| block.map(|byte| byte ^ pad));
        let mut states = Self { inner: INITIAL, outer: INITIAL };
        compress256(&mut states.inner, from_ref(&inner));
        compress256(&mut states.outer, from_ref(&outer));
        inner.as_mut_slice().zeroize();
        outer.as_mut_slice().zeroize();
        states
    }
}

impl MacKey for HmacKey {
    #[inline]
    fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut inner = self.inner;
        match pad(parts, &mut { EMPTY }) {
            Some(blocks) => compress256(&mut inner, blocks),
            None => absorb(&mut inner, parts),
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
            None => (self.tag(parts), other.tag(parts)),
        }
    }
}

/// The tags of two padded messages. One compression does not wait for the other's result, so two chains side by
/// side keep the unit busy.
fn interleaved(key: &HmacKey, mine: &[[u8; BLOCK]], other: &HmacKey, theirs: &[[u8; BLOCK]]) -> (Tag, Tag) {
    let (mut inner, mut other_inner) = (key.inner, other.inner);
    for (block, other_block) in mine.iter().zip(theirs) {
        compress256(&mut inner, from_ref(block));
        compress256(&mut other_inner, from_ref(other_block));
    }
    // what the longer one has more
    if let Some(more @ [_, ..]) = mine.get(theirs.len()..) {
        compress256(&mut inner, more);
    }
    if let Some(more @ [_, ..]) = theirs.get(mine.len()..) {
        compress256(&mut other_inner, more);
    }
    // both blocks before both compressions: a block that is stored between them would keep the second waiting
    let (last, other_last) = (digest_block(&inner), digest_block(&other_inner));
    let (mut outer, mut other_outer) = (key.outer, other.outer);
    compress256(&mut outer, &[last]);
    compress256(&mut other_outer, &[other_last]);
    (Tag::new(bytes_of(&outer)), Tag::new(bytes_of(&other_outer)))
}

/// The outer hash's one block but for the inner digest, which stands first: one bit, and 96 bytes as the length in bits.
const DIGEST_BLOCK: [u8; BLOCK] = {
    let mut block = [0_u8; BLOCK];
    let (_, padding) = block.split_at_mut(32);
    if let [marker, .., high, low] = padding {
        *marker = 0x80;
        [*high, *low] = 768_u16.to_be_bytes();
    }
    block
};

/// The outer hash's one block.
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
    fn a_key_is_kept_as_two_states_and_nothing_more() {
        assert_eq!(size_of::<HmacKey>(), 64);
    }
}
