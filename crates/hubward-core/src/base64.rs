//! Decodes a key's base64 without a branch or a table lookup that depends on a character, so that the time reveals
//! nothing of the key.
//!
//! `base64ct` does the same for a few characters at a time. This module decodes blocks of 32, which the compiler
//! vectorises. With `base64ct` the import of a registry takes 22 % more time per line; its caller is
//! [`SymmetricKey::from_base64`](crate::SymmetricKey::from_base64).

use zeroize::Zeroize;

/// Characters of a block, and the bytes that they encode.
const BLOCK: usize = 32;
const BYTES: usize = BLOCK / 4 * 3;
/// Blocks of a key of 64 bytes.
const BLOCKS: usize = 3;
/// Maximum number of characters: those of 64 bytes, with padding.
pub(crate) const LONGEST: usize = 88;
/// The value bits of a valid character.
const MASK: u8 = 0x3f;

/// The decoded bytes, erased when dropped.
pub(crate) struct Decoded {
    bytes: [[u8; BYTES]; BLOCKS],
    len: usize,
}

impl Decoded {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Returns the bytes, filled up with zeros, if there are at most 64.
    pub(crate) fn block(&self) -> Option<&[u8; 64]> {
        if self.len > 64 { None } else { self.bytes.as_flattened().first_chunk() }
    }
}

impl Drop for Decoded {
    fn drop(&mut self) {
        self.bytes.as_flattened_mut().zeroize();
    }
}

/// Decodes standard base64 with padding, in canonical form (RFC 4648, 3.5 and 4), of at most [`LONGEST`] characters;
/// returns `None` for anything else. The time depends only on the length and on the number of `=`.
pub(crate) fn decode(text: &[u8]) -> Option<Decoded> {
    let unpadded = match text {
        [rest @ .., b'=', b'='] | [rest @ .., b'='] => rest,
        all => all,
    };
    if text.len() > LONGEST || text.len() % 4 != 0 {
        return None;
    }
    let len = unpadded.len().checked_mul(3)?.wrapping_shr(2);
    let mut decoded = Decoded { bytes: [[0; BYTES]; BLOCKS], len };
    let mut invalid = 0;
    let mut whole = unpadded.chunks_exact(BLOCK);
    let mut places = decoded.bytes.iter_mut();
    for (block, bytes) in whole.by_ref().zip(&mut places) {
        invalid |= decode_block(*block.first_chunk()?, bytes);
    }
    let rest = whole.remainder();
    if let (false, Some(bytes)) = (rest.is_empty(), places.next()) {
        // missing characters count as zeros, as the padding does
        let mut block = [b'A'; BLOCK];
        block.get_mut(..rest.len())?.copy_from_slice(rest);
        invalid |= decode_block(block, bytes);
    }
    // the bits after the last byte must be zero: otherwise two texts would encode the same key
    let beyond = decoded.bytes.as_flattened().get(len..)?.first_chunk::<2>()?;
    invalid |= beyond.iter().fold(0, |bits, byte| bits | byte);
    (invalid == 0).then_some(decoded)
}

/// Decodes a block. The result is not zero if one of its characters is not in the alphabet.
fn decode_block(mut block: [u8; BLOCK], bytes: &mut [u8; BYTES]) -> u8 {
    let mut seen = 0;
    for character in block.iter_mut() {
        *character = sextet(*character);
        seen |= *character;
    }
    for (values, bytes) in block.chunks_exact(8).zip(bytes.chunks_exact_mut(6)) {
        if let (Some(values), Some(bytes)) = (values.first_chunk(), bytes.first_chunk_mut()) {
            let [_, _, rest @ ..] = joined(u64::from_be_bytes(*values)).to_be_bytes();
            *bytes = rest;
        }
    }
    block.as_mut_slice().zeroize();
    seen & !MASK
}

/// Returns the six bits that a character encodes, or 255 if it is not in the alphabet.
#[inline]
fn sextet(character: u8) -> u8 {
    // one more than the bits, so that `A`, which is zero, differs from an invalid character
    let more = (within(character, b'A', 26) & character.wrapping_sub(64))
        | (within(character, b'a', 26) & character.wrapping_sub(70))
        | (within(character, b'0', 10) & character.wrapping_add(5))
        | (within(character, b'+', 1) & 63)
        | (within(character, b'/', 1) & 64);
    more.wrapping_sub(1)
}

/// Returns 255 if the character is one of `count` characters from `first` on, else 0.
#[inline]
fn within(character: u8, first: u8, count: u8) -> u8 {
    u8::from(character.wrapping_sub(first) < count).wrapping_neg()
}

/// Packs eight groups of six bits, each in a byte, into 48 bits; other bits of each byte are dropped.
#[inline]
const fn joined(sextets: u64) -> u64 {
    let pairs = (sextets & 0x3f00_3f00_3f00_3f00).wrapping_shr(2) | (sextets & 0x003f_003f_003f_003f);
    let fours = (pairs & 0x0fff_0000_0fff_0000).wrapping_shr(4) | (pairs & 0x0000_0fff_0000_0fff);
    (fours & 0x00ff_ffff_0000_0000).wrapping_shr(8) | (fours & 0x0000_0000_00ff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64ct::{Base64, Encoding};
    use proptest::prelude::*;

    fn bytes(decoded: &Decoded) -> &[u8] {
        &decoded.bytes.as_flattened()[..decoded.len]
    }

    fn agrees(text: &str) {
        let mut buffer = [0; LONGEST];
        let model = Base64::decode(text, &mut buffer).ok();
        let decoded = decode(text.as_bytes());
        assert_eq!(decoded.as_ref().map(bytes), model, "{text:?}");
    }

    #[test]
    fn every_character_at_every_position() {
        for rest in ["AAAA", "AAA=", "AA=="] {
            for at in 0..8 {
                for character in 0..=255_u8 {
                    let mut text = *b"AAAAAAAA";
                    text[4..].copy_from_slice(rest.as_bytes());
                    text[at] = character;
                    match core::str::from_utf8(&text) {
                        Ok(text) => agrees(text),
                        Err(_) => assert!(decode(&text).is_none()),
                    }
                }
            }
        }
    }

    #[test]
    fn every_length() {
        let text = "/+9z".repeat(40);
        for len in 0..=text.len() {
            let text = text.get(..len).unwrap();
            assert!(len <= LONGEST || decode(text.as_bytes()).is_none());
            if len <= LONGEST {
                agrees(text);
                agrees(&[text, "="].concat());
                agrees(&[text, "=="].concat());
            }
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_base64ct(text in "[A-Za-z0-9+/]{0,90}={0,3}", key in prop::collection::vec(any::<u8>(), 0..=66)) {
            if text.len() <= LONGEST {
                agrees(&text);
            }
            let mut buffer = [0; LONGEST];
            let encoded = Base64::encode(&key, &mut buffer).unwrap();
            let decoded = decode(encoded.as_bytes()).unwrap();
            prop_assert_eq!(bytes(&decoded), &key[..]);
            prop_assert_eq!(decoded.block().map(|block| &block[..key.len()]), (key.len() <= 64).then_some(&key[..]));
        }
    }
}
