//! Removes the marks around a pasted text: quotes, a header's name, a variable's name, escapes of HTML.

use core::ops::Range;

use hubward::types::Hint;
use zeroize::Zeroizing;

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

/// The removal of one mark.
enum Step<'t> {
    /// The mark was around this part, which is not copied.
    Inside(&'t str),
    /// The text had escapes, or had lost its first word.
    Replaced(String),
}

/// The most marks that are removed: each one reads the text again.
const MAX_MARKS: usize = 16;

/// The beginnings of values.
const VALUES: [&str; 8] = [
    "hostname=",
    "sharedaccess",
    "endpoint=",
    "defaultendpoints",
    "accountname=",
    "accountendpoint=",
    "\"",
    "'",
];

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

/// Returns whether the text begins with these letters, in any case.
fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

/// Returns the text without one mark, and the mistake; `None` for the name of a header.
fn step(text: &str) -> Option<(Step<'_>, Option<Hint<'static>>)> {
    let inside = |text, hint| Some((Step::Inside(text), Some(hint)));
    let replaced = |text, hint| Some((Step::Replaced(text), Some(hint)));
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        return inside(rest, Hint::ByteOrderMark);
    }
    let text_without_end = text.trim_end_matches(['\r', '\n']);
    let trimmed = text_without_end.trim();
    if trimmed.len() < text_without_end.len() {
        return inside(trimmed, Hint::WhiteSpace);
    }
    let text = trimmed;
    for quote in ['"', '\'', '`', '\u{201c}', '\u{201d}'] {
        if let Some(rest) = text.strip_prefix(quote) {
            let rest = rest.trim_end_matches(['"', '\'', '`', '\u{201c}', '\u{201d}', ';', ',']);
            return inside(rest, Hint::Quoted);
        }
    }
    if let Some((name, rest)) = text.split_once(':')
        && name.trim().eq_ignore_ascii_case("authorization")
    {
        return Some((Step::Inside(rest.trim()), None));
    }
    let is_json = text.starts_with(['{', '[']);
    if !is_json && text.contains("&amp;") {
        return replaced(text.replace("&amp;", "&"), Hint::Html);
    }
    if !is_json && text.contains("\\u0026") {
        return replaced(text.replace("\\u0026", "&"), Hint::Json);
    }
    if begins(text, "sharedaccesssignature%20") {
        return replaced(text.replacen("%20", " ", 1), Hint::EscapedSpace);
    }
    if begins(text, "sharedaccesssignature=sharedaccesssignature ") {
        return inside(text.get("sharedaccesssignature=".len()..)?, Hint::ValueWithName);
    }
    if begins(text, "sr=") && text.split('&').skip(1).any(|field| begins(field, "sig=")) {
        return replaced(format!("SharedAccessSignature {text}"), Hint::SchemeWordMissing);
    }
    let (name, value) = text.split_once('=')?;
    let name =
        name.trim().trim_start_matches("export ").trim_start_matches("set ").trim_start_matches("$env:");
    let is_variable = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let value = value.trim();
    (is_variable && VALUES.iter().any(|known| begins(value, known)))
        .then_some((Step::Inside(value), Some(Hint::NameInFront)))
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
