//! Known mistakes in the text of a connection string.

use hubward_core::{Hint, SecretShape};

/// The most bytes that are searched.
const MAX_LEN: usize = 4096;
/// The fields that begin a connection string.
const FIRST: [&str; 6] = [
    "hostname=",
    "endpoint=",
    "sharedaccesskeyname=",
    "defaultendpointsprotocol=",
    "accountname=",
    "accountendpoint=",
];

/// Recognises a known mistake in a text that was presented as a connection string.
pub(crate) fn mistake(text: &str) -> Option<Hint<'static>> {
    // cut at a character, of which none has more than four bytes
    let text = (0..4).find_map(|back: usize| text.get(..MAX_LEN.saturating_sub(back))).unwrap_or(text);
    around(text).or_else(|| text.split(';').find_map(|segment| within(text, segment))).or_else(|| end(text))
}

/// Returns the mistake of a text that is not a connection string alone.
fn around(text: &str) -> Option<Hint<'static>> {
    let trimmed = text.trim();
    if text.starts_with('\u{feff}') {
        return Some(Hint::ByteOrderMark);
    }
    if trimmed.starts_with(['{', '[']) || trimmed.starts_with('"') && trimmed.contains("\":") {
        return Some(Hint::Json);
    }
    if trimmed.starts_with(['"', '\'', '`', '\u{201c}', '\u{2018}', '\u{ab}']) {
        return Some(Hint::Quoted);
    }
    if starts_with(trimmed, "sharedaccesssignature ") || starts_with(trimmed, "sharedaccesssignature%20") {
        return Some(Hint::TokenForConnectionString);
    }
    if starts_with(trimmed, "bearer ") {
        return Some(Hint::BearerToken);
    }
    if trimmed.contains("&amp;") || trimmed.contains("&#") || trimmed.starts_with('<') {
        return Some(Hint::Html);
    }
    let first = trimmed.split(';').next().unwrap_or_default();
    let named = FIRST.iter().filter_map(|name| find(first, name)).min();
    match named {
        Some(0) => {}
        // `NAME=HostName=..`, and not another field of a string
        Some(_) => return Some(Hint::NameInFront),
        None if !trimmed.contains(';') && SecretShape::of(trimmed) == Some(SecretShape::Key) => {
            return Some(Hint::KeyForConnectionString);
        }
        None => {}
    }
    (text != trimmed || trimmed.contains(['\n', '\r'])).then_some(Hint::WhiteSpace)
}

/// Returns the mistake of one segment of the text.
fn within(text: &str, segment: &str) -> Option<Hint<'static>> {
    let value = |name: &str| starts_with(segment, name).then(|| segment.get(name.len()..)).flatten();
    if let Some(host) = value("hostname=").or(value("gatewayhostname=")) {
        if host.contains("://") {
            return Some(Hint::SchemeInHost);
        }
        if host.contains('&') {
            return Some(Hint::AmpersandForSemicolon);
        }
        let host = host.split(':').next().unwrap_or(host);
        return (!host.is_empty() && !host.contains('.') && host != "localhost")
            .then_some(Hint::ShortHubName);
    }
    if let Some(endpoint) = value("endpoint=") {
        let (_, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if find(host, ".azure-devices.").is_some() {
            return Some(Hint::EventHubsForm);
        }
        return (!path.is_empty()
            && find(host, "servicebus").is_some()
            && find(text, "entitypath=").is_none())
        .then_some(Hint::EntityInPath);
    }
    if let Some(key) = value("sharedaccesskey=") {
        let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        if key.contains('&') {
            return Some(Hint::AmpersandForSemicolon);
        }
        if key.contains("%2B") || key.contains("%2F") || key.contains("%3D") || key.contains("%3d") {
            return Some(Hint::EscapedTwice);
        }
        let incomplete = key.len() % 4 != 0 && key.bytes().all(base64) && !key.is_empty();
        return incomplete.then_some(Hint::KeyWithoutPadding);
    }
    None
}

/// Returns the mistake of a text that ends too early.
fn end(text: &str) -> Option<Hint<'static>> {
    let text = text.trim_end_matches(';');
    let begins = FIRST.iter().any(|name| starts_with(text, name));
    match text.rsplit_once(';') {
        // a shell takes the first `;` as the end of the command
        None => begins.then_some(Hint::CutAtSemicolon),
        Some((_, last)) => {
            let complete = last.split_once('=').is_some_and(|(_, value)| !value.is_empty());
            let is_hub = starts_with(text, "hostname=");
            let has_credential = ["sharedaccesskey=", "sharedaccesssignature=", "x509", "useprovisioning="]
                .iter()
                .any(|name| find(text, name).is_some());
            (begins && (!complete || is_hub && !has_credential)).then_some(Hint::Cut)
        }
    }
}

/// Compares without regard to ASCII case; `start` is in lower case.
fn starts_with(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

/// Returns the position of a part, in any ASCII case; `part` is in lower case.
fn find(text: &str, part: &str) -> Option<usize> {
    text.as_bytes().windows(part.len()).position(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}
