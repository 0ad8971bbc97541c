//! The signature's text: 32 bytes as 44 characters of base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The characters of 32 bytes in base64, including one of padding.
const CHARACTERS: usize = 44;

/// Encodes a tag in base64.
pub(crate) fn encode(tag: &[u8; 32]) -> [u8; CHARACTERS] {
    let mut characters = [0_u8; CHARACTERS];
    // 32 bytes need 44 characters, so this cannot fail
    let _ = STANDARD.encode_slice(tag, &mut characters);
    characters
}
