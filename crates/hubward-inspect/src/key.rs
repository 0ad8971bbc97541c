//! Symmetric keys, and thumbprints of certificates.

use std::io;

use hubward::types::{Hint, KeyError, SymmetricKey};

use crate::caret::masked;
use crate::{Outcome, Report};

/// Prints a key or a thumbprint. Returns `None` if the text is neither.
pub(crate) fn print(report: &mut Report<'_>, text: &str) -> io::Result<Option<Outcome>> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ' | '-')).collect();
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && matches!(digits.len(), 40 | 64) {
        let algorithm = if digits.len() == 40 { "SHA-1" } else { "SHA-256" };
        report.kind(&format!("{algorithm} thumbprint of a certificate"))?;
        // a key in hexadecimal has the same form
        writeln!(report.out, "value     {} digits, not shown", digits.len())?;
        if digits.len() == 40 {
            writeln!(report.out, "note      register the SHA-256 thumbprint if the hub takes it")?;
        } else {
            writeln!(
                report.out,
                "note      a key of 32 bytes in hexadecimal has the same form, and a hub takes it in base64 only"
            )?;
        }
        return Ok(Some(Outcome::Good));
    }
    if !text.is_empty() && text.len() > 3 && text.bytes().all(|byte| byte == b'*') {
        report.kind("symmetric key, redacted")?;
        return report.refused(&format!("{} (redacted)", KeyError::Redacted)).map(Some);
    }
    let is_base64 = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b' ' | b'\t' | b'\r' | b'\n')
    };
    if text.len() < 20 || text.len() > 200 || !text.bytes().all(is_base64) {
        return Ok(None);
    }
    match SymmetricKey::from_base64(text) {
        Ok(key) => {
            report.kind("symmetric key in base64")?;
            let len = key.expose().len();
            writeln!(report.out, "length    {len} bytes")?;
            writeln!(report.out, "secret    not shown")?;
            writeln!(
                report.out,
                "fits      {}",
                match len {
                    32 => "a device, a module or a policy of a hub; a registration at DPS",
                    64 => "an enrollment group of DPS, a storage account or Cosmos DB",
                    _ => "a device that was registered with a key of its own",
                }
            )?;
            Ok(Some(Outcome::Good))
        }
        Err(error) => {
            report.kind("symmetric key in base64, malformed")?;
            let padding = text.trim_end_matches('=').len();
            let is_cut = padding.checked_rem(4) != Some(0) && !text.ends_with('=');
            let hint = if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
                Some(Hint::WhiteSpace)
            } else if is_cut {
                Some(Hint::KeyWithoutPadding)
            } else {
                None
            };
            if let Some(hint) = hint {
                writeln!(report.out, "hint      {hint} ({})", hint.code())?;
            } else if let Some(advice) = advice(text) {
                writeln!(report.out, "hint      {advice}")?;
            }
            report.refused(&format!("{error} (key)"))?;
            // the length of a key is no secret, nor is a character that no key has; in base64url `-` and `_` are values
            let odd = text.find(|c: char| c.is_ascii_whitespace());
            masked(report.out, text, odd.unwrap_or(text.len()), &[' ', '='])?;
            Ok(Some(Outcome::Refused))
        }
    }
}

/// Returns the mistake of a key that a hub's hints do not know.
pub(crate) fn advice(key: &str) -> Option<&'static str> {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    if key.starts_with(['"', '\'']) {
        Some("the key is in quotes: leave them out (quoted)")
    } else if key.starts_with(['<', '{', '[', '$', '%']) {
        Some("a placeholder: put the key itself in its place (redacted)")
    } else if key.bytes().all(is_base64url) && key.contains(['-', '_']) {
        Some("the key is in base64url: write `+` for `-` and `/` for `_` (key)")
    } else {
        None
    }
}
