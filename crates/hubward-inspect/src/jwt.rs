//! JSON Web Tokens: the claims, without the signature.

use std::io;

use hubward::types::{Hint, InWords, UtcTime};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::caret::masked;
use crate::{Outcome, Report, bare, json};

/// The audience of a hub.
const AUDIENCE: &str = "https://iothubs.azure.net";

/// Returns the token in a text, with or without the word `Bearer`.
pub(crate) fn of(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(' ').unwrap_or(("", text));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim());
    }
    (text.starts_with("eyJ") && !text.contains(' ') && text.contains('.')).then_some(text)
}

pub(crate) fn print(report: &mut Report<'_>, text: &str) -> io::Result<Outcome> {
    let parts: Vec<&str> = text.split('.').collect();
    let decoded = |at: usize| -> Option<Value> {
        let bytes = base64url(parts.get(at)?)?;
        match <[Value; 1]>::try_from(json::values(core::str::from_utf8(&bytes).ok()?).ok()?) {
            Ok([value]) => Some(value),
            Err(_) => None,
        }
    };
    let is_signature = parts.get(2).is_some_and(|part| base64url(part).is_some());
    let (Some(head), Some(claims), 3, true) = (decoded(0), decoded(1), parts.len(), is_signature) else {
        report.kind("JWT (bearer token), malformed")?;
        if text.contains(char::is_whitespace) {
            writeln!(report.out, "hint      {} ({})", Hint::WhiteSpace, Hint::WhiteSpace.code())?;
        }
        report.refused(
            "a bearer token has three parts of base64url, the first two of JSON; it may be cut (bearer)",
        )?;
        masked(report.out, text, wrong_part(&parts, decoded), &['.'])?;
        return Ok(Outcome::Refused);
    };
    report.kind("JWT (bearer token)")?;
    for (label, from, name) in [
        ("algorithm", &head, "alg"),
        ("key id", &head, "kid"),
        ("issuer", &claims, "iss"),
        ("audience", &claims, "aud"),
        ("tenant", &claims, "tid"),
        ("object id", &claims, "oid"),
        ("client", &claims, "appid"),
        ("subject", &claims, "sub"),
        ("scopes", &claims, "scp"),
        ("roles", &claims, "roles"),
    ] {
        match from.get(name) {
            None | Some(Value::Null) => {}
            Some(other) => report.field(label, &json::plain(other))?,
        }
    }
    writeln!(report.out, "signature not shown, not verified")?;
    if head.get("alg").and_then(Value::as_str).is_none_or(|alg| alg.eq_ignore_ascii_case("none")) {
        return report.refused("the token is not signed: every verifier refuses it (bearer-refused)");
    }
    let audience = claims.get("aud").and_then(Value::as_str).unwrap_or_default();
    let is_hub = audience.trim_end_matches('/') == AUDIENCE;
    if !is_hub {
        writeln!(report.out, "note      a hub takes the audience {AUDIENCE} only (audience-mismatch)")?;
    }
    let now = report.now.as_secs();
    match claims.get("exp").and_then(Value::as_u64) {
        Some(expiry) if expiry < now => {
            let past = InWords(now.saturating_sub(expiry));
            writeln!(report.out, "expired   {}, {past} ago", UtcTime::of(expiry))?;
            return report.refused("expired: request a new token (bearer-expired)");
        }
        Some(expiry) => {
            // as seconds it is after the year 33658
            if expiry >= 1_000_000_000_000 {
                writeln!(report.out, "hint      {} ({})", Hint::Milliseconds, Hint::Milliseconds.code())?;
            }
            writeln!(
                report.out,
                "expires   {}, in {}",
                UtcTime::of(expiry),
                InWords(expiry.saturating_sub(now))
            )?;
        }
        None => return report.refused("the token has no expiry (bearer-refused)"),
    }
    if let Some(begin) =
        claims.get("nbf").and_then(Value::as_u64).filter(|begin| *begin > now.saturating_add(300))
    {
        let ahead = InWords(begin.saturating_sub(now));
        return report.refused(&format!(
            "not valid before {}, in {ahead}: compare the clocks (bearer-refused)",
            UtcTime::of(begin)
        ));
    }
    if claims.get("oid").is_none() {
        return report
            .refused("the token has no object id (`oid`), by which roles are assigned (bearer-refused)");
    }
    Ok(Outcome::Good)
}

/// Decodes base64url without padding.
fn base64url(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.contains(['+', '/', '=']) {
        return None;
    }
    bare::decoded(text.replace('-', "+").replace('_', "/").as_bytes())
}

/// Returns the offset of the first part that is malformed, or the end of the token if a part is missing.
fn wrong_part(parts: &[&str], decoded: impl Fn(usize) -> Option<Value>) -> usize {
    let begin = |at: usize| parts.iter().take(at).map(|part| part.len().saturating_add(1)).sum::<usize>();
    match (0..parts.len().min(2)).find(|at| decoded(*at).is_none()) {
        Some(at) => begin(at),
        None if parts.len() > 3 => begin(3).saturating_sub(1),
        None if parts.len() == 3 => {
            let signature = parts.last().copied().unwrap_or_default();
            let is_odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
            begin(2).saturating_add(signature.find(is_odd).unwrap_or(signature.len()))
        }
        None => begin(parts.len()).saturating_sub(1),
    }
}
