//! The hash table from ids to slots: 8 bytes per entry, half tag and half slot.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use siphasher::sip::SipHasher13;

use super::chunks::Slot;

/// Entries of a group.
const GROUP: usize = 8;

/// Open addressing by groups of eight entries, each of which is one cache line. An entry is the id's tag, 32 bits of
/// its hash, and its [`Slot`], 0 in an empty entry. The low bits of the tag select the group, so the table grows
/// without reading ids. An id is in its group or, if that is full, in the next group that was not.
///
/// All eight tags are compared without a branch between them: nearly every search is one group and one match, so the
/// processor predicts it and continues with the record, and with the next search, before the line is loaded.
///
/// The hash is SipHash-1-3 under the caller's key: without the key, clients cannot choose ids that fill one group,
/// which would make the table slow.
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

/// The tag and the slot of an id.
type Entry = (IdTag, Slot);

impl Group {
    /// Returns a bit for each entry with this tag. An empty entry may have its bit set; it has no slot.
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

    /// Adds an entry; returns `false` if the group is full.
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
fn bits(places: &[u32; GROUP], tag: u32) -> u8 {
    places.iter().rev().fold(0, |bits: u8, place| bits.wrapping_shl(1) | u8::from(*place == tag))
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // neither the key of the hash nor the hashes
        f.debug_struct("Index").field("len", &self.len).finish_non_exhaustive()
    }
}

/// The part of an id's hash that an entry contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdTag(u32);

impl Index {
    pub(crate) fn new(seed: &[u8; 16]) -> Self {
        Self { hasher: SipHasher13::new_with_key(seed), groups: Vec::new(), len: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&self) -> usize {
        self.groups.capacity().saturating_mul(size_of::<Group>())
    }

    #[inline]
    pub(crate) fn tag(&self, id: &str) -> IdTag {
        let [a, b, c, d, ..] = self.hasher.hash(id.as_bytes()).to_le_bytes();
        IdTag(u32::from_le_bytes([a, b, c, d]))
    }

    /// Searches the slots with this tag, nearest first; `is` decides which one is meant.
    #[inline]
    pub(crate) fn find(&self, tag: IdTag, mut is: impl FnMut(Slot) -> bool) -> Option<Slot> {
        let mask = self.groups.len().checked_sub(1)?;
        let mut at = home(tag) & mask;
        // the table is never full, so there is a group with an empty entry
        loop {
            let group = self.groups.get(at)?;
            let mut matches = group.matches(tag);
            while matches != 0 {
                let place = usize::try_from(matches.trailing_zeros()).ok()?;
                match Slot::new(*group.slots.get(place)?) {
                    Some(slot) if is(slot) => return Some(slot),
                    _ => {}
                }
                matches &= matches.wrapping_sub(1);
            }
            if !group.is_full() {
                return None;
            }
            at = at.wrapping_add(1) & mask;
        }
    }

    /// Adds an id that is not in the table.
    pub(crate) fn insert(&mut self, tag: IdTag, slot: Slot) {
        // at most seven of eight entries are used
        if self.len >= self.groups.len().saturating_mul(GROUP.saturating_sub(1)) {
            self.grow();
        }
        place_entry(&mut self.groups, (tag, slot));
        self.len = self.len.saturating_add(1);
    }

    /// Removes an id, and moves entries back that had to skip its group.
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
        // no entry beyond a group that was not full belongs before it
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
        // tags of eight values, so that groups overflow and wrap
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
                    let result = index.find(tag, |other| other == slot);
                    prop_assert_eq!(result, model.contains_key(&number).then_some(slot));
                }
            }
        }
    }

    #[test]
    fn another_seed_gives_another_order() {
        let (one, other) = (Index::new(&[1; 16]), Index::new(&[2; 16]));
        assert_ne!(one.tag("pump-7"), other.tag("pump-7"));
    }
}
