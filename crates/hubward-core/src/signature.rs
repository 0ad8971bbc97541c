//! A signature's text: decoding of 32 bytes from 44 characters of percent-encoded base64.

use crate::percent::hex_value;

/// The problem of a signature's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureProblem {
    /// A `%` without two hex digits.
    #[error("bad escape")]
    Escape,
    /// Not 44 characters after percent-decoding.
    #[error("not 44 characters of base64")]
    Length,
    /// Not canonical standard base64 with padding (RFC 4648, 3.5 and 4).
    #[error("not canonical base64")]
    Base64,
}

/// A problem with its offset in the token.
type LocatedProblem = (usize, SignatureProblem);

/// Decodes the signature that starts at `start` into `bytes`, up to the first `&` or the end, and returns that end.
///
/// Percent-encoding and base64 are decoded together, four characters at a time. `+` is a plus: percent-encoding is not
/// form-encoding.
///
/// # Errors
/// The offset in `token` and the problem, if the text is not canonical base64 of 32 bytes.
// not inlined, so that the tables do not take registers from the parsers of the other fields
#[inline(never)]
pub fn decode_signature(token: &[u8], start: usize, bytes: &mut [u8; 32]) -> Result<usize, LocatedProblem> {
    let mut rest = token.get(start..).unwrap_or_default();
    let mut groups = bytes.chunks_exact_mut(3);
    for group in &mut groups {
        let bits;
        (bits, rest) = match rest {
            [a, b, c, d, tail @ ..] if join([*a, *b, *c, *d]) & OTHER == 0 => (join([*a, *b, *c, *d]), tail),
            _ => match group_with_one_escape(rest) {
                Some(read) => read,
                None => group_with_escapes(token, start, rest)?,
            },
        };
        let [high, middle, low, _] = bits.to_le_bytes();
        group.copy_from_slice(&[high, middle, low]);
    }
    let (quad, rest) = match rest {
        [a, b, c, b'=', tail @ ..] | [a, b, c, b'%', b'3', b'D' | b'd', tail @ ..] => {
            ([*a, *b, *c, b'='], tail)
        }
        _ => {
            let mut quad = [0; 4];
            for slot in &mut quad {
                (*slot, rest) = character(token, rest)?;
            }
            (quad, rest)
        }
    };
    let end = token.len().wrapping_sub(rest.len());
    if !matches!(rest, [] | [b'&', ..]) {
        return Err((end, SignatureProblem::Length));
    }
    let [a, b, c, padding] = quad;
    let bits = join([a, b, c, b'A']);
    let [high, middle, left, _] = bits.to_le_bytes();
    // the last two bits of the third character belong to no byte and must be zero (RFC 4648, 3.5)
    if bits & OTHER != 0 || left != 0 || padding != b'=' {
        return Err((start, SignatureProblem::Base64));
    }
    groups.into_remainder().copy_from_slice(&[high, middle]);
    Ok(end)
}

/// A flag among the bits of four characters: one of them is not in the alphabet.
const OTHER: u32 = 0x8000_0000;

/// Returns the three bytes of four characters, the first byte lowest, and [`OTHER`].
#[inline]
fn join([a, b, c, d]: [u8; 4]) -> u32 {
    let [first, second, third, fourth] = &TABLES;
    look_up(first, a) | look_up(second, b) | look_up(third, c) | look_up(fourth, d)
}

#[inline]
fn look_up(table: &[u32; 256], character: u8) -> u32 {
    table.get(usize::from(character)).copied().unwrap_or(OTHER)
}

/// The bits of each character as the first, second, third and fourth of four.
static TABLES: [[u32; 256]; 4] = [table(18), table(12), table(6), table(0)];

