//! The one place that reads a clock: a program must know what time it is.

use core::time::Duration;
use std::time::{Instant, SystemTime};

use hubward::core::UnixTime;

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a program's clock")]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

/// A time given in seconds since 1970.
pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// A stopwatch for the demonstration's last line.
#[expect(clippy::disallowed_methods, reason = "a measurement that is printed, and decides nothing")]
pub(crate) fn stopwatch() -> Instant {
    Instant::now()
}

/// A duration in words: `2 days 3 h`, `5 min 10 s`.
pub(crate) fn words(seconds: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(31_557_600, "years"), (86_400, "days"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, name) in UNITS {
        let count = left.checked_div(unit).unwrap_or_default();
        if count > 0 && parts.len() < 2 {
            parts.push(format!("{count} {name}"));
        }
        left = left.checked_rem(unit).unwrap_or_default();
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn two_units_at_most() {
        assert_eq!(words(0), "0 s");
        assert_eq!(words(310), "5 min 10 s");
        assert_eq!(words(183_600), "2 days 3 h");
        assert_eq!(words(31_557_600), "1 years");
    }
}
