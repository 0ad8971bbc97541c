//! [`Version`]: the versions of the storage services.

use core::fmt;

use crate::error::Problem;
use crate::scan::pairs;

/// A version of the storage services, as `sv` has it. Another text is refused: the layout of the signed text would be a
/// guess.
///
/// ```
/// use hubward_cloud::storage::Version;
///
/// let version = Version::parse("2020-12-06")?;
/// assert!(version < Version::LATEST);
/// assert!(Version::parse("2020-12-07").is_err());
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Year, month and day in decimal: it orders versions.
    number: u32,
}

/// The bytes of a version.
pub(crate) const LEN: usize = 10;

/// All versions since account signatures exist, in their order.
static KNOWN: [&str; 43] = [
    "2015-04-05",
    "2015-07-08",
    "2015-12-11",
    "2016-05-31",
    "2017-04-17",
    "2017-07-29",
    "2017-11-09",
    "2018-03-28",
    "2018-06-17",
    "2018-11-09",
    "2019-02-02",
    "2019-07-07",
    "2019-10-10",
    "2019-12-12",
    "2020-02-10",
    "2020-04-08",
    "2020-06-12",
    "2020-08-04",
    "2020-10-02",
    "2020-12-06",
    "2021-02-12",
    "2021-04-10",
    "2021-06-08",
    "2021-08-06",
    "2021-10-04",
    "2021-12-02",
    "2022-11-02",
    "2023-01-03",
    "2023-05-03",
    "2023-08-03",
    "2023-11-03",
    "2024-02-04",
    "2024-05-04",
    "2024-08-04",
    "2024-11-04",
    "2025-01-05",
    "2025-05-05",
    "2025-07-05",
    "2025-11-05",
    "2026-02-06",
    "2026-04-06",
    "2026-06-06",
    "2026-10-06",
];

/// The numbers of [`KNOWN`].
static NUMBERS: [u32; KNOWN.len()] = {
    let mut numbers = [0; KNOWN.len()];
    let (mut texts, mut free): (&[&str], &mut [u32]) = (&KNOWN, &mut numbers);
    while let ([text, others @ ..], [slot, tail @ ..]) = (texts, free) {
        *slot = Version::known(text).number;
        (texts, free) = (others, tail);
    }
    numbers
};

impl Version {
    /// The newest version.
    pub const LATEST: Self = Self::known("2026-10-06");

    /// Parses a version.
    ///
    /// # Errors
    /// [`Problem::Version`] if the version is not known.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Self::of(text.as_bytes())
    }

    pub(crate) fn of(text: &[u8]) -> Result<Self, Problem> {
        let number = number(text).ok_or(Problem::Version)?;
        // all are compared, without a branch: a binary search takes four times as long
        let known = NUMBERS.iter().fold(false, |known, own| known | (*own == number));
        if known { Ok(Self { number }) } else { Err(Problem::Version) }
    }

    /// Returns the version at the start of a text, and its length.
    pub(crate) fn usual(text: &[u8]) -> Option<(Self, usize)> {
        Some((Self::of(text.first_chunk::<LEN>()?).ok()?, LEN))
    }

    /// Returns all known versions, the oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        NUMBERS.into_iter().map(|number| Self { number })
    }

    /// Returns its text.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        let at = NUMBERS.binary_search(&self.number).ok();
        at.and_then(|at| KNOWN.get(at)).copied().unwrap_or_default()
    }

    pub(crate) const fn known(text: &str) -> Self {
        let number = match number(text.as_bytes()) {
            Some(number) => number,
            None => 0,
        };
        Self { number }
    }
}

/// Returns the digits of `YYYY-MM-DD` as one number.
const fn number(text: &[u8]) -> Option<u32> {
    let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else { return None };
    if text.len() != LEN {
        return None;
    }
    let (Some(first), Some(last)) = (pairs(*first, *b"0000-00-"), pairs(*last, *b"00-00-00")) else {
        return None;
    };
    let ([century, _, year, _, _, month, _, _], [_, _, _, _, _, _, day, _]) = (first, last);
    // eight digits are less than 2^32
    let (mut number, mut rest): (u32, &[u8]) = (0, &[century, year, month, day]);
    while let [pair, tail @ ..] = rest {
        number = number.wrapping_mul(100).wrapping_add(u32::from_le_bytes([*pair, 0, 0, 0]));
        rest = tail;
    }
    Some(number)
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_in_order() {
        assert!(KNOWN.is_sorted() && NUMBERS.is_sorted());
        assert!(NUMBERS.iter().all(|number| *number > 20_150_000));
        assert!(Version::all().map(|version| version.as_str()).eq(KNOWN));
        assert_eq!(Version::all().last(), Some(Version::LATEST));
    }
}
