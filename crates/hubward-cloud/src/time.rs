//! Times as the schemes write them, and seconds since 1970.

use core::fmt;

use hubward_core::UnixTime;

use crate::error::Problem;
use crate::scan::pairs;
use crate::sink::Sink;
use crate::text::Text;

/// The most characters of a time: `2030-01-01T00:00:00.0000000+00:00`.
const LONGEST: usize = 33;
const DAY: u64 = 86_400;
/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

/// A time in a token: its text, which is signed, and its seconds.
///
/// ```
/// use hubward_cloud::{TokenTime, Text};
///
/// let time = TokenTime::parse(Text::plain("2030-01-01T00:00:00Z")?)?;
/// assert_eq!(time.seconds(), 1_893_456_000);
/// assert_eq!(TokenTime::parse(Text::plain("2030-01-01")?)?.seconds(), 1_893_456_000);
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Clone, Copy)]
pub struct TokenTime<'a> {
    /// The text as received or given; without one, the time is written as `YYYY-MM-DDThh:mm:ssZ`.
    text: Option<Text<'a>>,
    seconds: u64,
}

impl<'a> TokenTime<'a> {
    /// Parses `YYYY-MM-DD`, `YYYY-MM-DDThh:mmZ`, `YYYY-MM-DDThh:mm:ssZ` and the same with 1 to 7 digits of a fraction of
    /// a second, which is dropped. `Z` may be an offset of hours and minutes.
    ///
    /// # Errors
    /// [`Problem::Time`] if the text is no such time, or is before 1970.
    pub fn parse(text: Text<'a>) -> Result<Self, Problem> {
        Ok(Self { text: Some(text), seconds: seconds(&text)? })
    }

    /// Returns the time as `YYYY-MM-DDThh:mm:ssZ`.
    ///
    /// # Errors
    /// [`Problem::Time`] after the year 9999.
    pub const fn at(time: UnixTime) -> Result<Self, Problem> {
        let seconds = time.as_secs();
        if seconds > LAST { Err(Problem::Time) } else { Ok(Self { text: None, seconds }) }
    }

    /// Returns a time whose text was parsed before.
    pub(crate) const fn known(text: Option<Text<'a>>, seconds: u64) -> Self {
        Self { text, seconds }
    }

    /// Returns the seconds since 1970.
    #[must_use]
    pub const fn seconds(&self) -> u64 {
        self.seconds
    }

    /// Returns the text, unless it was made of seconds.
    pub(crate) const fn text(&self) -> Option<Text<'a>> {
        self.text
    }

    pub(crate) fn put(&self, sink: &mut impl Sink) {
        match self.text {
            Some(text) => text.put(sink),
            None => sink.put(&written(self.seconds)),
        }
    }
}

impl fmt::Display for TokenTime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text {
            Some(text) => text.fmt(f),
            None => f.write_str(core::str::from_utf8(&written(self.seconds)).unwrap_or_default()),
        }
    }
}

impl fmt::Debug for TokenTime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenTime").field(&format_args!("{self}")).finish()
    }
}

/// Parses the forms of [`TokenTime::parse`].
pub(crate) fn seconds(text: &Text<'_>) -> Result<u64, Problem> {
    // 20 characters have no escape
    if text.as_received().len() == 20 {
        if let Some((seconds, 20)) = usual(text.as_received().as_bytes()) {
            return Ok(seconds);
        }
    }
    if let Some(plain) = text.as_plain() {
        return storage(plain.as_bytes()).ok_or(Problem::Time);
    }
    let mut decoded = [0; LONGEST];
    let mut len = 0_usize;
    for byte in text.bytes() {
        *decoded.get_mut(len).ok_or(Problem::Time)? = byte;
        len = len.saturating_add(1);
    }
    storage(decoded.get(..len).unwrap_or_default()).ok_or(Problem::Time)
}

/// Parses `YYYY-MM-DDThh:mm:ssZ` in a query, which most tokens have, and in which the colons may be `%3A`. Returns the
/// seconds and the length, or `None` for another text.
pub(crate) fn usual(text: &[u8]) -> Option<(u64, usize)> {
    let ([century, _, year, _, _, month, _, _], rest) = first_pairs(text, b"0000-00-")?;
    // the last bytes of the plain form overlap
    let (day, hour, minute, second, len) = match first_pairs(rest, b"00T00%3A") {
        Some(([day, _, _, hour, ..], rest)) => {
            let ([minute, _, _, _, _, second, ..], _) = first_pairs(rest, b"00%3A00Z")?;
            (day, hour, minute, second, 24)
        }
        None => {
            let ([day, _, _, hour, _, _, minute, _], _) = first_pairs(rest, b"00T00:00")?;
            let ([_, _, _, _, _, second, ..], _) = first_pairs(rest.get(4..)?, b"0:00:00Z")?;
            (day, hour, minute, second, 20)
        }
    };
    let year = u64::from(century).wrapping_mul(100).wrapping_add(year.into());
    let days = days(year, month.into(), day.into())?;
    let of_day = of_day(hour.into(), minute.into(), second.into())?;
    Some((days.wrapping_mul(DAY).wrapping_add(of_day), len))
}

