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
    let (text, []) = text.strip_suffix(b"Z")?.as_chunks::<2>() else { return None };
    let [month, day, hour, minute, second] = text else { return None };
    let (month, day) = (digits(month)?, digits(day)?);
    let (hour, minute, second) = (digits(hour)?, digits(minute)?, digits(second)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // days since 0000-03-01: a year that starts in March has its leap day at the end
    let (year, month) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let days = 365_i64
        .checked_mul(year)?
        .checked_add(year.div_euclid(4))?
        .checked_sub(year.div_euclid(100))?
        .checked_add(year.div_euclid(400))?
        .checked_add(month.checked_mul(153)?.checked_add(2)?.div_euclid(5))?
        .checked_add(day.checked_sub(1)?)?
        .checked_sub(719_468)?;
    days.checked_mul(86_400)?
        .checked_add(hour.checked_mul(3_600)?)?
        .checked_add(minute.checked_mul(60)?)?
        .checked_add(second)
}

#[cfg(test)]
mod tests {
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
    fn only_der_forms_of_time_are_parsed() {
        for text in [
            &b"230229000000Z"[..],
            b"2301010000Z",
            b"230101000000",
            b"230101000000+0000",
            b"230101240000Z",
            b"23010100000\xb2Z",
        ] {
            assert_eq!(utc(text), None);
        }
        assert_eq!(generalized(b"20240101000000.5Z"), None);
    }
}
