//! Times as the schemes write them, and seconds since 1970.

use core::fmt;

use hubward_core::UnixTime;

use crate::error::Problem;
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
pub struct TokenTime {
    text: [u8; LONGEST],
    len: usize,
    seconds: u64,
}

impl TokenTime {
    /// Parses `YYYY-MM-DD`, `YYYY-MM-DDThh:mmZ`, `YYYY-MM-DDThh:mm:ssZ` and the same with 1 to 7 digits of a fraction of
    /// a second, which is dropped. `Z` may be an offset of hours and minutes.
    ///
    /// # Errors
    /// [`Problem::Time`] if the text is no such time, or is before 1970.
    pub fn parse(text: Text<'_>) -> Result<Self, Problem> {
        let mut time = Self { text: [0; LONGEST], len: 0, seconds: 0 };
        match text.as_plain() {
            Some(plain) => {
                let slot = time.text.get_mut(..plain.len()).ok_or(Problem::Time)?;
                slot.copy_from_slice(plain.as_bytes());
                time.len = plain.len();
            }
            None => {
                for byte in text.bytes() {
                    *time.text.get_mut(time.len).ok_or(Problem::Time)? = byte;
                    time.len = time.len.saturating_add(1);
                }
            }
        }
        time.seconds = storage(time.text.get(..time.len).unwrap_or_default()).ok_or(Problem::Time)?;
        Ok(time)
    }

    /// Returns the time as `YYYY-MM-DDThh:mm:ssZ`.
    ///
    /// # Errors
    /// [`Problem::Time`] after the year 9999.
    pub fn at(time: UnixTime) -> Result<Self, Problem> {
        let seconds = time.as_secs();
        if seconds > LAST {
            return Err(Problem::Time);
        }
        let (year, month, day) = civil(seconds.wrapping_div(DAY));
        let of_day = seconds.wrapping_rem(DAY);
        let (minutes, second) = (of_day.wrapping_div(60), of_day.wrapping_rem(60));
        let numbers = [
            (year, 4, b'-'),
            (month, 2, b'-'),
            (day, 2, b'T'),
            (minutes.wrapping_div(60), 2, b':'),
            (minutes.wrapping_rem(60), 2, b':'),
            (second, 2, b'Z'),
        ];
        let mut time = Self { text: [0; LONGEST], len: 20, seconds };
        let mut slots = time.text.iter_mut();
        for (number, width, after) in numbers {
            for digit in digits(number, width) {
                slots.next().into_iter().for_each(|slot| *slot = digit);
            }
            slots.next().into_iter().for_each(|slot| *slot = after);
        }
        Ok(time)
    }

    /// Returns the seconds since 1970.
    #[must_use]
    pub const fn seconds(&self) -> u64 {
        self.seconds
    }

    /// Returns the text that is signed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.text.get(..self.len).unwrap_or_default()).unwrap_or_default()
    }

    pub(crate) fn put(&self, sink: &mut impl Sink) {
        sink.put(self.text.get(..self.len).unwrap_or_default());
    }
}

impl fmt::Display for TokenTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TokenTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenTime").field(&self.as_str()).finish()
    }
}

/// Returns the last `width` digits of a number of up to four digits.
fn digits(number: u64, width: usize) -> impl Iterator<Item = u8> {
    let digit = |n: u64| b'0'.wrapping_add(u8::try_from(n.wrapping_rem(10)).unwrap_or_default());
    let all = [1000_u64, 100, 10, 1].map(|unit| digit(number.checked_div(unit).unwrap_or_default()));
    all.into_iter().skip(4_usize.saturating_sub(width))
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
    hour.checked_mul(60)?.checked_add(minute)?.checked_mul(60)?.checked_add(second)
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

/// Returns the days from 1970 to a date of 1970 or later.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const IN: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let at = usize::try_from(month.checked_sub(1)?).ok()?;
    let leap = u64::from(is_leap(year));
    let len = IN.get(at)?.checked_add(if month == 2 { leap } else { 0 })?;
    let years = year.checked_sub(1970)?;
    if !(1..=len).contains(&day) {
        return None;
    }
    let leaps = leaps_before(year).checked_sub(leaps_before(1970))?;
    let before = BEFORE.get(at)?.checked_add(if month > 2 { leap } else { 0 })?;
    years.checked_mul(365)?.checked_add(leaps)?.checked_add(before)?.checked_add(day)?.checked_sub(1)
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Returns the number of leap years before `year`.
const fn leaps_before(year: u64) -> u64 {
    let last = year.saturating_sub(1);
    last.wrapping_div(4).wrapping_sub(last.wrapping_div(100)).wrapping_add(last.wrapping_div(400))
}

/// Returns year, month and day of a number of days since 1970.
fn civil(count: u64) -> (u64, u64, u64) {
    // the year is at most this many, and at least one less
    let mut year = count.wrapping_div(365).saturating_add(1970);
    while days(year, 1, 1).is_none_or(|first| first > count) {
        year = year.saturating_sub(1);
    }
    let mut month = 12;
    while days(year, month, 1).is_none_or(|first| first > count) {
        month = month.saturating_sub(1);
    }
    let first = days(year, month, 1).unwrap_or_default();
    (year, month, count.saturating_sub(first).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn dates_of_http_need_their_weekday() {
        assert_eq!(http("Tue, 01 Jan 2030 00:00:00 GMT"), Some(1_893_456_000));
        for wrong in
            ["Wed, 01 Jan 2030 00:00:00 GMT", "Tue, 1 Jan 2030 00:00:00 GMT", "Tue, 01 Jan 2030 00:00:00 UTC"]
        {
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
