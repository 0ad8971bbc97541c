//! HMAC-SHA256 under a key that ring keeps ready.

use core::fmt;

use hubward_core::{MacKey, SymmetricKey, Tag};
use ring::hmac::{Context, HMAC_SHA256, Key};

use crate::digest::to_array;

/// An HMAC-SHA256 key.
pub struct HmacKey(Key);

impl HmacKey {
    /// Makes a key of a hub's symmetric key.
    #[must_use]
    pub fn new(key: &SymmetricKey) -> Self {
        Self::from_bytes(key.expose())
    }

    /// Makes a key of bytes of any length; more than 64 are hashed first, as RFC 2104 says.
    ///
    /// For a hub's keys use [`HmacKey::new`], which cannot be given an empty or short one.
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
