//! A history of gateways and writers, and its checker: nothing acknowledged is lost, no index differs from the table, and no
//! session is opened or lives on with a key that was replaced longer ago than the feed allows.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use hubward::registry::{
    Authentication, AuthenticationView, Change, NoEntropy, Precondition, RecordNumbers, Registry,
    SymmetricKeys,
};
use hubward::types::{DeviceId, Identity, SymmetricKey};
use hubward_postgres::PostgresStore;
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    Affected, FeedHealth, FeedTimes, Follower, RowError, RowKey, Sealer, Store, Target, change,
};

pub const DEVICES: u64 = 40;
const TIMES: FeedTimes = FeedTimes { timeout: Duration::from_secs(2), grace: Duration::from_secs(6) };

fn random(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    for chunk in buffer.chunks_mut(8) {
        let count = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        chunk.copy_from_slice(&count[..chunk.len()]);
    }
    Ok(())
}

fn sealer() -> Sealer {
    Sealer::new("hub.example", Box::new(AeadKey::new(&[1; 32])), random)
}

pub fn id(number: u64) -> String {
    format!("dev{:02}", number % DEVICES)
}

fn device(id: &str) -> Identity<'_> {
    Identity::Device(DeviceId::parse(id).unwrap())
}

/// A random sequence.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// The time since the start of the test, and what was acknowledged.
pub struct History {
    start: Instant,
    pub stop: AtomicBool,
    /// By device, the version that each acknowledged write left (0 for a deletion), its number and its time.
    pub writes: Mutex<BTreeMap<String, Vec<(u64, u64, Duration)>>>,
    /// Sessions that were opened: the device, its version, and the time.
    pub admissions: Mutex<Vec<(String, u64, Duration)>>,
    /// Sessions that are open, by gateway and device.
    pub sessions: Mutex<BTreeMap<(usize, String), u64>>,
    pub ended: AtomicU64,
    pub failed: AtomicU64,
}

impl History {
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            stop: AtomicBool::new(false),
            writes: Mutex::default(),
            admissions: Mutex::default(),
            sessions: Mutex::default(),
            ended: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn running(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }
}

/// The index of a gateway, and its sessions.
pub struct Gateway<'h> {
    number: usize,
    registry: Registry<HmacKey>,
    history: &'h History,
}

/// Returns the version of the key that opens a session, if there is one.
fn version(registry: &Registry<HmacKey>, id: &str) -> Option<u64> {
    let view = registry.get(device(id))?;
    matches!(view.authentication(), AuthenticationView::Sas(_)).then(|| view.version().keys())
}

impl Gateway<'_> {
    fn recheck(&self, of: impl Fn(&str) -> bool) {
        let mut sessions = self.history.sessions.lock().unwrap();
        let before = sessions.len();
        sessions.retain(|(gateway, id), opened| {
            *gateway != self.number || !of(id) || version(&self.registry, id) == Some(*opened)
        });
        self.history.ended.fetch_add((before - sessions.len()) as u64, Ordering::SeqCst);
    }
}

impl Target<HmacKey> for Gateway<'_> {
    fn load(&mut self, registry: Registry<HmacKey>) {
        self.registry = registry;
        self.recheck(|_| true);
    }
    fn change(&mut self, apply: &mut dyn FnMut(&mut Registry<HmacKey>)) {
        apply(&mut self.registry);
    }
    fn affected(&mut self, affected: Vec<Affected>) {
        for affected in affected {
            match affected {
                Affected::Device(changed) => self.recheck(|id| *id == *changed),
                _ => self.recheck(|_| true),
            }
        }
    }
    fn refused(&mut self, key: &RowKey, error: RowError) {
        panic!("{key:?}: {error}");
    }
}

/// A feed, and the gateway that it keeps.
pub type Followed<'h> = (Follower<fn(&SymmetricKey) -> HmacKey>, Gateway<'h>);

/// Follows the store, opens sessions, and ends them when the feed says so. Its clock steps forward, as after a machine was
/// suspended.
pub fn gateway<'h>(history: &'h History, number: usize, store: &PostgresStore) -> Followed<'h> {
    let (sealer, mut dice) = (sealer(), Dice(77 + number as u64));
    let mut gateway = Gateway { number, registry: Registry::unseeded(), history };
    let mut follower: Follower<fn(&SymmetricKey) -> HmacKey> = Follower::new(TIMES, HmacKey::new, random);
    let mut step = Duration::ZERO;
    while history.running() {
        if dice.roll(400) == 0 {
            step += Duration::from_millis(dice.roll(8000));
        }
        let done = follower.catch_up(store, &sealer, || history.now() + step, &mut gateway);
        if done.and_then(|()| store.wait(Duration::from_millis(200))).is_err() {
            history.failed.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(50));
        }
        let now = history.now();
        match follower.health(now + step) {
            FeedHealth::Current => {
                let id = id(dice.roll(DEVICES));
                if let Some(version) = version(&gateway.registry, &id) {
                    history.admissions.lock().unwrap().push((id.clone(), version, now));
                    history.sessions.lock().unwrap().insert((number, id), version);
                }
            }
            FeedHealth::Late => {}
            FeedHealth::Lost => {
                history.sessions.lock().unwrap().retain(|(of, _), _| *of != number);
            }
        }
    }
    (follower, gateway)
}

