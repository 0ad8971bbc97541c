//! Removes the marks around a pasted text, one after another.

use core::ops::Range;

use hubward::types::Hint;
use zeroize::Zeroizing;

use crate::mark::{Step, step};

/// A text without the marks around it.
pub(crate) struct Peeled<'t> {
    text: Text<'t>,
    inside: Range<usize>,
    pub(crate) blemishes: Vec<Hint<'static>>,
    /// The text was a whole `Authorization` header, which is not a mistake.
    pub(crate) is_header: bool,
    /// The next mark, if too many are around the text.
    pub(crate) remains: Option<Hint<'static>>,
}

/// The text as it was pasted, or with its escapes replaced.
enum Text<'t> {
    Pasted(&'t str),
    Replaced(Zeroizing<String>),
}

/// The most marks that are removed: each one reads the text again.
const MAX_MARKS: usize = 16;

impl Peeled<'_> {
    /// Returns the text without its marks.
    pub(crate) fn text(&self) -> &str {
        let text = match &self.text {
            Text::Pasted(text) => text,
            Text::Replaced(text) => text.as_str(),
        };
        text.get(self.inside.clone()).unwrap_or_default()
    }
}

/// Removes one mark after another. The text is copied only if an escape in it is replaced.
pub(crate) fn peel(text: &str) -> Peeled<'_> {
    let mut peeled = Peeled {
        text: Text::Pasted(text),
        inside: 0..text.len(),
        blemishes: Vec::new(),
        is_header: false,
        remains: None,
    };
    for _ in 0..MAX_MARKS {
        let before = peeled.text();
        let Some((step, hint)) = step(before) else { break };
        let replaced = match step {
            Step::Inside(rest) => {
                let skipped = rest.as_ptr().addr().wrapping_sub(before.as_ptr().addr());
                let start = peeled.inside.start.saturating_add(skipped);
                let len = rest.len();
                peeled.inside = start..start.saturating_add(len);
                None
            }
            Step::Replaced(text) => Some(Zeroizing::new(text)),
        };
        if let Some(text) = replaced {
            peeled.inside = 0..text.len();
            peeled.text = Text::Replaced(text);
        }
        match hint {
            Some(hint) if !peeled.blemishes.contains(&hint) => peeled.blemishes.push(hint),
            Some(_) => {}
            None => peeled.is_header = true,
        }
    }
    peeled.remains = step(peeled.text()).and_then(|(_, hint)| hint);
    let end = peeled.text().trim_end_matches(['\r', '\n']).len();
    peeled.inside.end = peeled.inside.start.saturating_add(end);
    peeled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_removed_in_any_order_and_only_escapes_copy_the_text() {
        for (text, value, hints, copied) in [
            ("plain", "plain", 0, false),
            ("\u{feff} \"x\" ", "x", 3, false),
            ("export A='HostName=h'", "HostName=h", 2, false),
            ("Authorization: 'sr=a&amp;sig=b'\n", "SharedAccessSignature sr=a&sig=b", 3, true),
        ] {
            let peeled = peel(text);
            assert_eq!((peeled.text(), peeled.blemishes.len()), (value, hints));
            assert_eq!(matches!(peeled.text, Text::Replaced(_)), copied);
            assert_eq!(peeled.remains, None);
        }
        let quotes = "\"".repeat(MAX_MARKS * 2);
        assert_eq!(peel(&quotes).remains, None, "the quotes at the end go with the first one");
        let deep = "'\"".repeat(MAX_MARKS) + "x";
        assert_eq!(peel(&deep).remains, Some(Hint::Quoted));
    }
}
