//! The registry, and the enrollments beside it, as sealed bytes.

mod decode;
mod encode;
mod enrollments;
mod envelope;

use alloc::vec::Vec;

use hubward_core::{MacKey, Aead, SymmetricKey};
use zeroize::Zeroize;

use crate::entropy::{Entropy, fresh_seed};
use crate::registry::Registry;
use decode::restore;
use encode::write;
use envelope::Kind;
pub use envelope::{SnapshotError, snapshot_counter};

impl<K: MacKey> Registry<K> {
    /// The registry as bytes that only `key` opens: identities, policies, access lists, and the versions that sessions
    /// rest on. `counter` is the caller's, higher for each snapshot; who keeps it can tell an old one from the newest.
    ///
    /// # Errors
    /// [`SnapshotError::KeyNotKept`] where the registry was given a key without what it was made of;
    /// [`SnapshotError::NoEntropy`]; [`SnapshotError::TooLarge`].
    pub fn seal(
        &self,
        key: &dyn Aead,
        counter: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<Vec<u8>, SnapshotError> {
        envelope::seal(Kind::Registry, key, counter, entropy, |out| write(self, out))
    }

    /// The registry that was sealed. `newest` is the counter of the newest snapshot that the caller knows of, 0 where
    /// it keeps none; `make` makes keys ready for use.
    ///
    /// Records keep their versions and etags. A change after this has a number that no registry gave before, also where
    /// the sealed one went on after the snapshot: the count goes on at a number drawn from `entropy`, as the seed of the
    /// index is.
    ///
    /// # Errors
    /// [`SnapshotError`]: nothing is restored from a snapshot that is not whole, authentic and new enough, and nothing
    /// without entropy.
    pub fn open(
        mut sealed: Vec<u8>,
        key: &dyn Aead,
        newest: u64,
        entropy: &mut Entropy<'_>,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<Self, SnapshotError> {
        let restored = envelope::open(Kind::Registry, &mut sealed, key, newest).and_then(|content| {
            let seed = fresh_seed(entropy).map_err(|_| SnapshotError::NoEntropy)?;
            restore(content, &seed, make)
        });
        sealed.zeroize();
        restored
    }
}
