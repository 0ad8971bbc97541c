//! Slots for connections. Peers that are not authenticated share a part of them, and a new peer displaces the oldest of
//! these: they cannot exhaust the connections of devices.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The connection slots of a gateway.
#[derive(Debug, Clone)]
pub(crate) struct Slots(Arc<Mutex<Table>>);

#[derive(Debug)]
struct Table {
    /// The number of open connections.
    taken: usize,
    most: usize,
    /// The cancellation tokens of connections that are not authenticated, the oldest first.
    unauthenticated: BTreeMap<u64, CancellationToken>,
    most_unauthenticated: usize,
    next: u64,
}

/// The slot of a connection. It is free again when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Slot(Arc<SlotInner>);

#[derive(Debug)]
struct SlotInner {
    slots: Slots,
    number: u64,
    displaced: CancellationToken,
}

impl Slots {
    /// Returns slots for `most` connections, of which at most `most_unauthenticated` are not authenticated.
    pub(crate) fn new(most: usize, most_unauthenticated: usize) -> Self {
        let unauthenticated = BTreeMap::new();
        Self(Arc::new(Mutex::new(Table { taken: 0, most, unauthenticated, most_unauthenticated, next: 0 })))
    }

    /// Changes the numbers. Connections that are open stay; new ones follow the new numbers.
    pub(crate) fn set(&self, most: usize, most_unauthenticated: usize) {
        let mut table = self.lock();
        (table.most, table.most_unauthenticated) = (most, most_unauthenticated);
    }

    /// Returns a slot for a new connection. If none is free, it displaces the oldest connection that is not authenticated;
    /// `None` if there is no such connection.
    pub(crate) fn take(&self) -> Option<Slot> {
        let mut table = self.lock();
        let crowded = table.taken >= table.most;
        if crowded || table.unauthenticated.len() >= table.most_unauthenticated {
            match table.unauthenticated.pop_first() {
                Some((_, displaced)) => displaced.cancel(),
                None if crowded => return None,
                None => {}
            }
        }
        // displaced connections may still be open; bound the new ones meanwhile
        if table.taken >= table.most.saturating_mul(2) {
            return None;
        }
        let (number, displaced) = (table.next, CancellationToken::new());
        table.next = table.next.saturating_add(1);
        table.taken = table.taken.saturating_add(1);
        table.unauthenticated.insert(number, displaced.clone());
        drop(table);
        Some(Slot(Arc::new(SlotInner { slots: self.clone(), number, displaced })))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // no holder of the lock can panic half way
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Marks the connection as authenticated: it cannot be displaced from then on.
    pub(crate) fn set_authenticated(&self) {
        self.0.slots.lock().unauthenticated.remove(&self.0.number);
    }

    /// Returns whether the connection is authenticated.
    pub(crate) fn is_authenticated(&self) -> bool {
        !self.0.displaced.is_cancelled() && !self.0.slots.lock().unauthenticated.contains_key(&self.0.number)
    }

    /// Waits until a new connection displaces this one.
    pub(crate) async fn displaced(&self) {
        self.0.displaced.cancelled().await;
    }

    /// Returns the only slot of a table.
    #[cfg(test)]
    pub(crate) fn alone() -> Self {
        Slots::new(1, 1).take().unwrap()
    }
}

impl Drop for SlotInner {
    fn drop(&mut self) {
        let mut table = self.slots.lock();
        table.taken = table.taken.saturating_sub(1);
        table.unauthenticated.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_displaced(slot: &Slot) -> bool {
        slot.0.displaced.is_cancelled()
    }

    #[test]
    fn the_oldest_unauthenticated_connection_is_displaced() {
        let slots = Slots::new(3, 2);
        let (device, first, second) = (slots.take().unwrap(), slots.take().unwrap(), slots.take().unwrap());
        assert!(is_displaced(&device), "two slots are for peers that are not authenticated");
        drop(device);
        first.set_authenticated();
        assert!(first.is_authenticated() && !second.is_authenticated());
        let third = slots.take().unwrap();
        assert!(!is_displaced(&first) && !is_displaced(&second));
        // all slots are taken
        let fourth = slots.take().unwrap();
        assert!(!is_displaced(&first) && is_displaced(&second) && !is_displaced(&third));
        third.set_authenticated();
        fourth.set_authenticated();
        drop(second);
        assert!(slots.take().is_none(), "every connection is authenticated");
        drop(fourth);
        assert!(slots.take().is_some());
    }

    #[test]
    fn changed_numbers_are_for_new_connections() {
        let slots = Slots::new(1, 1);
        let first = slots.take().unwrap();
        first.set_authenticated();
        assert!(slots.take().is_none());
        slots.set(2, 1);
        let second = slots.take().unwrap();
        second.set_authenticated();
        slots.set(1, 1);
        assert!(slots.take().is_none() && !is_displaced(&first) && !is_displaced(&second));
    }

    #[test]
    fn open_connections_are_bounded_before_the_displaced_ones_close() {
        let slots = Slots::new(2, 2);
        let all: Vec<_> = core::iter::from_fn(|| slots.take()).take(100).collect();
        assert_eq!(all.len(), 4);
        assert!(!all.iter().any(Slot::is_authenticated));
    }
}
