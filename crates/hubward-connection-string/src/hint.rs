//! Known mistakes in the text of a connection string.

use hubward_core::{Hint, PastedText, SecretShape};

use crate::field::FieldName;

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
    let text = PastedText::new(text);
    around(text)
        .or_else(|| text.as_str().split(';').find_map(|segment| within(text, PastedText::new(segment))))
        .or_else(|| end(text))
}

/// Returns the mistake of a text that is not a connection string alone.
fn around(text: PastedText<'_>) -> Option<Hint<'static>> {
    if let Some(hint) = text.wrapping() {
        return Some(hint);
    }
    let trimmed = text.trimmed();
    if trimmed.starts_with("sharedaccesssignature ") || trimmed.starts_with("sharedaccesssignature%20") {
        return Some(Hint::TokenForConnectionString);
    }
    if trimmed.starts_with("bearer ") {
        return Some(Hint::BearerToken);
    }
    if let Some(hint) = text.html() {
        return Some(hint);
    }
    let trimmed = trimmed.as_str();
    let first = PastedText::new(trimmed.split(';').next().unwrap_or_default());
    let named = FIRST.iter().filter_map(|name| first.find(name)).min();
    match named {
        Some(0) => {}
        // `NAME=HostName=..`, and not another field of a string
        Some(_) => return Some(Hint::NameInFront),
        None if !trimmed.contains(';') && SecretShape::of(trimmed) == Some(SecretShape::Key) => {
            return Some(Hint::KeyForConnectionString);
        }
        None => {}
    }
    (text.as_str() != trimmed || trimmed.contains(['\n', '\r'])).then_some(Hint::WhiteSpace)
}

/// Returns the mistake of one segment of the text.
fn within(text: PastedText<'_>, segment: PastedText<'_>) -> Option<Hint<'static>> {
    let value = |name: &str| segment.starts_with(name).then(|| segment.as_str().get(name.len()..)).flatten();
    // a gateway in a plant has a short name
    let gateway = value("gatewayhostname=");
    if let Some(host) = value("hostname=").or(gateway) {
        if host.contains("://") {
            return Some(Hint::SchemeInHost);
        }
        if host.contains('&') {
            return Some(Hint::AmpersandForSemicolon);
        }
        let host = host.split(':').next().unwrap_or(host);
        return (gateway.is_none() && !host.is_empty() && !host.contains('.') && host != "localhost")
            .then_some(Hint::ShortHubName);
    }
    if let Some(endpoint) = value("endpoint=") {
        let (_, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if PastedText::new(host).contains(".azure-devices.") {
            return Some(Hint::EventHubsForm);
        }
        return (!path.is_empty()
            && PastedText::new(host).contains("servicebus")
            && !text.contains("entitypath="))
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
fn end(text: PastedText<'_>) -> Option<Hint<'static>> {
    let text = PastedText::new(text.as_str().trim_end_matches(';'));
    let begins = FIRST.iter().any(|name| text.starts_with(name));
    // a misspelt name hides its field: the text is complete, and its error names the field that was meant
    let mut names = text.as_str().split(';').filter_map(|segment| segment.split_once('='));
    if names.any(|(name, _)| FieldName::from_name(name).is_none() && FieldName::suggestion(name).is_some()) {
        return None;
    }
    match text.as_str().rsplit_once(';') {
        // a shell takes the first `;` as the end of the command
        None => (begins && !text.as_str().contains(',')).then_some(Hint::CutAtSemicolon),
        Some((_, last)) => {
            let complete = last.split_once('=').is_some_and(|(_, value)| !value.is_empty());
            let is_hub = text.starts_with("hostname=");
            let has_credential = ["sharedaccesskey=", "sharedaccesssignature=", "x509", "useprovisioning="]
                .iter()
                .any(|name| text.contains(name));
            (begins && (!complete || is_hub && !has_credential)).then_some(Hint::Cut)
        }
    }
}
