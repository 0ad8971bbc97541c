//! Limits how many connections an address may open in a second, before their handshakes: a handshake costs more than
//! everything after it.

use core::net::IpAddr;
use core::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::limits::network;

/// The number of addresses that are counted.
const ADDRESSES: usize = 16 * 1024;

/// The connections of each address, of each /64 prefix over IPv6.
#[derive(Debug)]
pub(crate) struct Addresses(Mutex<Option<(Quota, DefaultKeyedRateLimiter<IpAddr>)>>);

impl Addresses {
    /// Returns an empty table of addresses that may open `each_second` connections in a second; 0 is no limit.
    pub(crate) fn new(each_second: u32) -> Self {
        Self(Mutex::new(table(each_second)))
    }

    /// Changes the number; the count of each address begins anew.
    pub(crate) fn set(&self, each_second: u32) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = table(each_second);
    }

    /// Counts a connection of an address, and returns whether it may be served.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((quota, limiter)) = &mut *table else { return true };
        if limiter.len() >= ADDRESSES {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        if limiter.len() >= ADDRESSES {
            // so many addresses at once are an attack that this table does not stop: clear it, to bound its memory
            *limiter = RateLimiter::keyed(*quota);
        }
        limiter.check_key(&network(address)).is_ok()
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.lock().unwrap().as_ref().map_or(0, |(_, limiter)| limiter.len())
    }
}

fn table(each_second: u32) -> Option<(Quota, DefaultKeyedRateLimiter<IpAddr>)> {
    let quota = NonZeroU32::new(each_second).map(Quota::per_second);
    quota.map(|quota| (quota, RateLimiter::keyed(quota)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_quota_and_a_prefix_shares_one() {
        let addresses = Addresses::new(3);
        let allowed = |text: &str| addresses.allows(text.parse().unwrap());
        // a slow machine may have replenished one meanwhile
        let burst = (0..100).filter(|_| allowed("192.0.2.1")).count();
        assert!((3..20).contains(&burst), "{burst}");
        assert!(allowed("192.0.2.2"));
        let burst = (0..100).filter(|n| allowed(&format!("2001:db8::{n}"))).count();
        assert!((3..20).contains(&burst), "{burst}");
        assert!(allowed("2001:db8:0:1::1"));
    }

    #[test]
    fn a_changed_number_counts_at_once() {
        let addresses = Addresses::new(1);
        let address = "192.0.2.1".parse().unwrap();
        while addresses.allows(address) {}
        addresses.set(0);
        assert!((0..1000).all(|_| addresses.allows(address)));
        addresses.set(1);
        assert!((0..1000).any(|_| !addresses.allows(address)));
    }

    #[test]
    fn zero_is_no_limit() {
        let addresses = Addresses::new(0);
        assert!((0..10_000).all(|_| addresses.allows("192.0.2.1".parse().unwrap())));
    }

    #[test]
    fn memory_is_bounded() {
        let addresses = Addresses::new(1);
        for n in 0..50_000_u32 {
            let _ = addresses.allows(core::net::Ipv4Addr::from_bits(n).into());
        }
        assert!(addresses.len() <= ADDRESSES);
    }
}
