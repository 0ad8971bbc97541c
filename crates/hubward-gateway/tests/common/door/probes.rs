//! Samples that are taken while the chaos goes on: health, memory and metrics.

use core::time::Duration;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::{Door, Phase, http, streams};

/// The longest time for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

impl Door {
    /// Returns the status of a check; 0 without an answer.
    pub async fn status(&self, path: &str) -> u16 {
        let answer = async {
            let stream = streams::honest(self, self.process.https).await.ok()?;
            http::send(stream, &format!("GET {path}"), "", "").await
        };
        timeout(PATIENCE, answer).await.ok().flatten().map_or(0, |answer| answer.0)
    }

    /// Waits until `/readyz` answers with this status.
    pub async fn until_ready_is(&self, status: u16) {
        let found = async {
            while self.status("/readyz").await != status {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(2 * PATIENCE, found).await.unwrap();
    }

    /// Compares both checks once with the state that the gateway has before and after them.
    pub async fn check_health(&self) {
        for path in ["/readyz", "/healthz"] {
            let before = self.phase();
            let status = self.status(path).await;
            if before != self.phase() || before.0 == Phase::Changing {
                continue;
            }
            let expected = if before.0 == Phase::Healthy || path == "/healthz" { 200 } else { 503 };
            self.record().count(&format!("{path}: {status} while {:?}", before.0));
            if status != expected {
                self.record().fault(format!("{path} answers {status} while {:?}", before.0));
            }
        }
    }

    /// Returns a value of the metrics.
    pub async fn metric(&self, name: &str) -> Option<i64> {
        let stream = TcpStream::connect(self.metrics).await.ok()?;
        let (_, text) = timeout(PATIENCE, http::send(stream, "GET /metrics", "", "")).await.ok()??;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    }
}

/// Compares the checks with the truth until the test ends.
pub async fn health(door: Arc<Door>, pause: Duration) {
    while !door.stopped() {
        door.check_health().await;
        sleep(pause).await;
    }
}

/// Takes the store away and gives it back, until the test ends.
pub async fn lose_the_store(door: Arc<Door>, pauses: Vec<Duration>, held: Vec<Duration>) {
    for (pause, held) in pauses.iter().zip(&held).cycle() {
        sleep(*pause).await;
        if door.stopped() {
            return;
        }
        door.set_phase(Phase::Changing);
        // a table that is gone is a store that fails
        door.sql("ALTER TABLE hub RENAME TO gone");
        door.until_ready_is(503).await;
        door.set_phase(Phase::Lost);
        sleep(*held).await;
        door.set_phase(Phase::Changing);
        door.sql("ALTER TABLE gone RENAME TO hub");
        door.until_ready_is(200).await;
        door.set_phase(Phase::Healthy);
        door.record().count("times without the store");
    }
}

/// Samples the resident memory in KiB until the test ends.
pub async fn memory(door: Arc<Door>, every: Duration) -> Vec<u64> {
    let mut samples = Vec::new();
    while !door.stopped() {
        samples.push(door.process.resident());
        sleep(every).await;
    }
    samples
}

/// Returns the median.
pub fn median(samples: &[u64]) -> u64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
