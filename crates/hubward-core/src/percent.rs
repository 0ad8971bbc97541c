//! Percent-encoding (RFC 3986, 2.1): strict decoding of borrowed text, and one canonical way of writing.

use core::fmt;

use crate::class::Class;

/// An escape that is not `%` and two hex digits, or a byte that a name on the wire cannot contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an invalid escape or character at byte {offset}")]
#[non_exhaustive]
pub struct EscapeError {
    /// The offset in bytes from the start of the decoded text.
    pub offset: usize,
}

/// The caller's buffer is too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the buffer must hold {needed} bytes")]
#[non_exhaustive]
pub struct NeedBytes {
    /// The exact number of bytes that are needed.
    pub needed: usize,
}

impl NeedBytes {
    /// Creates the error for a buffer that needs `needed` bytes.
    #[must_use]
    pub const fn new(needed: usize) -> Self {
        Self { needed }
    }
}

/// Returns the value of a hex digit of either case.
#[must_use]
#[inline]
pub const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

/// Splits off the first byte of `text`, decoded, and returns it with the rest.
pub(crate) const fn split_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'%', high, low, rest @ ..] => match (hex_value(*high), hex_value(*low)) {
            (Some(high), Some(low)) => Some((high.wrapping_shl(4) | low, rest)),
            _ => None,
        },
        [b'%', ..] | [] => None,
        [byte, rest @ ..] => Some((*byte, rest)),
    }
}

/// Decodes `text` once into `out`, and returns the written part of `out`.
///
/// `+` stays `+`. The result is visible ASCII (0x21 to 0x7e): a space, a control character or a byte above 0x7e is an
/// error, escaped or not.
///
/// # Errors
/// `Ok(Err(NeedBytes))` if `out` is too small; [`EscapeError`] if the text does not decode.
pub fn decode_into<'b>(text: &str, out: &'b mut [u8]) -> Result<Result<&'b str, NeedBytes>, EscapeError> {
    let needed = decoded_len(text)?;
    let mut rest = text.as_bytes();
    let Some(out) = out.get_mut(..needed) else {
        return Ok(Err(NeedBytes { needed }));
    };
    for slot in out.iter_mut() {
        if let Some((byte, tail)) = split_byte(rest) {
            *slot = byte;
            rest = tail;
        }
    }
    // visible ASCII was checked, so this cannot fail
    core::str::from_utf8(out).map(Ok).map_err(|_| EscapeError { offset: 0 })
}

/// Returns the number of bytes that `text` decodes to, if all of them are visible ASCII.
pub(crate) fn decoded_len(text: &str) -> Result<usize, EscapeError> {
    let mut rest = text.as_bytes();
    let mut len = 0_usize;
    while !rest.is_empty() {
        match split_byte(rest) {
            Some((byte, tail)) if byte.is_ascii_graphic() => rest = tail,
            _ => return Err(EscapeError { offset: text.len().saturating_sub(rest.len()) }),
        }
        len = len.saturating_add(1);
    }
    Ok(len)
}

/// Writes `value` percent-encoded with upper-case hex. Letters, digits and `- . _ ~` stay (RFC 3986, 2.3).
pub fn escape_value(value: &str) -> impl fmt::Display {
    Escaped(value)
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.bytes().position(|b| !is_unreserved(b)) {
            let (plain, tail) = rest.split_at_checked(at).ok_or(fmt::Error)?;
            f.write_str(plain)?;
            let mut chars = tail.chars();
            let Some(reserved) = chars.next() else { break };
            for byte in reserved.encode_utf8(&mut [0; 4]).bytes() {
                write!(f, "%{byte:02X}")?;
            }
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}

/// Returns whether a byte is written without an escape (RFC 3986, 2.3).
#[must_use]
#[inline]
pub fn is_unreserved(b: u8) -> bool {
    Class::of(b).contains(Class::UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::string::ToString;

    #[test]
    fn decodes_once_and_keeps_plus() {
        let mut buf = [0; 16];
        assert_eq!(decode_into("a%2Bb+c%2541", &mut buf), Ok(Ok("a+b+c%41")));
    }

    #[test]
    fn an_error_has_the_offset() {
        let mut buf = [0; 16];
        for (text, offset) in
            [("ab%", 2), ("ab%4", 2), ("%4g", 0), ("a%00", 1), ("a%20b", 1), ("a b", 1), ("é", 0)]
        {
            assert_eq!(decode_into(text, &mut buf), Err(EscapeError { offset }), "{text}");
        }
    }

    #[test]
    fn an_error_has_the_needed_size() {
        assert_eq!(decode_into("%41%42c", &mut [0; 2]), Ok(Err(NeedBytes { needed: 3 })));
    }

    #[test]
    fn writes_upper_case_escapes() {
        assert_eq!(escape_value("h/d~1 é$").to_string(), "h%2Fd~1%20%C3%A9%24");
    }
}