/// Reads the pairs of digits at the start of a text, and returns the rest of the text.
#[inline]
fn first_pairs<'t>(text: &'t [u8], form: &[u8; 8]) -> Option<([u8; 8], &'t [u8])> {
    let (first, rest) = text.split_first_chunk()?;
    Some((pairs(*first, *form)?, rest))
}

/// Writes `YYYY-MM-DDThh:mm:ssZ`.
fn written(seconds: u64) -> [u8; 20] {
    let (year, month, day) = civil(seconds.wrapping_div(DAY));
    let of_day = seconds.wrapping_rem(DAY);
    let (minutes, second) = (of_day.wrapping_div(60), of_day.wrapping_rem(60));
    let ([y, e], [a, r]) = (two(year.wrapping_div(100)), two(year.wrapping_rem(100)));
    let ([m, n], [d, f]) = (two(month), two(day));
    let ([h, i], [j, k], [s, t]) =
        (two(minutes.wrapping_div(60)), two(minutes.wrapping_rem(60)), two(second));
    [y, e, a, r, b'-', m, n, b'-', d, f, b'T', h, i, b':', j, k, b':', s, t, b'Z']
}

/// Returns the digits of a number below 100.
fn two(number: u64) -> [u8; 2] {
    let number = u8::try_from(number).unwrap_or_default();
    [b'0'.wrapping_add(number.wrapping_div(10)), b'0'.wrapping_add(number.wrapping_rem(10))]
}

/// Parses the forms of [`TokenTime::parse`].
fn storage(text: &[u8]) -> Option<u64> {
    let (days, rest) = date(text)?;
    let midnight = days.checked_mul(DAY)?;
    let [b'T', rest @ ..] = rest else { return rest.is_empty().then_some(midnight) };
    let (of_day, rest) = clock(rest)?;
    zone(midnight.checked_add(of_day)?, rest)
}

/// Parses an expiry as the SDKs of Event Grid write it: `YYYY-MM-DD hh:mm:ss` with an optional fraction and an optional
/// zone, the same with `T`, or `M/D/YYYY h:mm:ss AM`.
pub(crate) fn event_grid(text: &[u8]) -> Option<u64> {
    if text.contains(&b'/') {
        return american(text);
    }
    let (days, rest) = date(text)?;
    let [b' ' | b'T', rest @ ..] = rest else { return None };
    let (of_day, rest) = clock(rest)?;
    let seconds = days.checked_mul(DAY)?.checked_add(of_day)?;
    match rest {
        [] => Some(seconds),
        [b' ', rest @ ..] => zone(seconds, rest),
        rest => zone(seconds, rest),
    }
}

/// Parses `M/D/YYYY h:mm:ss AM`.
fn american(text: &[u8]) -> Option<u64> {
    let (month, rest) = short(text, b'/')?;
    let (day, rest) = short(rest, b'/')?;
    let (year, rest) = number(rest, 4)?;
    let [b' ', rest @ ..] = rest else { return None };
    let (hour, rest) = short(rest, b':')?;
    let (minute, rest) = number(rest, 2)?;
    let [b':', rest @ ..] = rest else { return None };
    let (second, rest) = number(rest, 2)?;
    let hour = match (rest, hour) {
        (b" AM", 12) => 0,
        (b" AM", 1..=11) | (b" PM", 12) => hour,
        (b" PM", 1..=11) => hour.checked_add(12)?,
        _ => return None,
    };
    let days = days(year, month, day)?;
    days.checked_mul(DAY)?.checked_add(of_day(hour, minute, second)?)
}

