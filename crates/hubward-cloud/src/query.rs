//! Splits a query into its fields, with their positions.

use crate::error::{ParseError, Problem};
use crate::scan::{Found, equal, until_ampersand};
use crate::text::Text;

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
    let mut cursor = Cursor::new(text, start)?;
    Ok(core::iter::from_fn(move || match cursor.name()? {
        Ok((name, offset)) => Some(Ok(Field { name, value: cursor.value().0, offset })),
        Err(error) => Some(Err(error)),
    }))
}

/// The position in a text that is split into fields: before a name or before a value.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    /// After the last field it is behind the end of the text.
    pub(crate) at: usize,
    count: usize,
}

impl<'a> Cursor<'a> {
    /// Returns the position at the start of a field.
    ///
    /// # Errors
    /// [`Problem::TooLong`] if the text is.
    pub(crate) const fn new(text: &'a str, start: usize) -> Result<Self, ParseError> {
        if text.len() > MAX_LEN {
            return Err(ParseError::at(MAX_LEN, Problem::TooLong));
        }
        Ok(Self { text, at: start, count: 0 })
    }

    /// Returns the meaning of the next name by `known`, and moves to its value; `None`, and no move, if it has none.
    ///
    /// The name has at most seven bytes, and `known` is given them and the `=` as a number, the first byte lowest.
    #[inline]
    pub(crate) fn known<F>(&mut self, known: impl FnOnce(u64) -> Option<F>) -> Option<F> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let text = match rest.first_chunk::<8>() {
            Some(first) => u64::from_le_bytes(*first),
            None => rest.iter().rev().fold(0, |text: u64, byte| text.wrapping_shl(8) | u64::from(*byte)),
        };
        let marks = equal(text, b'=');
        // the bits of a whole number of bytes
        let bits = marks.trailing_zeros() & 0x78;
        let field = known(text & u64::MAX.wrapping_shr(56_u32.wrapping_sub(bits)))?;
        if marks == 0 || self.count >= MAX_FIELDS {
            return None;
        }
        self.count = self.count.wrapping_add(1);
        self.at = self.at.wrapping_add(usize::try_from(bits.wrapping_shr(3)).ok()?).wrapping_add(1);
        Some(field)
    }

    /// Returns the meaning of the value at this position by `read`, with the length of the value. `read` is given the
    /// rest of the text and returns the length. Moves to the next name; `None`, and no move, if `read` returns none or
    /// another length.
    #[inline]
    pub(crate) fn value_by<T>(
        &mut self,
        read: impl FnOnce(&[u8]) -> Option<(T, usize)>,
    ) -> Option<(T, usize)> {
        let (meaning, len) = read(self.text.as_bytes().get(self.at..)?)?;
        let end = self.at.wrapping_add(len);
        match self.text.as_bytes().get(end) {
            None | Some(b'&') => {
                self.at = end.wrapping_add(1);
                Some((meaning, len))
            }
            Some(_) => None,
        }
    }

    /// Returns the next name with its position, and moves to its value.
    #[inline]
    pub(crate) fn name(&mut self) -> Option<Result<(&'a str, usize), ParseError>> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..)?;
        self.count = self.count.wrapping_add(1);
        let len = rest.iter().take_while(|byte| !matches!(byte, b'=' | b'&')).count();
        let end = start.wrapping_add(len);
        let problem = match rest.get(len) {
            _ if self.count > MAX_FIELDS => Problem::TooLong,
            Some(b'=') => {
                self.at = end.wrapping_add(1);
                return Some(Ok((self.text.get(start..end)?, start)));
            }
            _ => Problem::NotAField,
        };
        self.at = usize::MAX;
        Some(Err(ParseError::at(start, problem)))
    }

    /// Returns the value at this position with its kinds of characters, and moves to the next name.
    #[inline]
    pub(crate) fn value(&mut self) -> (&'a str, Found) {
        let start = self.at;
        let (len, found) = until_ampersand(self.text.as_bytes().get(start..).unwrap_or_default());
        let end = start.wrapping_add(len);
        self.at = end.wrapping_add(1);
        (self.text.get(start..end).unwrap_or_default(), found)
    }
}

/// Returns whether a reader that decodes names, or ignores their case, takes a name for `wanted`.
pub(crate) fn is_read_as(name: &str, wanted: &str) -> bool {
    Text::query(name).is_ok_and(|name| name.matches_ignoring_case(&Text::new(wanted)))
}

/// Parses a plain number: digits without a leading zero.
pub(crate) fn number(text: &str) -> Result<u64, Problem> {
    match text.as_bytes() {
        [] | [b'0', _, ..] => Err(Problem::Number),
        digits if digits.iter().all(u8::is_ascii_digit) => text.parse().map_err(|_| Problem::Number),
        _ => Err(Problem::Number),
    }
}
