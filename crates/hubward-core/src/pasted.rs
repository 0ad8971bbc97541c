//! [`PastedText`]: what the recognisers of [`Hint`] have in common for every kind of credential.

use core::fmt;

use crate::hint::Hint;

/// A text that was presented as a credential, searched for known mistakes. At most 4,096 bytes are searched: no token and no
/// connection string of a hub is longer.
///
/// ```
/// use hubward_core::{Hint, PastedText};
///
/// assert_eq!(PastedText::new("\"HostName=hub.example\"").wrapping(), Some(Hint::Quoted));
/// assert!(PastedText::new(" HostName=hub.example").trimmed().starts_with("hostname="));
/// ```
#[derive(Clone, Copy)]
pub struct PastedText<'a>(&'a str);

impl<'a> PastedText<'a> {
    /// Takes the text, or its first 4,096 bytes.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        const MAX_LEN: usize = 4096;
        // cut at a character, of which none has more than four bytes
        Self((0..4).find_map(|back: usize| text.get(..MAX_LEN.saturating_sub(back))).unwrap_or(text))
    }

    /// Returns the searched text.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }

    /// Returns the text without white space at its ends.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        Self(self.0.trim())
    }

    /// Recognises what a file or a program put around the text: a byte-order mark, JSON or quotes.
    #[must_use]
    pub fn wrapping(&self) -> Option<Hint<'static>> {
        let trimmed = self.0.trim();
        if self.0.starts_with('\u{feff}') {
            return Some(Hint::ByteOrderMark);
        }
        if trimmed.starts_with(['{', '[']) || trimmed.starts_with('"') && trimmed.contains("\":") {
            return Some(Hint::Json);
        }
        trimmed.starts_with(['"', '\'', '`', '\u{201c}', '\u{2018}', '\u{ab}']).then_some(Hint::Quoted)
    }

    /// Recognises escapes and tags of HTML or XML.
    #[must_use]
    pub fn html(&self) -> Option<Hint<'static>> {
        let html = self.0.contains("&amp;") || self.0.contains("&#") || self.0.trim_start().starts_with('<');
        html.then_some(Hint::Html)
    }

    /// Returns whether the text starts with `start`, which is in lower case, in any ASCII case.
    #[must_use]
    pub fn starts_with(&self, start: &str) -> bool {
        let head = self.0.as_bytes().get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
    }

    /// Returns the byte of the text at which `part`, which is in lower case and not empty, starts in any ASCII case.
    #[must_use]
    pub fn find(&self, part: &str) -> Option<usize> {
        let mut windows = self.0.as_bytes().windows(part.len().max(1));
        windows.position(|window| window.eq_ignore_ascii_case(part.as_bytes()))
    }

    /// Returns whether the text contains `part`, which is in lower case and not empty, in any ASCII case.
    #[must_use]
    pub fn contains(&self, part: &str) -> bool {
        self.find(part).is_some()
    }
}

/// Does not print the text.
impl fmt::Debug for PastedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PastedText(redacted)")
    }
}
