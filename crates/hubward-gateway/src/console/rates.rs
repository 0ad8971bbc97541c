//! The rates of the last minutes: the counters of the metrics, taken at equal intervals.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

/// The time between two samples.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);
/// The number of samples: five minutes.
const MOST: usize = 300;

/// The rates of a gateway. A clone shares them.
#[derive(Debug, Clone, Default)]
pub(super) struct Rates(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    /// The counters at the last sample.
    last: Sample,
    /// The differences, the oldest first.
    samples: VecDeque<Sample>,
}

/// Connections, permitted decisions, refused decisions, messages.
type Sample = [u64; 4];

impl Rates {
    /// Takes samples until the gateway stops.
    pub(super) async fn take(self, hub: Arc<Hub>, stop: CancellationToken) {
        self.lock().last = counters(&hub);
        let mut ticks = tokio::time::interval(INTERVAL);
        // a late sample counts for its own interval
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => self.add(counters(&hub)),
            }
        }
    }

    fn add(&self, now: Sample) {
        let mut table = self.lock();
        let last = core::mem::replace(&mut table.last, now);
        if table.samples.len() >= MOST {
            table.samples.pop_front();
        }
        let mut sample = now;
        for (value, before) in sample.iter_mut().zip(last) {
            *value = value.saturating_sub(before);
        }
        table.samples.push_back(sample);
    }

    /// Returns the samples, the oldest first.
    pub(super) fn json(&self) -> Value {
        let samples: Vec<Sample> = self.lock().samples.iter().copied().collect();
        json!({
            "interval": INTERVAL.as_secs(),
            "names": ["connections", "permitted", "refused", "messages"],
            "samples": samples,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // no holder of the lock can panic half way
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counters(hub: &Hub) -> Sample {
    let metrics = &hub.metrics;
    [&metrics.accepted, &metrics.permitted, &metrics.refused, &metrics.messages].map(|counter| counter.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_differences_of_the_last_minutes() {
        let rates = Rates::default();
        for at in 1..=1000 {
            rates.add([at, 2 * at, 0, 7]);
        }
        let table = rates.lock();
        assert_eq!(table.samples.len(), MOST);
        assert!(table.samples.iter().all(|sample| *sample == [1, 2, 0, 0]));
    }
}
