//! One name of a path, as it came: percent-encoded or plain.

use core::cmp::Ordering;
use core::fmt;

use crate::percent::{NeedBytes, decoded_len, split_byte};
use crate::words::{any, equal, invisible, visible_before};

/// One validated, non-empty name of a path that keeps the form it came in. It is read by decoding it exactly
/// once; what it decodes to is visible ASCII.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    text: &'a str,
    form: Form,
}

/// A whole word, so that a name moves as three words and not as two, a byte and what is left.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Form {
    Plain,
    Encoded,
}

impl<'a> Segment<'a> {
    /// A name that is not percent-encoded: its bytes are the name.
    ///
    /// Returns `None` where it is empty or holds anything but visible ASCII.
    #[must_use]
    #[inline]
    pub fn plain(text: &'a str) -> Option<Self> {
        let visible = !text.is_empty() && !any(text.as_bytes(), invisible);
        visible.then_some(Self { text, form: Form::Plain })
    }

    /// The name that `path` begins with, not percent-encoded, up to its first `/`, and what follows that.
    ///
    /// Returns `None` where no `/` follows, the name is empty or it holds anything but visible ASCII.
    #[must_use]
    #[inline]
    pub fn split_plain(path: &'a str) -> Option<(Self, &'a str)> {
        let (text, rest) = path.split_at_checked(visible_before(path.as_bytes(), b'/')?)?;
        (!text.is_empty()).then_some((Self { text, form: Form::Plain }, rest.get(1..)?))
    }

    /// A percent-encoded name, of either hex case.
    ///
    /// Returns `None` where it is empty, does not decode, or decodes to anything but visible ASCII.
    #[must_use]
    pub fn encoded(text: &'a str) -> Option<Self> {
        let visible = !text.is_empty() && decoded_len(text).is_ok();
        visible.then_some(Self { text, form: Form::Encoded })
    }

    /// A slice of a text that has been checked whole.
    pub(crate) const fn checked(text: &'a str) -> Self {
        Self { text, form: Form::Encoded }
    }

    /// A name that has been checked, and is not encoded.
    pub(crate) const fn checked_plain(text: &'a str) -> Self {
        Self { text, form: Form::Plain }
    }

    #[inline]
    const fn is_encoded(&self) -> bool {
        matches!(self.form, Form::Encoded)
    }

    /// The name in the form it came in.
    #[must_use]
    pub const fn as_received(&self) -> &'a str {
        self.text
    }

    /// The bytes of the name, decoded once.
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

    /// The name without its form, where that takes no buffer: it holds no escape.
    #[must_use]
    #[inline]
    pub fn as_plain(&self) -> Option<&'a str> {
        (!self.is_encoded() || !holds(self.text, b'%')).then_some(self.text)
    }

    /// Whether the name, decoded once, is `name`.
    #[must_use]
    #[inline]
    pub fn eq_decoded(&self, name: &str) -> bool {
        match self.compare_len(name) {
            Ordering::Less => false,
            Ordering::Equal => self.text == name,
            Ordering::Greater => self.bytes().eq(name.bytes()),
        }
    }

    /// Whether the name, decoded once, is `name` but for the case of ASCII letters.
    #[must_use]
    #[inline]
    pub fn eq_decoded_ignore_ascii_case(&self, name: &str) -> bool {
        match self.compare_len(name) {
            Ordering::Less => false,
            // most write it as it is
            Ordering::Equal => self.text == name || self.text.eq_ignore_ascii_case(name),
            Ordering::Greater => {
                self.bytes().map(|b| b.to_ascii_lowercase()).eq(name.bytes().map(|b| b.to_ascii_lowercase()))
            }
        }
    }

    /// An escape takes more room than what it stands for: a text as long as `name` is `name` only where it holds
    /// none, and a shorter one never is.
    #[inline]
    fn compare_len(&self, name: &str) -> Ordering {
        match self.text.len().cmp(&name.len()) {
            // equal texts with an escape in them decode to something shorter
            Ordering::Equal if self.is_encoded() && holds(name, b'%') => Ordering::Less,
            Ordering::Greater if !self.is_encoded() => Ordering::Less,
            other => other,
        }
    }

    /// Whether the name, decoded **twice**, is `name`.
    ///
    /// Some signers encode an id before they encode the whole resource. Decoding twice is for *comparing* with a
    /// name that is already known from elsewhere, never for learning one: `false` where the second decoding
    /// fails.
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

    /// Whether both are the same name, each decoded once.
    #[must_use]
    pub fn same(&self, other: &Segment<'_>) -> bool {
        self.bytes().eq(other.bytes())
    }

    /// Decodes the name once into `out` and returns what was written.
    ///
    /// # Errors
    /// [`NeedBytes`] where `out` is too small; an id takes at most 128 bytes.
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

/// Whether `byte` is in `text`.
#[inline]
fn holds(text: &str, byte: u8) -> bool {
    any(text.as_bytes(), |word| equal(word, byte))
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
    fn the_form_does_not_change_the_name() {
        let plain = Segment::plain("a+b%41").unwrap();
        let encoded = Segment::encoded("a%2bb%2541").unwrap();
        assert!(plain.same(&encoded));
        assert!(encoded.eq_decoded("a+b%41"));
        assert!(!encoded.eq_decoded("a+bA"), "never decoded twice");
        assert_eq!(encoded.to_string(), "a+b%41");
    }

    #[test]
    fn twice_only_to_compare() {
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
    fn case_is_folded_in_ascii_only() {
        let host = Segment::encoded("Contoso%2ENet").unwrap();
        assert!(host.eq_decoded_ignore_ascii_case("contoso.net"));
        assert!(!host.eq_decoded("contoso.net"));
    }

    #[test]
    fn a_path_begins_with_a_name() {
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
    fn refuses_what_is_not_a_visible_name() {
        for text in ["", "a b", "%", "%zz", "%00", "%0a", "%C3%A9", "é"] {
            assert!(Segment::encoded(text).is_none(), "{text}");
        }
        assert!(Segment::plain("a\nb").is_none());
    }
}
