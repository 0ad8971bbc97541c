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
pub struct Version(&'static str);

/// All versions since account signatures exist, in their order.
const KNOWN: [&str; 43] = [
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

impl Version {
    /// The newest version.
    pub const LATEST: Self = Self("2026-10-06");

    /// Parses a version.
    ///
    /// # Errors
    /// [`Problem::Version`] if the version is not known.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let at = KNOWN.binary_search(&text).map_err(|_| Problem::Version)?;
        KNOWN.get(at).map(|known| Self(known)).ok_or(Problem::Version)
    }

    /// Returns all known versions, the oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.into_iter().map(Self)
    }

    /// Returns its text.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.0
    }

    pub(crate) const fn known(text: &'static str) -> Self {
        Self(text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_in_order() {
        assert!(KNOWN.is_sorted());
        assert_eq!(Version::all().last(), Some(Version::LATEST));
    }
}
