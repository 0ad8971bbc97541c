//! One connection per identity across gateways: one thread follows the claims of all gateways, and a task claims the seats of
//! this one.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use hubward_store::{AnySeats, SeatPlace, StoreFailure};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

/// The longest time between two questions for claims.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// The time between two questions to an engine that fails.
const AGAIN: Duration = Duration::from_millis(100);
/// Seats of one claim.
const TOGETHER: usize = 500;

/// The seats of a gateway whose registry others share.
pub(crate) struct SeatFeed {
    seats: AnySeats,
    place: SeatPlace,
}

impl SeatFeed {
    /// Reads the current place, before any seat of this gateway is claimed. It blocks.
    pub(crate) fn new(seats: AnySeats) -> Result<Self, StoreFailure> {
        let place = seats.claims(None, &mut |_| {})?;
        Ok(Self { seats, place })
    }

    /// Starts the thread and the task, until `stop`.
    pub(crate) fn run(self, hub: Arc<Hub>, stop: CancellationToken) -> std::io::Result<()> {
        let Self { seats, mut place } = self;
        let ended = Arc::new(AtomicBool::new(false));
        let (followed, of, end) = (Arc::clone(&seats), Arc::clone(&hub), Arc::clone(&ended));
        std::thread::Builder::new().name("seat-feed".into()).spawn(move || {
            while !end.load(Ordering::Acquire) {
                if let Err(error) = follow(&followed, &of, &mut place) {
                    tracing::debug!(%error, "the claims of seats are not known");
                    std::thread::sleep(AGAIN);
                }
            }
        })?;
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = hub.connections.unclaimed.notified() => claim(&seats, &hub).await,
                }
            }
            ended.store(true, Ordering::Release);
        });
        Ok(())
    }
}

/// Notes the claims after a place, and waits for further ones.
fn follow(seats: &AnySeats, hub: &Hub, place: &mut SeatPlace) -> Result<(), StoreFailure> {
    let now = seats.claims(Some(place.last), &mut |claim| hub.connections.observed(&claim))?;
    if now.life != place.life {
        // the engine lost the seats: this gateway enters its own again, and reads those of the others from the beginning
        let claims = hub.connections.claims();
        for some in claims.chunks(TOGETHER) {
            let some: Vec<(&str, u64)> = some.iter().map(|(name, claim)| (&**name, *claim)).collect();
            seats.restore(&some)?;
        }
        *place = SeatPlace { life: now.life, last: 0 };
        return Ok(());
    }
    *place = now;
    seats.wait_for_claims(HEARTBEAT)
}

/// Claims the seats of new connections.
async fn claim(seats: &AnySeats, hub: &Hub) {
    let unclaimed = hub.connections.take_unclaimed();
    for some in unclaimed.chunks(TOGETHER) {
        let (engine, names) = (Arc::clone(seats), some.to_vec());
        let claimed = tokio::task::spawn_blocking(move || {
            let names: Vec<&str> = names.iter().map(|(_, name)| &**name).collect();
            engine.claim(&names)
        });
        match claimed.await {
            Ok(Ok(claims)) => hub.connections.claimed(some, &claims),
            failed => {
                tracing::warn!(?failed, "seats were not claimed: their connections end");
                hub.connections.not_claimed(some);
            }
        }
    }
}
