//! The clock of the program: no other module reads the time.

use core::time::Duration;
use std::time::{Instant, SystemTime};

use hubward::types::UnixTime;

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

/// Returns a time as a text of RFC 3339; an empty one after the year 9999.
pub(crate) fn text(time: UnixTime) -> String {
    let time = i64::try_from(time.as_secs()).ok().and_then(|secs| jiff::Timestamp::from_second(secs).ok());
    time.map(|time| time.to_string()).unwrap_or_default()
}

/// Returns the time at a number of seconds since 1970.
pub(crate) const fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
