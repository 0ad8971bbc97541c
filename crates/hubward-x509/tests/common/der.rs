//! DER for tests: certificates with encodings that no library writes.
#![allow(dead_code, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

/// Returns a value with this tag.
pub fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = match u16::try_from(contents.len()).unwrap().to_be_bytes() {
        [0, low @ 0..=0x7f] => vec![low],
        [0, low] => vec![0x81, low],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], &length[..], contents].concat()
}

/// Returns a SEQUENCE of these values.
pub fn sequence(values: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &values.concat())
}

/// Returns the values, with their headers, within a constructed value.
pub fn fields(der: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut all) = (&der[head(der)..], Vec::new());
    while !rest.is_empty() {
        let digits = &rest[2..head(rest)];
        let length = if digits.is_empty() {
            usize::from(rest[1])
        } else {
            digits.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
        };
        let (one, next) = rest.split_at(head(rest) + length);
        all.push(one);
        rest = next;
    }
    all
}

/// Returns the length of a header.
fn head(der: &[u8]) -> usize {
    2 + if der[1] < 0x80 { 0 } else { usize::from(der[1] & 0x7f) }
}

/// Returns a certificate or a list again, its signed part changed and signed with `sign`. Both algorithm identifiers are
/// `algorithm`, the inner one at index `at` of the signed part.
pub fn signed_again(
    der: &[u8],
    at: usize,
    algorithm: &[u8],
    change: impl FnOnce(&mut Vec<Vec<u8>>),
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let mut all: Vec<Vec<u8>> = fields(fields(der)[0]).into_iter().map(<[u8]>::to_vec).collect();
    all[at] = algorithm.to_vec();
    change(&mut all);
    let signed = tlv(0x30, &all.concat());
    let signature = tlv(3, &[&[0], &sign(&signed)[..]].concat());
    sequence(&[&signed, algorithm, &signature])
}
