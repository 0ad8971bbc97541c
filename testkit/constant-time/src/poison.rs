//! Secrets for valgrind: bytes that are undefined to it, though they have a value.

use core::ffi::c_void;

use crabgrind::memcheck::{MemState, mark_mem};

/// Marks bytes as undefined. From now on valgrind reports each branch and each address that depends on one of them.
pub fn secret(bytes: &mut [u8]) {
    mark(bytes, MemState::Undefined);
}

/// Returns a copy of the bytes that is secret.
pub fn secret_copy<const N: usize>(bytes: &[u8; N]) -> [u8; N] {
    let mut copy = core::hint::black_box(*bytes);
    secret(&mut copy);
    copy
}

/// Returns a text that is secret except for its last characters.
pub fn secret_text(text: &str, last: usize) -> String {
    let copy = core::hint::black_box(text.to_owned());
    // only the marks of valgrind change
    request(copy.as_ptr().cast_mut(), copy.len().saturating_sub(last), MemState::Undefined);
    copy
}

/// Declares bytes to be public: the result, on which a program may branch.
pub fn public(bytes: &mut [u8]) {
    mark(bytes, MemState::Defined);
}

/// Declares a verdict to be public and returns it.
pub fn verdict(verdict: bool) -> bool {
    let mut byte = [u8::from(verdict)];
    public(&mut byte);
    core::hint::black_box(byte) == [1]
}

fn mark(bytes: &mut [u8], state: MemState) {
    request(bytes.as_mut_ptr(), bytes.len(), state);
}

fn request(start: *mut u8, len: usize, state: MemState) {
    // outside of valgrind the request does nothing; `main` refuses to run there
    let _ = mark_mem(start.cast::<c_void>(), len, state);
}
