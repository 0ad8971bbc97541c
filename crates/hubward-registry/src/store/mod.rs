//! Two layers with the same slots: hot entries with their keys, found by id, and the cold records.

mod chunks;
pub(crate) mod id;
mod index;
mod raw_key;
mod row;

use core::mem;

use hubward_core::{KeySlot, RecordVersion};

pub(crate) use chunks::Slot;
use chunks::{Chunks, Slots};
pub(crate) use index::IdTag;
use index::Index;
pub(crate) use raw_key::RawKey;
pub(crate) use row::{Hot, OptionalFields, Record, Second, StoredCredential};

use crate::keys::StoredKey;

/// Slots of one part of a store.
const PART: u32 = 1024;

/// Identities by id and by slot.
#[derive(Debug)]
pub(crate) struct Store<K> {
    index: Index,
    slots: Slots,
    hot: Chunks<Hot<K>>,
    records: Chunks<Record>,
    /// In the slot of the entry, so that both load in parallel.
    seconds: Chunks<Second<K>>,
}

impl<K> Store<K> {
    pub(crate) fn new(seed: &[u8; 16]) -> Self {
        Self {
            index: Index::new(seed),
            slots: Slots::default(),
            hot: Chunks::default(),
            records: Chunks::default(),
            seconds: Chunks::default(),
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns whether there is a slot for one more identity.
    pub(crate) fn has_room(&self) -> bool {
        self.slots.has_room()
    }

    pub(crate) fn tag(&self, id: &str) -> IdTag {
        self.index.tag(id)
    }

    #[inline]
    pub(crate) fn find(&self, id: &str) -> Option<Slot> {
        self.find_tagged(self.index.tag(id), id)
    }

    /// Does the search of [`Store::find`] for an id whose tag is already computed.
    #[inline]
    pub(crate) fn find_tagged(&self, tag: IdTag, id: &str) -> Option<Slot> {
        self.index.find(tag, |slot| self.hot.get(slot).is_some_and(|hot| hot.id == *id))
    }

    /// Returns the slot and the entry of an id.
    #[inline]
    pub(crate) fn find_hot(&self, id: &str) -> Option<(Slot, &Hot<K>)> {
        let mut entry = None;
        let slot = self.index.find(self.index.tag(id), |slot| {
            entry = self.hot.get(slot).filter(|hot| hot.id == *id);
            entry.is_some()
        })?;
        Some((slot, entry?))
    }

    #[inline]
    pub(crate) fn hot(&self, slot: Slot) -> Option<&Hot<K>> {
        self.hot.get(slot)
    }

    pub(crate) fn hot_mut(&mut self, slot: Slot) -> Option<&mut Hot<K>> {
        self.hot.get_mut(slot)
    }

    #[inline]
    pub(crate) fn second(&self, slot: Slot) -> Option<&Second<K>> {
        self.seconds.get(slot)
    }

    pub(crate) fn record(&self, slot: Slot) -> Option<&Record> {
        self.records.get(slot)
    }

    pub(crate) fn record_mut(&mut self, slot: Slot) -> Option<&mut Record> {
        self.records.get_mut(slot)
    }

    /// Iterates over all slots ever used; some may be empty.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + use<K> {
        (1..=self.slots.last()).filter_map(Slot::new)
    }

    /// Iterates over the slots of one part, counted from 0; `None` after the last slot ever used.
    pub(crate) fn slots_of_part(&self, part: u32) -> Option<impl Iterator<Item = Slot> + use<K>> {
        let first = part.checked_mul(PART)?.checked_add(1)?;
        let last = self.slots.last().min(first.saturating_add(PART).saturating_sub(1));
        (first <= last).then(|| (first..=last).filter_map(Slot::new))
    }

    /// Adds an id that is not in the store, under its tag and without a secondary key; `None` if no slot is left.
    pub(crate) fn insert(&mut self, tag: IdTag, hot: Hot<K>, record: Record) -> Option<Slot> {
        let slot = self.slots.take()?;
        self.index.insert(tag, slot);
        self.hot.put(slot, hot);
        self.records.put(slot, record);
        Some(slot)
    }

    pub(crate) fn remove(&mut self, slot: Slot) {
        let Some(hot) = self.hot.get(slot) else { return };
        self.index.remove(self.index.tag(&hot.id), slot);
        self.set_secondary(slot, None);
        self.hot.clear(slot);
        self.records.clear(slot);
        self.slots.give_back(slot);
    }

    /// Replaces the primary key; the old one is erased in place.
    pub(crate) fn set_primary(&mut self, slot: Slot, key: Option<K>) {
        if let Some(hot) = self.hot.get_mut(slot) {
            hot.primary = key;
        }
    }

    /// Replaces the secondary key and its version.
    pub(crate) fn set_secondary(&mut self, slot: Slot, key: Option<(K, u64)>) {
        match key {
            Some((key, version)) => self.seconds.put(slot, Second::new(key, version)),
            None => self.seconds.clear(slot),
        }
    }

    /// Replaces one key, ready and raw, and its version. Returns `false` if the identity has no keys.
    pub(crate) fn set_raw(&mut self, slot: Slot, key: StoredKey<K>, which: KeySlot, version: u64) -> bool {
        let Some(Record { proof: StoredCredential::Keys { primary, secondary }, .. }) =
            self.records.get_mut(slot)
        else {
            return false;
        };
        match which {
            KeySlot::Secondary => {
                *secondary = key.raw;
                self.set_secondary(slot, Some((key.ready, version)));
            }
            KeySlot::Primary => {
                *primary = key.raw;
                self.set_primary(slot, Some(key.ready));
                self.set_version(slot, version);
            }
        }
        true
    }

    /// Sets the version of the primary key or of the other credential.
    pub(crate) fn set_version(&mut self, slot: Slot, version: u64) {
        if let Some(hot) = self.hot.get_mut(slot) {
            hot.version = RecordVersion::new(hot.version.generation(), version);
        }
    }

    /// Restores the versions that a record had before.
    pub(crate) fn restore_versions(&mut self, slot: Slot, version: RecordVersion, second: u64) {
        let Some(hot) = self.hot.get_mut(slot) else { return };
        hot.version = version;
        if let Some(key) = self.seconds.get_mut(slot) {
            key.set_version(second);
        }
    }

    /// Swaps both keys, ready and raw, each with its version. Returns `false` unless there are two.
    pub(crate) fn swap_keys(&mut self, slot: Slot) -> bool {
        let Some(hot) = self.hot.get_mut(slot) else { return false };
        let second = self.seconds.get_mut(slot);
        let (Some(first), Some(second)) = (hot.primary.as_mut(), second) else { return false };
        let (version, other) = (hot.version.keys(), second.version());
        let Some(Record { proof: StoredCredential::Keys { primary, secondary }, .. }) =
            self.records.get_mut(slot)
        else {
            return false;
        };
        mem::swap(first, &mut second.key);
        second.set_version(version);
        hot.version = RecordVersion::new(hot.version.generation(), other);
        mem::swap(primary, secondary);
        true
    }

    /// Returns the bytes of the hot layer: the index, the entries, the secondary keys and the long ids.
    pub(crate) fn hot_bytes(&self) -> usize {
        let ids = self.slots().filter_map(|slot| self.hot.get(slot)).map(|hot| &hot.id);
        let apart: usize = ids.filter(|id| id.is_heap_allocated()).map(|id| id.len()).sum();
        [self.index.bytes(), self.hot.bytes(), self.seconds.bytes()]
            .into_iter()
            .fold(apart, usize::saturating_add)
    }

    /// Returns the bytes of the records, without the optional parts that few of them have.
    pub(crate) fn record_bytes(&self) -> usize {
        self.records.bytes()
    }
}
