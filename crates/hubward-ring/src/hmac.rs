//! HMAC-SHA256 with a prepared `ring` key.

use core::fmt;

use hubward_core::{MacKey, SymmetricKey, Tag};
use ring::hmac::{Context, HMAC_SHA256, Key};

use crate::digest::to_array;

/// An HMAC-SHA256 key.
pub struct HmacKey(Key);

impl HmacKey {
    /// Creates a key from a hub's symmetric key.
    #[must_use]
    pub fn new(key: &SymmetricKey) -> Self {
        Self::from_bytes(key.expose())
    }

    /// Creates a key from bytes of any length; more than 64 bytes are hashed first (RFC 2104).
    ///
    /// For a hub's keys use [`HmacKey::new`], which cannot be called with an empty or short key.
    #[must_use]
    pub fn from_bytes(key: &[u8]) -> Self {
        Self(Key::new(HMAC_SHA256, key))
    }
}

impl MacKey for HmacKey {
    fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut context = Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        Tag::new(to_array(context.sign().as_ref()))
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(redacted)")
    }
}
