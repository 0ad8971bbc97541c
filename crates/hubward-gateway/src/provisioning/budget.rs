//! The budget of each address for the verification of registrations: a token may be tried with the keys of many groups.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::limits::{ADDRESSES, network};

/// Verifications that an address may have at once.
const BURST: u32 = 400;
/// The time in which one more is allowed.
const EACH: Duration = Duration::from_millis(20);

/// Counts the verifications of each address.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// The time at which the whole budget of an address is there again.
    full: Mutex<HashMap<IpAddr, Instant>>,
}

impl Budget {
    /// Takes one verification of an address; returns `false` if it has none left.
    pub(crate) fn take(&self, address: IpAddr) -> bool {
        self.take_at(address, Instant::now())
    }

    fn take_at(&self, address: IpAddr, now: Instant) -> bool {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if full.len() >= ADDRESSES {
            full.retain(|_, full| *full > now);
        }
        if full.len() >= ADDRESSES {
            // so many addresses at once are an attack: clear the table, to bound its memory
            full.clear();
        }
        let entry = full.entry(network(address)).or_insert(now);
        let next = (*entry).max(now).checked_add(EACH).unwrap_or(now);
        let allowed = next.saturating_duration_since(now) <= EACH.saturating_mul(BURST);
        if allowed {
            *entry = next;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_of_one_address_and_comes_back() {
        let budget = Budget::default();
        let (one, other): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let now = Instant::now();
        assert!((0..BURST).all(|_| budget.take_at(one, now)));
        assert!(!budget.take_at(one, now) && budget.take_at(other, now));
        let later = now + EACH;
        assert!(budget.take_at(one, later) && !budget.take_at(one, later));
        assert!((0..BURST).all(|_| budget.take_at(one, later + EACH * BURST)));
    }

    #[test]
    fn one_owner_of_an_ipv6_network_has_one_budget() {
        let budget = Budget::default();
        let now = Instant::now();
        let at = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, host]);
        assert!((0..400_u16).all(|host| budget.take_at(at(host), now)));
        assert!(!budget.take_at(at(9999), now));
    }
}
