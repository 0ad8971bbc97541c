//! One connection per identity: a newer connection evicts the older one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubward::types::Identity;
use tokio_util::sync::CancellationToken;

/// The identities that are connected.
#[derive(Debug, Default)]
pub(crate) struct Connections(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    seats: HashMap<Box<str>, (u64, CancellationToken)>,
    /// Numbers the seats, so that a late drop of an evicted seat does not free the seat of its successor.
    next: u64,
}

/// The registration of an identity's connection; it is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    table: Arc<Mutex<Table>>,
    who: Box<str>,
    number: u64,
    evicted: CancellationToken,
}

impl Connections {
    /// Registers a connection of the identity, and evicts its former connection.
    pub(crate) fn take(&self, identity: &Identity<'_>) -> Seat {
        let who: Box<str> = identity.to_string().into();
        let evicted = CancellationToken::new();
        let mut table = lock(&self.0);
        let number = table.next;
        table.next = table.next.saturating_add(1);
        let former = table.seats.insert(who.clone(), (number, evicted.clone()));
        drop(table);
        if let Some((_, former)) = former {
            former.cancel();
        }
        Seat { table: Arc::clone(&self.0), who, number, evicted }
    }

    /// Returns whether an identity is connected.
    pub(crate) fn has(&self, identity: &Identity<'_>) -> bool {
        lock(&self.0).seats.contains_key(identity.to_string().as_str())
    }

    /// Returns the number of connected identities.
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).seats.len()
    }
}

impl Seat {
    /// Waits until a newer connection of the same identity evicts this one.
    pub(crate) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        if table.seats.get(&self.who).is_some_and(|(number, _)| *number == self.number) {
            table.seats.remove(&self.who);
        }
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    // no holder of the lock can panic half way
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hubward::types::DeviceId;

    #[test]
    fn the_newer_evicts_and_the_older_frees_nothing() {
        let connections = Connections::default();
        let dev1 = Identity::Device(DeviceId::parse("dev1").unwrap());
        let first = connections.take(&dev1);
        assert!(!first.evicted.is_cancelled());
        let second = connections.take(&dev1);
        assert!(first.evicted.is_cancelled() && !second.evicted.is_cancelled());
        drop(first);
        assert_eq!(connections.len(), 1);
        drop(second);
        assert_eq!(connections.len(), 0);
    }
}
