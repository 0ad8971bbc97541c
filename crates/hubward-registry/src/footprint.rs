//! What a registry takes of memory.

use hubward_core::MacKey;

use crate::registry::Registry;

/// Bytes of a registry's two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Footprint {
    /// The hot layer: the index, the entries with their keys, and the ids too long to stand in an entry.
    pub hot: usize,
    /// The records, without the reasons, scopes and lists of modules that a few of them have beside.
    pub records: usize,
}

impl<K: MacKey> Registry<K> {
    /// The bytes it has reserved, policies aside. It counts over all records.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        Footprint { hot: self.store.hot_bytes(), records: self.store.record_bytes() }
    }
}
