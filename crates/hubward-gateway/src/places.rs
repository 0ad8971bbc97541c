//! Places for connections. Peers that are not proven share a part of them, and the one that has waited longest gives way:
//! strangers cannot keep devices out by being there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The places of a gateway.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Mutex<Table>>);

#[derive(Debug)]
struct Table {
    /// Connections that are open.
    taken: usize,
    most: usize,
    /// Of those that are not proven, how each is told to give way, the oldest first.
    strangers: BTreeMap<u64, CancellationToken>,
    most_strangers: usize,
    next: u64,
}

/// A connection's place. It is free again when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Place(Arc<Held>);

#[derive(Debug)]
struct Held {
    places: Places,
    number: u64,
    gives_way: CancellationToken,
}

impl Places {
    /// So many places, of which so many are for peers that are not proven.
    pub(crate) fn new(most: usize, most_strangers: usize) -> Self {
        let strangers = BTreeMap::new();
        Self(Arc::new(Mutex::new(Table { taken: 0, most, strangers, most_strangers, next: 0 })))
    }

    /// A place for a newcomer. Where there is none for it, the stranger that came first gives way; `None` where there is
    /// no such stranger.
    pub(crate) fn take(&self) -> Option<Place> {
        let mut table = self.lock();
        let crowded = table.taken >= table.most;
        if crowded || table.strangers.len() >= table.most_strangers {
            match table.strangers.pop_first() {
                Some((_, gives_way)) => gives_way.cancel(),
                None if crowded => return None,
                None => {}
            }
        }
        // those that give way are not gone yet; newcomers do not pile up meanwhile
        if table.taken >= table.most.saturating_mul(2) {
            return None;
        }
        let (number, gives_way) = (table.next, CancellationToken::new());
        table.next = table.next.saturating_add(1);
        table.taken = table.taken.saturating_add(1);
        table.strangers.insert(number, gives_way.clone());
        drop(table);
        Some(Place(Arc::new(Held { places: self.clone(), number, gives_way })))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // nothing that holds the lock can stop half way
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The peer has proven who it is, and gives way to no stranger any more.
    pub(crate) fn proven(&self) {
        self.0.places.lock().strangers.remove(&self.0.number);
    }

    /// Whether it has.
    pub(crate) fn is_proven(&self) -> bool {
        !self.0.gives_way.is_cancelled() && !self.0.places.lock().strangers.contains_key(&self.0.number)
    }

    /// Waits until the peer has to give way.
    pub(crate) async fn gives_way(&self) {
        self.0.gives_way.cancelled().await;
    }

    /// A place where there is no other.
    #[cfg(test)]
    pub(crate) fn alone() -> Self {
        Places::new(1, 1).take().unwrap()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut table = self.places.lock();
        table.taken = table.taken.saturating_sub(1);
        table.strangers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes(place: &Place) -> bool {
        place.0.gives_way.is_cancelled()
    }

    #[test]
    fn the_stranger_that_came_first_gives_way_and_the_proven_stay() {
        let places = Places::new(3, 2);
        let (device, first, second) =
            (places.take().unwrap(), places.take().unwrap(), places.take().unwrap());
        assert!(goes(&device), "the share of strangers is two");
        drop(device);
        first.proven();
        assert!(first.is_proven() && !second.is_proven());
        let third = places.take().unwrap();
        assert!(!goes(&first) && !goes(&second));
        // all are taken
        let fourth = places.take().unwrap();
        assert!(!goes(&first) && goes(&second) && !goes(&third));
        third.proven();
        fourth.proven();
        drop(second);
        assert!(places.take().is_none(), "nobody gives way");
        drop(fourth);
        assert!(places.take().is_some());
    }

    #[test]
    fn newcomers_do_not_pile_up() {
        let places = Places::new(2, 2);
        let all: Vec<_> = core::iter::from_fn(|| places.take()).take(100).collect();
        assert_eq!(all.len(), 4);
        assert!(!all.iter().any(Place::is_proven));
    }
}
