//! The text of a connection string: its limit, its characters, and [`Span`], a range of its bytes.

use hubward_core::NameProblem;

/// The most bytes of a text. A storage string with every endpoint and the longest signature has less than half of it.
pub const MAX_LEN: usize = 8192;

/// A range of bytes in a text, from `start` to `end`, excluding `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a range has two ends")]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// Returns the part of `text` in this span.
    #[must_use]
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Checks that a text is visible ASCII without `;`, which ends every value of a connection string.
pub(crate) fn visible(text: &str, max: usize) -> Result<(), NameProblem> {
    if text.is_empty() {
        return Err(NameProblem::Empty);
    }
    if text.len() > max {
        return Err(NameProblem::TooLong { len: text.len(), max });
    }
    match text.bytes().position(|b| !b.is_ascii_graphic() || b == b';') {
        Some(offset) => Err(NameProblem::Character { offset }),
        None => Ok(()),
    }
}
