//! HMAC-SHA256 over a message that is written piece by piece, under a key of any length.

use core::fmt;

use crate::mac::Tag;

/// An HMAC-SHA256 key of any length, for messages of any length (RFC 2104).
///
/// [`MacKey`](crate::MacKey) is for the keys of a hub and for short messages. This trait is for the other services: an
/// account's key may have any length, and the bytes to be signed are written while they are decoded.
pub trait StreamKey: fmt::Debug + Send + Sync {
    /// The computation of one tag.
    type Stream: TagStream;

    /// Creates the key from its bytes. More than 64 bytes are hashed first (RFC 2104, 3).
    fn from_bytes(key: &[u8]) -> Self
    where
        Self: Sized;

    /// Begins a tag.
    fn start(&self) -> Self::Stream;

    /// Computes the tag of a message that is complete in memory. A provider may have a faster way than a stream.
    fn tag_of(&self, message: &[u8]) -> Tag {
        let mut stream = self.start();
        stream.update(message);
        stream.finish()
    }
}

/// A tag that is being computed.
pub trait TagStream {
    /// Adds bytes to the message.
    fn update(&mut self, bytes: &[u8]);

    /// Returns the tag over all bytes so far.
    fn finish(self) -> Tag;
}
