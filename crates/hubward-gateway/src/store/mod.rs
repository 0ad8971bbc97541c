//! A durable registry: writes go to the store, and come back by the feed.

mod config;
mod feed;
mod purge;
mod seats;
mod seed;

use core::time::Duration;
use std::sync::Arc;

use hubward::types::SymmetricKey;
use hubward_rustcrypto::HmacKey;
pub use hubward_store::StoreFailure;
use hubward_store::{
    AnyStore, ChangeError, Changed, FeedHealth, FeedTimes, ProvisioningIndex, RowKey, Sealer, change,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use config::{StoreConfig, StoreError, StorePlace};
use config::{open, tpm_secret};
use feed::{Feed, Heart};
pub(crate) use purge::purge;
use seats::SeatFeed;
use seed::{compare, seed, seed_first};

use crate::hub::{Hub, Registry};
use crate::provisioning::{self, FirstContent};

/// The time between two looks at the age of the index.
const WATCH: Duration = Duration::from_millis(100);
/// The longest time that a write waits to be visible on this gateway.
const VISIBLE: Duration = Duration::from_secs(10);

/// The durable registry of a running gateway.
#[derive(Clone)]
pub(crate) struct Durable {
    store: AnyStore,
    sealer: Arc<Sealer>,
    /// The number of the last change that the index has.
    reached: watch::Receiver<u64>,
    heart: Arc<Heart>,
}

/// The reason why a write was not made, or is not visible yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The store failed.
    #[error(transparent)]
    Change(#[from] ChangeError<StoreFailure>),
    /// It was made, and the feed has not passed it in time.
    #[error("the change was made and is not visible here yet")]
    NotVisible,
    /// A thread failed.
    #[error("the write was interrupted")]
    Interrupted,
}

impl Durable {
    pub(crate) fn new(
        store: AnyStore,
        sealer: Arc<Sealer>,
        reached: watch::Receiver<u64>,
        heart: Arc<Heart>,
    ) -> Self {
        Self { store, sealer, reached, heart }
    }

    /// Makes a change of the records with these keys, and waits until the index of this gateway has it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        keys: Vec<RowKey>,
        apply: impl FnMut(&mut Registry) -> T + Send + 'static,
    ) -> Result<T, WriteError> {
        self.run(move |store, sealer| change(&**store, sealer, HmacKey::new, &keys, apply)).await
    }

    /// Makes a change of rows, and waits until the index of this gateway has it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        change: impl FnOnce(&AnyStore, &Sealer) -> Result<Changed<T>, ChangeError<StoreFailure>> + Send + 'static,
    ) -> Result<T, WriteError> {
        let (store, sealer) = (Arc::clone(&self.store), Arc::clone(&self.sealer));
        let made = tokio::task::spawn_blocking(move || change(&store, &sealer));
        let Changed { result, change } = made.await.map_err(|_| WriteError::Interrupted)??;
        if let Some(change) = change {
            let mut reached = self.reached.clone();
            let visible = reached.wait_for(|reached| *reached >= change);
            match tokio::time::timeout(VISIBLE, visible).await {
                Ok(Ok(_)) => {}
                _ => return Err(WriteError::NotVisible),
            }
        }
        Ok(result)
    }

    /// Returns the store, and the keys that seal its rows.
    pub(crate) fn parts(&self) -> (&AnyStore, &Sealer) {
        (&self.store, &self.sealer)
    }

    /// Ends the thread of the feed.
    pub(crate) fn stop(&self) {
        self.heart.stop();
    }

    /// Returns what the gateway may do by the age of its index.
    pub(crate) fn health(&self) -> FeedHealth {
        self.heart.health()
    }
}

/// A durable registry that was opened.
pub(crate) struct Opened {
    pub(crate) durable: Durable,
    pub(crate) index: Registry,
    pub(crate) provisioning: ProvisioningIndex<HmacKey>,
    /// The secret of the challenges for TPMs.
    pub(crate) tpm_secret: SymmetricKey,
    pub(crate) feed: Feed,
    /// Set if gateways share the registry.
    pub(crate) seats: Option<SeatFeed>,
}

/// Opens a durable registry, writes the content of the files if it never had any, and loads its index. It blocks.
pub(crate) fn open_store(
    config: &StoreConfig,
    hub: &str,
    times: FeedTimes,
    files: &Registry,
    first: Option<&FirstContent>,
) -> Result<Opened, StoreError> {
    let (store, sealer, seats) = open(config, hub)?;
    let sealer = Arc::new(sealer);
    let seeded = seed(&store, &sealer, files)?;
    let provisioning_seeded = first.map(|first| seed_first(&store, &sealer, first)).transpose()?;
    let mut feed = Feed::new(Arc::clone(&store), Arc::clone(&sealer), times);
    let (index, provisioning) = feed.load()?;
    if !seeded {
        compare(files, &index)?;
    }
    if let (Some(first), Some(false)) = (first, provisioning_seeded) {
        provisioning::compare(first, &provisioning, &store, &sealer)?;
    }
    tracing::info!(identities = index.len(), seeded, "the durable registry is open");
    if index.policies().next().is_none() {
        tracing::warn!(
            "the registry has no policy, so no service can connect: start it once with --policies"
        );
    }
    let (heart, reached) = feed.state();
    let seats = seats.map(SeatFeed::new).transpose()?;
    let tpm_secret = tpm_secret(config, hub)?;
    let durable = Durable::new(store, sealer, reached, heart);
    Ok(Opened { durable, index, provisioning, tpm_secret, feed, seats })
}

/// Ends the sessions when the store has not answered for the grace, and again while that lasts.
pub(crate) async fn end_lost_sessions(hub: Arc<Hub>, stop: CancellationToken) {
    let mut before = FeedHealth::Current;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(WATCH) => {}
        }
        let health = hub.health();
        if health != before {
            match health {
                FeedHealth::Current => tracing::info!("the registry is current: sessions are admitted"),
                FeedHealth::Late => {
                    tracing::error!("the registry may be out of date: no session is admitted")
                }
                FeedHealth::Lost => tracing::error!("the registry is lost: all sessions end"),
            }
        }
        if health == FeedHealth::Lost {
            hub.wakes.wake_all();
        }
        before = health;
    }
}

impl core::fmt::Debug for Durable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Durable").field("sealer", &self.sealer).finish_non_exhaustive()
    }
}
