//! An admission over the index of a store, while a feed keeps it current and others change records, compared with one over a
//! registry in memory.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use hubward::registry::{Authentication, Change, NoEntropy, Precondition, Registry, SymmetricKeys};
use hubward::types::{Authority, DeviceId, HostName, Identity, KeySlot, Lookup, LookupResult, SymmetricKey};
use hubward::{Client, Credentials, FoundRecord, HubConfig, RecordRequest, Store as Records};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    Affected, FeedHealth, FeedTimes, Follower, MemoryStore, RowError, RowKey, Sealer, Store, Target, change,
    seed,
};

use rustix::time::{ClockId, clock_gettime};

use hubward_benches::case::Case;
use hubward_benches::tokens::{EXPIRY, HOST, now};

const DEVICES: usize = 10_000;
const TIMES: FeedTimes = FeedTimes { timeout: Duration::from_secs(5), grace: Duration::from_secs(60) };

pub const RATIOS: &[(&str, &str, &str)] =
    &[("admission.with-feed/in-memory", "admission with a feed", "admission in memory")];

/// The monotonic clock that the gateway reads for each admission.
fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    Duration::new(u64::try_from(now.tv_sec).unwrap(), u32::try_from(now.tv_nsec).unwrap())
}

fn random(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    for chunk in buffer.chunks_mut(8) {
        let count = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        chunk.copy_from_slice(&count[..chunk.len()]);
    }
    Ok(())
}

fn id(number: usize) -> String {
    format!("device-{number:05}")
}

