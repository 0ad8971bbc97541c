//! Character classes of bytes.

use crate::name::{is_identity_byte, is_registration_byte};

bitflags::bitflags! {
    /// The classes of a byte, or the classes that all bytes of a name have in common.
    #[derive(Clone, Copy)]
    pub(crate) struct Class: u8 {
        const VISIBLE = 1;
        const IDENTITY = 2;
        const REGISTRATION = 4;
        const SCOPE = 8;
        /// Visible, and not `/`, `%` or `&`: most bytes of most resources.
        const ORDINARY = 16;
        /// Allowed in a host name without a port.
        const HOST = 32;
        /// Allowed in an id, and not `%`.
        const PLAIN_ID = 64;
        /// Never escaped (RFC 3986, 2.3).
        const UNRESERVED = 128;
    }
}

impl Class {
    const TABLE: [u8; 256] = {
        let mut table = [0; 256];
        let mut byte = 0_u8;
        let mut rest: &mut [u8] = &mut table;
        while let [slot, tail @ ..] = rest {
            *slot = Self::compute(byte);
            byte = byte.wrapping_add(1);
            rest = tail;
        }
        table
    };

    const fn compute(byte: u8) -> u8 {
        let mut class = Self::empty();
        if byte.is_ascii_graphic() {
            class = class.union(Self::VISIBLE);
        }
        if is_identity_byte(byte) {
            class = class.union(Self::IDENTITY);
        }
        if is_identity_byte(byte) && byte != b'%' {
            class = class.union(Self::PLAIN_ID);
        }
        if is_registration_byte(byte) {
            class = class.union(Self::REGISTRATION);
        }
        if byte.is_ascii_alphanumeric() {
            class = class.union(Self::SCOPE);
        }
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' {
            class = class.union(Self::HOST);
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            class = class.union(Self::UNRESERVED);
        }
        if byte.is_ascii_graphic() && !matches!(byte, b'/' | b'%' | b'&') {
            class = class.union(Self::ORDINARY);
        }
        class.bits()
    }

    #[inline]
    pub(crate) fn of(byte: u8) -> Self {
        Self::from_bits_retain(Self::TABLE.get(usize::from(byte)).copied().unwrap_or(0))
    }
}

/// Returns the number of ordinary bytes that `text` starts with, and their common classes.
pub(crate) fn ordinary_run(text: &[u8]) -> (usize, Class) {
    let mut all = Class::all();
    let mut run = 0_usize;
    for byte in text {
        let class = Class::of(*byte);
        if !class.contains(Class::ORDINARY) {
            break;
        }
        all = all.intersection(class);
        run = run.wrapping_add(1);
    }
    (run, all)
}

/// Splits `text` at its first byte outside `class`. It reads eight bytes at a time.
#[inline]
pub(crate) fn split_run(text: &[u8], class: Class) -> (&[u8], &[u8]) {
    let other = |byte: &u8| !Class::of(*byte).contains(class);
    let mut end = 0_usize;
    let mut eights = text.chunks_exact(8);
    for eight in &mut eights {
        if let Some(at) = eight.iter().position(other) {
            return text.split_at_checked(end.wrapping_add(at)).unwrap_or((text, &[]));
        }
        end = end.wrapping_add(8);
    }
    let rest = eights.remainder();
    end = end.wrapping_add(rest.iter().position(other).unwrap_or(rest.len()));
    text.split_at_checked(end).unwrap_or((text, &[]))
}
