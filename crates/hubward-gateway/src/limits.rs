//! Limits on the resources of peers, and the delays of refusals.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Limits on the resources that peers may use. Durations are in seconds on the command line.
///
/// ```
/// let limits = hubward_gateway::Limits { max_connections: 500, ..Default::default() };
/// assert_eq!(limits.max_unproven, 2_000);
/// ```
#[derive(Debug, Clone, Copy, Args)]
#[expect(clippy::exhaustive_structs, reason = "an embedder fills in all of it")]
pub struct Limits {
    /// Connections of all transports together. At the limit a new connection closes the oldest one that is not
    /// authenticated; if all are authenticated, the new one is closed before its handshake.
    #[arg(long, default_value_t = 10_000)]
    pub max_connections: usize,
    /// Connections that are not authenticated yet, of all transports together: a new one closes the oldest.
    #[arg(long, default_value_t = 2_000)]
    pub max_unproven: usize,
    /// Connections that an address may open in a second, a /64 prefix over IPv6; more are closed before their handshake.
    /// 0 for no limit.
    #[arg(long, default_value_t = 1_000)]
    pub connections_per_address: u32,
    /// Seconds that a TLS handshake may take.
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub handshake_timeout: Duration,
    /// Seconds from the handshake to a complete CONNECT, or to the head of a request.
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub connect_timeout: Duration,
    /// Seconds that a peer may take to accept what is sent to it.
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub write_timeout: Duration,
    /// Largest delay of a refusal's answer in seconds; 0 for no delay.
    #[arg(long, default_value = "1", value_parser = seconds)]
    pub refusal_delay: Duration,
    /// Seconds from SIGTERM for which everything is served and `/readyz` answers 503, so that a load balancer turns to
    /// another gateway.
    #[arg(long, default_value = "0", value_parser = seconds)]
    pub drain_notice: Duration,
    /// Seconds after that for which nothing new is accepted, and open sessions go on until they end by themselves.
    #[arg(long, default_value = "0", value_parser = seconds)]
    pub drain_sessions: Duration,
    /// Seconds that connections have to end when the gateway stops.
    #[arg(long, default_value = "5", value_parser = seconds)]
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self {
            max_connections: 10_000,
            max_unproven: 2_000,
            connections_per_address: 1_000,
            handshake_timeout: ten,
            connect_timeout: ten,
            write_timeout: ten,
            refusal_delay: Duration::from_secs(1),
            drain_notice: Duration::ZERO,
            drain_sessions: Duration::ZERO,
            drain_timeout: Duration::from_secs(5),
        }
    }
}

pub(crate) fn seconds(text: &str) -> Result<Duration, core::num::ParseFloatError> {
    // a number that is not a duration becomes 0: the peer has no time
    text.parse().map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// Bytes of a packet before authentication: two ids, a host, a query and a token of 4 KiB.
pub(crate) const CONNECT_BYTES: usize = 8 * 1024;
/// Bytes of a packet: a message of 256 KiB, the limit of a hub, and its envelope.
pub(crate) const PACKET_BYTES: u32 = 260 * 1024;
/// The longest keep-alive in seconds that a hub grants.
pub(crate) const LONGEST_KEEP_ALIVE: u16 = 1767;

/// The number of addresses whose refusals are counted.
pub(crate) const ADDRESSES: usize = 4096;
/// Refusals of an address that are not delayed.
const FREE: u32 = 4;
/// The time without a refusal after which the refusals of an address are forgotten.
const WHILE: Duration = Duration::from_secs(60);
/// The first delay; it doubles with each refusal.
const FIRST: Duration = Duration::from_millis(50);
/// Refusals that may be delayed at one time. Further ones are answered at once: many delayed peers would take the
/// connections of others.
const WAITING: usize = 512;

/// Delays the answers to refused peers, longer each time. Only refusals are delayed: a peer that is authenticated from
/// the same address is not.
#[derive(Debug)]
pub(crate) struct Refusals {
    seen: Mutex<HashMap<IpAddr, Seen>>,
    longest: Mutex<Duration>,
    waiting: Arc<Semaphore>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    refusals: u32,
    last: Instant,
}

impl Refusals {
    /// Returns an empty table; `longest` is the longest delay.
    pub(crate) fn new(longest: Duration) -> Self {
        let (seen, longest) = (Mutex::new(HashMap::new()), Mutex::new(longest));
        Self { seen, longest, waiting: Arc::new(Semaphore::new(WAITING)) }
    }

    /// Changes the longest delay.
    pub(crate) fn set_longest(&self, longest: Duration) {
        *self.longest.lock().unwrap_or_else(PoisonError::into_inner) = longest;
    }

    /// Counts a refusal and delays it; returns whether there was a delay.
    pub(crate) async fn slow(&self, address: IpAddr) -> bool {
        let delay = self.count(address, Instant::now());
        if delay.is_zero() {
            return false;
        }
        let Ok(_permit) = self.waiting.try_acquire() else { return false };
        tokio::time::sleep(delay).await;
        true
    }

    fn count(&self, address: IpAddr, now: Instant) -> Duration {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= ADDRESSES {
            seen.retain(|_, seen| now.saturating_duration_since(seen.last) < WHILE);
        }
        if seen.len() >= ADDRESSES {
            // so many addresses at once are an attack: clear the table, to bound its memory
            seen.clear();
        }
        let entry = seen.entry(network(address)).or_insert(Seen { refusals: 0, last: now });
        if now.saturating_duration_since(entry.last) >= WHILE {
            entry.refusals = 0;
        }
        *entry = Seen { refusals: entry.refusals.saturating_add(1), last: now };
        match entry.refusals.checked_sub(FREE.saturating_add(1)) {
            None => Duration::ZERO,
            Some(more) => {
                let longest = *self.longest.lock().unwrap_or_else(PoisonError::into_inner);
                FIRST.saturating_mul(2_u32.saturating_pow(more)).min(longest)
            }
        }
    }
}

/// Returns the network of an address: the owner of one IPv6 address has all addresses of its /64 prefix.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_to_a_limit_and_are_forgotten() {
        let refusals = Refusals::new(Duration::from_secs(1));
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let now = Instant::now();
        let delays: Vec<_> = (0..12).map(|_| refusals.count(address, now).as_millis()).collect();
        assert_eq!(delays, [0, 0, 0, 0, 50, 100, 200, 400, 800, 1000, 1000, 1000]);
        assert_eq!(refusals.count("192.0.2.2".parse().unwrap(), now), Duration::ZERO, "another address");
        refusals.set_longest(Duration::from_millis(300));
        assert_eq!(refusals.count(address, now).as_millis(), 300);
        assert_eq!(refusals.count(address, now + WHILE), Duration::ZERO, "forgotten");
    }

    #[test]
    fn addresses_of_one_ipv6_prefix_are_counted_together() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:0:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn memory_is_bounded() {
        let refusals = Refusals::new(Duration::from_secs(1));
        let now = Instant::now();
        for n in 0..10_000_u32 {
            let _ = refusals.count(core::net::Ipv4Addr::from_bits(n).into(), now);
        }
        assert!(refusals.seen.lock().unwrap().len() <= ADDRESSES);
    }
}
