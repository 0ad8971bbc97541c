//! Encoding of the few DER values that this crate writes.

use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use crate::tlv::Tag;

/// Encodes the tag, the length in the fewest octets (X.690 10.1), and the contents.
pub(crate) fn value(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut der = Vec::with_capacity(length.saturating_add(6));
    der.push(tag.0);
    let digits = significant(&length.to_be_bytes()).to_vec();
    match (digits.as_slice(), u8::try_from(digits.len())) {
        ([short @ 0..=0x7f], _) => der.push(*short),
        (many, Ok(count)) => {
            der.push(0x80 | count);
            der.extend(many);
        }
        // a length has at most eight digits
        (_, Err(_)) => {}
    }
    parts.iter().for_each(|part| der.extend(*part));
    der
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(Tag::SEQUENCE, parts)
}

/// Encodes a BIT STRING of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    value(Tag::BIT_STRING, &[&[0], bytes])
}

/// Encodes a number in its shortest form, with a leading zero if it would be negative without (X.690 8.3).
pub(crate) fn integer(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let digits = significant(&bytes);
    let sign: &[u8] = if digits.first().is_some_and(|top| *top >= 0x80) { &[0] } else { &[] };
    value(Tag::INTEGER, &[sign, digits])
}

pub(crate) fn time(at: UnixTime) -> Vec<u8> {
    integer(at.as_secs())
}

/// Removes leading zeros, but never the last byte.
fn significant(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len().saturating_sub(1));
    bytes.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::{Cursor, only};

    #[test]
    fn encoded_numbers_parse_to_the_same_value() {
        for number in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, u64::from(u32::MAX), u64::MAX] {
            let der = integer(number);
            assert_eq!(Cursor::new(&der).read_up_to(u64::MAX), Ok(number));
            assert_eq!(Cursor::new(&der).read_up_to(number), Ok(number));
            assert!(number.checked_sub(1).is_none_or(|most| Cursor::new(&der).read_up_to(most).is_err()));
        }
        for other in
            [&[2, 0][..], &[2, 1, 0x80], &[2, 2, 0, 1], &[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0], &[4, 1, 1]]
        {
            assert!(Cursor::new(other).read_up_to(u64::MAX).is_err(), "{other:?}");
        }
    }

    #[test]
    fn lengths_have_the_shortest_encoding() {
        for (length, head) in
            [(0, 2), (0x7f, 2), (0x80, 3), (0xff, 3), (0x100, 4), (0xffff, 4), (0x1_0000, 5)]
        {
            let der = sequence(&[&alloc::vec![0; length]]);
            assert_eq!(der.len().checked_sub(length), Some(head));
            let read = only(&der, Tag::SEQUENCE).unwrap();
            assert_eq!((read.value.len(), read.range()), (length, 0..der.len()));
        }
    }
}
