//! Removes tombstones after every feed has passed them.

use core::time::Duration;
use std::collections::VecDeque;

use tokio_util::sync::CancellationToken;

use super::Durable;
use crate::clock;

/// The time between two looks.
const EVERY: Duration = Duration::from_secs(600);
/// The age at which a tombstone is removed, at least.
const AGE: Duration = Duration::from_secs(3600);

/// The changes that the store had, and when.
#[derive(Debug, Default)]
struct Past {
    seen: VecDeque<(u64, Duration)>,
    removed: u64,
}

impl Past {
    /// Notes the last change, and returns the change up to which tombstones are old enough to be removed, if it is a new one.
    ///
    /// A feed has passed it by then, or had no heartbeat since: its gateway has ended its sessions, and loads everything again
    /// when it finds that tombstones are gone.
    fn due(&mut self, change: u64, now: Duration, age: Duration) -> Option<u64> {
        // numbers that rewind are those of a restored backup
        if self.seen.back().is_some_and(|(last, _)| *last > change) {
            *self = Self::default();
        }
        self.seen.push_back((change, now));
        let mut due = None;
        while let Some((change, _)) = self.seen.front().filter(|(_, at)| now.saturating_sub(*at) >= age) {
            due = Some(*change);
            self.seen.pop_front();
        }
        let due = due.filter(|due| *due > self.removed)?;
        self.removed = due;
        Some(due)
    }
}

/// Removes old tombstones from time to time, until `stop`. `grace` is the time after which a gateway ends its sessions.
pub(crate) async fn purge(durable: Durable, grace: Duration, stop: CancellationToken) {
    let (mut past, start, age) = (Past::default(), clock::stopwatch(), AGE.max(grace.saturating_mul(2)));
    loop {
        let reached = *durable.reached.borrow();
        if let Some(due) = past.due(reached, start.elapsed(), age) {
            let store = durable.store.clone();
            match tokio::task::spawn_blocking(move || store.purge(due)).await {
                Ok(Ok(removed)) => tracing::debug!(removed, "tombstones were removed"),
                failed => tracing::warn!(?failed, "tombstones were not removed"),
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tombstones_are_removed_when_they_are_old_and_once() {
        let mut past = Past::default();
        let at = |minutes: u64| Duration::from_secs(60 * minutes);
        let steps = [
            (5, 0, None),
            (9, 30, None),
            (9, 59, None),
            (12, 60, Some(5)),
            (12, 61, None),
            (12, 90, Some(9)),
            (12, 119, None),
            (12, 120, Some(12)),
            // nothing new
            (12, 300, None),
            // a restored backup
            (3, 310, None),
            (4, 371, Some(3)),
        ];
        for (change, now, due) in steps {
            assert_eq!(past.due(change, at(now), AGE), due, "{now}");
        }
    }
}
