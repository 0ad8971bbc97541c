//! Splits a query into its fields, with their positions.

use crate::error::{ParseError, Problem};
use crate::scan::position;

/// The most bytes of a text.
pub(crate) const MAX_LEN: usize = 8192;
/// The most fields of a text.
const MAX_FIELDS: usize = 64;

/// A field of a query, as received.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    /// The position of the name.
    pub(crate) offset: usize,
}

impl Field<'_> {
    /// Returns the position of the value.
    pub(crate) const fn value_offset(&self) -> usize {
        self.offset.saturating_add(self.name.len()).saturating_add(1)
    }
}

/// Splits `text` from `start` on at each `&`; every field needs a `=`.
pub(crate) fn fields(
    text: &str,
    start: usize,
) -> Result<impl Iterator<Item = Result<Field<'_>, ParseError>>, ParseError> {
    if text.len() > MAX_LEN {
        return Err(ParseError::at(MAX_LEN, Problem::TooLong));
    }
    Ok(Fields { rest: Some(text.get(start..).unwrap_or_default()), offset: start, count: 0 })
}

/// The fields of a text. Names are short, so that a loop finds their end first.
struct Fields<'a> {
    rest: Option<&'a str>,
    offset: usize,
    count: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, ParseError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (rest, offset) = (self.rest?, self.offset);
        self.count = self.count.saturating_add(1);
        if self.count > MAX_FIELDS {
            self.rest = None;
            return Some(Err(ParseError::at(offset, Problem::TooLong)));
        }
        let equals = rest.bytes().position(|b| matches!(b, b'=' | b'&')).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(equals)?;
        let Some(after) = after.strip_prefix('=') else {
            self.rest = None;
            return Some(Err(ParseError::at(offset, Problem::NotAField)));
        };
        let end = position(after.as_bytes(), b'&').unwrap_or(after.len());
        let (value, tail) = after.split_at_checked(end)?;
        self.rest = tail.strip_prefix('&');
        self.offset = offset.saturating_add(name.len()).saturating_add(value.len()).saturating_add(2);
        Some(Ok(Field { name, value, offset }))
    }
}

/// Parses a plain number: digits without a leading zero.
pub(crate) fn number(text: &str) -> Result<u64, Problem> {
    match text.as_bytes() {
        [] | [b'0', _, ..] => Err(Problem::Number),
        digits if digits.iter().all(u8::is_ascii_digit) => text.parse().map_err(|_| Problem::Number),
        _ => Err(Problem::Number),
    }
}
