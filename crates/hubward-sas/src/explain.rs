//! [`explain`]: known mistakes in the text of a token.

use hubward_core::{Hint, PastedText, SecretShape};

/// The scheme word.
const SCHEME: &str = "SharedAccessSignature";
/// The characters of a signature without its padding.
const SIGNATURE: usize = 43;
/// The first segments of a hub's paths, and that of a registration.
const PATHS: [&str; 9] = [
    "devices",
    "messages",
    "twins",
    "jobs",
    "statistics",
    "configurations",
    "digitaltwins",
    "registrations",
    "servicebound",
];

/// Recognises a known mistake in a text that was presented as a token. Returns `None` if it knows no mistake in it.
///
/// The text may be a valid token: an expiry in milliseconds is one. Call this function for a person, after the answer
/// to the peer; the verifier never calls it.
///
/// ```
/// use hubward_core::Hint;
/// use hubward_sas::explain;
///
/// assert_eq!(explain("\"SharedAccessSignature sr=h.net&sig=x&se=1\""), Some(Hint::Quoted));
/// assert_eq!(explain("Authorization: SharedAccessSignature sr=h.net&sig=x&se=1"), Some(Hint::HeaderName));
/// ```
#[must_use]
pub fn explain(text: &str) -> Option<Hint<'static>> {
    let text = PastedText::new(text);
    around(text).or_else(|| within(text.as_str()))
}

/// Returns the mistake of a text that is not a token alone.
fn around(text: PastedText<'_>) -> Option<Hint<'static>> {
    if let Some(hint) = text.wrapping() {
        return Some(hint);
    }
    let trimmed = text.trimmed();
    if trimmed.starts_with("authorization") && trimmed.as_str().contains(SCHEME)
        || trimmed.starts_with("authorization:")
    {
        return Some(Hint::HeaderName);
    }
    if trimmed.starts_with("sharedaccesssignature=") {
        return Some(Hint::ValueWithName);
    }
    if ["hostname=", "endpoint=", "sharedaccesskey=", "accountkey="].iter().any(|name| trimmed.contains(name))
    {
        return Some(Hint::ConnectionStringForToken);
    }
    if let Some(hint) = text.html() {
        return Some(hint);
    }
    if trimmed.starts_with("sharedaccesssignature%20") || trimmed.starts_with("sharedaccesssignature+") {
        return Some(Hint::EscapedSpace);
    }
    if !trimmed.starts_with("sharedaccesssignature") {
        return other_text(trimmed);
    }
    let body = trimmed.as_str().get(SCHEME.len()..).unwrap_or_default();
    let one_space = body.strip_prefix(' ').is_some_and(|fields| !fields.contains(char::is_whitespace));
    (text.as_str() != trimmed.as_str() || !body.is_empty() && !one_space).then_some(Hint::WhiteSpace)
}

/// Returns the mistake of a text that does not begin with the scheme word.
fn other_text(text: PastedText<'_>) -> Option<Hint<'static>> {
    if text.contains("sharedaccesssignature ") {
        return Some(Hint::NameInFront);
    }
    // also if the scheme word is misspelt
    if ["sr=", "sig=", "se=", "skn="].iter().any(|name| text.starts_with(name)) || text.contains("&sig=") {
        return Some(Hint::SchemeWordMissing);
    }
    match SecretShape::of(text.as_str()) {
        Some(SecretShape::Token) => Some(Hint::BearerToken),
        Some(SecretShape::Key) => Some(Hint::KeyForToken),
        Some(SecretShape::Json) => Some(Hint::Json),
        Some(SecretShape::ConnectionString) => Some(Hint::ConnectionStringForToken),
        _ => None,
    }
}

/// Returns the mistake of a token's fields.
fn within(text: &str) -> Option<Hint<'static>> {
    let fields = text.get(SCHEME.len()..)?.trim_start();
    if !PastedText::new(text).starts_with("sharedaccesssignature") {
        return None;
    }
    let field = |name: &str| fields.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let (sr, sig, se) = (field("sr"), field("sig"), field("se"));
    if sig.is_some_and(|sig| sig.contains("%25")) {
        return Some(Hint::EscapedTwice);
    }
    if let Some(hint) = sr.and_then(|sr| resource(sr, field("skn").is_some_and(|skn| !skn.is_empty()))) {
        return Some(hint);
    }
    if let Some(hint) = se.and_then(expiry) {
        return Some(hint);
    }
    if sig.is_some_and(|sig| decoded_len(sig) < SIGNATURE) {
        return Some(Hint::Cut);
    }
    let complete = [sr, sig, se].iter().all(|value| value.is_some_and(|value| !value.is_empty()));
    (!complete).then_some(Hint::Cut)
}

/// Returns the mistake of a resource, as received.
fn resource(sr: &str, by_policy: bool) -> Option<Hint<'static>> {
    let lower = PastedText::new(sr);
    if lower.contains("servicebus") || lower.starts_with("sb:") || lower.starts_with("sb%3a") {
        return Some(Hint::OtherService);
    }
    if lower.contains("://") || lower.contains("%3a%2f%2f") || lower.contains("%3a//") {
        return Some(Hint::SchemeInHost);
    }
    if lower.contains("%252f") {
        return Some(Hint::EscapedTwice);
    }
    let mut segments = Segments(Some(sr));
    let (host, first) = (segments.next()?, segments.next());
    let is_scope = first == Some("registrations");
    if !host.contains('.') && !host.contains(':') && !is_scope {
        return Some(Hint::ShortHubName);
    }
    match (first, segments.next(), segments.next()) {
        (Some("device"), ..) => Some(Hint::DeviceForDevices),
        (Some("devices"), Some(_), Some("module")) => Some(Hint::ModuleForModules),
        (Some(other), ..) if !by_policy && !PATHS.iter().any(|path| path.eq_ignore_ascii_case(other)) => {
            Some(Hint::DevicesMissing)
        }
        _ => None,
    }
}

/// Returns the number of characters after percent-decoding.
fn decoded_len(text: &str) -> usize {
    let escapes = text.bytes().filter(|byte| *byte == b'%').count();
    text.len().saturating_sub(escapes.saturating_mul(2))
}

/// Returns the mistake of an expiry.
fn expiry(se: &str) -> Option<Hint<'static>> {
    if se.bytes().all(|b| b.is_ascii_digit()) {
        // as seconds these are after the year 33658, and as milliseconds after 2001
        return (13..=14).contains(&se.len()).then_some(Hint::Milliseconds);
    }
    (se.contains(['-', ':', 'T', '/', ' ', '.']) || se.contains("%3A") || se.contains("%3a"))
        .then_some(Hint::DateForExpiry)
}

/// The segments of a resource, split at `/` and its escape, not decoded.
struct Segments<'a>(Option<&'a str>);

impl<'a> Iterator for Segments<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0?;
        let at = ["/", "%2F", "%2f"].iter().filter_map(|slash| Some((text.find(slash)?, slash.len()))).min();
        match at {
            None => self.0.take(),
            Some((at, len)) => {
                self.0 = text.get(at.saturating_add(len)..);
                text.get(..at)
            }
        }
    }
}
