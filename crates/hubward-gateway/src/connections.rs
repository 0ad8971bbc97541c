//! One connection per identity: a newer connection evicts the older one. With a shared registry the engine orders the
//! connections of all gateways.

use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hubward::types::Identity;
use hubward_store::{Claim, RowKey};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock;

/// Claims of a seat in quick succession that are not slowed: a client that reconnects.
const FREE: u32 = 3;
/// Claims further apart than this are not in quick succession.
const QUICK: Duration = Duration::from_secs(10);
/// The delay of the first claim that is slowed; each further one doubles it.
const DELAY: Duration = Duration::from_millis(100);
/// The longest delay.
const LONGEST: Duration = Duration::from_secs(5);
/// Rivals that are known before those of long ago are forgotten.
const RIVALS: usize = 10_000;

/// The identities that are connected.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    table: Arc<Mutex<Table>>,
    /// Set if other gateways have seats too.
    shared: bool,
    /// Notified of seats that are to be claimed.
    pub(crate) unclaimed: Notify,
}

#[derive(Debug, Default)]
struct Table {
    seats: HashMap<Box<str>, Held>,
    /// Numbers the seats, so that a late drop of an evicted seat does not free the seat of its successor.
    next: u64,
    /// Seats to claim, by their numbers here.
    unclaimed: BTreeMap<u64, Box<str>>,
    rivals: HashMap<Box<str>, (u32, Instant)>,
}

/// The seat of an identity on this gateway.
#[derive(Debug)]
struct Held {
    number: u64,
    evicted: CancellationToken,
    /// The number of its claim, if the engine has given it one.
    claim: Option<u64>,
    /// The highest number of a claim by any gateway that was seen.
    seen: u64,
}

/// The registration of an identity's connection; it is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    table: Arc<Mutex<Table>>,
    name: Box<str>,
    number: u64,
    evicted: CancellationToken,
}

impl Connections {
    /// Returns connections that other gateways have too.
    pub(crate) fn shared() -> Self {
        Self { shared: true, ..Self::default() }
    }

    /// Registers a connection of the identity, and evicts its former connection.
    pub(crate) fn take(&self, identity: &Identity<'_>) -> Seat {
        let (name, now) = (name(identity), clock::stopwatch());
        let evicted = CancellationToken::new();
        let mut table = lock(&self.table);
        let number = table.next;
        table.next = table.next.saturating_add(1);
        if self.shared {
            table.unclaimed.insert(number, name.clone());
        }
        let held = Held { number, evicted: evicted.clone(), claim: None, seen: 0 };
        if let Some(former) = table.seats.insert(name.clone(), held) {
            table.unclaimed.remove(&former.number);
            table.rival(&name, None, now);
            former.evicted.cancel();
        }
        drop(table);
        self.unclaimed.notify_one();
        Seat { table: Arc::clone(&self.table), name, number, evicted }
    }

    /// Returns the time that a new connection of an identity has to wait, because others were in quick succession.
    pub(crate) fn delay(&self, identity: &Identity<'_>) -> Duration {
        let table = lock(&self.table);
        match table.rivals.get(&name(identity)) {
            Some((count, last)) if last.elapsed() < QUICK => slowed(*count),
            _ => Duration::ZERO,
        }
    }

    /// Waits if others of the identity were in quick succession.
    pub(crate) async fn slow(&self, identity: &Identity<'_>) {
        let delay = self.delay(identity);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    /// Returns the seats to claim; each is returned once.
    pub(crate) fn take_unclaimed(&self) -> Vec<(u64, Box<str>)> {
        core::mem::take(&mut lock(&self.table).unclaimed).into_iter().collect()
    }

    /// Notes that seats were claimed: their numbers here, their names, and the numbers of their claims.
    pub(crate) fn claimed(&self, seats: &[(u64, Box<str>)], claims: &[u64]) {
        let mut table = lock(&self.table);
        for ((number, name), claim) in seats.iter().zip(claims) {
            if let Some(held) = table.seats.get_mut(name).filter(|held| held.number == *number) {
                held.claim = Some(*claim);
                table.evict_older(name);
            }
        }
    }

    /// Ends the connections whose seats were not claimed, and those that wait to be. A later claim could come after one of a newer
    /// connection on another gateway, and evict that.
    pub(crate) fn not_claimed(&self, seats: &[(u64, Box<str>)]) {
        let mut table = lock(&self.table);
        let waiting = core::mem::take(&mut table.unclaimed);
        for (number, name) in seats.iter().map(|(number, name)| (number, name)).chain(&waiting) {
            if table.seats.get(name).is_some_and(|held| held.number == *number) {
                table.evict(name);
            }
        }
    }

    /// Notes a claim by any gateway, and evicts an older connection.
    pub(crate) fn observed(&self, claim: &Claim<'_>) {
        let mut table = lock(&self.table);
        if claim.rivals > 0 {
            table.rival(claim.name, Some(claim.rivals), clock::stopwatch());
        }
        if let Some(held) = table.seats.get_mut(claim.name) {
            held.seen = held.seen.max(claim.number);
            table.evict_older(claim.name);
        }
    }

    /// Returns the claims of this gateway.
    pub(crate) fn claims(&self) -> Vec<(Box<str>, u64)> {
        let table = lock(&self.table);
        table.seats.iter().filter_map(|(name, held)| Some((name.clone(), held.claim?))).collect()
    }

    /// Returns whether an identity is connected here.
    pub(crate) fn has(&self, identity: &Identity<'_>) -> bool {
        lock(&self.table).seats.contains_key(&name(identity))
    }

    /// Returns the number of connected identities.
    pub(crate) fn len(&self) -> usize {
        lock(&self.table).seats.len()
    }
}

impl Table {
    fn evict_older(&mut self, name: &str) {
        let older = |held: &Held| held.claim.is_some_and(|claim| claim < held.seen);
        if self.seats.get(name).is_some_and(older) {
            self.evict(name);
        }
    }

