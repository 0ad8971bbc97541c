//! Two layers under one number: hot entries with their keys, found by id, and the records beside them.

mod chunks;
pub(crate) mod id;
mod index;
mod raw_key;
mod row;

use core::hint::black_box;
use core::mem;

use hubward_core::{KeySlot, RecordVersion};

pub(crate) use chunks::Slot;
use chunks::{Chunks, Slots};
pub(crate) use index::IdTag;
use index::Index;
pub(crate) use raw_key::RawKey;
pub(crate) use row::{Hot, More, Proof, Record, Second};

use crate::keys::KeptKey;

/// Identities by id and by number.
#[derive(Debug)]
pub(crate) struct Store<K> {
    index: Index,
    slots: Slots,
    hot: Chunks<Hot<K>>,
    records: Chunks<Record>,
    /// Under the number of the entry, so that both are on their way at once.
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

    /// Whether there is a number for one more identity.
    pub(crate) const fn has_room(&self) -> bool {
        self.slots.has_room()
    }

    pub(crate) fn tag(&self, id: &str) -> IdTag {
        self.index.tag(id)
    }

    /// Begins the searches for many ids. Each step is a few instructions and a load that hangs on none of its
    /// neighbours': the processor has all of them under way before the first has come.
    #[inline]
    pub(crate) fn touch_all(&self, tags: impl Iterator<Item = IdTag>) {
        black_box(tags.map(|tag| self.index.touch(tag)).fold(0, u32::wrapping_add));
    }

    #[inline]
    pub(crate) fn likely(&self, tag: IdTag) -> Option<Slot> {
        self.index.likely(tag)
    }

    #[inline]
    pub(crate) fn find(&self, id: &str) -> Option<Slot> {
        self.find_tagged(self.index.tag(id), id)
    }

    /// [`Store::find`] for an id whose tag is at hand.
    #[inline]
    pub(crate) fn find_tagged(&self, tag: IdTag, id: &str) -> Option<Slot> {
        self.index.find(tag, |slot| self.hot.get(slot).is_some_and(|hot| hot.id == *id))
    }

    /// An id's place and its entry.
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

    /// Where a hot entry is, without looking at it.
    #[inline]
    pub(crate) fn entry(&self, slot: Slot) -> Option<&Option<Hot<K>>> {
        self.hot.place(slot)
    }

    pub(crate) fn hot_mut(&mut self, slot: Slot) -> Option<&mut Hot<K>> {
        self.hot.get_mut(slot)
    }

    #[inline]
    pub(crate) fn second(&self, slot: Slot) -> Option<&Second<K>> {
        self.seconds.get(slot)
    }

    /// Where a second key is, without looking at it.
    #[inline]
    pub(crate) fn second_entry(&self, slot: Slot) -> Option<&Option<Second<K>>> {
        self.seconds.place(slot)
    }

    pub(crate) fn record(&self, slot: Slot) -> Option<&Record> {
        self.records.get(slot)
    }

    pub(crate) fn record_mut(&mut self, slot: Slot) -> Option<&mut Record> {
        self.records.get_mut(slot)
    }

    /// All numbers ever used; some may be empty.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + use<K> {
        (1..=self.slots.last()).filter_map(Slot::new)
    }

    /// Adds an id that is not there, under its tag and without a second key; `None` where there is no number left.
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

    /// Replaces the primary key's ready form; the old one is erased where it stood.
    pub(crate) fn set_primary(&mut self, slot: Slot, key: Option<K>) {
        if let Some(hot) = self.hot.get_mut(slot) {
            hot.primary = key;
        }
    }

    /// Replaces the second key's ready form and its version.
    pub(crate) fn set_secondary(&mut self, slot: Slot, key: Option<(K, u64)>) {
        match key {
            Some((key, version)) => self.seconds.put(slot, Second::new(key, version)),
            None => self.seconds.clear(slot),
        }
    }

    /// Replaces one key, ready and raw, and its version. `false` where the identity has no keys.
    pub(crate) fn set_raw(&mut self, slot: Slot, key: KeptKey<K>, which: KeySlot, version: u64) -> bool {
        let Some(Record { proof: Proof::Keys { primary, secondary }, .. }) = self.records.get_mut(slot)
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

    /// The version of the primary key, or of what is in its place.
    pub(crate) fn set_version(&mut self, slot: Slot, version: u64) {
        if let Some(hot) = self.hot.get_mut(slot) {
            hot.version = RecordVersion::new(hot.version.generation(), version);
        }
    }

    /// Gives a record the versions that it had before.
    pub(crate) fn restore_versions(&mut self, slot: Slot, version: RecordVersion, second: u64) {
        let Some(hot) = self.hot.get_mut(slot) else { return };
        hot.version = version;
        if let Some(key) = self.seconds.get_mut(slot) {
            key.set_version(second);
        }
    }

    /// Exchanges both keys, ready and raw, each with its version. `false` where there are not two.
    pub(crate) fn swap_keys(&mut self, slot: Slot) -> bool {
        let Some(hot) = self.hot.get_mut(slot) else { return false };
        let second = self.seconds.get_mut(slot);
        let (Some(first), Some(second)) = (hot.primary.as_mut(), second) else { return false };
        let (version, other) = (hot.version.keys(), second.version());
        let Some(Record { proof: Proof::Keys { primary, secondary }, .. }) = self.records.get_mut(slot)
        else {
            return false;
        };
        mem::swap(first, &mut second.key);
        second.set_version(version);
        hot.version = RecordVersion::new(hot.version.generation(), other);
        mem::swap(primary, secondary);
        true
    }

    /// Bytes of the hot layer: the index, the entries, the second keys and the long ids.
    pub(crate) fn hot_bytes(&self) -> usize {
        let ids = self.slots().filter_map(|slot| self.hot.get(slot)).map(|hot| &hot.id);
        let apart: usize = ids.filter(|id| id.is_heap_allocated()).map(|id| id.len()).sum();
        [self.index.bytes(), self.hot.bytes(), self.seconds.bytes()]
            .into_iter()
            .fold(apart, usize::saturating_add)
    }

    /// Bytes of the records, without what a few of them have beside.
    pub(crate) fn record_bytes(&self) -> usize {
        self.records.bytes()
    }
}
