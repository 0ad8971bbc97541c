//! The clock of the program: no other module reads the time.

use core::time::Duration;
use std::time::{Instant, SystemTime};

use hubward::types::UnixTime;
use rustix::time::{ClockId, clock_gettime};

/// Returns the current time, for the verification of credentials.
#[expect(clippy::disallowed_methods, reason = "a program's clock")]
pub(crate) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// Starts a stopwatch, for metrics only.
#[expect(clippy::disallowed_methods, reason = "a measurement that is counted, and decides nothing")]
pub(crate) fn stopwatch() -> Instant {
    Instant::now()
}

/// Returns a monotonic time with a resolution of a few milliseconds, for the age of the index. Each admission reads it: a precise time
/// costs 20 ns more.
pub(crate) fn monotonic() -> Duration {
    let now = clock_gettime(COARSE);
    // a time that cannot be represented makes the index too old
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(u64::MAX), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(target_os = "linux")]
const COARSE: ClockId = ClockId::MonotonicCoarse;
#[cfg(not(target_os = "linux"))]
const COARSE: ClockId = ClockId::Monotonic;

/// Returns a time as a text of RFC 3339; an empty one after the year 9999.
pub(crate) fn text(time: UnixTime) -> String {
    let time = i64::try_from(time.as_secs()).ok().and_then(|secs| jiff::Timestamp::from_second(secs).ok());
    time.map(|time| time.to_string()).unwrap_or_default()
}

/// Returns the time at a number of seconds since 1970.
pub(crate) const fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
