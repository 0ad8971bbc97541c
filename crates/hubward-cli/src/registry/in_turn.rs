//! Commits in the order of a file, of batches that are prepared at once.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::io;
use std::panic::catch_unwind;
use std::sync::{Condvar, Mutex, PoisonError};

use hubward_store::{Commit, Position, Row, RowKey, Store, StoreFailure, Write};

/// The end of an import whose code failed.
const HALF_WAY: &str = "the import failed half way";

/// The turn, of batches that are numbered from 0.
#[derive(Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The batch whose turn it is.
    now: u64,
    /// An earlier batch failed: no later one is written.
    failed: bool,
}

impl Turns {
    /// Waits for the turn of a batch.
    fn wait(&self, turn: u64) -> Result<(), StoreFailure> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self
            .changed
            .wait_while(state, |state| state.now < turn && !state.failed)
            .unwrap_or_else(PoisonError::into_inner);
        if state.failed {
            return Err(StoreFailure::new(io::Error::other("an earlier batch was not written")));
        }
        Ok(())
    }

    /// Writes a batch, and passes the turn on, after a panic too: the next batch would wait for ever.
    pub(super) fn take<T>(&self, turn: u64, write: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        let done = catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|_| Err(HALF_WAY.into()));
        // a batch without a change has not waited
        let done = self.wait(turn).map_err(|error| error.to_string()).and(done);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failed |= done.is_err();
        state.now = turn.saturating_add(1);
        drop(state);
        self.changed.notify_all();
        done
    }
}

/// A store that commits when it is the turn of a batch.
pub(super) struct InTurn<'s> {
    store: &'s dyn Store<Error = StoreFailure>,
    turns: &'s Turns,
    turn: u64,
}

impl<'s> InTurn<'s> {
    pub(super) fn new(store: &'s dyn Store<Error = StoreFailure>, turns: &'s Turns, turn: u64) -> Self {
        Self { store, turns, turn }
    }
}

impl Store for InTurn<'_> {
    type Error = StoreFailure;

    fn hub(&self) -> &str {
        self.store.hub()
    }
    fn position(&self) -> Result<Position, StoreFailure> {
        self.store.position()
    }
    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), StoreFailure> {
        self.store.read(keys, each)
    }
    fn commit(&self, writes: &[Write]) -> Result<Commit, StoreFailure> {
        self.turns.wait(self.turn)?;
        self.store.commit(writes)
    }
    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, StoreFailure> {
        self.store.changes(after, each)
    }
    fn wait(&self, at_most: Duration) -> Result<(), StoreFailure> {
        self.store.wait(at_most)
    }
    fn purge(&self, up_to: u64) -> Result<u64, StoreFailure> {
        self.store.purge(up_to)
    }
}
