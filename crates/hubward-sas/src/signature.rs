//! The signature's text: 32 bytes as 44 characters of base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The characters of 32 bytes in base64, including one of padding.
const CHARACTERS: usize = 44;

/// Encodes a tag in base64.
pub(crate) fn encode(tag: &[u8; 32]) -> Base64Text {
    let mut characters = [0_u8; CHARACTERS];
    // 32 bytes need 44 characters, so this cannot fail
    let _ = STANDARD.encode_slice(tag, &mut characters);
    Base64Text(characters)
}

/// 44 characters of base64.
pub(crate) struct Base64Text([u8; CHARACTERS]);

impl core::ops::Deref for Base64Text {
    type Target = str;

    fn deref(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}
