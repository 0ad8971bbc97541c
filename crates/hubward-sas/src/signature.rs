//! The signature's text: 44 characters of base64 behind percent-encoding, to 32 bytes and back.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::SignatureProblem;

/// Characters of 32 bytes in base64, one of padding included.
const CHARACTERS: usize = 44;

/// Decodes percent-encoding, then base64. `+` is a plus: percent-encoding is not form-encoding.
#[inline]
pub(crate) fn decode(text: &str) -> Result<[u8; 32], (usize, SignatureProblem)> {
    let mut characters = [0_u8; CHARACTERS];
    let mut slots = characters.iter_mut();
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let at = text.len().saturating_sub(rest.len());
        let (character, tail) = match (byte, tail) {
            (b'%', [high, low, tail @ ..]) => {
                (escaped(*high, *low).ok_or((at, SignatureProblem::Escape))?, tail)
            }
            (b'%', _) => return Err((at, SignatureProblem::Escape)),
            (plain, tail) => (*plain, tail),
        };
        *slots.next().ok_or((at, SignatureProblem::Length))? = character;
        rest = tail;
    }
    if slots.next().is_some() {
        return Err((text.len(), SignatureProblem::Length));
    }
    let mut bytes = [0; 33];
    match STANDARD.decode_slice(characters, &mut bytes) {
        Ok(32) => bytes.first_chunk().copied().ok_or((0, SignatureProblem::Length)),
        _ => Err((0, SignatureProblem::Base64)),
    }
}

/// The only escapes that a signature has need of stand for `+`, `/` and `=`; any other is decoded the same.
#[inline]
const fn escaped(high: u8, low: u8) -> Option<u8> {
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => Some(high.wrapping_shl(4) | low),
        _ => None,
    }
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(byte.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

/// A tag in base64, percent-encoded with upper-case hex.
pub(crate) struct Encoded<'a>(pub(crate) &'a [u8; 32]);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = [0_u8; CHARACTERS];
        STANDARD.encode_slice(self.0, &mut characters).map_err(|_| fmt::Error)?;
        let text = core::str::from_utf8(&characters).map_err(|_| fmt::Error)?;
        for run in text.split_inclusive(['+', '/', '=']) {
            let (plain, last) = run.split_at_checked(run.len().saturating_sub(1)).ok_or(fmt::Error)?;
            f.write_str(plain)?;
            f.write_str(match last {
                "+" => "%2B",
                "/" => "%2F",
                "=" => "%3D",
                other => other,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::string::{String, ToString};

    #[test]
    fn every_form_of_one_signature() {
        let upper = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
        let bytes = decode(upper).unwrap();
        assert_eq!(decode(&upper.replace("%3D", "%3d")), Ok(bytes));
        assert_eq!(decode(&upper.replace("%3D", "=")), Ok(bytes));
        assert_eq!(Encoded(&bytes).to_string(), upper);
    }

    #[test]
    fn a_plus_is_a_plus() {
        let plus = "+".repeat(43) + "%3D";
        // the last character of 32 bytes carries two bits that must be zero, as those of `+` are not
        assert_eq!(decode(&plus), Err((0, SignatureProblem::Base64)));
        let canonical = "+".repeat(42) + "8=";
        assert_eq!(decode(&canonical).unwrap()[..3], [0xfb, 0xef, 0xbe]);
    }

    #[test]
    fn what_is_refused_and_where() {
        let good = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8=";
        let with = |at: usize, text: &str| {
            let mut bad = String::from(good);
            bad.replace_range(at..=at, text);
            decode(&bad).unwrap_err()
        };
        assert_eq!(with(43, "%"), (43, SignatureProblem::Escape));
        assert_eq!(with(43, "%3"), (43, SignatureProblem::Escape));
        assert_eq!(with(43, "%3x"), (43, SignatureProblem::Escape));
        assert_eq!(with(43, ""), (43, SignatureProblem::Length));
        assert_eq!(with(43, "=="), (44, SignatureProblem::Length));
        assert_eq!(with(42, "9"), (0, SignatureProblem::Base64), "non-zero bits after the last byte");
        assert_eq!(with(5, "-"), (0, SignatureProblem::Base64), "not the URL-safe alphabet");
        assert_eq!(with(5, "%0A"), (0, SignatureProblem::Base64));
        assert_eq!(decode(""), Err((0, SignatureProblem::Length)));
    }
}
