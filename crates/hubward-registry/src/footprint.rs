//! The memory of a registry.

use hubward_core::MacKey;

use crate::registry::Registry;

/// The bytes of a registry's two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Footprint {
    /// The hot layer: the index, the entries with their keys, and the ids that are too long for an entry.
    pub hot: usize,
    /// The records, without the status reasons, scopes and module lists that few records have.
    pub records: usize,
}

impl<K: MacKey> Registry<K> {
    /// Returns the reserved bytes, without policies. It iterates over all records.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        Footprint { hot: self.store.hot_bytes(), records: self.store.record_bytes() }
    }
}
