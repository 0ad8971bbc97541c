//! SAS tokens of a hub and of DPS: the fields, the first error, and the verdict of a key.

use std::io::{self, ErrorKind, Write};

use hubward::sas::{Requirements, SasToken, TokenParseError, TokenRules, VerifiedToken, explain};
use hubward::types::{
    Authority, Hint, Identity, InWords, KeySlot, Keys, Lookup, MacKey, PolicyName, SecretShape, Shown,
    UnixTime, UtcTime,
};

use crate::caret::caret;
use crate::{Empty, Outcome, shown};

/// Prints the fields of a token, or its first error.
///
/// # Errors
/// Those of `out`, and an error of the kind `InvalidInput` if the text is empty.
pub fn print(out: &mut dyn Write, text: &str, rules: &TokenRules, now: UnixTime) -> io::Result<Outcome> {
    let now = now.as_secs();
    let token = match SasToken::parse(text, rules) {
        Ok(token) => token,
        Err(error) => return malformed(out, text, &error),
    };
    writeln!(out, "resource  {}", shown(&token.resource()))?;
    writeln!(out, "as sent   {}", Shown::new(token.resource().as_received()))?;
    match token.signer() {
        Lookup::Policy(name) => {
            writeln!(out, "key of    policy {} (skn is not signed: it is only a claim)", shown(&name))?
        }
        signer => writeln!(out, "key of    {}", shown(&signer))?,
    }
    let expiry = token.expires().as_secs();
    match (expiry.checked_sub(now), now.checked_sub(expiry)) {
        (Some(left), _) => writeln!(out, "expires   {}, in {}", UtcTime::of(expiry), InWords(left))?,
        (None, Some(past)) => writeln!(out, "expired   {}, {} ago", UtcTime::of(expiry), InWords(past))?,
        (None, None) => {}
    }
    writeln!(out, "signature 32 bytes, not shown, not verified")?;
    if let Some(hint) = explain(text) {
        writeln!(out, "hint      {hint} ({})", hint.code())?;
    }
    Ok(Outcome::Good)
}

/// The requirements of a verification: a part that is left out is not checked.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "the parts of the question")]
pub struct Expected<'a> {
    /// The host that the token must be for, with its port if it has one.
    pub host: Option<Authority<'a>>,
    /// The device or the module that the token must be for.
    pub identity: Option<Identity<'a>>,
    /// The shared access policy that must have signed the token.
    pub policy: Option<PolicyName<'a>>,
}

/// Verifies a token with the keys, and prints its resource, its signer and its expiry, or the reason of the refusal.
///
/// # Errors
/// Those of `out`.
pub fn verified<K: MacKey>(
    out: &mut dyn Write,
    token: SasToken<'_>,
    keys: Keys<'_, K>,
    expected: &Expected<'_>,
    rules: &TokenRules,
    now: UnixTime,
) -> io::Result<Outcome> {
    let verified = match token.verify_for_any_host(keys, now, rules) {
        Ok(verified) => verified,
        Err(error) => {
            writeln!(out, "refused: {error} ({})", error.code())?;
            if let Some(hint) = error.clock_hint() {
                writeln!(out, "  {hint}")?;
            }
            return Ok(Outcome::Refused);
        }
    };
    if let Some(reason) = mismatch(&verified, expected, rules) {
        writeln!(out, "refused: authentic, but {}", Shown::new(reason))?;
        return Ok(Outcome::Refused);
    }
    let slot = match verified.key_slot() {
        KeySlot::Primary => "Primary",
        KeySlot::Secondary => "Secondary",
    };
    writeln!(
        out,
        "authentic: for {}, signed by the {slot} key of {}, valid for another {}, until {}",
        shown(&verified.resource()),
        shown(&verified.signer()),
        InWords(verified.expires().as_secs().saturating_sub(now.as_secs())),
        UtcTime::of(verified.expires().as_secs())
    )?;
    Ok(Outcome::Good)
}

/// Returns the requirement that the token does not meet.
fn mismatch(verified: &VerifiedToken<'_>, expected: &Expected<'_>, rules: &TokenRules) -> Option<String> {
    let resource = verified.resource();
    if let Some(host) = expected.host
        && !resource.root().eq_decoded_ignore_ascii_case(host.as_str())
    {
        return Some(format!("for {resource}, not for {host}"));
    }
    if let Some(identity) = &expected.identity
        && !verified.is_for(identity, rules)
    {
        return Some(format!("for {resource}, not for {identity}"));
    }
    let policies = [expected.policy?];
    verified.check(&Requirements::new().with_policies(&policies)).err().map(|error| error.to_string())
}