    fn evict(&mut self, name: &str) {
        if let Some(held) = self.seats.remove(name) {
            held.evicted.cancel();
        }
    }

    /// Counts a claim in quick succession.
    fn rival(&mut self, name: &str, count: Option<u32>, now: Instant) {
        let quick = |last: &Instant| now.saturating_duration_since(*last) < QUICK;
        if self.rivals.len() >= RIVALS {
            self.rivals.retain(|_, (_, last)| quick(last));
        }
        let known = self.rivals.entry(name.into()).or_insert((0, now));
        let before = if quick(&known.1) { known.0 } else { 0 };
        *known = (count.map_or_else(|| before.saturating_add(1), |count| count.max(before)), now);
    }
}

/// Returns the delay after this number of claims in quick succession.
fn slowed(count: u32) -> Duration {
    match count.checked_sub(FREE) {
        None | Some(0) => Duration::ZERO,
        Some(more) => DELAY.saturating_mul(1 << more.saturating_sub(1).min(10)).min(LONGEST),
    }
}

fn name(identity: &Identity<'_>) -> Box<str> {
    match identity {
        // policies have no seats, and their names may be those of devices
        Identity::Policy(_) => identity.to_string().into(),
        _ => RowKey::of(identity).map_or_else(Box::default, |key| key.name),
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
        table.unclaimed.remove(&self.number);
        if table.seats.get(&self.name).is_some_and(|held| held.number == self.number) {
            table.seats.remove(&self.name);
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

    fn dev1() -> Identity<'static> {
        Identity::Device(DeviceId::parse("dev1").unwrap())
    }

    fn claim(number: u64) -> Claim<'static> {
        Claim { name: "dev1", number, rivals: 0 }
    }

    #[test]
    fn the_newer_evicts_and_the_older_frees_nothing() {
        let connections = Connections::default();
        let first = connections.take(&dev1());
        assert!(!first.evicted.is_cancelled());
        let second = connections.take(&dev1());
        assert!(first.evicted.is_cancelled() && !second.evicted.is_cancelled());
        drop(first);
        assert_eq!(connections.len(), 1);
        drop(second);
        assert_eq!(connections.len(), 0);
        assert!(connections.take_unclaimed().is_empty(), "no other gateway");
    }

    #[test]
    fn a_newer_claim_of_another_gateway_evicts_in_any_order_of_the_answers() {
        let connections = Connections::shared();
        for (own, other, seen_first, evicted) in
            [(5, 6, true, true), (5, 6, false, true), (7, 6, true, false), (7, 6, false, false)]
        {
            let seat = connections.take(&dev1());
            let seats = connections.take_unclaimed();
            assert_eq!(seats.len(), 1);
            if seen_first {
                connections.observed(&claim(other));
                assert!(!seat.evicted.is_cancelled(), "its own claim may be newer");
                connections.claimed(&seats, &[own]);
            } else {
                connections.claimed(&seats, &[own]);
                connections.observed(&claim(own));
                connections.observed(&claim(other));
            }
            assert_eq!(seat.evicted.is_cancelled(), evicted, "{own} {other} {seen_first}");
            assert_eq!(connections.has(&dev1()), !evicted);
            assert_eq!(connections.claims().len(), usize::from(!evicted));
        }
    }

    #[test]
    fn a_connection_whose_seat_cannot_be_claimed_ends() {
        let connections = Connections::shared();
        let failed = connections.take(&dev1());
        let seats = connections.take_unclaimed();
        let other = Identity::Device(DeviceId::parse("dev2").unwrap());
        let waiting = connections.take(&other);
        connections.not_claimed(&seats);
        assert!(failed.evicted.is_cancelled() && waiting.evicted.is_cancelled());
        assert!(connections.take_unclaimed().is_empty() && connections.len() == 0);
        // a successor whose seat is claimed is not meant
        let newer = connections.take(&dev1());
        connections.claimed(&connections.take_unclaimed(), &[5]);
        connections.not_claimed(&seats);
        assert!(!newer.evicted.is_cancelled());
        // an older connection's claim says nothing of its successor
        let (older, newer) = (connections.take(&dev1()), connections.take(&dev1()));
        assert!(older.evicted.is_cancelled());
        let seats = connections.take_unclaimed();
        assert_eq!(seats.len(), 1);
        connections.claimed(&[(seats[0].0 - 1, "dev1".into())], &[9]);
        assert!(connections.claims().is_empty() && !newer.evicted.is_cancelled());
    }

    #[test]
    fn rivals_are_slowed_more_and_more_and_a_client_that_reconnects_is_not() {
        let connections = Connections::shared();
        let mut delays = vec![connections.delay(&dev1())];
        let mut seat = connections.take(&dev1());
        for _ in 0..12 {
            drop(core::mem::replace(&mut seat, connections.take(&dev1())));
            delays.push(connections.delay(&dev1()));
        }
        assert_eq!(delays[..4], [Duration::ZERO; 4]);
        assert_eq!(delays[4..7], [DELAY, DELAY * 2, DELAY * 4]);
        assert_eq!(delays.last(), Some(&LONGEST));
        // those of other gateways count too
        let other = Identity::Device(DeviceId::parse("dev2").unwrap());
        assert_eq!(connections.delay(&other), Duration::ZERO);
        connections.observed(&Claim { name: "dev2", number: 1, rivals: 5 });
        assert_eq!(connections.delay(&other), DELAY * 2);
        for number in 0..2 * RIVALS {
            connections.observed(&Claim { name: &number.to_string(), number: 1, rivals: 1 });
        }
    }
}
