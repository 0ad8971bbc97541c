//! Follows a store: keeps an index equal to the table, change by change.

use core::time::Duration;

use hubward::registry::{NoEntropy, Registry};
use hubward::types::{MacKey, SymmetricKey};

use crate::entry::{Affected, Applier, Entry, RowError};
use crate::feed::{Feed, FeedHealth, FeedStep, FeedTimes};
use crate::provisioning::{ProvisioningEntry, ProvisioningIndex};
use crate::row::{Row, RowKey};
use crate::seal::Sealer;
use crate::store::{Position, Store};

/// Rows that are applied under one lock, so that an import does not hold up the readers of the index.
const TOGETHER: usize = 128;
/// Questions of one call: a read that met removed tombstones is followed by a load.
const ATTEMPTS: usize = 4;

/// The index that a [`Follower`] keeps, and its sessions.
pub trait Target<K> {
    /// Replaces the index, and rechecks every session.
    fn load(&mut self, registry: Registry<K>);

    /// Locks the index for writing and calls `apply` once. Keep the lock short.
    fn change(&mut self, apply: &mut dyn FnMut(&mut Registry<K>));

    /// Replaces the index of the provisioning service. A target without one does nothing.
    fn load_provisioning(&mut self, _index: ProvisioningIndex<K>) {}

    /// Applies a row to the index of the provisioning service. A target without one does nothing.
    fn provisioning(&mut self, _entry: ProvisioningEntry<K>) {}

    /// Rechecks the sessions that changes are about. The index has the changes.
    fn affected(&mut self, affected: Vec<Affected>);

    /// Reports a row that is not used as it is: the identity or policy that it names is denied, and devices that match an
    /// enrollment; an entry of an access list or a group is not in force.
    fn refused(&mut self, key: &RowKey, error: RowError);
}

/// Keeps an index equal to a store.
#[derive(Debug)]
pub struct Follower<M> {
    feed: Feed,
    applier: Applier,
    make: M,
    /// The seed of each new index.
    seed: fn(&mut [u8]) -> Result<(), NoEntropy>,
}

impl<M> Follower<M> {
    /// Creates a follower whose index is not loaded. `make` makes keys ready for use, and `entropy` draws the seeds of
    /// indexes.
    #[must_use]
    pub fn new(times: FeedTimes, make: M, entropy: fn(&mut [u8]) -> Result<(), NoEntropy>) -> Self {
        Self { feed: Feed::new(times), applier: Applier::new(), make, seed: entropy }
    }

    /// Returns the number of the last change that the index has.
    #[must_use]
    pub fn reached(&self) -> Option<u64> {
        self.feed.reached()
    }

    /// Returns the time at which the store was asked last, of a question that was answered.
    #[must_use]
    pub const fn heartbeat(&self) -> Option<Duration> {
        self.feed.heartbeat()
    }

    /// Returns what a gateway may do at this time.
    #[must_use]
    pub fn health(&self, now: Duration) -> FeedHealth {
        self.feed.health(now)
    }

    /// Has everything loaded again by the next call of [`Follower::catch_up`].
    pub const fn forget(&mut self) {
        self.feed.forget();
    }

    /// Applies what is new in the store, at most one batch: all changes up to the place that it has when they are read. `now` is
    /// a monotonic clock. Under steady writes the caller thus reports the heartbeat and the place after each batch.
    ///
    /// # Errors
    /// The error of the store. A part of the changes may be applied; the next call applies them again.
    pub fn catch_up<S, K>(
        &mut self,
        store: &S,
        sealer: &Sealer,
        now: impl Fn() -> Duration,
        target: &mut impl Target<K>,
    ) -> Result<(), S::Error>
    where
        S: Store + ?Sized,
        K: MacKey,
        M: Fn(&SymmetricKey) -> K,
    {
        for _ in 0..ATTEMPTS {
            let asked = now();
            let current = store.position()?;
            match self.feed.step(current) {
                FeedStep::Wait => {
                    self.feed.applied(current, asked);
                    return Ok(());
                }
                FeedStep::Load => {
                    let place = self.load(store, sealer, target)?;
                    self.feed.applied(place, asked);
                    return Ok(());
                }
                FeedStep::Read(after) => {
                    let place = self.read(store, sealer, after, target)?;
                    // tombstones that were removed while the rows were read
                    if place.purged > after || place.epoch != current.epoch {
                        self.feed.forget();
                    } else {
                        self.feed.applied(place, asked);
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn load<S, K>(
        &mut self,
        store: &S,
        sealer: &Sealer,
        target: &mut impl Target<K>,
    ) -> Result<Position, S::Error>
    where
        S: Store + ?Sized,
        K: MacKey,
        M: Fn(&SymmetricKey) -> K,
    {
        let mut seed = [0; 16];
        // without randomness the index hashes under a public key
        let _ = (self.seed)(&mut seed);
        let mut registry = Registry::with_seed(&seed);
        let mut applier = Applier::new();
        let mut provisioning = ProvisioningIndex::default();
        let mut each = |row: Row<'_>| {
            if let Some((entry, error)) = ProvisioningEntry::read(&row, sealer, &self.make) {
                provisioning.apply(entry);
                error.into_iter().for_each(|error| target.refused(&row.key(), error));
                return;
            }
            let (entry, unread) = Entry::read(&row, sealer, &self.make);
            let (_, unapplied) = applier.apply(entry, &mut registry);
            if let Some(error) = unread.or(unapplied) {
                target.refused(&row.key(), error);
            }
        };
        let place = store.changes(None, &mut each)?;
        self.applier = applier;
        target.load(registry);
        target.load_provisioning(provisioning);
        Ok(place)
    }

    fn read<S, K>(
        &mut self,
        store: &S,
        sealer: &Sealer,
        after: u64,
        target: &mut impl Target<K>,
    ) -> Result<Position, S::Error>
    where
        S: Store + ?Sized,
        K: MacKey,
        M: Fn(&SymmetricKey) -> K,
    {
        let (make, applier) = (&self.make, &mut self.applier);
        let mut entries = Vec::new();
        let mut each = |row: Row<'_>| {
            if let Some((entry, error)) = ProvisioningEntry::read(&row, sealer, make) {
                target.provisioning(entry);
                error.into_iter().for_each(|error| target.refused(&row.key(), error));
                return;
            }
            let (entry, error) = Entry::read(&row, sealer, make);
            if let Some(error) = error {
                target.refused(&row.key(), error);
            }
            entries.push(entry);
            if entries.len() >= TOGETHER {
                apply(applier, &mut entries, target);
            }
        };
        let place = store.changes(Some(after), &mut each)?;
        apply(applier, &mut entries, target);
        Ok(place)
    }
}

/// Applies entries under one lock, and rechecks their sessions after it.
fn apply<K: MacKey>(applier: &mut Applier, entries: &mut Vec<Entry<K>>, target: &mut impl Target<K>) {
    if entries.is_empty() {
        return;
    }
    let (mut all, mut refused) = (Vec::with_capacity(entries.len()), Vec::new());
    target.change(&mut |registry| {
        for entry in entries.drain(..) {
            let key = entry.key().clone();
            let (affected, error) = applier.apply(entry, registry);
            all.push(affected);
            refused.extend(error.map(|error| (key, error)));
        }
    });
    target.affected(all);
    for (key, error) in refused {
        target.refused(&key, error);
    }
}
