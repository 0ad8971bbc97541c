//! Readings of the whole registry for edge hubs, one at a time: they hold up no other request, and take at most one processor.

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The longest time that a request waits for those of other edge hubs.
const WAIT: Duration = Duration::from_secs(10);

/// The turns of edge hubs. Of each device one request waits.
#[derive(Debug)]
pub(crate) struct Scans {
    turn: Arc<Semaphore>,
    waiting: Mutex<BTreeSet<Box<str>>>,
}

/// A request that waits, until it is dropped.
#[derive(Debug)]
struct Waiting<'s> {
    scans: &'s Scans,
    device: &'s str,
}

impl Default for Scans {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), waiting: Mutex::default() }
    }
}

impl Scans {
    /// Waits for the turn of a device, which lasts until the permit is dropped. `None` if another request of the device
    /// waits, or after ten seconds: an edge hub that is told so asks again.
    pub(super) async fn turn(&self, device: &str) -> Option<OwnedSemaphorePermit> {
        let _waiting = self.enter(device)?;
        timeout(WAIT, Arc::clone(&self.turn).acquire_owned()).await.ok().and_then(Result::ok)
    }

    fn enter<'s>(&'s self, device: &'s str) -> Option<Waiting<'s>> {
        let entered = self.waiting().insert(device.into());
        entered.then_some(Waiting { scans: self, device })
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeSet<Box<str>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.scans.waiting().remove(self.device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_each_device_one_request_waits() {
        let scans = Arc::new(Scans::default());
        let turn = scans.turn("a").await.unwrap();
        let ask = |device: &'static str| {
            let scans = Arc::clone(&scans);
            tokio::spawn(async move { scans.turn(device).await.is_some() })
        };
        // the first of each waits while another has its turn
        let (first, other) = (ask("a"), ask("b"));
        tokio::task::yield_now().await;
        assert!(!ask("a").await.unwrap() && !ask("b").await.unwrap());
        drop(turn);
        assert!(first.await.unwrap() && other.await.unwrap());
        // a client that has gone waits no more
        let turn = scans.turn("a").await.unwrap();
        let gone = ask("a");
        tokio::task::yield_now().await;
        gone.abort();
        assert!(gone.await.is_err() && scans.enter("a").is_some());
        drop(turn);
    }
}
