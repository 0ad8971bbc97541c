//! Tells the service manager, if one started the program, what the program does: `sd_notify` of systemd. Without a
//! service manager nothing is sent.

use core::time::Duration;

use sd_notify::{NotifyState, notify, watchdog_enabled};
use tokio::runtime::Runtime;

/// What the program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It serves.
    Ready,
    /// It reads its files again.
    Reloading,
    /// It ends its connections.
    Stopping,
}

/// Tells the service manager.
pub(crate) fn tell(phase: Phase) {
    let told = match phase {
        Phase::Ready => notify(&[NotifyState::Ready]),
        // `Type=notify-reload` requires the time of the reload
        Phase::Reloading => {
            NotifyState::monotonic_usec_now().and_then(|now| notify(&[NotifyState::Reloading, now]))
        }
        Phase::Stopping => notify(&[NotifyState::Stopping]),
    };
    if let Err(error) = told {
        tracing::warn!(%error, "the service manager was not told");
    }
}

/// Returns the time between two signs of life that the service manager asks for; half of its limit.
pub(crate) fn watchdog() -> Option<Duration> {
    watchdog_enabled().and_then(|limit| limit.checked_div(2))
}

/// Sends a sign of life if the threads that serve connections run a task in time.
pub(crate) async fn sign_of_life(serving: &Runtime, in_time: Duration) {
    if matches!(tokio::time::timeout(in_time, serving.spawn(async {})).await, Ok(Ok(()))) {
        // the service manager notices a sign that is missing
        let _ = notify(&[NotifyState::Watchdog]);
    }
}
