//! Snapshots: the registry, or the enrollments, as sealed bytes.

mod decode;
mod encode;
mod enrollments;
mod envelope;

use alloc::vec::Vec;

use hubward_core::{Aead, MacKey, SymmetricKey};
use zeroize::Zeroize;

use crate::entropy::{Entropy, fresh_seed};
use crate::registry::Registry;
use decode::restore;
use encode::write;
use envelope::Kind;
pub use envelope::{SnapshotError, snapshot_counter};

impl<K: MacKey> Registry<K> {
    /// Seals the registry under `key`: identities, policies, access lists, and the versions that sessions compare.
    /// `counter` comes from the caller and increases with each snapshot; a caller that stores it detects an old
    /// snapshot.
    ///
    /// # Errors
    /// [`SnapshotError::KeyNotKept`] if the registry has a key without the symmetric key that it was made of;
    /// [`SnapshotError::NoEntropy`]; [`SnapshotError::TooLarge`].
    pub fn seal(
        &self,
        key: &dyn Aead,
        counter: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<Vec<u8>, SnapshotError> {
        envelope::seal(Kind::Registry, key, counter, entropy, |out| write(self, out))
    }

    /// Opens a sealed registry. `newest` is the counter of the newest snapshot that the caller knows, 0 if it stores
    /// none; `make` makes keys ready for use.
    ///
    /// Records keep their versions and etags. Later changes get numbers that no registry used before, even if the
    /// sealed registry continued after the snapshot: the counter continues at a number drawn from `entropy`, as is
    /// the seed of the index.
    ///
    /// # Errors
    /// [`SnapshotError`] if the snapshot is incomplete, not authentic or too old, or if there is no entropy; nothing
    /// is restored then.
    pub fn open(
        mut sealed: Vec<u8>,
        key: &dyn Aead,
        newest: u64,
        entropy: &mut Entropy<'_>,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<Self, SnapshotError> {
        let restored = envelope::open(Kind::Registry, &mut sealed, key, newest).and_then(|content| {
            let seed = fresh_seed(&mut *entropy).map_err(|_| SnapshotError::NoEntropy)?;
            restore(content, &seed, make)
        });
        sealed.zeroize();
        restored
    }
}
