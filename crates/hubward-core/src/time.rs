//! Times and durations as messages show them: [`UtcTime`] and [`InWords`].

use core::fmt;

/// The days of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;

/// A time in seconds since 1970, written as RFC 3339 has it: `2026-06-30T12:00:00Z`.
///
/// A time outside the years 0 to 9999 has no such form, and is written in words.
///
/// ```
/// use hubward_core::UtcTime;
///
/// assert_eq!(UtcTime(1_782_820_800).to_string(), "2026-06-30T12:00:00Z");
/// assert_eq!(UtcTime(i64::MAX).to_string(), "after the year 9999");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number with its form")]
pub struct UtcTime(pub i64);

impl UtcTime {
    /// Returns the time of a number that cannot be before 1970.
    #[must_use]
    pub fn of(seconds: u64) -> Self {
        Self(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        match civil(days) {
            Some((year @ 0..=9999, month, day)) => {
                let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
                write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
            }
            _ if self.0 < 0 => f.write_str("before the year 0"),
            _ => f.write_str("after the year 9999"),
        }
    }
}

/// A duration in seconds, written in its largest unit and the next smaller one: `2 days 3 h`, `5 min 10 s`, `9 days`.
///
/// ```
/// use hubward_core::InWords;
///
/// assert_eq!(InWords(183_600).to_string(), "2 days 3 h");
/// assert_eq!(InWords(0).to_string(), "0 s");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number with its form")]
pub struct InWords(pub u64);

/// The units of a duration, with their names for one and for more. A year has 365.25 days.
const UNITS: [(u64, &str, &str); 5] = [
    (31_557_600, "year", "years"),
    (86_400, "day", "days"),
    (3_600, "h", "h"),
    (60, "min", "min"),
    (1, "s", "s"),
];

impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = UNITS.iter().position(|(unit, ..)| self.0 >= *unit) else {
            return f.write_str("0 s");
        };
        let mut left = self.0;
        for (place, (unit, singular, plural)) in UNITS.iter().skip(at).take(2).enumerate() {
            let count = left.checked_div(*unit).unwrap_or_default();
            left = left.checked_rem(*unit).unwrap_or_default();
            if count > 0 {
                let space = if place > 0 { " " } else { "" };
                write!(f, "{space}{count} {}", if count == 1 { singular } else { plural })?;
            }
        }
        Ok(())
    }
}

/// Returns year, month and day of a day, counted from 1970-01-01. Years start in March, so that the leap day is the last.
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    let days = days.checked_add(719_468)?;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    // without the leap days of 4 and 400 years, with those that 100 years skip
    let leaps = of_era.checked_div(1_460)?.checked_sub(of_era.checked_div(36_524)?)?;
    let leaps = leaps.checked_add(of_era.checked_div(146_096)?)?;
    let year_of_era = of_era.checked_sub(leaps)?.checked_div(365)?;
    let before =
        year_of_era.checked_mul(365)?.checked_add(year_of_era / 4)?.checked_sub(year_of_era / 100)?;
    let of_year = of_era.checked_sub(before)?;
    let month = of_year.checked_mul(5)?.checked_add(2)?.checked_div(153)?;
    let day = of_year.checked_sub(month.checked_mul(153)?.checked_add(2)?.checked_div(5)?)?.checked_add(1)?;
    let year = era.checked_mul(400)?.checked_add(year_of_era)?;
    Some(if month < 10 {
        (year, month.checked_add(3)?, day)
    } else {
        (year.checked_add(1)?, month.checked_sub(9)?, day)
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn times_are_written_as_dates() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (-631_152_000, "1950-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_208_000, "2024-02-29T12:00:00Z"),
            (1_767_225_600, "2026-01-01T00:00:00Z"),
            (2_524_607_999, "2049-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "after the year 9999"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
            (-62_167_219_201, "before the year 0"),
            (i64::MIN, "before the year 0"),
            (i64::MAX, "after the year 9999"),
        ] {
            assert_eq!(UtcTime(seconds).to_string(), date);
        }
        assert_eq!(UtcTime::of(u64::MAX), UtcTime(i64::MAX));
    }

    #[test]
    fn durations_are_written_in_two_neighbouring_units_at_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (310, "5 min 10 s"),
            (3_605, "1 h"),
            (777_659, "9 days"),
            (183_600, "2 days 3 h"),
            (86_400, "1 day"),
            (31_557_600, "1 year"),
            (63_115_199, "1 year 365 days"),
        ] {
            assert_eq!(InWords(seconds).to_string(), text);
        }
    }
}
