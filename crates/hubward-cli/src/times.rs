//! Times and durations of the command line: RFC 3339, and `1h30m`.
//!
//! Times are civil date-times in UTC and not `jiff::Timestamp`: that type ends on 9999-12-30, and RFC 5280 section 4.1.2.5
//! gives certificates without an expiry the time 9999-12-31T23:59:59Z.

use core::time::Duration;

use hubward::types::UtcTime;
use jiff::civil::{Date, DateTime};
use jiff::{Span, SpanRelativeTo, Timestamp};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const LAST_SECOND_OF_DAY: u64 = 86_399;

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
            if UtcTime(start).to_string().get(..10) != Some(text) {
                return Err(unknown());
            }
            (start, into_day)
        }
        20 => {
            let time = text.strip_suffix('Z').and_then(|time| time.parse().ok()).ok_or_else(unknown)?;
            let seconds = since_epoch(time);
            if UtcTime(seconds).to_string() != text {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
