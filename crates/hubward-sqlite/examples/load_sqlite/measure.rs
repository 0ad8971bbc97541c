//! Fills a store with devices, and measures how long an index takes to load.

use core::error::Error;
use core::time::Duration;
use std::time::Instant;

use hubward::registry::{Authentication, Change, NoEntropy, Registry, SymmetricKeys};
use hubward::types::{DeviceId, Identity};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    Affected, Expected, FeedTimes, Follower, RowError, RowKey, Sealer, Store, Target, Write, identity_row,
};

/// Fills a buffer from a counter. These keys protect nothing.
fn counted(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    use core::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(1);
    for chunk in buffer.chunks_mut(8) {
        let count = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        chunk.copy_from_slice(count.get(..chunk.len()).unwrap_or_default());
    }
    Ok(())
}

struct Index(Registry<HmacKey>);

impl Target<HmacKey> for Index {
    fn load(&mut self, registry: Registry<HmacKey>) {
        self.0 = registry;
    }
    fn change(&mut self, apply: &mut dyn FnMut(&mut Registry<HmacKey>)) {
        apply(&mut self.0);
    }
    fn affected(&mut self, _: Vec<Affected>) {}
    fn refused(&mut self, key: &RowKey, error: RowError) {
        eprintln!("{key:?}: {error}");
    }
}

/// Creates devices if the store is empty, and loads an index three times.
pub(crate) fn measure<S: Store>(store: &S, devices: usize) -> Result<(), Box<dyn Error>>
where
    S::Error: 'static,
{
    let sealer = Sealer::new("hub.example", Box::new(AeadKey::new(&[7; 32])), counted);
    if store.position()?.change == 0 {
        let start = Instant::now();
        fill(store, &sealer, devices)?;
        println!("{devices} devices written in {:.1?}", start.elapsed());
    }
    for _ in 0..3 {
        let before = resident();
        let (mut index, start) = (Index(Registry::unseeded()), Instant::now());
        let mut follower = Follower::new(FeedTimes::default(), HmacKey::new, counted);
        follower.catch_up(store, &sealer, || Duration::ZERO, &mut index)?;
        let (time, grown) = (start.elapsed(), resident().saturating_sub(before));
        println!("{} devices loaded in {time:.2?}, {grown} MB", index.0.len());
    }
    Ok(())
}

/// Returns the resident memory of this process in MB, 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Writes devices in transactions of 10,000.
fn fill<S: Store>(store: &S, sealer: &Sealer, devices: usize) -> Result<(), Box<dyn Error>> {
    let mut writes = Vec::new();
    for number in 0..devices {
        let mut registry = Registry::with_seed(&u128::try_from(number)?.to_le_bytes());
        let id = format!("device-{number:07}");
        let identity = Identity::Device(DeviceId::parse(&id)?);
        let keys = SymmetricKeys::generate(counted, HmacKey::new)?;
        registry.create(identity, Authentication::Sas(keys), Change::new())?;
        let view = registry.get(identity).ok_or("the device was not created")?;
        writes.push(Write::Put(identity_row(&view, sealer)?, Expected::Absent));
        if writes.len() == 10_000 || number + 1 == devices {
            store.commit(&writes)?;
            writes.clear();
        }
    }
    Ok(())
}
