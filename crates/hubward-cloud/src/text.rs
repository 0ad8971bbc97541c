//! [`Text`]: a value that is signed in its decoded form, kept percent-encoded as received or plain as given.

use core::fmt::{self, Write};

use hubward_core::hex_value;

use crate::error::Problem;
use crate::scan::{Found, classify};
use crate::sink::Sink;

/// A value of a token or a request. It has no control character, escaped or not: a line feed in a value would move the
/// lines of the text that is signed.
///
/// A value of a query is kept as received and decoded while it is signed or compared; a value that a signer gives is
/// plain.
///
/// ```
/// use hubward_cloud::Text;
///
/// let name = Text::plain("dir/b x.txt")?;
/// assert!(name.is("dir/b x.txt"));
/// assert_eq!(Text::escaped("dir/b%20x.txt")?.to_string(), "dir/b x.txt");
/// assert!(Text::escaped("a%0Ab").is_err());
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Clone, Copy)]
pub struct Text<'a> {
    text: &'a str,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Without an escape, or given by a signer.
    Plain,
    /// With escapes; `+` is itself.
    Escaped,
    /// With escapes, and `+` is a space.
    Query,
}

impl<'a> Text<'a> {
    /// Takes a text that is not encoded.
    ///
    /// # Errors
    /// [`Problem::Control`] if it has a control character.
    pub fn plain(text: &'a str) -> Result<Self, Problem> {
        if classify(text.as_bytes()).control { Err(Problem::Control) } else { Ok(Self::new(text)) }
    }

    /// Takes a percent-encoded text, in which `+` is itself, as in the path of a URL.
    ///
    /// # Errors
    /// [`Problem::Escape`] if an escape does not decode to UTF-8, [`Problem::Control`] if a character is a control.
    pub fn escaped(text: &'a str) -> Result<Self, Problem> {
        Self::checked(text, Form::Escaped)
    }

    /// Takes a percent-encoded value of a query, in which `+` is a space.
    ///
    /// # Errors
    /// As [`Text::escaped`].
    pub fn query(text: &'a str) -> Result<Self, Problem> {
        Self::checked(text, Form::Query)
    }

    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, form: Form::Plain }
    }

    /// Returns a value that was checked before: one of a query with escapes, or plain.
    pub(crate) const fn of_query(text: &'a str, encoded: bool) -> Self {
        Self { text, form: if encoded { Form::Query } else { Form::Plain } }
    }

    fn checked(text: &'a str, form: Form) -> Result<Self, Problem> {
        Self::found(text, form, classify(text.as_bytes()))
    }

    /// As [`Text::query`], with what the text has.
    #[inline]
    pub(crate) fn scanned(text: &'a str, found: Found) -> Result<Self, Problem> {
        Self::found(text, Form::Query, found)
    }

    #[inline]
    fn found(text: &'a str, form: Form, found: Found) -> Result<Self, Problem> {
        if found.control {
            return Err(Problem::Control);
        }
        let decodes = found.percent || (found.plus && form == Form::Query);
        if !decodes {
            return Ok(Self::new(text));
        }
        let value = Self { text, form };
        value.check_escapes()?;
        Ok(value)
    }

    /// Checks that every escape decodes, to no control character, and that escapes form UTF-8.
    #[cold]
    fn check_escapes(&self) -> Result<(), Problem> {
        let mut rest = self.text.as_bytes();
        while let Some(at) = rest.iter().position(|b| *b == b'%') {
            rest = rest.get(at..).unwrap_or_default();
            // a run of escapes is UTF-8 by itself, because the text around it is
            let mut run = Utf8::default();
            while let [b'%', tail @ ..] = rest {
                let [high, low, tail @ ..] = tail else { return Err(Problem::Escape) };
                let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low)) else {
                    return Err(Problem::Escape);
                };
                let byte = high.wrapping_shl(4) | low;
                if byte.is_ascii_control() {
                    return Err(Problem::Control);
                }
                // most runs are one ASCII character
                if !byte.is_ascii() || run.len > 0 {
                    run.push(byte)?;
                }
                rest = tail;
            }
            run.end()?;
        }
        Ok(())
    }

    /// Returns the text as it was received or given.
    #[must_use]
    pub const fn as_received(&self) -> &'a str {
        self.text
    }

    /// Returns whether it has no characters.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the decoded bytes, which are UTF-8.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + Clone + use<'a> {
        Decoded { rest: self.text.as_bytes(), form: self.form }
    }

    /// Returns whether the decoded text is `other`.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        match self.form {
            Form::Plain => self.text == other,
            _ => self.bytes().eq(other.bytes()),
        }
    }

    /// Returns whether both decode to the same text.
    #[must_use]
    pub fn matches(&self, other: &Text<'_>) -> bool {
        self.bytes().eq(other.bytes())
    }

    /// Returns whether both decode to the same text, in any ASCII case.
    #[must_use]
    pub fn matches_ignoring_case(&self, other: &Text<'_>) -> bool {
        let lower = |b: u8| b.to_ascii_lowercase();
        self.bytes().map(lower).eq(other.bytes().map(lower))
    }

    /// Returns whether [`Text::of_query`] takes the text as received for the same value.
    pub(crate) fn is_query_value(&self) -> bool {
        self.form != Form::Escaped || !self.text.contains('+')
    }

    /// Returns the text if no byte of it needs decoding.
    pub(crate) fn as_plain(&self) -> Option<&'a str> {
        (self.form == Form::Plain).then_some(self.text)
    }

    #[inline]
    pub(crate) fn put(&self, sink: &mut impl Sink) {
        match self.form {
            Form::Plain => sink.put(self.text.as_bytes()),
            _ => self.put_decoded(sink),
        }
    }

    fn put_decoded(&self, sink: &mut impl Sink) {
        let mut rest = self.text.as_bytes();
        let special = |b: &u8| *b == b'%' || (*b == b'+' && self.form == Form::Query);
        while let Some(at) = rest.iter().position(special) {
            let (plain, tail) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            sink.put(plain);
            let Some((byte, tail)) = split_byte(tail, self.form) else { return };
            sink.put(&[byte]);
            rest = tail;
        }
        sink.put(rest);
    }
}

