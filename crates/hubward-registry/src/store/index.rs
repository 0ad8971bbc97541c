//! From an id to its place: a table of 8 bytes an entry, half tag and half place.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use siphasher::sip::SipHasher13;

use super::chunks::Slot;

/// Places of a group.
const GROUP: usize = 8;

/// Open addressing by groups of eight, which are one line of the cache each. An entry is the id's tag, 32 bits of its
/// hash, and the [`Slot`] that has the id, 0 in an empty place. The tag's low bits choose the group, so growing reads no
/// id. An id stands in its group, or where that is full in the next that was not.
///
/// All eight tags are compared without a branch between them: nearly every search is one group and one match, so the
/// processor guesses right and goes on to the record, and to the next search, before the line has come.
///
/// The hash is SipHash-1-3 under a key of the caller's: who does not know the key cannot choose ids that crowd one
/// group, which is what makes a table slow.
pub(crate) struct Index {
    hasher: SipHasher13,
    groups: Vec<Group>,
    len: usize,
}

#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Group {
    tags: [u32; GROUP],
    slots: [u32; GROUP],
}

/// An id's tag and its place.
type Entry = (IdTag, Slot);

impl Group {
    /// A bit for each place with this tag. An empty place may have one; it has no slot.
    #[inline]
    fn matches(&self, tag: IdTag) -> u8 {
        bits(&self.tags, tag.0)
    }

    fn is_full(&self) -> bool {
        bits(&self.slots, 0) == 0
    }

    fn entries(&self) -> impl Iterator<Item = (usize, Entry)> {
        let places = self.tags.into_iter().zip(self.slots).enumerate();
        places.filter_map(|(at, (tag, slot))| Some((at, (IdTag(tag), Slot::new(slot)?))))
    }

    /// `false` where it is full.
    fn put(&mut self, (tag, slot): Entry) -> bool {
        let empty = self.tags.iter_mut().zip(&mut self.slots).find(|(_, slot)| **slot == 0);
        empty.map(|place| (*place.0, *place.1) = (tag.0, slot.number())).is_some()
    }

    fn clear(&mut self, at: usize) {
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = 0;
        }
    }
}

#[inline]
fn bits(places: &[u32; GROUP], wanted: u32) -> u8 {
    places.iter().rev().fold(0, |bits: u8, place| bits.wrapping_shl(1) | u8::from(*place == wanted))
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // neither the hash's key nor what it made
        f.debug_struct("Index").field("len", &self.len).finish_non_exhaustive()
    }
}

/// An id's hash, as far as an entry keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct IdTag(u32);

impl Index {
    pub(crate) fn new(seed: &[u8; 16]) -> Self {
        Self { hasher: SipHasher13::new_with_key(seed), groups: Vec::new(), len: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.groups.capacity().saturating_mul(size_of::<Group>())
    }

    #[inline]
    pub(crate) fn tag(&self, id: &str) -> IdTag {
        let [a, b, c, d, ..] = self.hasher.hash(id.as_bytes()).to_le_bytes();
        IdTag(u32::from_le_bytes([a, b, c, d]))
    }

    /// The places whose ids have this tag, nearest first: `is` tells which one is meant.
    #[inline]
    pub(crate) fn find(&self, tag: IdTag, mut is: impl FnMut(Slot) -> bool) -> Option<Slot> {
        let mask = self.groups.len().checked_sub(1)?;
        let mut at = home(tag) & mask;
        // never full, so there is a group with an empty place
        loop {
            let group = self.groups.get(at)?;
            let mut matches = group.matches(tag);
            while matches != 0 {
                let place = usize::try_from(matches.trailing_zeros()).ok()?;
                if let Some(slot) = Slot::new(*group.slots.get(place)?)
                    && is(slot)
                {
                    return Some(slot);
                }
                matches &= matches.wrapping_sub(1);
            }
            if !group.is_full() {
                return None;
            }
            at = at.wrapping_add(1) & mask;
        }
    }

    /// Something of the group that a search begins with, so that its line is under way.
    #[inline]
    pub(crate) fn touch(&self, tag: IdTag) -> u32 {
        let [first, ..] =
            match self.groups.len().checked_sub(1).and_then(|mask| self.groups.get(home(tag) & mask)) {
                Some(group) => group.tags,
                None => [0; GROUP],
            };
        first
    }

    /// The first place with this tag, which is nearly always the one: for a batch, to load them side by side.
    #[inline]
    pub(crate) fn likely(&self, tag: IdTag) -> Option<Slot> {
        self.find(tag, |_| true)
    }

    /// Adds an id that is not there.
    pub(crate) fn insert(&mut self, tag: IdTag, slot: Slot) {
        // seven of eight places at most
        if self.len >= self.groups.len().saturating_mul(GROUP.saturating_sub(1)) {
            self.grow();
        }
        place_entry(&mut self.groups, (tag, slot));
        self.len = self.len.saturating_add(1);
    }

    /// Takes an id out, and moves back what had to go past it.
    pub(crate) fn remove(&mut self, tag: IdTag, slot: Slot) {
        let Some(mask) = self.groups.len().checked_sub(1) else { return };
        let mut hole = home(tag) & mask;
        let mut was_full = loop {
            let Some(group) = self.groups.get_mut(hole) else { return };
            let was_full = group.is_full();
            let gone = group.entries().find(|(_, entry)| *entry == (tag, slot));
            if let Some((at, _)) = gone {
                group.clear(at);
                break was_full;
            }
            if !was_full {
                return;
            }
            hole = hole.wrapping_add(1) & mask;
        };
        self.len = self.len.saturating_sub(1);
        let mut at = hole;
        // beyond a group that was not full stands nothing that wanted to be before it
        while was_full {
            at = at.wrapping_add(1) & mask;
            let Some(group) = self.groups.get_mut(at) else { return };
            was_full = group.is_full();
            let distance = at.wrapping_sub(hole) & mask;
            let back = |entry: &Entry| (at.wrapping_sub(home(entry.0)) & mask) >= distance;
            let Some((place, entry)) = group.entries().find(|(_, entry)| back(entry)) else { continue };
            group.clear(place);
            if let Some(free) = self.groups.get_mut(hole) {
                free.put(entry);
            }
            hole = at;
        }
    }

    fn grow(&mut self) {
        let groups = self.groups.len().saturating_mul(2).max(2);
        let mut larger = vec![Group::default(); groups];
        let entries = self.groups.iter().flat_map(Group::entries);
        entries.for_each(|(_, entry)| place_entry(&mut larger, entry));
        self.groups = larger;
    }
}

fn place_entry(groups: &mut [Group], entry: Entry) {
    let mask = groups.len().saturating_sub(1);
    let mut at = home(entry.0) & mask;
    while let Some(group) = groups.get_mut(at) {
        if group.put(entry) {
            return;
        }
        at = at.wrapping_add(1) & mask;
    }
}

#[inline]
fn home(tag: IdTag) -> usize {
    usize::try_from(tag.0).unwrap_or(usize::MAX)
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
        assert_ne!(one.tag("pump-7"), other.tag("pump-7"));
    }
}
