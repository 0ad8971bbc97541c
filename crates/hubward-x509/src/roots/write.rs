//! DER of a few values, as `tlv` reads them.

use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use crate::tlv::Tag;

/// Tag, length in the fewest octets (X.690 10.1), contents.
pub(super) fn value(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
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

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(Tag::SEQUENCE, parts)
}

/// Of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    value(Tag::BIT_STRING, &[&[0], bytes])
}

/// A number in its shortest form, with a leading zero where it would be negative without (X.690 8.3).
pub(super) fn integer(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let digits = significant(&bytes);
    let sign: &[u8] = if digits.first().is_some_and(|top| *top >= 0x80) { &[0] } else { &[] };
    value(Tag::INTEGER, &[sign, digits])
}

pub(super) fn time(at: UnixTime) -> Vec<u8> {
    integer(at.as_secs())
}

/// Without its leading zeros, but for the last byte.
fn significant(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len().saturating_sub(1));
    bytes.get(zeros..).unwrap_or_default()
}
