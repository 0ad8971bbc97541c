//! Memory that grows by chunks and never moves its values: a key stays at one address until it is erased there.

use alloc::vec::Vec;
use core::num::NonZeroU32;

/// Entries of the first chunk, as a power of two. Each chunk has twice the entries of the one before, up to the
/// largest: a small registry takes little memory, and a large one has few chunks, so that their addresses stay in the
/// processor's cache.
const FIRST: u32 = 6;
/// Entries of the largest chunks, as a power of two.
const LARGEST: u32 = 14;

/// An index of [`Chunks`], from 1 up, so that 0 means "none" in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(NonZeroU32);

impl Slot {
    pub(crate) fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    pub(crate) const fn number(self) -> u32 {
        self.0.get()
    }

    /// Returns the chunk, its number of entries, and the position in it.
    #[inline]
    fn split(self) -> (usize, usize, usize) {
        let at = u64::from(self.0.get()).wrapping_sub(1).wrapping_add(1 << FIRST);
        let level = if at < 1 << LARGEST { at.ilog2() } else { LARGEST };
        let entries = 1_u64.wrapping_shl(level);
        let chunk = at
            .wrapping_shr(level)
            .wrapping_add(u64::from(level))
            .wrapping_sub(u64::from(FIRST))
            .wrapping_sub(1);
        let [chunk, entries, at] = [chunk, entries, at & entries.wrapping_sub(1)]
            .map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        (chunk, entries, at)
    }
}

/// The allocated slots. Freed ones are used again, the last one first.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    free: Vec<Slot>,
    last: u32,
}

impl Slots {
    /// Allocates a slot; `None` if all numbers are in use.
    pub(crate) fn take(&mut self) -> Option<Slot> {
        match self.free.pop() {
            Some(slot) => Some(slot),
            None => {
                self.last = self.last.checked_add(1)?;
                Slot::new(self.last)
            }
        }
    }

    pub(crate) fn give_back(&mut self, slot: Slot) {
        self.free.push(slot);
    }

    pub(crate) fn has_room(&self) -> bool {
        !self.free.is_empty() || self.last < u32::MAX
    }

    /// Returns the highest slot ever allocated.
    pub(crate) const fn last(&self) -> u32 {
        self.last
    }
}

/// Values by their [`Slot`].
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Vec<Option<T>>>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> Chunks<T> {
    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        let (chunk, _, at) = slot.split();
        self.chunks.get(chunk)?.get(at)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let (chunk, _, at) = slot.split();
        self.chunks.get_mut(chunk)?.get_mut(at)?.as_mut()
    }

    /// Stores a value; the old one is dropped in place.
    pub(crate) fn put(&mut self, slot: Slot, value: T) {
        let (chunk, room, at) = slot.split();
        while self.chunks.len() <= chunk {
            // only the list of chunks may move: it contains addresses and no key
            self.chunks.push(Vec::new());
        }
        if let Some(entries) = self.chunks.get_mut(chunk) {
            // all of a chunk's memory is reserved at once: it is never moved to a larger one
            if entries.capacity() == 0 {
                entries.reserve_exact(room);
            }
            while entries.len() < at {
                entries.push(None);
            }
            match entries.get_mut(at) {
                Some(entry) => *entry = Some(value),
                None => entries.push(Some(value)),
            }
        }
    }

    /// Drops a value in place. It is never moved out: a move would leave its bytes behind.
    pub(crate) fn clear(&mut self, slot: Slot) {
        let (chunk, _, at) = slot.split();
        if let Some(entry) = self.chunks.get_mut(chunk).and_then(|entries| entries.get_mut(at)) {
            *entry = None;
        }
    }

    /// Returns the bytes of the chunks and of their list.
    pub(crate) fn bytes(&self) -> usize {
        let list = self.chunks.capacity().saturating_mul(size_of::<Vec<Option<T>>>());
        let entries = self.chunks.iter().map(Vec::capacity).fold(0, usize::saturating_add);
        let entries = entries.saturating_mul(size_of::<Option<T>>());
        list.saturating_add(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_is_one_position_of_one_chunk() {
        let mut expected = (0, 64, 0);
        for number in 1..100_000 {
            assert_eq!(Slot::new(number).unwrap().split(), expected, "{number}");
            let (chunk, entries, at) = expected;
            expected = if at + 1 < entries {
                (chunk, entries, at + 1)
            } else {
                (chunk + 1, (entries * 2).min(16_384), 0)
            };
        }
        let (chunk, entries, at) = Slot::new(u32::MAX).unwrap().split();
        assert_eq!((chunk, entries, at), (262_151, 16_384, 62), "the last of all");
    }

    #[test]
    fn only_used_chunks_take_memory() {
        let mut chunks = Chunks::default();
        chunks.put(Slot::new(40_000).unwrap(), 1_u64);
        assert_eq!(chunks.chunks.iter().filter(|chunk| chunk.capacity() > 0).count(), 1);
        assert_eq!(chunks.get(Slot::new(39_999).unwrap()), None);
        assert_eq!(chunks.get(Slot::new(1).unwrap()), None);
    }

    #[test]
    fn values_do_not_move() {
        let (mut slots, mut chunks) = (Slots::default(), Chunks::default());
        let first = slots.take().unwrap();
        chunks.put(first, 0_u64);
        let before: *const u64 = chunks.get(first).unwrap();
        for value in 1..50_000_u64 {
            let slot = slots.take().unwrap();
            chunks.put(slot, value);
            assert_eq!(chunks.get(slot), Some(&value));
        }
        assert_eq!(before, core::ptr::from_ref(chunks.get(first).unwrap()));
        chunks.clear(first);
        slots.give_back(first);
        assert_eq!(chunks.get(first), None);
        assert_eq!(slots.take(), Some(first), "and its place is used again");
    }
}
