//! Validity periods and the times in certificates and revocation lists (RFC 5280 4.1.2.5).

use hubward_core::{InWords, UtcTime};
use rustls_pki_types::UnixTime;

use crate::error::CertificateError;
use crate::tlv::{Cursor, Malformed, Tag, Tlv};

/// A time that a certificate or a revocation list contains: seconds since 1970. Signed, since it may be earlier. A time of the
/// caller or of a result is a [`UnixTime`].
pub type Seconds = i64;

/// `notBefore` and `notAfter`, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validity {
    /// The first valid second.
    pub not_before: Seconds,
    /// The last valid second.
    pub not_after: Seconds,
    /// `true` if each time has the form that RFC 5280 4.1.2.5 requires for its year: UTCTime until 2049.
    pub(crate) has_required_forms: bool,
}

/// The position of `now` outside a validity period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutsideValidity {
    /// Later than `notAfter`.
    #[error("expired {} before now, at {}", InWords(*seconds), UtcTime(*at))]
    Expired {
        /// The time since `notAfter`.
        seconds: u64,
        /// `notAfter`.
        at: Seconds,
    },
    /// Earlier than `notBefore`.
    #[error("not valid until {} after now, at {}", InWords(*seconds), UtcTime(*at))]
    NotYetValid {
        /// The time until `notBefore`.
        seconds: u64,
        /// `notBefore`.
        at: Seconds,
    },
}

impl Validity {
    /// Checks that `now` is within the period, both ends included (RFC 5280 4.1.2.5).
    ///
    /// # Errors
    /// [`OutsideValidity`], with the distance from the period.
    pub fn check(&self, now: UnixTime) -> Result<(), OutsideValidity> {
        let now = Seconds::try_from(now.as_secs()).unwrap_or(Seconds::MAX);
        if now > self.not_after {
            Err(OutsideValidity::Expired { seconds: now.abs_diff(self.not_after), at: self.not_after })
        } else if now < self.not_before {
            Err(OutsideValidity::NotYetValid { seconds: now.abs_diff(self.not_before), at: self.not_before })
        } else {
            Ok(())
        }
    }

    pub(crate) fn read(mut cursor: Cursor<'_>) -> Result<Self, CertificateError> {
        let (not_before, before_form) = read(&cursor.any()?).map_err(CertificateError::Time)?;
        let (not_after, after_form) = read(&cursor.any()?).map_err(CertificateError::Time)?;
        cursor.finish()?;
        Ok(Self { not_before, not_after, has_required_forms: before_form && after_form })
    }
}

/// Parses a UTCTime or GeneralizedTime with seconds and `Z`, the only forms of DER; returns also whether RFC 5280
/// requires this form for the year.
pub(crate) fn read(tlv: &Tlv<'_>) -> Result<(Seconds, bool), Malformed> {
    let time = match tlv.tag {
        Tag::UTC_TIME => utc(tlv.value).map(|t| (t, true)),
        Tag::GENERALIZED_TIME => generalized(tlv.value),
        _ => None,
    };
    time.ok_or(tlv.malformed())
}

fn utc(text: &[u8]) -> Option<Seconds> {
    let (year, rest) = text.split_at_checked(2)?;
    let year = digits(year)?;
    // RFC 5280 4.1.2.5.1
    let year = if year < 50 { year.checked_add(2000)? } else { year.checked_add(1900)? };
    seconds(year, rest)
}

fn generalized(text: &[u8]) -> Option<(Seconds, bool)> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = digits(year)?;
    Some((seconds(year, rest)?, !(1950..2050).contains(&year)))
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?;
        sum.checked_mul(10)?.checked_add(i64::from(digit))
    })
}

/// Parses `MMDDHHMMSSZ` of a year.
fn seconds(year: i64, text: &[u8]) -> Option<Seconds> {
    let &[m, mm, d, dd, h, hh, n, nn, s, ss, b'Z'] = text else { return None };
    let month = pair(m, mm, 1, 12)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = pair(d, dd, 1, length)?;
    let (hour, minute, second) = (pair(h, hh, 0, 23)?, pair(n, nn, 0, 59)?, pair(s, ss, 0, 59)?);
    let seconds = hour.checked_mul(3_600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    days(year, month, day)?.checked_mul(86_400)?.checked_add(seconds)
}

/// Returns a number of two digits that is in a range.
fn pair(tens: u8, ones: u8, least: u8, most: u8) -> Option<i64> {
    let [tens, ones] = [tens, ones].map(|byte| byte.wrapping_sub(b'0'));
    let number = tens.saturating_mul(10).saturating_add(ones);
    (tens < 10 && ones < 10 && (least..=most).contains(&number)).then_some(i64::from(number))
}

/// Returns the days from 1970 to a date. A year that starts in March has its leap day at the end.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let (year, month) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    365_i64
        .checked_mul(year)?
        .checked_add(year.div_euclid(4))?
        .checked_sub(year.div_euclid(100))?
        .checked_add(year.div_euclid(400))?
        .checked_add(month.checked_mul(153)?.checked_add(2)?.div_euclid(5))?
        .checked_add(day)?
        .checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn dates_convert_to_unix_time() {
        assert_eq!(utc(b"700101000000Z"), Some(0));
        assert_eq!(utc(b"500101000000Z"), Some(-631_152_000));
        assert_eq!(utc(b"491231235959Z"), Some(2_524_607_999));
        assert_eq!(generalized(b"20240229120000Z"), Some((1_709_208_000, false)));
        assert_eq!(generalized(b"99991231235959Z"), Some((253_402_300_799, true)));
    }

    #[test]
    fn each_date_is_a_day_after_the_one_before() {
        let mut last = generalized(b"00000101000000Z").unwrap().0 - 86_400;
        for year in 0..=9999 {
            for (month, longest) in (1..).zip([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
                let common = year % 400 != 0 && (year % 4 != 0 || year % 100 == 0);
                for day in 1..=31 {
                    let text = format!("{year:04}{month:02}{day:02}000000Z");
                    let exists = day <= longest && (month != 2 || day < 29 || !common);
                    let at = generalized(text.as_bytes()).map(|(at, _)| at);
                    assert_eq!(at, exists.then_some(last + 86_400), "{text}");
                    last = at.unwrap_or(last);
                }
            }
        }
    }

    #[test]
    fn only_der_forms_of_time_are_parsed() {
        for text in [
            &b"230229000000Z"[..],
            b"2301010000Z",
            b"230101000000",
            b"230101000000+0000",
            b"230101240000Z",
            b"23010100000\xb2Z",
            b"230001000000Z",
            b"231301000000Z",
            b"230100000000Z",
            b"230431000000Z",
            b"230101006000Z",
            b"230101000060Z",
            b"23010100000:Z",
        ] {
            assert_eq!(utc(text), None);
        }
        assert_eq!(generalized(b"20240101000000.5Z"), None);
    }
}
