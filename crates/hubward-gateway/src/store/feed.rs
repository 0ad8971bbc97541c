//! The thread that keeps the index equal to the store.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use hubward::types::SymmetricKey;
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    Affected, AnyStore, FeedHealth, FeedTimes, Follower, Kind, ProvisioningEntry, ProvisioningIndex,
    RowError, RowKey, Sealer, StoreFailure, Target,
};
use tokio::sync::watch;

use crate::clock;
use crate::files::entropy;
use crate::hub::{Hub, Registry};

/// The longest time between two questions to a store: the heartbeat.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// The time between two questions to a store that fails.
const AGAIN: Duration = Duration::from_millis(100);

/// The age of the index, which every thread may ask for.
#[derive(Debug)]
pub(crate) struct Heart {
    times: FeedTimes,
    start: Duration,
    /// Milliseconds from the start to the last heartbeat, plus one; 0 before the first.
    last: AtomicU64,
    stop: AtomicBool,
}

impl Heart {
    fn new(times: FeedTimes) -> Self {
        Self { times, start: clock::monotonic(), last: AtomicU64::new(0), stop: AtomicBool::new(false) }
    }

    fn beat(&self, at: Duration) {
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        self.last.store(at.saturating_add(1), Ordering::Release);
    }

    /// Returns what the gateway may do now.
    pub(crate) fn health(&self) -> FeedHealth {
        let last = self.last.load(Ordering::Acquire).checked_sub(1).map(Duration::from_millis);
        self.times.health(last, self.now())
    }

    /// Returns the monotonic time since the start.
    fn now(&self) -> Duration {
        clock::monotonic().saturating_sub(self.start)
    }

    /// Ends the thread of the feed.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }
}

type Make = fn(&SymmetricKey) -> HmacKey;

/// A feed that has loaded its index, before it runs.
pub(crate) struct Feed {
    store: AnyStore,
    sealer: Arc<Sealer>,
    follower: Follower<Make>,
    heart: Arc<Heart>,
    reached: watch::Sender<u64>,
}

impl Feed {
    /// Creates a feed that has loaded nothing.
    pub(crate) fn new(store: AnyStore, sealer: Arc<Sealer>, times: FeedTimes) -> Self {
        let make: Make = HmacKey::new;
        let follower = Follower::new(times, make, entropy);
        Self { store, sealer, follower, heart: Arc::new(Heart::new(times)), reached: watch::Sender::new(0) }
    }

    /// Loads the index. It blocks.
    pub(crate) fn load(&mut self) -> Result<(Registry, ProvisioningIndex<HmacKey>), StoreFailure> {
        let mut first = First(Registry::unseeded(), ProvisioningIndex::default());
        self.catch_up(&mut first)?;
        Ok((first.0, first.1))
    }

    /// Returns the age of the index, and the number of the last change that it has.
    pub(crate) fn state(&self) -> (Arc<Heart>, watch::Receiver<u64>) {
        (Arc::clone(&self.heart), self.reached.subscribe())
    }

    /// Starts the thread that follows the store until the heart is stopped.
    pub(crate) fn run(mut self, hub: Arc<Hub>) -> std::io::Result<()> {
        let thread = std::thread::Builder::new().name("registry-feed".into());
        thread.spawn(move || {
            let heart = Arc::clone(&self.heart);
            let mut failing = false;
            while !heart.stop.load(Ordering::Acquire) {
                let done = self.catch_up(&mut Index(&hub)).and_then(|()| self.store.wait(HEARTBEAT));
                match done {
                    Ok(()) if failing => {
                        failing = false;
                        tracing::info!("the registry's store is back");
                    }
                    Ok(()) => {}
                    Err(error) => {
                        if !failing {
                            tracing::error!(%error, "the registry's store does not answer");
                        }
                        failing = true;
                        std::thread::sleep(AGAIN);
                    }
                }
            }
        })?;
        Ok(())
    }

    fn catch_up(&mut self, target: &mut impl Target<HmacKey>) -> Result<(), StoreFailure> {
        let heart = &self.heart;
        self.follower.catch_up(&*self.store, &self.sealer, || heart.now(), target)?;
        if let Some(heartbeat) = self.follower.heartbeat() {
            self.heart.beat(heartbeat);
        }
        if let Some(reached) = self.follower.reached() {
            self.reached.send_if_modified(|now| core::mem::replace(now, reached) != reached);
        }
        Ok(())
    }
}

fn report(key: &RowKey, error: RowError) {
    use hubward::types::Shown;
    let name = Shown::new(&*key.name);
    match key.kind {
        Kind::Identity | Kind::Policy => {
            tracing::error!(kind = ?key.kind, %name, %error, "a row of the registry is not used: what it names is denied");
        }
        Kind::Enrollment | Kind::EnrollmentGroup => {
            tracing::error!(kind = ?key.kind, %name, %error, "an enrollment is not used: devices that match it are refused");
        }
        _ => {
            tracing::error!(kind = ?key.kind, %name, %error, "a row of the registry is not used: it is not in force")
        }
    }
}

/// The index while it is loaded for the first time.
struct First(Registry, ProvisioningIndex<HmacKey>);

impl Target<HmacKey> for First {
    fn load(&mut self, registry: Registry) {
        self.0 = registry;
    }
    fn load_provisioning(&mut self, index: ProvisioningIndex<HmacKey>) {
        self.1 = index;
    }
    fn provisioning(&mut self, entry: ProvisioningEntry<HmacKey>) {
        self.1.apply(entry);
    }
    fn change(&mut self, apply: &mut dyn FnMut(&mut Registry)) {
        apply(&mut self.0);
    }
    fn affected(&mut self, _: Vec<Affected>) {}
    fn refused(&mut self, key: &RowKey, error: RowError) {
        report(key, error);
    }
}

/// The index of a running gateway.
struct Index<'h>(&'h Hub);

impl Target<HmacKey> for Index<'_> {
    fn load(&mut self, registry: Registry) {
        tracing::warn!(
            identities = registry.len(),
            "the registry was loaded anew; every session is rechecked"
        );
        self.0.replace(registry);
    }
    fn load_provisioning(&mut self, index: ProvisioningIndex<HmacKey>) {
        if let Some(provisioning) = &self.0.provisioning {
            provisioning.replace(index);
        }
    }
    fn provisioning(&mut self, entry: ProvisioningEntry<HmacKey>) {
        if let Some(provisioning) = &self.0.provisioning {
            provisioning.apply(entry);
        }
    }
    fn change(&mut self, apply: &mut dyn FnMut(&mut Registry)) {
        self.0.apply(apply);
    }
    fn affected(&mut self, affected: Vec<Affected>) {
        affected.iter().for_each(|affected| self.0.wakes.wake(affected));
    }
    fn refused(&mut self, key: &RowKey, error: RowError) {
        report(key, error);
    }
}
