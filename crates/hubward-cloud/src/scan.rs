//! Scans text: a token is short, and most of its bytes need no more than one look.

/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Returns a word with a byte in each of its places.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Marks the bytes below `limit`, which is at most 128. The lowest mark is exact, and there is one if there is such a byte.
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(all(limit)) & !word & HIGHS
}

/// Marks the bytes that are `byte`, as [`below`] does.
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    let differences = word ^ all(byte);
    differences.wrapping_sub(ONES) & !differences & HIGHS
}

/// Reads pairs of digits in eight characters: returns the number of the digits at each place and the next one, in the byte
/// of that place. `form` has a `0` for each digit, and the other characters; `None` for a text of another form.
#[inline]
pub(crate) const fn pairs(text: [u8; 8], form: [u8; 8]) -> Option<[u8; 8]> {
    let digits = u64::from_le_bytes(text) ^ u64::from_le_bytes(form);
    // what a byte may have: 9 for a digit, nothing for another character. A byte above it sets its highest bit
    let is_other = equal_all(form, b'0') ^ ONES;
    let limits = all(0x7f - 9).wrapping_add(is_other.wrapping_mul(9));
    if (digits | digits.wrapping_add(limits)) & HIGHS != 0 {
        return None;
    }
    Some(digits.wrapping_mul(10).wrapping_add(digits.wrapping_shr(8)).to_le_bytes())
}

/// Returns a word with a one in each byte that is `byte`.
const fn equal_all(text: [u8; 8], byte: u8) -> u64 {
    let (mut ones, mut rest): (u64, &[u8]) = (0, &text);
    while let [head @ .., last] = rest {
        ones = ones.wrapping_shl(8) | if *last == byte { 1 } else { 0 };
        rest = head;
    }
    ones
}

/// What a text has that is no plain character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) control: bool,
    pub(crate) percent: bool,
    pub(crate) plus: bool,
}

/// Looks for ASCII control characters, `%` and `+`.
#[inline]
pub(crate) fn classify(bytes: &[u8]) -> Found {
    let (mut control, mut percent, mut plus) = (0, 0, 0);
    let mut look = |word: u64| {
        control |= below(word, b' ') | equal(word, 0x7f);
        percent |= equal(word, b'%');
        plus |= equal(word, b'+');
    };
    let mut words = bytes.chunks_exact(8);
    words.by_ref().filter_map(|word| word.first_chunk()).for_each(|word| look(u64::from_le_bytes(*word)));
    let rest = words.remainder();
    match bytes.last_chunk::<8>() {
        // the last word overlaps the one before
        Some(last) if !rest.is_empty() => look(u64::from_le_bytes(*last)),
        Some(_) => {}
        None => rest.iter().for_each(|byte| look(all(*byte))),
    }
    Found { control: control != 0, percent: percent != 0, plus: plus != 0 }
}

/// The kinds of bytes in [`KINDS`].
const CONTROL: u8 = 1;
const PERCENT: u8 = 2;
const PLUS: u8 = 4;
const AMPERSAND: u8 = 8;

static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    let mut rest: &mut [u8] = &mut kinds;
    while let [slot, tail @ ..] = rest {
        *slot = match byte {
            0..=0x1f | 0x7f => CONTROL,
            b'%' => PERCENT,
            b'+' => PLUS,
            b'&' => AMPERSAND,
            _ => 0,
        };
        byte = byte.wrapping_add(1);
        rest = tail;
    }
    kinds
};

/// Returns the number of bytes before the first `&`, and what they have. Most values of a query are short, so that one
/// look at each byte takes less time than [`classify`] and a search.
#[inline]
pub(crate) fn until_ampersand(bytes: &[u8]) -> (usize, Found) {
    let (mut len, mut all) = (0_usize, 0);
    for byte in bytes {
        let kind = KINDS.get(usize::from(*byte)).copied().unwrap_or_default();
        if kind == AMPERSAND {
            break;
        }
        all |= kind;
        len = len.wrapping_add(1);
    }
    (len, Found { control: all & CONTROL != 0, percent: all & PERCENT != 0, plus: all & PLUS != 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One pass finds what a search and [`classify`] find.
    fn agrees(text: &[u8]) {
        let len = text.iter().position(|b| *b == b'&').unwrap_or(text.len());
        assert_eq!(until_ampersand(text), (len, classify(&text[..len])), "{text:?}");
    }

    #[test]
    fn scans_agree_with_loops_for_each_byte_at_each_place() {
        for len in 0..20 {
            for at in 0..len {
                for byte in 0..=255_u8 {
                    let mut text = [b'a'; 20];
                    text[at] = byte;
                    let text = &text[..len];
                    let expected =
                        Found { control: byte.is_ascii_control(), percent: byte == b'%', plus: byte == b'+' };
                    assert_eq!(classify(text), expected, "{text:?}");
                    agrees(text);
                }
            }
        }
    }

    #[test]
    fn bytes_of_several_kinds_are_found_together() {
        let neighbours = b"\x00\x01\x1f\x20\x21\x7e\x7f\x80\xff%&'+,";
        for first in neighbours {
            for second in neighbours {
                let text = [b'x', *first, *second, b'x', b'x', b'x', b'x', b'x', *second];
                let has = |byte: u8| text.contains(&byte);
                let found = classify(&text);
                assert_eq!(found.control, text.iter().any(u8::is_ascii_control), "{text:?}");
                assert_eq!((found.percent, found.plus), (has(b'%'), has(b'+')), "{text:?}");
                agrees(&text);
            }
        }
    }
}
