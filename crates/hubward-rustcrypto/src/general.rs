//! [`GeneralKey`]: HMAC-SHA256 of the `hmac` crate, for keys and messages of any length.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use hubward_core::{StreamKey, Tag, TagStream};
use sha2::Sha256;
use zeroize::ZeroizeOnDrop;

use crate::hmac::HmacKey;

/// A key of any length for messages of any length, written piece by piece. Its state is erased when dropped, and so is
/// that of each tag.
///
/// [`HmacKey`] is for a hub's tokens; this key is for the services that a hub's data goes to. The tag of a
/// message in one piece is computed as an `HmacKey` does it: the state of `Hmac` is larger, and is copied for each tag.
///
/// ```
/// use hubward_core::{StreamKey, TagStream};
/// use hubward_rustcrypto::GeneralKey;
///
/// let key = GeneralKey::from_bytes(b"a key of any length");
/// let mut stream = key.start();
/// stream.update(b"a message ");
/// stream.update(b"in pieces");
/// assert_eq!(stream.finish().expose().len(), 32);
/// ```
pub struct GeneralKey {
    stream: Hmac<Sha256>,
    whole: HmacKey,
}

/// A tag that is being computed under a [`GeneralKey`].
pub struct GeneralTag(Hmac<Sha256>);

impl StreamKey for GeneralKey {
    type Stream = GeneralTag;

    fn from_bytes(key: &[u8]) -> Self {
        // HMAC takes a key of any length, so the other branch is never taken
        let stream = Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
        Self { stream, whole: HmacKey::from_bytes(key) }
    }

    fn start(&self) -> GeneralTag {
        GeneralTag(self.stream.clone())
    }

    #[inline]
    fn tag_of(&self, message: &[u8]) -> Tag {
        self.whole.tag_of(message)
    }
}

impl TagStream for GeneralTag {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self) -> Tag {
        Tag::new(self.0.finalize().into_bytes().into())
    }
}

// the states and the block of `Hmac` are erased by the `zeroize` features of `sha2` and `digest`
impl ZeroizeOnDrop for GeneralKey {}

impl ZeroizeOnDrop for GeneralTag {}

impl fmt::Debug for GeneralKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeneralKey(redacted)")
    }
}

impl fmt::Debug for GeneralTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeneralTag(redacted)")
    }
}
