//! Eight bytes of a text at a time, in one word: names are short, and this is quicker for them than a vector.

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Marks, in its highest bit, each byte of `word` that is `byte`.
#[inline]
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    let other = word ^ u64::from_le_bytes([byte; 8]);
    // seven bits that are not all zero carry into the eighth
    !((other & !HIGH).wrapping_add(!HIGH) | other) & HIGH
}

/// Marks, in its highest bit, each byte of `word` that is not visible ASCII.
#[inline]
pub(crate) const fn invisible(word: u64) -> u64 {
    let seven = word & !HIGH;
    let from_0x21 = seven.wrapping_add(u64::from_le_bytes([0x80 - 0x21; 8]));
    let is_0x7f = seven.wrapping_add(ONES);
    (word | !from_0x21 | is_0x7f) & HIGH
}

/// Whether `marks` marks any byte of `text`.
#[inline]
pub(crate) fn any(text: &[u8], marks: impl Fn(u64) -> u64) -> bool {
    let of = |word: &[u8; 8]| marks(u64::from_le_bytes(*word));
    match text.last_chunk() {
        // the last eight bytes, of which some may have been looked at before
        Some(last) => text.as_chunks().0.iter().fold(of(last), |found, word| found | of(word)) != 0,
        None => text.iter().fold(0, |found, byte| found | marks(u64::from_le_bytes([*byte; 8]))) != 0,
    }
}

/// How many bytes stand before the first that is `end`, where there is one and they are all visible ASCII.
#[inline]
pub(crate) fn visible_before(text: &[u8], end: u8) -> Option<usize> {
    let (words, rest) = text.as_chunks();
    let mut len = 0_usize;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let (ends, bad) = (equal(word, end), invisible(word));
        if ends != 0 {
            // what is marked before the first end
            let before = ends.wrapping_sub(1) & !ends;
            let at = usize::try_from(ends.trailing_zeros().wrapping_div(8)).ok()?;
            return (bad & before == 0).then_some(len.wrapping_add(at));
        }
        if bad != 0 {
            return None;
        }
        len = len.wrapping_add(8);
    }
    let at = rest.iter().position(|byte| *byte == end || !byte.is_ascii_graphic())?;
    (rest.get(at) == Some(&end)).then_some(len.wrapping_add(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_in_every_place() {
        for place in 0..8_u32 {
            for byte in 0..=u8::MAX {
                let at = |byte: u8| u64::from(byte) << (8 * place);
                let word = u64::from_le_bytes([b'a'; 8]) & !at(0xff) | at(byte);
                let mark = at(0x80);
                assert_eq!(invisible(word), if byte.is_ascii_graphic() { 0 } else { mark });
                for wanted in [b'/', b'%', byte] {
                    let marks = equal(word, wanted);
                    assert_eq!(marks & mark, if byte == wanted { mark } else { 0 });
                    assert_eq!(marks & !mark, if wanted == b'a' { HIGH & !mark } else { 0 });
                }
            }
        }
    }

    #[test]
    fn every_length_and_every_place() {
        for len in 0..40 {
            let mut text = [b'a'; 40];
            let check = |text: &[u8; 40]| {
                let text = text.get(..len).unwrap();
                let end = text.iter().position(|b| *b == b'/');
                let visible = |end: &usize| text.iter().take(*end).all(u8::is_ascii_graphic);
                assert_eq!(visible_before(text, b'/'), end.filter(visible), "{text:?}");
                assert_eq!(any(text, |word| equal(word, b'/')), end.is_some(), "{text:?}");
                assert_eq!(any(text, invisible), !text.iter().all(u8::is_ascii_graphic), "{text:?}");
            };
            check(&text);
            for one in 0..len {
                for byte in [b'/', b' ', 0xe9, 0x7f] {
                    text[one] = byte;
                    check(&text);
                    for other in 0..len {
                        let before = text[other];
                        text[other] = b'/';
                        check(&text);
                        text[other] = before;
                    }
                }
                text[one] = b'a';
            }
        }
    }
}