/// Prints the error, and a caret under the byte. Text that may be a signature is not shown.
///
/// # Errors
/// Those of `out`, and an error of the kind `InvalidInput` if the text is empty.
pub fn malformed(out: &mut dyn Write, text: &str, error: &TokenParseError) -> io::Result<Outcome> {
    if text.is_empty() {
        return Err(io::Error::new(ErrorKind::InvalidInput, Empty("the input is empty: it has no token")));
    }
    writeln!(out, "refused: {error} ({})", error.code())?;
    let hint = explain(text);
    // with another separator all fields but the first one seem to be cut
    let advice = advice(text).filter(|_| matches!(hint, None | Some(Hint::Cut)));
    if let Some(advice) = advice {
        writeln!(out, "hint: {advice} ({})", error.code())?;
    } else if let Some(hint) = hint {
        writeln!(out, "hint: {hint} ({})", hint.code())?;
    }
    // a text of another kind has secrets in other places
    if matches!(hint, Some(Hint::ConnectionStringForToken | Hint::KeyForToken | Hint::BearerToken)) {
        return Ok(Outcome::Refused);
    }
    let hidden = hide_signature(text);
    let before = hidden.char_indices().take_while(|(at, _)| *at < error.offset).count();
    caret(out, &hidden, before)?;
    Ok(Outcome::Refused)
}

/// Returns the mistake of a token that a hub's hints do not know: another separator, or another base64 of the signature.
fn advice(text: &str) -> Option<&'static str> {
    if !text.contains('&') && text.contains(';') {
        return Some("fields of a token are separated by `&`, not by `;`");
    }
    let sig = text
        .split('&')
        .find_map(|field| field.trim_start_matches("SharedAccessSignature ").strip_prefix("sig="))?;
    let base64 = sig.replace("%3D", "").replace("%3d", "").replace('=', "");
    let of_length =
        base64.replace("%2F", "/").replace("%2f", "/").replace("%2B", "+").replace("%2b", "+").len() == 43;
    if of_length && base64.contains(['-', '_']) {
        Some("the signature is in base64url: write `%2B` for `-` and `%2F` for `_`")
    } else if of_length && base64.len() == sig.len() {
        Some("the padding of the signature is missing: write `%3D` at its end")
    } else {
        None
    }
}

/// Returns the text with asterisks in place of all that may be secret. Shown are the scheme, the four names, and the values
/// of `sr`, `se` and `skn` as far as they have the usual form.
fn hide_signature(text: &str) -> String {
    const SCHEME: &str = "SharedAccessSignature ";
    let mut shown = String::new();
    let (scheme, fields) = match text.strip_prefix(SCHEME) {
        Some(fields) => (SCHEME, fields),
        None => ("", text),
    };
    shown.push_str(scheme);
    for (count, field) in fields.split('&').enumerate() {
        if count > 0 {
            shown.push('&');
        }
        let name_end = field.find('=').map_or(0, |at| at.saturating_add(1));
        let (name, value) = field.split_at_checked(name_end).unwrap_or(("", field));
        let known = ["sr=", "se=", "skn=", "sig="].iter().any(|known| name.eq_ignore_ascii_case(known));
        shown.extend(name.chars().map(|c| if known { c } else { '*' }));
        let open = known && !name.eq_ignore_ascii_case("sig=") && SecretShape::of(value).is_none();
        let open = if open { open_len(value) } else { 0 };
        shown.extend(value.char_indices().map(|(at, c)| if at < open { c } else { '*' }));
    }
    shown
}

/// Returns the length of the shown part of a value: up to the first character that is unusual in a resource, an expiry or a
/// policy name, or up to the letters `sig`, which may begin a signature without a separator.
fn open_len(value: &str) -> usize {
    let is_usual = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '%' | '.' | '-' | '_' | '/' | ':' | '~' | '$' | '@')
    };
    let unusual = value.find(|c| !is_usual(c)).unwrap_or(value.len());
    let sig = value.to_ascii_lowercase().find("sig").unwrap_or(value.len());
    unusual.min(sig)
}

#[cfg(test)]
mod tests {
    use super::hide_signature;

    #[test]
    fn only_known_values_are_shown() {
        assert_eq!(
            hide_signature("SharedAccessSignature sr=h&sig=abcd%3D&se=1&SIG=xyz&secret&x=y"),
            "SharedAccessSignature sr=h&sig=*******&se=1&SIG=***&******&***"
        );
        let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        assert_eq!(hide_signature(key), "*".repeat(key.len()));
        for separator in ["\\u0026", ", ", ";", "%26", "\n", " ", "\"", "+"] {
            let shown = hide_signature(&format!(
                "SharedAccessSignature sr=h.net%2Fd{separator}sig=KL7x12v%3D{separator}se=1"
            ));
            assert!(!shown.contains("KL7"), "{shown}");
        }
        assert_eq!(hide_signature("no token at all"), "***************");
    }
}
