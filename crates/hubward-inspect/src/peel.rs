//! Removes the marks around a pasted text: quotes, a header's name, a variable's name, escapes of HTML.

use hubward::types::Hint;
use zeroize::Zeroizing;

/// A text without the marks around it.
pub(super) struct Peeled {
    pub(super) text: Zeroizing<String>,
    pub(super) blemishes: Vec<Hint<'static>>,
    /// The text was a whole `Authorization` header, which is not a mistake.
    pub(super) is_header: bool,
    /// The next mark, if too many are around the text.
    pub(super) remains: Option<Hint<'static>>,
}

/// The most marks that are removed: each removal copies the text.
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

/// Removes one mark after another.
pub(super) fn peel(text: &str) -> Peeled {
    let mut peeled = Peeled {
        text: Zeroizing::new(text.to_owned()),
        blemishes: Vec::new(),
        is_header: false,
        remains: None,
    };
    for _ in 0..MAX_MARKS {
        let Some((rest, hint)) = step(&peeled.text) else { break };
        match hint {
            Some(hint) if !peeled.blemishes.contains(&hint) => peeled.blemishes.push(hint),
            Some(_) => {}
            None => peeled.is_header = true,
        }
        peeled.text = Zeroizing::new(rest);
    }
    peeled.remains = step(&peeled.text).and_then(|(_, hint)| hint);
    let end = peeled.text.trim_end_matches(['\r', '\n']).len();
    peeled.text.truncate(end);
    peeled
}

/// Returns the text without one mark, and the mistake; `None` for the name of a header.
fn step(text: &str) -> Option<(String, Option<Hint<'static>>)> {
    let owned = |text: &str, hint| Some((text.to_owned(), Some(hint)));
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        return owned(rest, Hint::ByteOrderMark);
    }
    let text_without_end = text.trim_end_matches(['\r', '\n']);
    let trimmed = text_without_end.trim();
    if trimmed.len() < text_without_end.len() {
        return owned(trimmed, Hint::WhiteSpace);
    }
    let text = trimmed;
    for quote in ['"', '\'', '`', '\u{201c}', '\u{201d}'] {
        if let Some(rest) = text.strip_prefix(quote) {
            return owned(
                rest.trim_end_matches(['"', '\'', '`', '\u{201c}', '\u{201d}', ';', ',']),
                Hint::Quoted,
            );
        }
    }
    if let Some((name, rest)) = text.split_once(':')
        && name.trim().eq_ignore_ascii_case("authorization")
    {
        return Some((rest.trim().to_owned(), None));
    }
    if text.contains("&amp;") && !text.starts_with(['{', '[']) {
        return owned(&text.replace("&amp;", "&"), Hint::Html);
    }
    if text.contains("\\u0026") && !text.starts_with(['{', '[']) {
        return owned(&text.replace("\\u0026", "&"), Hint::Json);
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("sharedaccesssignature%20") {
        return owned(&text.replacen("%20", " ", 1), Hint::EscapedSpace);
    }
    if lower.starts_with("sharedaccesssignature=sharedaccesssignature ") {
        return owned(text.get("sharedaccesssignature=".len()..)?, Hint::ValueWithName);
    }
    if lower.starts_with("sr=") && lower.contains("&sig=") {
        return owned(&format!("SharedAccessSignature {text}"), Hint::SchemeWordMissing);
    }
    let (name, value) = text.split_once('=')?;
    let name =
        name.trim().trim_start_matches("export ").trim_start_matches("set ").trim_start_matches("$env:");
    let is_variable = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let value = value.trim();
    let starts = value.to_ascii_lowercase();
    (is_variable && VALUES.iter().any(|known| starts.starts_with(known)))
        .then(|| (value.to_owned(), Some(Hint::NameInFront)))
}