/// Returns the six bits of each character of the standard alphabet at their position in the three bytes of four
/// characters, and [`OTHER`] for every other character.
const fn table(shift: u32) -> [u32; 256] {
    let mut table = [OTHER; 256];
    let mut rest: &mut [u32] = &mut table;
    let mut byte = 0_u8;
    while let [slot, tail @ ..] = rest {
        let mut alphabet: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut index = 0_u32;
        while let [character, others @ ..] = alphabet {
            if *character == byte {
                let [_, high, middle, low] = index.wrapping_shl(shift).to_be_bytes();
                *slot = u32::from_le_bytes([high, middle, low, 0]);
            }
            index = index.wrapping_add(1);
            alphabet = others;
        }
        byte = byte.wrapping_add(1);
        rest = tail;
    }
    table
}

/// Returns the bits of four characters with exactly one escape, as for a `+` or a `/`, and the rest of the text; `None`
/// for other texts. The position of the escape is unpredictable, so this is branch-free.
#[inline]
fn group_with_one_escape(rest: &[u8]) -> Option<(u32, &[u8])> {
    let (first, tail) = rest.split_first_chunk::<6>()?;
    let [a, b, c, d, e, f] = *first;
    let text = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
    // a bit in each byte that is a `%`; the bits above the lowest one may be wrong
    let other = text ^ 0x2525_2525_2525_2525;
    let escapes = other.wrapping_sub(0x0101_0101_0101_0101) & !other & 0x8080_8080_8080_8080;
    // 64 if there is no escape
    let at = escapes.trailing_zeros() & 0x78;
    if at > 24 {
        return None;
    }
    let [_, high, low, ..] = text.wrapping_shr(at).to_le_bytes();
    let character = hex_value(high)?.wrapping_shl(4) | hex_value(low)?;
    let before = text & 1_u64.wrapping_shl(at).wrapping_sub(1);
    let after = text.wrapping_shr(at).wrapping_shr(24).wrapping_shl(8) | u64::from(character);
    let [a, b, c, d, ..] = (before | after.wrapping_shl(at)).to_le_bytes();
    let bits = join([a, b, c, d]);
    (bits & OTHER == 0).then_some((bits, tail))
}

/// Returns the bits of four characters with any number of escapes, and the rest of the text.
#[inline(never)]
fn group_with_escapes<'a>(
    token: &[u8],
    start: usize,
    mut rest: &'a [u8],
) -> Result<(u32, &'a [u8]), LocatedProblem> {
    let mut bits = 0;
    for table in &TABLES {
        let (character, tail) = character(token, rest)?;
        bits |= look_up(table, character);
        rest = tail;
    }
    if bits & OTHER == 0 { Ok((bits, rest)) } else { Err((start, SignatureProblem::Base64)) }
}

