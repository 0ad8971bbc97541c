//! A signature as it is received and sent: 32 bytes in base64.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hubward_core::{Tag, decode_signature};

use crate::error::Problem;

/// The characters of 32 bytes.
const LEN: usize = 44;

/// A received signature. It is a credential, and is never shown.
#[derive(Clone, Copy)]
pub(crate) struct Signature([u8; 32]);

impl Signature {
    /// A place for a signature.
    pub(crate) const NONE: Self = Self([0; 32]);

    /// Parses canonical base64. It may be percent-encoded; `+` is always itself.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut bytes = [0; 32];
        match decode_signature(text.as_bytes(), 0, &mut bytes) {
            Ok(end) if end == text.len() => Ok(Self(bytes)),
            _ => Err(Problem::Signature),
        }
    }

    /// Takes the signature that starts at `start` and ends before a `&` or at the end of the text, and returns that end.
    pub(crate) fn parse_at(&mut self, text: &str, start: usize) -> Result<usize, Problem> {
        decode_signature(text.as_bytes(), start, &mut self.0).map_err(|_| Problem::Signature)
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