fn registry() -> Registry<HmacKey> {
    let mut registry = Registry::with_seed(&[0x5e; 16]);
    for number in 0..DEVICES {
        let mut bytes = [1; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        let keys = SymmetricKeys::kept_one(SymmetricKey::from_bytes(&bytes).unwrap(), HmacKey::new);
        let id = id(number);
        let identity = Identity::Device(DeviceId::parse(&id).unwrap());
        registry.create(identity, Authentication::Sas(keys), Change::new()).unwrap();
    }
    registry
}

/// An index, and the time of its last heartbeat in milliseconds.
struct Index {
    registry: RwLock<Registry<HmacKey>>,
    start: Duration,
    heartbeat: AtomicU64,
    stop: AtomicBool,
}

/// The target of the feed.
struct Kept(Arc<Index>);

impl Target<HmacKey> for Kept {
    fn load(&mut self, registry: Registry<HmacKey>) {
        *self.0.registry.write().unwrap() = registry;
    }
    fn change(&mut self, apply: &mut dyn FnMut(&mut Registry<HmacKey>)) {
        apply(&mut self.0.registry.write().unwrap());
    }
    fn affected(&mut self, _: Vec<Affected>) {}
    fn refused(&mut self, key: &RowKey, error: RowError) {
        panic!("{key:?}: {error}");
    }
}

/// A registry in memory, and the index of a store with its feed and a writer of 100 changes a second.
pub struct Both {
    memory: Arc<Index>,
    followed: Arc<Index>,
    threads: Vec<JoinHandle<()>>,
    config: HubConfig<HmacKey>,
    tokens: Vec<(String, String, String)>,
}

impl Index {
    fn new(registry: Registry<HmacKey>) -> Arc<Self> {
        let (heartbeat, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        Arc::new(Self { registry: RwLock::new(registry), start: monotonic(), heartbeat, stop })
    }

    fn now(&self) -> Duration {
        monotonic().saturating_sub(self.start)
    }

    fn health(&self) -> FeedHealth {
        let heartbeat = Duration::from_millis(self.heartbeat.load(Ordering::Acquire));
        TIMES.health(Some(heartbeat), self.now())
    }
}

impl Both {
    /// Starts the threads: call it before the thread is bound to a core, which they would inherit.
    pub fn new() -> Self {
        let (memory, followed) = (Index::new(registry()), Index::new(Registry::unseeded()));
        let store = Arc::new(MemoryStore::new(HOST));
        let sealer = || Sealer::new(HOST, Box::new(AeadKey::new(&[1; 32])), random);
        assert!(seed(&*store, &sealer(), &memory.registry.read().unwrap()).unwrap());
        let (index, rows) = (Arc::clone(&followed), Arc::clone(&store));
        let feed = std::thread::spawn(move || {
            let (mut follower, mut kept, sealer) =
                (Follower::new(TIMES, HmacKey::new, random), Kept(Arc::clone(&index)), sealer());
            while !index.stop.load(Ordering::Acquire) {
                follower.catch_up(&*rows, &sealer, || index.now(), &mut kept).unwrap();
                let heartbeat = follower.heartbeat().unwrap_or_default().as_millis();
                index.heartbeat.store(u64::try_from(heartbeat).unwrap(), Ordering::Release);
                rows.wait(Duration::from_millis(500)).unwrap();
            }
        });
        let index = Arc::clone(&followed);
        let writer = std::thread::spawn(move || {
            let sealer = Sealer::new(HOST, Box::new(AeadKey::new(&[1; 32])), random);
            // one record again and again: the store in memory would copy a longer table for each change
            let busy = Identity::Device(DeviceId::parse("busy").unwrap());
            let key = RowKey::of(&busy).unwrap();
            while !index.stop.load(Ordering::Acquire) {
                change(&*store, &sealer, HmacKey::new, core::slice::from_ref(&key), |registry| {
                    if registry.get(busy).is_none() {
                        let keys = SymmetricKeys::generate(random, HmacKey::new).unwrap();
                        registry.create(busy, Authentication::Sas(keys), Change::new()).unwrap();
                    } else {
                        let rolled = Change::new()
                            .with_regenerated_key(KeySlot::Primary, random, HmacKey::new)
                            .unwrap();
                        registry.update(busy, rolled, Precondition::Any).unwrap();
                    }
                })
                .unwrap();
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        while followed.registry.read().unwrap().len() < DEVICES {
            std::thread::yield_now();
        }
        let config = HubConfig::new(HostName::parse(HOST).unwrap(), HmacKey::from_bytes(&[9; 32]));
        let until = hubward::types::UnixTime::since_unix_epoch(Duration::from_secs(EXPIRY));
        let tokens = (0..512)
            .map(|at| {
                let number = at * 7919 % DEVICES;
                let id = id(number);
                let client = Client::device(Authority::parse(HOST).unwrap(), DeviceId::parse(&id).unwrap());
                let mut bytes = [1; 32];
                bytes[..8].copy_from_slice(&number.to_le_bytes());
                let token = client.token(until).sign(&HmacKey::from_bytes(&bytes)).to_string();
                let username = client.mqtt_username().to_string();
                (id, username, token)
            })
            .collect();
        Self { memory, followed, threads: vec![feed, writer], config, tokens }
    }
}

impl Drop for Both {
    fn drop(&mut self) {
        self.followed.stop.store(true, Ordering::Release);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}

/// The records that an admission reads.
struct Read<'r>(&'r Registry<HmacKey>, bool);

impl Read<'_> {
    fn result(&self, lookup: &Lookup<'_>) -> LookupResult<'_, HmacKey> {
        if self.1 { self.0.find(lookup, &[]) } else { LookupResult::NotFound }
    }
}

impl Records<HmacKey> for Read<'_> {
    type Error = core::convert::Infallible;

    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, Self::Error> {
        Ok(self.result(request.lookup()).into())
    }
}

pub fn cases(both: &Both) -> Vec<Case<'_>> {
    let admission = |name, index: &'_ Arc<Index>, feed: bool| {
        let (index, mut next) = (Arc::clone(index), both.tokens.iter().cycle());
        Case::new(name, move || {
            let (id, username, token) = black_box(next.next().unwrap());
            let current = !feed || index.health() == FeedHealth::Current;
            let registry = index.registry.read().unwrap();
            let credentials = Credentials::mqtt(id, username, Some(token)).unwrap();
            let records = Read(&registry, current);
            let authenticated = both.config.authenticate(credentials, &records, now).unwrap();
            assert!(black_box(authenticated.decision()).is_allow());
        })
    };
    vec![
        admission("admission in memory", &both.memory, false),
        admission("admission with a feed", &both.followed, true),
    ]
}
