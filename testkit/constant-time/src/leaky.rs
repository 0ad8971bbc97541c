//! Functions that leak, one by a branch and one by an address. If valgrind does not report them, it would report
//! nothing of ours either.

use core::hint::black_box;

/// Compares two tags and stops at the first difference.
#[inline(never)]
pub fn early_exit(one: &[u8; 32], other: &[u8; 32]) -> bool {
    for (one, other) in one.iter().zip(other) {
        if black_box(one) != black_box(other) {
            return false;
        }
    }
    true
}

/// Decodes the characters of base64 by a table.
#[inline(never)]
pub fn table(text: &[u8]) -> u8 {
    let mut values = [255_u8; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (value, character) in alphabet.iter().enumerate() {
        values[usize::from(*character)] = value as u8;
    }
    let values = black_box(values);
    text.iter().fold(0, |all, character| all | values[usize::from(*character)])
}
