//! The one place that reads a clock: a program must know what time it is.

use core::time::Duration;
use std::time::{Instant, SystemTime};

use hubward::types::UnixTime;

/// The time by which credentials are judged.
#[expect(clippy::disallowed_methods, reason = "a program's clock")]
pub(crate) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// A stopwatch, for counters that decide nothing.
#[expect(clippy::disallowed_methods, reason = "a measurement that is counted, and decides nothing")]
pub(crate) fn stopwatch() -> Instant {
    Instant::now()
}

/// A time in seconds since 1970.
pub(crate) const fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
