//! Lines with their numbers. A line ends with CRLF, LF or CR (RFC 7468 3).

/// A line without what ends it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Its number, counted from 1.
    pub(super) number: usize,
    pub(super) text: &'a [u8],
}

/// The lines of a text, one after another.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    /// The lines of `text`, of which the first has the number after `before`.
    pub(super) const fn after(before: usize, text: &'a [u8]) -> Self {
        Self { rest: text, number: before }
    }

    /// What was not read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self.rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let (text, rest) = self.rest.split_at_checked(length.unwrap_or(self.rest.len()))?;
        self.rest = match rest {
            [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
            [] => rest,
        };
        self.number = self.number.saturating_add(1);
        Some(Line { number: self.number, text })
    }
}

/// Without white space, and without the byte-order marks that files begin with, at its beginning.
pub(super) fn trim_start(mut text: &[u8]) -> &[u8] {
    loop {
        text = match text {
            [byte, rest @ ..] if is_blank(*byte) => rest,
            [0xef, 0xbb, 0xbf, rest @ ..] => rest,
            _ => return text,
        };
    }
}

/// White space within a line (RFC 7468 3, WSP and the W of the lax form).
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c)
}
