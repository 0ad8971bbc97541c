//! Splits a query into its fields, with their positions.

use crate::error::{ParseError, Problem};

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
    let mut offset = start;
    let mut count = 0_usize;
    let rest = text.get(start..).unwrap_or_default();
    Ok(rest.split('&').map(move |field| {
        let at = offset;
        offset = at.saturating_add(field.len()).saturating_add(1);
        count = count.saturating_add(1);
        if count > MAX_FIELDS {
            return Err(ParseError::at(at, Problem::TooLong));
        }
        let (name, value) = field.split_once('=').ok_or(ParseError::at(at, Problem::NotAField))?;
        Ok(Field { name, value, offset: at })
    }))
}

/// Parses a plain number: digits without a leading zero.
pub(crate) fn number(text: &str) -> Result<u64, Problem> {
    match text.as_bytes() {
        [] | [b'0', _, ..] => Err(Problem::Number),
        digits if digits.iter().all(u8::is_ascii_digit) => text.parse().map_err(|_| Problem::Number),
        _ => Err(Problem::Number),
    }
}