/// Decodes one character and returns it with the rest of the text. `rest` is the end of `token`.
#[inline]
fn character<'a>(token: &[u8], rest: &'a [u8]) -> Result<(u8, &'a [u8]), LocatedProblem> {
    let problem = match rest {
        [b'%', high, low, tail @ ..] => match (hex_value(*high), hex_value(*low)) {
            (Some(high), Some(low)) => return Ok((high.wrapping_shl(4) | low, tail)),
            _ => SignatureProblem::Escape,
        },
        [b'%', ..] => SignatureProblem::Escape,
        [] | [b'&', ..] => SignatureProblem::Length,
        [plain, tail @ ..] => return Ok((*plain, tail)),
    };
    Err((token.len().wrapping_sub(rest.len()), problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<[u8; 32], LocatedProblem> {
        let mut bytes = [0; 32];
        assert_eq!(decode_signature(text.as_bytes(), 0, &mut bytes)?, text.len());
        Ok(bytes)
    }

    extern crate alloc;
    use alloc::string::String;

    #[test]
    fn every_percent_encoding_of_a_signature_decodes() {
        let upper = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
        let bytes = decode(upper).unwrap();
        assert_eq!(decode(&upper.replace("%3D", "%3d")), Ok(bytes));
        assert_eq!(decode(&upper.replace("%3D", "=")), Ok(bytes));
        assert_eq!(bytes[..3], [0x7b, 0x5a, 0x72]);
    }

    #[test]
    fn a_plus_is_not_a_space() {
        let plus = "+".repeat(43) + "%3D";
        // the last two bits of the last character must be zero, and those of `+` are not
        assert_eq!(decode(&plus), Err((0, SignatureProblem::Base64)));
        let canonical = "+".repeat(42) + "8=";
        assert_eq!(decode(&canonical).unwrap()[..3], [0xfb, 0xef, 0xbe]);
    }

    #[test]
    fn any_characters_may_be_escaped() {
        let plain = "e1py+8RFvg/7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8=";
        let escaped = |at: usize| alloc::format!("%{:02X}", plain.as_bytes()[at]);
        let expected = decode(plain);
        for first in 0..plain.len() {
            for second in first..plain.len() {
                let text: String = plain
                    .char_indices()
                    .map(|(at, c)| if at == first || at == second { escaped(at) } else { c.into() })
                    .collect();
                assert_eq!(decode(&text), expected, "{text}");
                assert_eq!(
                    decode(&text.to_ascii_lowercase()).is_ok(),
                    decode(&plain.to_ascii_lowercase()).is_ok()
                );
                for cut in 0..text.len() {
                    assert!(decode(text.get(..cut).unwrap()).is_err(), "{text} {cut}");
                }
            }
        }
        assert_eq!(decode(&plain.replace('+', "%g")), Err((4, SignatureProblem::Escape)));
        assert_eq!(decode(&plain.replace('+', "%252B")), Err((0, SignatureProblem::Base64)), "twice");
        assert_eq!(decode(&plain.replace('+', "%2\u{1}")), Err((4, SignatureProblem::Escape)));
    }

    #[test]
    fn only_a_percent_sign_begins_an_escape() {
        let plain = "e1py+8RFvg/7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8=";
        for at in 0..plain.len() {
            let (before, rest) = plain.split_at(at);
            let (one, after) = rest.split_at(1);
            let escaped = |first: char| {
                let code = one.as_bytes()[0];
                alloc::format!("{before}{first}{code:02X}{after}")
            };
            assert_eq!(decode(&escaped('%')), decode(plain));
            for other in (0..=0x7f_u8).map(char::from).filter(|other| *other != '%') {
                let text = escaped(other);
                let mut bytes = [0; 32];
                let end = decode_signature(text.as_bytes(), 0, &mut bytes);
                assert!(end.is_err(), "{text:?}");
            }
        }
    }

    /// Every text of six of these bytes: if the branch-free function decodes it, the general one returns the same.
    #[test]
    fn one_escape_decodes_as_several_do() {
        let bytes = *b"%2Ba+-&\0";
        let (mut text, mut short) = ([0; 6], 0);
        for number in 0..8_usize.pow(6) {
            let mut rest = number;
            for slot in &mut text {
                *slot = bytes[rest % 8];
                rest /= 8;
            }
            let Some(found) = group_with_one_escape(&text) else { continue };
            assert_eq!(group_with_escapes(&text, 0, &text), Ok(found), "{text:?}");
            short += 1;
        }
        // `%2B` at one of four positions, and three other characters out of four
        assert_eq!(short, 4 * 64);
    }

    #[test]
    fn a_malformed_signature_is_refused_with_its_offset() {
        let good = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8=";
        let with = |at: usize, text: &str| {
            let mut bad = String::from(good);
            bad.replace_range(at..=at, text);
            decode(&bad).unwrap_err()
        };
        assert_eq!(with(43, "%"), (43, SignatureProblem::Escape));
        assert_eq!(with(43, "%3"), (43, SignatureProblem::Escape));
        assert_eq!(with(43, "%3x"), (43, SignatureProblem::Escape));
        assert_eq!(with(43, ""), (43, SignatureProblem::Length));
        assert_eq!(with(43, "=="), (44, SignatureProblem::Length));
        assert_eq!(with(42, "9"), (0, SignatureProblem::Base64), "non-zero bits after the last byte");
        assert_eq!(with(5, "-"), (0, SignatureProblem::Base64), "not the URL-safe alphabet");
        assert_eq!(with(5, "%0A"), (0, SignatureProblem::Base64));
        assert_eq!(decode(""), Err((0, SignatureProblem::Length)));
    }
}
