//! [`Writer`]: writes text into a caller's buffer. It counts on after the buffer is full, so that the error has the
//! needed size.

use hubward_core::{NeedBytes, is_unreserved};

pub(crate) struct Writer<'b> {
    buffer: &'b mut [u8],
    written: usize,
}

impl<'b> Writer<'b> {
    pub(crate) const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, written: 0 }
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        let end = self.written.saturating_add(bytes.len());
        if let Some(slot) = self.buffer.get_mut(self.written..end) {
            slot.copy_from_slice(bytes);
        }
        self.written = end;
    }

    #[inline]
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes a text with percent-encoding in upper-case hex digits. Letters, digits and `- . _ ~` are not encoded (RFC
    /// 3986, 2.3).
    #[inline]
    pub(crate) fn escaped(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(at) = rest.iter().position(|b| !is_unreserved(*b)) {
            let (plain, tail) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            self.bytes(plain);
            let [reserved, tail @ ..] = tail else { return };
            self.bytes(&[b'%', hex_digit(reserved.wrapping_shr(4)), hex_digit(reserved & 0x0f)]);
            rest = tail;
        }
        self.bytes(rest);
    }

    pub(crate) fn number(&mut self, number: &Decimal) {
        self.bytes(number.as_bytes());
    }

    /// Returns the written bytes.
    pub(crate) fn finish(self) -> Result<&'b [u8], NeedBytes> {
        self.buffer.get(..self.written).ok_or(NeedBytes::new(self.written))
    }

    /// Returns the written text.
    pub(crate) fn finish_text(self) -> Result<&'b str, NeedBytes> {
        let need = NeedBytes::new(self.written);
        // only whole strings and ASCII were written
        core::str::from_utf8(self.finish()?).map_err(|_| need)
    }
}

/// Returns whether [`Writer::escaped`] writes a text as it is.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(is_unreserved)
}

/// The digits of a number, computed once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    // a `u64` has at most twenty digits
    digits: [u8; 20],
    first: usize,
}

impl Decimal {
    #[inline]
    pub(crate) fn new(mut number: u64) -> Self {
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        // two at a time: each division waits for the one before
        for slot in digits.rchunks_exact_mut(2) {
            let [pair, ..] = number.wrapping_rem(100).to_le_bytes();
            slot.copy_from_slice(&[
                b'0'.wrapping_add(pair.wrapping_div(10)),
                b'0'.wrapping_add(pair.wrapping_rem(10)),
            ]);
            number = number.wrapping_div(100);
            first = first.wrapping_sub(if number == 0 && pair < 10 { 1 } else { 2 });
            if number == 0 {
                break;
            }
        }
        Self { digits, first }
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.first..).unwrap_or_default()
    }
}

const fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0'.wrapping_add(nibble),
        _ => b'A'.wrapping_add(nibble).wrapping_sub(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for number in [0, 1, 9, 10, 99, 100, 909, 1_893_456_000, u64::MAX] {
            let mut buffer = [0; 20];
            let mut writer = Writer::new(&mut buffer);
            writer.number(&Decimal::new(number));
            assert_eq!(writer.finish_text(), Ok(&*number.to_string()));
        }
    }

    #[test]
    fn every_byte_is_escaped_as_hubward_core_escapes_it() {
        for byte in 0..=0x7f_u8 {
            let text = format!("a{}z", char::from(byte));
            let mut buffer = [0; 5];
            let mut writer = Writer::new(&mut buffer);
            writer.escaped(text.as_bytes());
            assert_eq!(writer.finish_text(), Ok(&*hubward_core::escape_value(&text).to_string()));
            assert_eq!(is_plain(&text), is_unreserved(byte), "{byte}");
        }
    }

    #[test]
    fn a_full_buffer_counts_on() {
        let mut buffer = [0; 3];
        let mut writer = Writer::new(&mut buffer);
        writer.text("ab");
        writer.escaped(b"/");
        writer.number(&Decimal::new(12));
        assert_eq!(writer.finish(), Err(NeedBytes::new(7)));
    }
}
