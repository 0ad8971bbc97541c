//! The seam to HMAC-SHA256: a key that is its own provider, and the one comparison of two tags.

use core::fmt;

use constant_time_eq::constant_time_eq_32;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// An HMAC-SHA256 tag (RFC 2104, FIPS 198-1). It has no `PartialEq`: [`Tag::matches`] is the only comparison.
pub struct Tag([u8; 32]);

impl Tag {
    /// What a provider computed.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Whether `received` is this tag, in time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, received: &[u8; 32]) -> bool {
        constant_time_eq_32(&self.0, received)
    }

    /// The bytes, for a signer that sends them or a derivation that makes a key of them.
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
    /// The tag over the concatenation of `parts`.
    fn tag(&self, parts: &[&[u8]]) -> Tag;

    /// Two tags at once: `self` over `mine` and `other` over `theirs`. A provider may interleave the work.
    fn tag_pair(&self, mine: &[&[u8]], other: &Self, theirs: &[&[u8]]) -> (Tag, Tag)
    where
        Self: Sized,
    {
        (self.tag(mine), other.tag(theirs))
    }

    /// Two tags over the same `parts`: under `self` and under `other`. A provider may interleave the work.
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

/// Which of an identity's two keys matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a hub's identity has two slots")]
pub enum KeySlot {
    /// The first key.
    Primary,
    /// The second key.
    Secondary,
}

/// The keys to try: both, always, whatever the first says.
#[derive(Debug)]
pub struct Keys<'k, K> {
    primary: &'k K,
    secondary: Option<&'k K>,
    /// The second key takes part in the work and never in the verdict.
    decoy: bool,
}

impl<K> Clone for Keys<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Keys<'_, K> {}

impl<'k, K: MacKey> Keys<'k, K> {
    /// One key.
    #[must_use]
    pub const fn one(primary: &'k K) -> Self {
        Self { primary, secondary: None, decoy: false }
    }

    /// Both keys of an identity. They may be equal; the match is then the primary's.
    #[must_use]
    pub const fn pair(primary: &'k K, secondary: &'k K) -> Self {
        Self { primary, secondary: Some(secondary), decoy: false }
    }

    /// These keys, with `decoy` in an empty second slot: the work of two, and a tag under the decoy still
    /// matches nothing. It makes an identity with one key look like one with two.
    #[must_use]
    pub const fn padded(self, decoy: &'k K) -> Self {
        match self.secondary {
            Some(_) => self,
            None => Self { primary: self.primary, secondary: Some(decoy), decoy: true },
        }
    }

    /// Which key makes `received` of `parts`, if one does. Both are tried.
    #[must_use]
    #[inline]
    pub fn matching(&self, parts: &[&[u8]], received: &[u8; 32]) -> Option<KeySlot> {
        let (first, second) = match self.secondary {
            None => (self.primary.tag(parts).matches(received), false),
            Some(secondary) => {
                let (first, second) = self.primary.tag_both(secondary, parts);
                // `&`: both comparisons are made
                (first.matches(received), second.matches(received) & !self.decoy)
            }
        };
        match (first, second) {
            (true, _) => Some(KeySlot::Primary),
            (false, true) => Some(KeySlot::Secondary),
            (false, false) => None,
        }
    }

    /// [`Keys::matching`] for two messages at once, each under keys of its own, with the same outcomes.
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
            // two keys each are a pair already
            return (self.matching(parts, received), other.matching(other_parts, other_received));
        }
        let (mine, theirs) = self.primary.tag_pair(parts, other.primary, other_parts);
        let slot = |matches: bool| matches.then_some(KeySlot::Primary);
        (slot(mine.matches(received)), slot(theirs.matches(other_received)))
    }

    /// The first key.
    #[must_use]
    pub const fn primary(&self) -> &'k K {
        self.primary
    }

    /// The second key, where one is set.
    #[must_use]
    pub const fn secondary(&self) -> Option<&'k K> {
        if self.decoy { None } else { self.secondary }
    }
}
