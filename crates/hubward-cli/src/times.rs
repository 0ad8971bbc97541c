//! Times and durations as text: RFC 3339 in and out, `1h30m` in, words out.
//!
//! Times are civil date-times in UTC and not `jiff::Timestamp`: that type ends on 9999-12-30, and RFC 5280 section 4.1.2.5
//! gives certificates without an expiry the time 9999-12-31T23:59:59Z.

use core::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const LAST_SECOND_OF_DAY: u64 = 86_399;

/// Returns a time in seconds since 1970 as RFC 3339 in UTC.
pub(crate) fn rfc3339(seconds: i64) -> String {
    match EPOCH.checked_add(SignedDuration::from_secs(seconds)) {
        Ok(time) => format!("{}Z", time.strftime("%Y-%m-%dT%H:%M:%S")),
        Err(_) if seconds < 0 => "before the year 0".to_owned(),
        Err(_) => "after the year 9999".to_owned(),
    }
}

/// The same for a time that cannot be before 1970.
pub(crate) fn rfc3339_unsigned(seconds: u64) -> String {
    rfc3339(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Parses a TIME of the command line. A date without a time is its first second.
pub(crate) fn parse_start(text: &str) -> Result<u64, String> {
    parse(text, 0)
}

/// Parses a TIME of the command line. A date without a time is its last second.
pub(crate) fn parse_end(text: &str) -> Result<u64, String> {
    parse(text, LAST_SECOND_OF_DAY)
}

/// Parses `2026-06-30`, `2026-06-30T12:00:00Z`, the same with an offset such as `+02:00`, or seconds since 1970.
///
/// `jiff` reads more forms than RFC 3339 has, so that a text in UTC must be written back the same.
fn parse(text: &str, into_day: u64) -> Result<u64, String> {
    let unknown =
        || "not a time such as 2026-06-30 or 2026-06-30T12:00:00Z, nor seconds since 1970".to_owned();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| unknown());
    }
    let since_epoch = |time: DateTime| time.duration_since(EPOCH).as_secs();
    let (seconds, offset) = match text.len() {
        10 => {
            let date = text.parse::<Date>().map_err(|_| unknown())?;
            let start = since_epoch(date.to_datetime(jiff::civil::Time::midnight()));
            if rfc3339(start).get(..10) != Some(text) {
                return Err(unknown());
            }
            (start, into_day)
        }
        20 => {
            let time = text.strip_suffix('Z').and_then(|time| time.parse().ok()).ok_or_else(unknown)?;
            let seconds = since_epoch(time);
            if rfc3339(seconds) != text {
                return Err(unknown());
            }
            (seconds, 0)
        }
        25 => (text.parse::<Timestamp>().map_err(|_| unknown())?.as_second(), 0),
        _ => return Err(unknown()),
    };
    u64::try_from(seconds).map(|seconds| seconds.saturating_add(offset)).map_err(|_| unknown())
}

/// Parses a DURATION of the command line: `1h30m`, `7d`, or seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let unknown = || "not a duration such as 1h30m or 7d, nor seconds".to_owned();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Duration::from_secs).map_err(|_| unknown());
    }
    let span: Span = text.parse().map_err(|_| unknown())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| unknown())?;
    Duration::try_from(duration).map_err(|_| unknown())
}

/// Returns a duration in words, in its two largest units: `2 days 3 h`, `5 min 10 s`.
pub(crate) fn words(seconds: u64) -> String {
    const UNITS: [(u64, &str, &str); 5] = [
        (31_557_600, "year", "years"),
        (86_400, "day", "days"),
        (3_600, "h", "h"),
        (60, "min", "min"),
        (1, "s", "s"),
    ];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, singular, plural) in UNITS {
        let count = left.checked_div(unit).unwrap_or_default();
        if count > 0 && parts.len() < 2 {
            parts.push(format!("{count} {}", if count == 1 { singular } else { plural }));
        }
        left = left.checked_rem(unit).unwrap_or_default();
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_in_two_units_at_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (310, "5 min 10 s"),
            (183_600, "2 days 3 h"),
            (86_400, "1 day"),
            (31_557_600, "1 year"),
            (63_115_199, "1 year 365 days"),
        ] {
            assert_eq!(words(seconds), text);
        }
    }

    #[test]
    fn durations_of_the_command_line_are_read() {
        for (text, seconds) in
            [("3600", 3600), ("1h30m", 5400), ("90s", 90), ("7d", 604_800), ("1d 2h", 93_600), ("0", 0)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "soon", "-1h", "1h ago", "1mo", "1y", "h", "1.5"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_of_the_command_line_are_read() {
        for (text, first, last) in [
            ("0", 0, 0),
            ("1767225600", 1_767_225_600, 1_767_225_600),
            ("1970-01-01", 0, 86_399),
            ("2026-01-01", 1_767_225_600, 1_767_311_999),
            ("2024-02-29T12:00:00Z", 1_709_208_000, 1_709_208_000),
            ("2024-02-29T14:00:00+02:00", 1_709_208_000, 1_709_208_000),
            ("9999-12-31", 253_402_214_400, 253_402_300_799),
        ] {
            assert_eq!((parse_start(text), parse_end(text)), (Ok(first), Ok(last)), "{text}");
        }
        for text in [
            "",
            "2026-02-30",
            "2026-1-1",
            "2026-01-01T24:00:00Z",
            "2026-01-01T23:59:60Z",
            "2026-01-01 12:00:00Z",
            "1969-12-31",
            "soon",
            "10000-01-01",
            "-1",
            "2026-01-01T",
            "+002026-01-01",
        ] {
            assert!(parse_start(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_printed_as_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-631_152_000, "1950-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_208_000, "2024-02-29T12:00:00Z"),
            (2_524_607_999, "2049-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "after the year 9999"),
            (i64::MAX, "after the year 9999"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
    }
}
