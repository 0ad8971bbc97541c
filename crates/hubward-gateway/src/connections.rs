//! One connection per identity: the newer one evicts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubward::types::Identity;
use tokio_util::sync::CancellationToken;

/// Who is connected.
#[derive(Debug, Default)]
pub(crate) struct Connections(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    seats: HashMap<Box<str>, (u64, CancellationToken)>,
    /// Numbers seats, so that one which is left late does not free its successor's.
    next: u64,
}

/// An identity's place; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    table: Arc<Mutex<Table>>,
    who: Box<str>,
    number: u64,
    evicted: CancellationToken,
}

impl Connections {
    /// Takes the identity's place; whoever had it is evicted.
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

    /// Whether an identity is connected.
    pub(crate) fn has(&self, identity: &Identity<'_>) -> bool {
        lock(&self.0).seats.contains_key(identity.to_string().as_str())
    }

    /// How many are connected.
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).seats.len()
    }
}

impl Seat {
    /// Waits until a newer connection of the same identity has the place.
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
    // nothing that holds the lock can stop half way
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
