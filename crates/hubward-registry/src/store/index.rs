//! From an id to its place: a table of 8 bytes an entry, half tag and half place.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use siphasher::sip::SipHasher13;

use super::chunks::Slot;

/// Fewest places of a table.
const SMALLEST: usize = 16;

/// Open addressing with linear probing. An entry is the id's tag, 32 bits of its hash, above the [`Slot`] that has
/// the id; 0 is an empty place. The tag's low bits choose the place, so growing reads no id.
///
/// The hash is SipHash-1-3 under a key of the caller's: who does not know the key cannot choose ids that crowd one
/// place, which is what makes a table slow.
pub(crate) struct Index {
    hasher: SipHasher13,
    entries: Vec<u64>,
    len: usize,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // neither the hash's key nor what it made
        f.debug_struct("Index").field("len", &self.len).finish_non_exhaustive()
    }
}

/// An id's hash, as far as an entry keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdTag(u32);

impl Index {
    pub(crate) fn new(seed: &[u8; 16]) -> Self {
        Self { hasher: SipHasher13::new_with_key(seed), entries: Vec::new(), len: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.entries.capacity().saturating_mul(size_of::<u64>())
    }

    #[inline]
    pub(crate) fn tag(&self, id: &[u8]) -> IdTag {
        let [a, b, c, d, ..] = self.hasher.hash(id).to_le_bytes();
        IdTag(u32::from_le_bytes([a, b, c, d]))
    }

    /// The places whose ids have this tag, nearest first: `is` tells which one is meant.
    #[inline]
    pub(crate) fn find(&self, tag: IdTag, mut is: impl FnMut(Slot) -> bool) -> Option<Slot> {
        let mask = self.entries.len().checked_sub(1)?;
        let mut at = place(tag) & mask;
        // never full, so there is an empty place
        loop {
            let entry = *self.entries.get(at)?;
            if entry == 0 {
                return None;
            }
            let (entry_tag, slot) = split(entry);
            if entry_tag == tag
                && let Some(slot) = slot
                && is(slot)
            {
                return Some(slot);
            }
            at = at.wrapping_add(1) & mask;
        }
    }

    /// The first place with this tag, which is nearly always the one: for a batch, to load them side by side.
    #[inline]
    pub(crate) fn likely(&self, tag: IdTag) -> Option<Slot> {
        self.find(tag, |_| true)
    }

    /// Adds an id that is not there.
    pub(crate) fn insert(&mut self, tag: IdTag, slot: Slot) {
        // seven of eight places at most
        if self.len.saturating_mul(8) >= self.entries.len().saturating_mul(7) {
            self.grow();
        }
        place_entry(&mut self.entries, join(tag, slot));
        self.len = self.len.saturating_add(1);
    }

    /// Takes an id out, and moves up what had to go past it.
    pub(crate) fn remove(&mut self, tag: IdTag, slot: Slot) {
        let Some(mask) = self.entries.len().checked_sub(1) else { return };
        let gone = join(tag, slot);
        let mut hole = place(tag) & mask;
        loop {
            match self.entries.get(hole) {
                Some(entry) if *entry == gone => break,
                Some(0) | None => return,
                Some(_) => hole = hole.wrapping_add(1) & mask,
            }
        }
        self.len = self.len.saturating_sub(1);
        let mut at = hole;
        loop {
            at = at.wrapping_add(1) & mask;
            let entry = self.entries.get(at).copied().unwrap_or(0);
            if entry == 0 {
                break;
            }
            let home = place(split(entry).0) & mask;
            // it may move to the hole unless its home is beyond the hole
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                if let Some(free) = self.entries.get_mut(hole) {
                    *free = entry;
                }
                hole = at;
            }
        }
        if let Some(free) = self.entries.get_mut(hole) {
            *free = 0;
        }
    }

    fn grow(&mut self) {
        let places = self.entries.len().saturating_mul(2).max(SMALLEST);
        let mut larger = vec![0; places];
        self.entries.iter().filter(|entry| **entry != 0).for_each(|entry| place_entry(&mut larger, *entry));
        self.entries = larger;
    }
}

fn place_entry(entries: &mut [u64], entry: u64) {
    let mask = entries.len().saturating_sub(1);
    let mut at = place(split(entry).0) & mask;
    while let Some(there) = entries.get_mut(at) {
        if *there == 0 {
            *there = entry;
            return;
        }
        at = at.wrapping_add(1) & mask;
    }
}

#[inline]
fn place(tag: IdTag) -> usize {
    usize::try_from(tag.0).unwrap_or(usize::MAX)
}

fn join(tag: IdTag, slot: Slot) -> u64 {
    (u64::from(tag.0) << 32) | u64::from(slot.number())
}

#[inline]
fn split(entry: u64) -> (IdTag, Option<Slot>) {
    let [a, b, c, d, e, f, g, h] = entry.to_le_bytes();
    (IdTag(u32::from_le_bytes([e, f, g, h])), Slot::new(u32::from_le_bytes([a, b, c, d])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    proptest! {
        // eight tags, so that everything crowds and wraps
        #[test]
        fn it_agrees_with_a_map(steps in prop::collection::vec((any::<bool>(), 0_u32..8, 1_u32..40), 0..200)) {
            let mut index = Index::new(&[7; 16]);
            let mut model = BTreeMap::new();
            for (add, tag, number) in steps {
                let (tag, slot) = (IdTag(tag.wrapping_mul(5)), Slot::new(number).unwrap());
                if add && !model.contains_key(&number) {
                    index.insert(tag, slot);
                    model.insert(number, tag);
                } else if !add && model.get(&number) == Some(&tag) {
                    index.remove(tag, slot);
                    model.remove(&number);
                }
                prop_assert_eq!(index.len(), model.len());
                for number in 1..40 {
                    let slot = Slot::new(number).unwrap();
                    let tag = model.get(&number).copied().unwrap_or(IdTag(0));
                    let found = index.find(tag, |found| found == slot);
                    prop_assert_eq!(found, model.contains_key(&number).then_some(slot));
                }
            }
        }
    }

    #[test]
    fn another_seed_is_another_order() {
        let (one, other) = (Index::new(&[1; 16]), Index::new(&[2; 16]));
        assert_ne!(one.tag(b"pump-7"), other.tag(b"pump-7"));
    }
}