/// Parses a date of HTTP in its preferred form, such as `Tue, 01 Jan 2030 00:00:00 GMT` (RFC 9110, 5.6.7).
pub(crate) fn http(text: &str) -> Option<u64> {
    const DAYS: [&[u8]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    // the form has one length: the seconds are written, and no fraction of them
    if text.len() != "Tue, 01 Jan 2030 00:00:00 GMT".len() {
        return None;
    }
    let (weekday, rest) = text.as_bytes().split_at_checked(3)?;
    let [b',', b' ', rest @ ..] = rest else { return None };
    let (day, rest) = number(rest, 2)?;
    let [b' ', rest @ ..] = rest else { return None };
    let (name, rest) = rest.split_at_checked(3)?;
    let month = (1..).zip(MONTHS).find(|(_, month)| *month == name)?.0;
    let [b' ', rest @ ..] = rest else { return None };
    let (year, rest) = number(rest, 4)?;
    let [b' ', rest @ ..] = rest else { return None };
    let (of_day, rest) = clock(rest)?;
    let days = days(year, month, day)?;
    let expected = DAYS.get(usize::try_from(days.wrapping_rem(7)).ok()?)?;
    (rest == b" GMT" && *expected == weekday).then_some(days.checked_mul(DAY)?.checked_add(of_day)?)
}

/// Parses `YYYY-MM-DD` and returns the days since 1970.
fn date(text: &[u8]) -> Option<(u64, &[u8])> {
    let (year, rest) = number(text, 4)?;
    let [b'-', rest @ ..] = rest else { return None };
    let (month, rest) = number(rest, 2)?;
    let [b'-', rest @ ..] = rest else { return None };
    let (day, rest) = number(rest, 2)?;
    Some((days(year, month, day)?, rest))
}

/// Parses `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f` and returns the seconds since midnight.
fn clock(text: &[u8]) -> Option<(u64, &[u8])> {
    let (hour, rest) = number(text, 2)?;
    let [b':', rest @ ..] = rest else { return None };
    let (minute, rest) = number(rest, 2)?;
    let [b':', rest @ ..] = rest else { return Some((of_day(hour, minute, 0)?, rest)) };
    let (second, rest) = number(rest, 2)?;
    let of_day = of_day(hour, minute, second)?;
    let [b'.', rest @ ..] = rest else { return Some((of_day, rest)) };
    let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (_, after) = rest.split_at_checked(len)?;
    (1..=7).contains(&len).then_some((of_day, after))
}

/// Applies `Z` or an offset.
fn zone(seconds: u64, text: &[u8]) -> Option<u64> {
    let [sign @ (b'+' | b'-'), rest @ ..] = text else { return (text == b"Z").then_some(seconds) };
    let (hours, rest) = number(rest, 2)?;
    let [b':', rest @ ..] = rest else { return None };
    let (minutes, rest) = number(rest, 2)?;
    if hours > 14 || minutes > 59 || !rest.is_empty() {
        return None;
    }
    let offset = of_day(hours, minutes, 0)?;
    if *sign == b'+' { seconds.checked_sub(offset) } else { seconds.checked_add(offset) }
}

fn of_day(hour: u64, minute: u64, second: u64) -> Option<u64> {
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // less than a day
    Some(hour.wrapping_mul(60).wrapping_add(minute).wrapping_mul(60).wrapping_add(second))
}

/// Parses exactly `width` digits.
fn number(text: &[u8], width: usize) -> Option<(u64, &[u8])> {
    let (digits, rest) = text.split_at_checked(width)?;
    let mut value = 0_u64;
    for digit in digits {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value = value.checked_mul(10)?.checked_add(digit.into())?;
    }
    Some((value, rest))
}

/// Parses one or two digits before `end`, without a leading zero.
fn short(text: &[u8], end: u8) -> Option<(u64, &[u8])> {
    let len = text.iter().position(|b| *b == end)?;
    let (value, rest) = number(text, len)?;
    let (_, rest) = rest.split_first()?;
    ((1..=2).contains(&len) && text.first() != Some(&b'0')).then_some((value, rest))
}

/// Returns the days from 1970 to a date of 1970 or later. The year has at most four digits, so nothing overflows.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    /// The days before each month and in it, of a year without a leap day.
    const MONTHS: [(u64, u64); 12] = [
        (0, 31),
        (31, 28),
        (59, 31),
        (90, 30),
        (120, 31),
        (151, 30),
        (181, 31),
        (212, 31),
        (243, 30),
        (273, 31),
        (304, 30),
        (334, 31),
    ];
    const LEAPS_BEFORE_1970: u64 = leaps_before(1970);
    let (before, len) = *MONTHS.get(usize::try_from(month.wrapping_sub(1)).ok()?)?;
    let leap = u64::from(is_leap(year));
    let len = if month == 2 { len.wrapping_add(leap) } else { len };
    let day = day.wrapping_sub(1);
    if year < 1970 || day >= len {
        return None;
    }
    let years = year.wrapping_sub(1970).wrapping_mul(365);
    let leaps = leaps_before(year).wrapping_sub(LEAPS_BEFORE_1970);
    let leaps = if month > 2 { leaps.wrapping_add(leap) } else { leaps };
    Some(years.wrapping_add(leaps).wrapping_add(before).wrapping_add(day))
}

