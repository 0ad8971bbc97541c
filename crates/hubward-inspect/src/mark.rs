//! One mark around a pasted text: white space, quotes, a name in front, the escapes of HTML, of JSON and of a URL.

use hubward::types::{Hint, PastedText, SecretShape, SymmetricKey};

/// The removal of one mark.
pub(crate) enum Step<'t> {
    /// The mark was around this part, which is not copied.
    Inside(&'t str),
    /// The text had escapes, or had lost its first word.
    Replaced(String),
}

/// A step, and the mistake; `None` for the name of a header.
type Mark<'t> = (Step<'t>, Option<Hint<'static>>);

/// Quotation marks, and those that end what they begin.
const QUOTES: [(char, char); 6] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{201d}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
];

/// The marks that end a quoted text.
const ENDS: [char; 9] = ['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2019}', ';', ',', '\\'];

/// The escapes of a line break or a space that a shell or an editor put at the end.
const ESCAPED_ENDS: [&str; 7] = ["%0a", "%0d", "%20", "\\n", "\\r", "&#10;", "&#13;"];

/// The escapes of HTML and XML.
const ENTITIES: [(&str, &str); 6] =
    [("&amp;", "&"), ("&#38;", "&"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&apos;", "'")];

/// The beginnings of connection strings, in lower case.
const STRINGS: [&str; 5] =
    ["hostname=", "endpoint=sb:", "defaultendpointsprotocol=", "accountname=", "accountendpoint="];

/// The beginnings of tokens, and their length up to the part without a space.
const TOKENS: [(&str, usize); 3] = [("sharedaccesssignature sr", 22), ("bearer eyj", 7), ("eyj", 0)];

/// Returns the text without one mark.
pub(crate) fn step(text: &str) -> Option<Mark<'_>> {
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        return inside(rest, Hint::ByteOrderMark);
    }
    let without_end = text.trim_end_matches(['\r', '\n']);
    let trimmed = without_end.trim_matches(is_blank);
    if trimmed.len() < without_end.len() {
        return inside(trimmed, Hint::WhiteSpace);
    }
    let text = trimmed;
    if text.starts_with(['{', '[']) {
        return None;
    }
    let pasted = PastedText::new(text);
    let end = ESCAPED_ENDS.iter().find_map(|end| {
        let (rest, last) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
        last.eq_ignore_ascii_case(end).then_some(rest)
    });
    if let Some(rest) = end {
        return inside(rest, Hint::WhiteSpace);
    }
    if let Some((name, rest)) = text.split_once(':')
        && name.trim().eq_ignore_ascii_case("authorization")
    {
        return Some((Step::Inside(rest.trim()), None));
    }
    if ["sharedaccesssignature=sharedaccesssignature ", "sharedaccesssignature sharedaccesssignature "]
        .iter()
        .any(|twice| pasted.starts_with(twice))
    {
        return inside(text.get("sharedaccesssignature=".len()..)?, Hint::ValueWithName);
    }
    if let Some(mark) = in_front(text).or_else(|| key_with_name(text)).or_else(|| quoted(text)) {
        return Some(mark);
    }
    if ENTITIES.iter().any(|(entity, _)| text.contains(entity)) {
        let plain =
            ENTITIES.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain));
        return replaced(plain, Hint::Html);
    }
    if text.contains("\\u0026") {
        return replaced(text.replace("\\u0026", "&"), Hint::Json);
    }
    if ["sr%3d", "%26sig=", "api-version%3d"].iter().any(|part| pasted.contains(part)) {
        return replaced(unescaped(text), Hint::EscapedTwice);
    }
    if pasted.starts_with("sharedaccesssignature%20") {
        return replaced(text.replacen("%20", " ", 1), Hint::EscapedSpace);
    }
    if pasted.starts_with("sr=")
        && text.split('&').skip(1).any(|field| PastedText::new(field).starts_with("sig="))
    {
        return replaced(format!("SharedAccessSignature {text}"), Hint::SchemeWordMissing);
    }
    None
}

fn inside<'t>(text: &'t str, hint: Hint<'static>) -> Option<Mark<'t>> {
    Some((Step::Inside(text), Some(hint)))
}

