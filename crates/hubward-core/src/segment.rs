//! One segment of a path as received, percent-encoded or plain.

use core::cmp::Ordering;
use core::fmt;

use memchr::memchr;

use crate::percent::{NeedBytes, decoded_len, split_byte};

/// One validated, non-empty segment of a path, in the form in which it was received. It is decoded exactly once, to
/// visible ASCII.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    text: &'a str,
    form: Form,
}

/// A `usize`, so that a segment moves as three words.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Form {
    Plain,
    Encoded,
}

impl<'a> Segment<'a> {
    /// Takes a segment that is not percent-encoded.
    ///
    /// Returns `None` if it is empty or contains anything but visible ASCII.
    #[must_use]
    #[inline]
    pub fn plain(text: &'a str) -> Option<Self> {
        let visible = !text.is_empty() && all_visible(text.as_bytes());
        visible.then_some(Self { text, form: Form::Plain })
    }

    /// Splits `path`, which is not percent-encoded, at its first `/` into the segment before and the text after it.
    ///
    /// Returns `None` if there is no `/`, or if the segment is empty or contains anything but visible ASCII.
    #[must_use]
    #[inline]
    pub fn split_plain(path: &'a str) -> Option<(Self, &'a str)> {
        let (text, rest) = path.split_at_checked(memchr(b'/', path.as_bytes())?)?;
        Some((Self::plain(text)?, rest.get(1..)?))
    }

    /// Takes a percent-encoded segment; hex digits of either case are accepted.
    ///
    /// Returns `None` if it is empty, does not decode, or decodes to anything but visible ASCII.
    #[must_use]
    pub fn encoded(text: &'a str) -> Option<Self> {
        let visible = !text.is_empty() && decoded_len(text).is_ok();
        visible.then_some(Self { text, form: Form::Encoded })
    }

    /// Takes a part of an encoded text that was validated as a whole.
    pub(crate) const fn checked(text: &'a str) -> Self {
        Self { text, form: Form::Encoded }
    }

    /// Takes a validated segment that is not encoded.
    pub(crate) const fn checked_plain(text: &'a str) -> Self {
        Self { text, form: Form::Plain }
    }

    #[inline]
    const fn is_encoded(&self) -> bool {
        matches!(self.form, Form::Encoded)
    }

    /// Returns the segment as received.
    #[must_use]
    pub const fn as_received(&self) -> &'a str {
        self.text
    }

    /// Iterates over the bytes of the segment, decoded once.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + use<'a> {
        let mut rest = self.text.as_bytes();
        let encoded = self.is_encoded();
        core::iter::from_fn(move || {
            let (byte, tail) =
                if encoded { split_byte(rest)? } else { rest.split_first().map(|(b, t)| (*b, t))? };
            rest = tail;
            Some(byte)
        })
    }

    /// Returns the decoded segment if that needs no buffer: the text contains no escape.
    #[must_use]
    #[inline]
    pub fn as_plain(&self) -> Option<&'a str> {
        (!self.is_encoded() || !contains_byte(self.text, b'%')).then_some(self.text)
    }

    /// Returns whether the segment, decoded once, equals `name`.
    #[must_use]
    #[inline]
    pub fn eq_decoded(&self, name: &str) -> bool {
        match self.compare_len(name) {
            Ordering::Less => false,
            Ordering::Equal => self.text == name,
            Ordering::Greater => self.bytes().eq(name.bytes()),
        }
    }

    /// Returns whether the segment, decoded once, equals `name` without regard to ASCII case.
    #[must_use]
    #[inline]
    pub fn eq_decoded_ignore_ascii_case(&self, name: &str) -> bool {
        match self.compare_len(name) {
            Ordering::Less => false,
            // most hosts are received in the configured case
            Ordering::Equal => self.text == name || self.text.eq_ignore_ascii_case(name),
            Ordering::Greater => {
                self.bytes().map(|b| b.to_ascii_lowercase()).eq(name.bytes().map(|b| b.to_ascii_lowercase()))
            }
        }
    }

    /// Compares the length of the text with `name`. An escape is longer than the byte that it encodes: a text as long
    /// as `name` can equal it only if it has no escape, and a shorter text never does.
    #[inline]
    fn compare_len(&self, name: &str) -> Ordering {
        match self.text.len().cmp(&name.len()) {
            // a text with an escape decodes to something shorter
            Ordering::Equal if self.is_encoded() && contains_byte(name, b'%') => Ordering::Less,
            Ordering::Greater if !self.is_encoded() => Ordering::Less,
            other => other,
        }
    }

    /// Returns whether the segment, decoded **twice**, equals `name`.
    ///
    /// Some signers encode an id before they encode the whole resource. Use this only to *compare* with a name that
    /// is known from elsewhere, never to learn a name. The result is `false` if the second decoding fails.
    #[must_use]
    pub fn eq_decoded_twice(&self, name: &str) -> bool {
        let mut once = self.bytes();
        let mut wanted = name.bytes();
        loop {
            let byte = match once.next() {
                Some(b'%') => match (once.next(), once.next()) {
                    (Some(high), Some(low)) => match split_byte(&[b'%', high, low]) {
                        Some((byte, _)) => Some(byte),
                        None => return false,
                    },
                    _ => return false,
                },
                other => other,
            };
            match (byte, wanted.next()) {
                (None, None) => return true,
                (a, b) if a == b => {}
                _ => return false,
            }
        }
    }

    /// Returns whether both segments, each decoded once, are equal.
    #[must_use]
    pub fn same(&self, other: &Segment<'_>) -> bool {
        self.bytes().eq(other.bytes())
    }

    /// Decodes the segment once into `out` and returns the written part.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small. An id needs at most 128 bytes.
    pub fn decode<'b>(&self, out: &'b mut [u8]) -> Result<&'b str, NeedBytes> {
        let needed = self.bytes().count();
        let out = out.get_mut(..needed).ok_or(NeedBytes::new(needed))?;
        for (slot, byte) in out.iter_mut().zip(self.bytes()) {
            *slot = byte;
        }
        // a segment decodes to ASCII, so this cannot fail
        core::str::from_utf8(out).map_err(|_| NeedBytes::new(needed))
    }
}

