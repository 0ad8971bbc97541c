//! The one place that reads a clock: a program must know what time it is.

use core::time::Duration;
use std::time::{Instant, SystemTime};

use hubward::types::UnixTime;

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a program's clock")]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

/// A time given in seconds since 1970.
pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// A second since 1970 as a date and a time in UTC. Years begin in March here, so that the leap day is their last.
pub(crate) fn date(seconds: i64) -> Option<String> {
    let (days, second) = (seconds.div_euclid(86_400).checked_add(719_468)?, seconds.rem_euclid(86_400));
    // of a cycle of 400 years, which has 146097 days
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leap_days = day.div_euclid(1_460).checked_sub(day.div_euclid(36_524))?;
    let last = day.div_euclid(146_096);
    let year = day.checked_sub(leap_days)?.checked_sub(last)?.div_euclid(365);
    let before = year.checked_mul(365)?.checked_add(year.div_euclid(4))?.checked_sub(year.div_euclid(100))?;
    let day = day.checked_sub(before)?;
    // five months have 153 days
    let month = day.checked_mul(5)?.checked_add(2)?.div_euclid(153);
    let day = day.checked_sub(month.checked_mul(153)?.checked_add(2)?.div_euclid(5))?.checked_add(1)?;
    let year = cycle.checked_mul(400)?.checked_add(year)?;
    let (year, month) = if month < 10 {
        (year, month.checked_add(3)?)
    } else {
        (year.checked_add(1)?, month.checked_sub(9)?)
    };
    let (hour, minute) = (second.div_euclid(3_600), second.rem_euclid(3_600).div_euclid(60));
    let second = second.rem_euclid(60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// The second that a date of the command line means, its first where it has no time.
pub(crate) fn first_second(text: &str) -> Result<u64, String> {
    instant(text, 0)
}

/// The second that a date of the command line means, its last where it has no time.
pub(crate) fn last_second(text: &str) -> Result<u64, String> {
    instant(text, 86_399)
}

/// `2026-06-30`, `2026-06-30T12:00:00Z` or seconds since 1970. It is a date if [`date`] writes it like that.
fn instant(text: &str, into_day: u64) -> Result<u64, String> {
    let unknown =
        || "neither a date such as 2026-06-30 or 2026-06-30T12:00:00Z nor seconds since 1970".to_owned();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| unknown());
    }
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    let is_before =
        |seconds: i64| date(seconds).is_some_and(|date| date.len() == whole.len() && date < whole);
    // dates of one length are in the order of their letters; 9999 is over after 2^38 seconds
    let mut seconds = 0_i64;
    for step in (0..38).rev() {
        let further = seconds.saturating_add(1_i64 << step);
        if is_before(further) {
            seconds = further;
        }
    }
    let found =
        [seconds, seconds.saturating_add(1)].into_iter().find(|one| date(*one).as_ref() == Some(&whole));
    let found = found.and_then(|found| u64::try_from(found).ok()).ok_or_else(unknown)?;
    Ok(if text.contains('T') { found } else { found.saturating_add(into_day) })
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
    use super::{date, first_second, last_second, words};

    #[test]
    fn two_units_at_most() {
        assert_eq!(words(0), "0 s");
        assert_eq!(words(310), "5 min 10 s");
        assert_eq!(words(183_600), "2 days 3 h");
        assert_eq!(words(31_557_600), "1 years");
    }

    #[test]
    fn dates_of_the_command_line_are_read() {
        for (text, first, last) in [
            ("0", 0, 0),
            ("1767225600", 1_767_225_600, 1_767_225_600),
            ("1970-01-01", 0, 86_399),
            ("2026-01-01", 1_767_225_600, 1_767_311_999),
            ("2024-02-29T12:00:00Z", 1_709_208_000, 1_709_208_000),
            ("9999-12-31", 253_402_214_400, 253_402_300_799),
        ] {
            assert_eq!((first_second(text), last_second(text)), (Ok(first), Ok(last)), "{text}");
        }
        for text in [
            "",
            "2026-02-30",
            "2026-1-1",
            "2026-01-01T24:00:00Z",
            "1969-12-31",
            "soon",
            "10000-01-01",
            "-1",
            "2026-01-01T",
        ] {
            assert!(first_second(text).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-631_152_000, "1950-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_208_000, "2024-02-29T12:00:00Z"),
            (2_524_607_999, "2049-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(date(seconds).as_deref(), Some(text));
        }
    }
}