fn replaced(text: String, hint: Hint<'static>) -> Option<Mark<'static>> {
    Some((Step::Replaced(text), Some(hint)))
}

/// White space, and the invisible characters that come with a text from a dialog or a web page.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

fn is_quote(c: char) -> bool {
    QUOTES.iter().any(|(open, close)| c == *open || c == *close)
}

/// Finds a token or a connection string behind a name, a command or other words, such as a whole line of an environment file, of a
/// program or of `curl`.
fn in_front(text: &str) -> Option<Mark<'_>> {
    let pasted = PastedText::new(text);
    let token = TOKENS.iter().filter_map(|(start, skip)| Some((pasted.find(start)?, Some(*skip)))).min();
    let string = STRINGS.iter().filter_map(|start| Some((pasted.find(start)?, None))).min();
    let (at, skip) = match (token, string) {
        // a connection string may have a token in it
        (_, Some(string)) => string,
        (token, None) => token?,
    };
    let before = text.get(..at)?;
    let last = before.chars().next_back()?;
    let names = before.trim_end_matches(|c: char| is_quote(c) || c == '\\' || c.is_whitespace());
    let is_apart = is_quote(last) || last.is_whitespace() || matches!(last, ':' | '=' | '>' | '(');
    // with `;` the string has begun before
    if names.is_empty() || !is_apart || before.contains(';') {
        return None;
    }
    let begin = if is_quote(last) { at.saturating_sub(last.len_utf8()) } else { at };
    let mut value = text.get(begin..)?;
    if !is_quote(last) {
        let skip_len = skip.unwrap_or_default();
        let is_end =
            |c: char| matches!(c, '\r' | '\n') || skip.is_some() && (c.is_whitespace() || is_quote(c));
        let end = value.get(skip_len..)?.find(is_end).map(|end| end.saturating_add(skip_len));
        value = value.get(..end.unwrap_or(value.len()))?;
    }
    // a key may begin as a JWT does, but has no dot
    if skip == Some(0) && !value.contains('.') {
        return None;
    }
    let names = PastedText::new(names);
    let hint = if ends_with(names.as_str(), "authorization:") {
        None
    } else if ends_with(names.as_str(), "authorization") {
        Some(Hint::HeaderName)
    } else {
        Some(Hint::NameInFront)
    };
    Some((Step::Inside(value), hint))
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().saturating_sub(end.len());
    text.get(start..).is_some_and(|last| last.eq_ignore_ascii_case(end))
}

/// Finds a key or a thumbprint behind its name: `Primary key: ..`, `"primaryKey": "..",` or `SHA256 Fingerprint=..`.
fn key_with_name(text: &str) -> Option<Mark<'_>> {
    if let Some((name, value)) = text.split_once('=').or_else(|| text.split_once(": "))
        && ["fingerprint", "thumbprint"].iter().any(|word| PastedText::new(name).contains(word))
        && is_thumbprint(value)
    {
        return inside(value.trim(), Hint::NameInFront);
    }
    let body = text.trim_end_matches(|c: char| is_quote(c) || matches!(c, ',' | ';' | ' '));
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let at = body.trim_end_matches('=').rfind(|c| !is_base64(c))?;
    let (name, value) = body.split_at_checked(at)?;
    let separator = value.chars().next()?;
    let value = value.get(separator.len_utf8()..)?;
    let name = name.trim_matches(|c: char| is_quote(c) || c.is_whitespace() || matches!(c, ':' | '='));
    let is_word =
        |c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || matches!(c, '_' | '-' | '.' | '$' | ':');
    let is_name =
        !name.is_empty() && name.len() <= 64 && name.chars().all(is_word) && SecretShape::of(name).is_none();
    let field = ["sharedaccesskey", "accountkey", "sig", "code"].iter().any(|field| ends_with(name, field));
    let named =
        PastedText::new(name).contains("key") || matches!(separator, ':' | '=') || is_quote(separator);
    let is_key = matches!(value.len(), 24 | 44 | 88) && SymmetricKey::from_base64(value).is_ok();
    if is_name && !field && named && is_key { inside(value, Hint::NameInFront) } else { None }
}

/// Returns whether a value has the digits of a thumbprint and nothing else but separators and quotes.
fn is_thumbprint(value: &str) -> bool {
    let mut count = 0_usize;
    for byte in value.bytes() {
        if byte.is_ascii_hexdigit() {
            count = count.saturating_add(1);
        } else if !matches!(byte, b':' | b' ' | b'-' | b'"' | b'\'' | b',' | b';') {
            return false;
        }
    }
    matches!(count, 40 | 64)
}

/// Removes quotation marks, and what follows them.
fn quoted(text: &str) -> Option<Mark<'_>> {
    if text.starts_with("\\\"") {
        return inside(text.get(1..)?, Hint::Json);
    }
    for (open, close) in QUOTES {
        if let Some(rest) = text.strip_prefix(open) {
            let ended = rest.split_once(close).filter(|(value, after)| {
                !value.trim_matches(is_quote).is_empty() && !after.trim_matches(ENDS).trim().is_empty()
            });
            return inside(ended.map_or(rest.trim_end_matches(ENDS), |(value, _)| value), Hint::Quoted);
        }
    }
    if let Some(rest) = text.strip_suffix(',') {
        return inside(rest, Hint::Json);
    }
    text.strip_suffix(['"', '\'', '\u{201d}']).and_then(|rest| inside(rest, Hint::Quoted))
}

/// Decodes the percent-escapes of ASCII, once.
fn unescaped(text: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((head, tail)) = rest.split_once('%') {
        plain.push_str(head);
        // a sign is no digit
        let digits = tail.get(..2).filter(|digits| !digits.starts_with('+'));
        let digits = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        (plain, rest) = match digits.filter(u8::is_ascii) {
            Some(byte) => {
                plain.push(char::from(byte));
                (plain, tail.get(2..).unwrap_or_default())
            }
            None => {
                plain.push('%');
                (plain, tail)
            }
        };
    }
    plain.push_str(rest);
    plain
}
