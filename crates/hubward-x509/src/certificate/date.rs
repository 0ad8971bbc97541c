//! Times in messages, as RFC 3339 writes them.

use core::fmt;

use super::time::Seconds;

/// The days of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;

/// A time, written as `2026-06-30T12:00:00Z`.
pub(crate) struct Date(pub(crate) Seconds);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        let Some((year, month, day)) = civil(days) else { return write!(f, "Unix time {}", self.0) };
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
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
    use super::*;

    #[test]
    fn times_are_written_as_dates() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_767_225_600, "2026-01-01T00:00:00Z"),
            (1_782_820_799, "2026-06-30T11:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
            (i64::MAX, "292277026596-12-04T15:30:07Z"),
        ] {
            assert_eq!(alloc::format!("{}", Date(seconds)), date);
        }
    }
}