/// Creates, changes and deletes devices of its own, so that the order of its writes is known.
pub fn writer(history: &History, own: u64, store: &PostgresStore) {
    let (sealer, mut dice) = (sealer(), Dice(1000 + own));
    while history.running() {
        let id = id(dice.roll(DEVICES / 2) * 2 + own);
        let deletes = dice.roll(5) == 0;
        let key = RowKey::of(&device(&id)).unwrap();
        let done = change(store, &sealer, HmacKey::new, &[key], |registry| {
            let keys = || Authentication::Sas(SymmetricKeys::generate(random, HmacKey::new).unwrap());
            let device = device(&id);
            if registry.get(device).is_none() {
                registry.create(device, keys(), Change::new()).unwrap();
            } else if deletes {
                registry.delete(device, Precondition::Any).unwrap();
                return 0;
            } else {
                registry
                    .update(device, Change::new().with_authentication(keys()), Precondition::Any)
                    .unwrap();
            }
            registry.get(device).unwrap().version().keys()
        });
        match done {
            Ok(done) => {
                let number = done.change.unwrap();
                history.writes.lock().unwrap().entry(id).or_default().push((
                    done.result,
                    number,
                    history.now(),
                ));
            }
            Err(_) => {
                history.failed.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// The numbers of each record, to compare two indexes.
fn numbers(registry: &Registry<HmacKey>) -> BTreeMap<String, (RecordNumbers, bool)> {
    let enabled = hubward::types::Status::Enabled;
    registry
        .iter()
        .map(|view| (view.identity().to_string(), (view.numbers(), view.status() == enabled)))
        .collect()
}

/// Checks the history, and that each index equals the table. Returns what is wrong.
pub fn check(history: &History, gateways: Vec<Followed<'_>>, stores: &[PostgresStore]) -> Result<(), String> {
    let require = |holds: bool, wrong: &dyn Fn() -> String| if holds { Ok(()) } else { Err(wrong()) };
    let (sealer, store) = (sealer(), &stores[0]);
    let load = |store: &PostgresStore| {
        let mut fresh = Gateway { number: 9, registry: Registry::unseeded(), history };
        Follower::new(TIMES, HmacKey::new as fn(&SymmetricKey) -> HmacKey, random)
            .catch_up(store, &sealer, || history.now(), &mut fresh)
            .unwrap();
        fresh.registry
    };
    let table = load(store);
    for (mut follower, mut gateway) in gateways {
        let number = gateway.number;
        follower.catch_up(&stores[number], &sealer, || history.now(), &mut gateway).unwrap();
        let (index, rows) = (numbers(&gateway.registry), numbers(&table));
        require(index == rows, &|| format!("the index of gateway {number} differs: {index:?} {rows:?}"))?;
    }
    let mut rows = BTreeMap::new();
    store.changes(Some(0), &mut |row| _ = rows.insert(row.name.to_string(), row.into_owned())).unwrap();
    let writes = history.writes.lock().unwrap();
    for (id, writes) in writes.iter() {
        let (version, number, _) = writes.last().unwrap();
        let row = &rows[id];
        // an unacknowledged write after it, or SQL, may have a higher number
        require(row.change >= *number, &|| format!("lost: {id}: {row:?} after {number}"))?;
        if row.change == *number {
            let left = if row.deleted { 0 } else { row.primary_version };
            require(left == *version, &|| format!("lost: {id} has {left}, not {version}"))?;
        }
    }
    let sessions = history.sessions.lock().unwrap();
    for ((gateway, id), opened) in sessions.iter() {
        let kept = version(&table, id) == Some(*opened);
        require(kept, &|| format!("gateway {gateway} has a session of {id}, which the table refuses"))?;
    }
    for (id, admitted, at) in history.admissions.lock().unwrap().iter() {
        let Some(writes) = writes.get(id) else { continue };
        let replaced = writes.iter().position(|(version, ..)| version == admitted);
        if let Some((_, _, replaced)) = replaced.and_then(|position| writes.get(position + 1)) {
            let late = at.saturating_sub(*replaced);
            require(late <= TIMES.timeout, &|| {
                format!("{id} was admitted {late:?} after its key was replaced")
            })?;
        }
    }
    Ok(())
}
