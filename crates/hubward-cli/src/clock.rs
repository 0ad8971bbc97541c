//! Reads this machine's clocks. No other module of the program does.

use core::time::Duration;
use std::time::{Instant, SystemTime};

use clap::Args;
use hubward::types::UnixTime;

use crate::times;

/// The option `--now`, the same for every command that judges by the time.
#[derive(Debug, Args)]
pub(crate) struct NowArgument {
    /// Judge as of this time: 2026-06-30 or 2026-06-30T12:00:00Z (default: this machine's clock).
    #[arg(long, value_name = "TIME", value_parser = times::parse_start, alias = "at")]
    now: Option<u64>,
}

impl NowArgument {
    /// Returns the given time, or the time of this machine's clock, in seconds since 1970.
    pub(crate) fn seconds(&self) -> u64 {
        self.now.unwrap_or_else(now)
    }

    /// Returns the same as a time.
    pub(crate) fn time(&self) -> UnixTime {
        at(self.seconds())
    }
}

/// Returns the seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a program's clock")]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

/// Returns the time that is `seconds` after the start of 1970.
pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Returns a stopwatch for the printed rates.
#[expect(clippy::disallowed_methods, reason = "a printed measurement, which decides nothing")]
pub(crate) fn stopwatch() -> Instant {
    Instant::now()
}
