//! Times of the suites.

/// Converts `YYYY-MM-DDTHH:MM:SS`, with any fraction and zone (the suites write UTC), to seconds since 1970.
pub(crate) fn seconds(time: &str) -> u64 {
    let number = |range: core::ops::Range<usize>| time[range].parse::<i64>().unwrap();
    let (mut year, mut month) = (number(0..4), number(5..7));
    if month < 3 {
        (year, month) = (year - 1, month + 12);
    }
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + number(8..10)
        - 719_469;
    let seconds = days * 86_400 + number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
    seconds.try_into().unwrap()
}