const fn is_leap(year: u64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns the number of leap years before `year`.
const fn leaps_before(year: u64) -> u64 {
    let last = year.saturating_sub(1);
    last.wrapping_div(4).wrapping_sub(last.wrapping_div(100)).wrapping_add(last.wrapping_div(400))
}

/// Returns year, month and day of a number of days since 1970. Years begin in March here, so that a leap day is the last
/// day of one.
const fn civil(count: u64) -> (u64, u64, u64) {
    // from the first of March of the year 0, in periods of 400 years
    let days = count.wrapping_add(719_468);
    let (period, day) = (days.wrapping_div(146_097), days.wrapping_rem(146_097));
    let leaps = day
        .wrapping_div(36_524)
        .wrapping_sub(day.wrapping_div(1_460))
        .wrapping_sub(day.wrapping_div(146_096));
    let year = day.wrapping_add(leaps).wrapping_div(365);
    let before =
        year.wrapping_mul(365).wrapping_add(year.wrapping_div(4)).wrapping_sub(year.wrapping_div(100));
    let day = day.wrapping_sub(before);
    let month = day.wrapping_mul(5).wrapping_add(2).wrapping_div(153);
    let day = day.wrapping_sub(month.wrapping_mul(153).wrapping_add(2).wrapping_div(5)).wrapping_add(1);
    let year = period.wrapping_mul(400).wrapping_add(year);
    if month < 10 {
        (year, month.wrapping_add(3), day)
    } else {
        (year.wrapping_add(1), month.wrapping_sub(9), day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;

    #[test]
    fn every_day_of_some_centuries_is_written_and_read_back() {
        for count in 0..200_000 {
            let (year, month, day) = civil(count);
            assert_eq!(days(year, month, day), Some(count));
        }
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(days(2000, 2, 29), Some(11_016));
        assert_eq!(days(2100, 2, 29), None);
        assert_eq!(days(2023, 13, 1), None);
    }

    #[test]
    fn the_usual_form_is_read_as_the_general_one_does() {
        let usual = |text: &[u8]| {
            let (seconds, len) = usual(text)?;
            assert_eq!(len, text.len());
            Some(seconds)
        };
        assert_eq!(super::usual(b"2030-01-01T00:00:00Z&"), Some((1_893_456_000, 20)));
        for text in
            ["2030-01-01T00:00:00Z", "1970-01-01T23:59:59Z", "2028-02-29T12:34:56Z", "9999-12-31T23:59:59Z"]
        {
            let expected = storage(text.as_bytes());
            assert!(expected.is_some());
            assert_eq!(usual(text.as_bytes()), expected);
            assert_eq!(usual(text.replace(':', "%3A").as_bytes()), expected);
            // the general way reads other escapes
            assert_eq!(usual(text.replacen(':', "%3A", 1).as_bytes()), None);
            assert_eq!(usual(text.replace(':', "%3a").as_bytes()), None);
            for at in 0..text.len() {
                for byte in 0..128 {
                    let mut other = text.as_bytes().to_vec();
                    other[at] = byte;
                    assert!(usual(&other).is_none() || usual(&other) == storage(&other), "{other:?}");
                    let plain = core::str::from_utf8(&other).unwrap();
                    let escaped = plain.replace(':', "%3A");
                    assert_eq!(usual(escaped.as_bytes()), usual(&other), "{escaped}");
                }
                assert_eq!(usual(&text.as_bytes()[..at]), None);
            }
        }
    }

    #[test]
    fn dates_of_http_need_their_weekday() {
        assert_eq!(http("Tue, 01 Jan 2030 00:00:00 GMT"), Some(1_893_456_000));
        for wrong in [
            "Wed, 01 Jan 2030 00:00:00 GMT",
            "Tue, 1 Jan 2030 00:00:00 GMT",
            "Tue, 01 Jan 2030 00:00:00 UTC",
            "Tue, 01 Jan 2030 00:00 GMT",
            "Tue, 01 Jan 2030 00:00:00.0 GMT",
        ] {
            assert_eq!(http(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn expiries_of_event_grid() {
        for text in [
            "2030-01-01 12:34:56",
            "2030-01-01 12:34:56.789000",
            "2030-01-01 12:34:56+00:00",
            "2030-01-01T12:34:56Z",
            "2030-01-01 13:34:56 +01:00",
            "1/1/2030 12:34:56 PM",
        ] {
            assert_eq!(event_grid(text.as_bytes()), Some(1_893_501_296), "{text}");
        }
        assert_eq!(event_grid(b"1/1/2030 12:00:00 AM"), Some(1_893_456_000));
        for wrong in
            ["13/1/2030 1:00:00 AM", "1/1/2030 13:00:00 PM", "2030-01-01", "01/1/2030 1:00:00 AM", ""]
        {
            assert_eq!(event_grid(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
