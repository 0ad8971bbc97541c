//! [`Values`]: the texts of a token's fields, received in one text or given one by one.

use crate::sink::Sink;
use crate::storage::field::{COUNT, Field};

/// The texts of fields. A field without a text has an empty one.
pub(crate) trait Values<'a>: Copy {
    fn get(&self, field: Field) -> &'a str;

    fn bytes(&self, field: Field) -> &'a [u8];

    /// Writes the text of a field; `false` for an empty one.
    #[inline]
    fn put_text(&self, field: Field, sink: &mut impl Sink) -> bool {
        let text = self.bytes(field);
        sink.put(text);
        !text.is_empty()
    }

    /// Sets a text. A received one starts at `at` in the token's text.
    fn put(&mut self, field: Field, value: &'a str, at: usize);
}

/// The texts of a received token, as positions in its text: a token is copied when it is returned and when it is
/// verified, and with a `&str` for each field it is twice as large.
#[derive(Clone, Copy)]
pub(crate) struct Received<'a> {
    text: &'a str,
    /// The start and the end of each value; a text has at most 8,192 bytes.
    spans: [(u16, u16); COUNT],
}

impl<'a> Received<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, spans: [(0, 0); COUNT] }
    }
}

impl<'a> Values<'a> for Received<'a> {
    #[inline]
    fn get(&self, field: Field) -> &'a str {
        let (start, end) = self.spans.get(field.index()).copied().unwrap_or_default();
        self.text.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    #[inline]
    fn bytes(&self, field: Field) -> &'a [u8] {
        let (start, end) = self.spans.get(field.index()).copied().unwrap_or_default();
        self.text.as_bytes().get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    #[inline]
    fn put_text(&self, field: Field, sink: &mut impl Sink) -> bool {
        // with the text after it, so that a copy of a fixed length is possible
        let (text, len) = self.part(field);
        sink.put_first(text, len);
        len > 0
    }

    #[inline]
    fn put(&mut self, field: Field, value: &'a str, at: usize) {
        self.put_span(field, at, value.len());
    }
}

impl Received<'_> {
    /// Returns the text from the value of a field on, and the length of the value.
    #[inline]
    pub(crate) fn part(&self, field: Field) -> (&[u8], usize) {
        let (start, end) = self.spans.get(field.index()).copied().unwrap_or_default();
        let text = self.text.as_bytes().get(usize::from(start)..).unwrap_or_default();
        (text, usize::from(end.wrapping_sub(start)))
    }

    /// Sets a text by its start and its length.
    #[inline]
    pub(crate) fn put_span(&mut self, field: Field, at: usize, len: usize) {
        let end = at.wrapping_add(len);
        if let (Some(slot), Ok(start), Ok(end)) =
            (self.spans.get_mut(field.index()), u16::try_from(at), u16::try_from(end))
        {
            *slot = (start, end);
        }
    }
}

/// The texts that a signer gives.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a>([&'a str; COUNT]);

impl Given<'_> {
    pub(crate) const fn new() -> Self {
        Self([""; COUNT])
    }
}

impl<'a> Values<'a> for Given<'a> {
    #[inline]
    fn get(&self, field: Field) -> &'a str {
        self.0.get(field.index()).copied().unwrap_or_default()
    }

    #[inline]
    fn bytes(&self, field: Field) -> &'a [u8] {
        self.get(field).as_bytes()
    }

    #[inline]
    fn put(&mut self, field: Field, value: &'a str, _at: usize) {
        if let Some(slot) = self.0.get_mut(field.index()) {
            *slot = value;
        }
    }
}