/// Returns whether all bytes are visible ASCII. The loop has no early exit, so that the compiler can vectorise it.
#[inline]
fn all_visible(text: &[u8]) -> bool {
    text.iter().fold(true, |visible, byte| visible & byte.is_ascii_graphic())
}

/// Returns whether `text` contains `byte`.
#[inline]
fn contains_byte(text: &str, byte: u8) -> bool {
    memchr(byte, text.as_bytes()).is_some()
}

impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        self.bytes().try_for_each(|b| f.write_char(char::from(b)))
    }
}

impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::string::ToString;

    #[test]
    fn plain_and_encoded_forms_are_equal() {
        let plain = Segment::plain("a+b%41").unwrap();
        let encoded = Segment::encoded("a%2bb%2541").unwrap();
        assert!(plain.same(&encoded));
        assert!(encoded.eq_decoded("a+b%41"));
        assert!(!encoded.eq_decoded("a+bA"), "never decoded twice");
        assert_eq!(encoded.to_string(), "a+b%41");
    }

    #[test]
    fn double_decoding_compares_only() {
        let once = Segment::encoded("n%2540m%2523").unwrap();
        assert!(once.eq_decoded_twice("n@m#"));
        assert!(!once.eq_decoded_twice("n@m"));
        assert!(
            !Segment::encoded("100%25").unwrap().eq_decoded_twice("100%"),
            "a lone % does not decode again"
        );
        assert!(Segment::encoded("plain").unwrap().eq_decoded_twice("plain"));
    }

    #[test]
    fn ascii_case_is_ignored_for_hosts_only() {
        let host = Segment::encoded("Contoso%2ENet").unwrap();
        assert!(host.eq_decoded_ignore_ascii_case("contoso.net"));
        assert!(!host.eq_decoded("contoso.net"));
    }

    #[test]
    fn a_plain_path_is_split_at_its_first_slash() {
        let split = |path| Segment::split_plain(path).map(|(name, rest)| (name.as_received(), rest));
        assert_eq!(split("h.net/d/?q"), Some(("h.net", "d/?q")));
        assert_eq!(split("a%2Fb/"), Some(("a%2Fb", "")), "an escape is no slash here");
        for path in ["", "/", "/d", "h.net", "h net/d", "h.n\u{e9}t/d", "h\u{7f}/d"] {
            assert_eq!(split(path), None, "{path}");
        }
        let (name, _) = Segment::split_plain("a+b%41/x").unwrap();
        assert!(name.eq_decoded("a+b%41"), "it is not percent-encoded");
    }

    #[test]
    fn rejects_empty_and_invisible_names() {
        for text in ["", "a b", "%", "%zz", "%00", "%0a", "%C3%A9", "é"] {
            assert!(Segment::encoded(text).is_none(), "{text}");
        }
        assert!(Segment::plain("a\nb").is_none());
    }
}
