//! [`Version`]: the versions of the storage services.

use core::fmt;

use crate::error::Problem;

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
    text: &'static str,
}

/// All versions since account signatures exist, in their order.
const KNOWN: [Version; 43] = [
    Version::known("2015-04-05"),
    Version::known("2015-07-08"),
    Version::known("2015-12-11"),
    Version::known("2016-05-31"),
    Version::known("2017-04-17"),
    Version::known("2017-07-29"),
    Version::known("2017-11-09"),
    Version::known("2018-03-28"),
    Version::known("2018-06-17"),
    Version::known("2018-11-09"),
    Version::known("2019-02-02"),
    Version::known("2019-07-07"),
    Version::known("2019-10-10"),
    Version::known("2019-12-12"),
    Version::known("2020-02-10"),
    Version::known("2020-04-08"),
    Version::known("2020-06-12"),
    Version::known("2020-08-04"),
    Version::known("2020-10-02"),
    Version::known("2020-12-06"),
    Version::known("2021-02-12"),
    Version::known("2021-04-10"),
    Version::known("2021-06-08"),
    Version::known("2021-08-06"),
    Version::known("2021-10-04"),
    Version::known("2021-12-02"),
    Version::known("2022-11-02"),
    Version::known("2023-01-03"),
    Version::known("2023-05-03"),
    Version::known("2023-08-03"),
    Version::known("2023-11-03"),
    Version::known("2024-02-04"),
    Version::known("2024-05-04"),
    Version::known("2024-08-04"),
    Version::known("2024-11-04"),
    Version::known("2025-01-05"),
    Version::known("2025-05-05"),
    Version::known("2025-07-05"),
    Version::known("2025-11-05"),
    Version::known("2026-02-06"),
    Version::known("2026-04-06"),
    Version::known("2026-06-06"),
    Version::known("2026-10-06"),
];

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
        let at = KNOWN.binary_search_by_key(&number, |known| known.number).map_err(|_| Problem::Version)?;
        KNOWN.get(at).copied().ok_or(Problem::Version)
    }

    /// Returns all known versions, the oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.into_iter()
    }

    /// Returns its text.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.text
    }

    pub(crate) const fn known(text: &'static str) -> Self {
        let number = match number(text.as_bytes()) {
            Some(number) => number,
            None => 0,
        };
        Self { number, text }
    }
}

/// Returns the digits of `YYYY-MM-DD` as one number.
const fn number(text: &[u8]) -> Option<u32> {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = text else { return None };
    let (mut number, mut rest): (u32, &[&u8]) = (0, &[a, b, c, d, e, f, g, h]);
    while let [digit, tail @ ..] = rest {
        if !digit.is_ascii_digit() {
            return None;
        }
        // eight digits are less than 2^32
        number =
            number.wrapping_mul(10).wrapping_add(u32::from_be_bytes([0, 0, 0, digit.wrapping_sub(b'0')]));
        rest = tail;
    }
    Some(number)
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_in_order() {
        assert!(KNOWN.is_sorted());
        assert!(KNOWN.iter().all(|known| known.number > 20_150_000));
        assert_eq!(Version::all().last(), Some(Version::LATEST));
    }
}
