//! HMAC-SHA256: a key that is its own provider, and the constant-time comparison of tags.

use core::fmt;

use constant_time_eq::constant_time_eq_32;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// An HMAC-SHA256 tag (RFC 2104, FIPS 198-1). It has no `PartialEq`: [`Tag::matches`] is the only comparison.
pub struct Tag([u8; 32]);

impl Tag {
    /// Takes a tag that a provider computed.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns whether `received` equals this tag. The time does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, received: &[u8; 32]) -> bool {
        constant_time_eq_32(&self.0, received)
    }

    /// Exposes the bytes, for a signer that sends them or a derivation that uses them as a key.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

impl ZeroizeOnDrop for Tag {}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag(redacted)")
    }
}

/// An HMAC-SHA256 key, ready for use. The key is the provider: nothing is installed and nothing is global.
pub trait MacKey: fmt::Debug + Send + Sync {
    /// Computes the tag over the concatenation of `parts`.
    fn tag(&self, parts: &[&[u8]]) -> Tag;

    /// Computes two tags at once: `self` over `mine` and `other` over `theirs`. A provider may interleave the work.
    fn tag_pair(&self, mine: &[&[u8]], other: &Self, theirs: &[&[u8]]) -> (Tag, Tag)
    where
        Self: Sized,
    {
        (self.tag(mine), other.tag(theirs))
    }

    /// Computes two tags over the same `parts`: under `self` and under `other`. A provider may interleave the work.
    fn tag_both(&self, other: &Self, parts: &[&[u8]]) -> (Tag, Tag)
    where
        Self: Sized,
    {
        self.tag_pair(parts, other, parts)
    }
}

impl<T: MacKey + ?Sized> MacKey for &T {
    fn tag(&self, parts: &[&[u8]]) -> Tag {
        (**self).tag(parts)
    }
}

/// A key that several owners share, such as two configurations.
#[cfg(feature = "alloc")]
impl<T: MacKey> MacKey for alloc::sync::Arc<T> {
    fn tag(&self, parts: &[&[u8]]) -> Tag {
        (**self).tag(parts)
    }

    fn tag_pair(&self, mine: &[&[u8]], other: &Self, theirs: &[&[u8]]) -> (Tag, Tag) {
        (**self).tag_pair(mine, other, theirs)
    }

    fn tag_both(&self, other: &Self, parts: &[&[u8]]) -> (Tag, Tag) {
        (**self).tag_both(other, parts)
    }
}

/// A key whose type is chosen at run time, such as one of an HSM or one of memory. Two tags are computed one after the
/// other.
#[cfg(feature = "alloc")]
impl<T: MacKey + ?Sized> MacKey for alloc::boxed::Box<T> {
    fn tag(&self, parts: &[&[u8]]) -> Tag {
        (**self).tag(parts)
    }
}

/// The key slot, primary or secondary, whose key matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a hub's identity has two slots")]
pub enum KeySlot {
    /// The primary key.
    Primary,
    /// The secondary key.
    Secondary,
}

/// The keys that a tag is compared with. Both are always tried, so that the time does not tell which one matched.
#[derive(Debug)]
pub struct Keys<'k, K> {
    primary: &'k K,
    secondary: Option<&'k K>,
    /// The second key costs its time but never matches.
    dummy: bool,
}

impl<K> Clone for Keys<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Keys<'_, K> {}

impl<'k, K: MacKey> Keys<'k, K> {
    /// Takes one key.
    #[must_use]
    pub const fn one(primary: &'k K) -> Self {
        Self { primary, secondary: None, dummy: false }
    }

    /// Takes both keys of an identity. If they are equal, the match is the primary's.
    #[must_use]
    pub const fn pair(primary: &'k K, secondary: &'k K) -> Self {
        Self { primary, secondary: Some(secondary), dummy: false }
    }

    /// Puts a dummy key into an empty second slot. This costs the time of two keys, and a tag under the dummy key
    /// matches nothing: an identity with one key takes as long as one with two.
    #[must_use]
    pub const fn with_dummy(self, dummy: &'k K) -> Self {
        match self.secondary {
            Some(_) => self,
            None => Self { primary: self.primary, secondary: Some(dummy), dummy: true },
        }
    }

    /// Returns the slot of the key that `received` is the tag of `parts` under, if there is one. Both keys are tried.
    #[must_use]
    #[inline]
    pub fn matching(&self, parts: &[&[u8]], received: &[u8; 32]) -> Option<KeySlot> {
        let (first, second) = match self.secondary {
            None => (self.primary.tag(parts).matches(received), false),
            Some(secondary) => {
                let (first, second) = self.primary.tag_both(secondary, parts);
                // `&` instead of `&&`: both comparisons are made
                (first.matches(received), second.matches(received) & !self.dummy)
            }
        };
        match (first, second) {
            (true, _) => Some(KeySlot::Primary),
            (false, true) => Some(KeySlot::Secondary),
            (false, false) => None,
        }
    }

    /// Computes [`Keys::matching`] for two messages at once, each under its own keys, with the same results.
    #[must_use]
    pub fn matching_both(
        &self,
        parts: &[&[u8]],
        received: &[u8; 32],
        other: &Keys<'_, K>,
        other_parts: &[&[u8]],
        other_received: &[u8; 32],
    ) -> (Option<KeySlot>, Option<KeySlot>) {
        if self.secondary.is_some() || other.secondary.is_some() {
            // keys of two slots are interleaved already
            return (self.matching(parts, received), other.matching(other_parts, other_received));
        }
        let (mine, theirs) = self.primary.tag_pair(parts, other.primary, other_parts);
        let slot = |matches: bool| matches.then_some(KeySlot::Primary);
        (slot(mine.matches(received)), slot(theirs.matches(other_received)))
    }

    /// Returns the primary key.
    #[must_use]
    pub const fn primary(&self) -> &'k K {
        self.primary
    }

    /// Returns the secondary key, if there is one.
    #[must_use]
    pub const fn secondary(&self) -> Option<&'k K> {
        if self.dummy { None } else { self.secondary }
    }
}
