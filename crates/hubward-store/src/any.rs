//! Stores of different engines under one type.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::row::{Row, RowKey};
use crate::seats::{Claim, SeatPlace, Seats};
use crate::store::{Commit, Position, Store, Write};

/// A store of any engine.
pub type AnyStore = Arc<dyn Store<Error = StoreFailure>>;

/// The seats of an engine that several gateways share.
pub type AnySeats = Arc<dyn Seats<Error = StoreFailure>>;

/// The error of a store of any engine.
pub struct StoreFailure(Box<dyn core::error::Error + Send + Sync>);

impl StoreFailure {
    /// Takes the error of an engine.
    #[must_use]
    pub fn new(error: impl core::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl core::error::Error for StoreFailure {}

/// Returns a store as one of any engine.
///
/// ```
/// use hubward_store::{AnyStore, MemoryStore, any};
///
/// let store: AnyStore = any(MemoryStore::new("hub.example"));
/// assert_eq!(store.position()?.change, 0);
/// # Ok::<(), hubward_store::StoreFailure>(())
/// ```
pub fn any(store: impl Store + 'static) -> AnyStore {
    Arc::new(Wrapped(Arc::new(store)))
}

/// Returns a store that has seats too.
pub fn any_shared<S: Store + Seats + 'static>(store: S) -> (AnyStore, AnySeats) {
    let store = Arc::new(store);
    (Arc::new(Wrapped(Arc::clone(&store))), Arc::new(Wrapped(store)))
}

struct Wrapped<S>(Arc<S>);

impl<S: Seats> Seats for Wrapped<S> {
    type Error = StoreFailure;

    fn claim(&self, names: &[&str]) -> Result<Vec<u64>, StoreFailure> {
        self.0.claim(names).map_err(StoreFailure::new)
    }
    fn restore(&self, claims: &[(&str, u64)]) -> Result<(), StoreFailure> {
        self.0.restore(claims).map_err(StoreFailure::new)
    }
    fn claims(&self, after: Option<u64>, each: &mut dyn FnMut(Claim<'_>)) -> Result<SeatPlace, StoreFailure> {
        self.0.claims(after, each).map_err(StoreFailure::new)
    }
    fn wait_for_claims(&self, at_most: Duration) -> Result<(), StoreFailure> {
        self.0.wait_for_claims(at_most).map_err(StoreFailure::new)
    }
}

impl<S: Store> Store for Wrapped<S> {
    type Error = StoreFailure;

    fn hub(&self) -> &str {
        self.0.hub()
    }
    fn position(&self) -> Result<Position, StoreFailure> {
        self.0.position().map_err(StoreFailure::new)
    }
    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), StoreFailure> {
        self.0.read(keys, each).map_err(StoreFailure::new)
    }
    fn commit(&self, writes: &[Write]) -> Result<Commit, StoreFailure> {
        self.0.commit(writes).map_err(StoreFailure::new)
    }
    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, StoreFailure> {
        self.0.changes(after, each).map_err(StoreFailure::new)
    }
    fn wait(&self, at_most: Duration) -> Result<(), StoreFailure> {
        self.0.wait(at_most).map_err(StoreFailure::new)
    }
    fn purge(&self, up_to: u64) -> Result<u64, StoreFailure> {
        self.0.purge(up_to).map_err(StoreFailure::new)
    }
}
