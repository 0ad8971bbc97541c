//! A signature as it is received and sent: 32 bytes in base64.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubward_core::{Tag, hex_value};

use crate::error::Problem;

/// The characters of 32 bytes.
const LEN: usize = 44;

/// A received signature. It is a credential, and is never shown.
#[derive(Clone, Copy)]
pub(crate) struct Signature([u8; 32]);

impl Signature {
    /// Parses canonical base64. It may be percent-encoded; `+` is always itself.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut characters = [0; LEN];
        let mut rest = text.as_bytes();
        for slot in &mut characters {
            (*slot, rest) = match rest {
                [b'%', high, low, rest @ ..] => match (hex_value(*high), hex_value(*low)) {
                    (Some(high), Some(low)) => (high.wrapping_shl(4) | low, rest),
                    _ => return Err(Problem::Signature),
                },
                [byte, rest @ ..] => (*byte, rest),
                [] => return Err(Problem::Signature),
            };
        }
        if !rest.is_empty() {
            return Err(Problem::Signature);
        }
        // 44 characters encode up to 33 bytes
        let mut bytes = [0; 33];
        match (STANDARD.decode_slice(characters, &mut bytes), bytes.first_chunk()) {
            (Ok(32), Some(signature)) => Ok(Self(*signature)),
            _ => Err(Problem::Signature),
        }
    }

    /// Returns whether it is the tag. The time does not depend on where they differ.
    pub(crate) fn is(&self, tag: &Tag) -> bool {
        tag.matches(&self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(redacted)")
    }
}

/// Writes a tag as base64, for its receiver.
pub(crate) struct Base64<'t>(pub(crate) &'t Tag);

impl Base64<'_> {
    pub(crate) fn with<T>(&self, f: impl FnOnce(&str) -> T) -> T {
        let mut text = [0; LEN];
        let len = STANDARD.encode_slice(self.0.expose(), &mut text).unwrap_or_default();
        f(text.get(..len).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_default())
    }
}

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|text| f.write_str(text))
    }
}