/// Splits off the first byte, decoded.
fn split_byte(text: &[u8], form: Form) -> Option<(u8, &[u8])> {
    match text {
        [b'%', high, low, rest @ ..] if form != Form::Plain => {
            Some((hex_value(*high)?.wrapping_shl(4) | hex_value(*low)?, rest))
        }
        [b'+', rest @ ..] if form == Form::Query => Some((b' ', rest)),
        [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

#[derive(Clone)]
struct Decoded<'a> {
    rest: &'a [u8],
    form: Form,
}

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = split_byte(self.rest, self.form)?;
        self.rest = rest;
        Some(byte)
    }
}

/// The bytes of one character, until it is complete.
#[derive(Default)]
struct Utf8 {
    bytes: [u8; 4],
    len: usize,
}

impl Utf8 {
    fn push(&mut self, byte: u8) -> Result<(), Problem> {
        *self.bytes.get_mut(self.len).ok_or(Problem::Escape)? = byte;
        self.len = self.len.saturating_add(1);
        if core::str::from_utf8(self.bytes.get(..self.len).unwrap_or_default()).is_ok() {
            self.len = 0;
        }
        Ok(())
    }

    const fn end(&self) -> Result<(), Problem> {
        if self.len == 0 { Ok(()) } else { Err(Problem::Escape) }
    }
}

/// Writes the decoded text.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(plain) = self.as_plain() {
            return f.write_str(plain);
        }
        let mut one = Utf8::default();
        for byte in self.bytes() {
            let Some(slot) = one.bytes.get_mut(one.len) else { return Err(fmt::Error) };
            *slot = byte;
            one.len = one.len.saturating_add(1);
            if let Ok(text) = core::str::from_utf8(one.bytes.get(..one.len).unwrap_or_default()) {
                text.chars().try_for_each(|char| f.write_char(char))?;
                one.len = 0;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&format_args!("{self}")).finish()
    }
}
