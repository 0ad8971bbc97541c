//! Rules, what they take, and why not.

use super::hello::ClientHello;
use super::suite::{CipherSuite, LEGACY, RECOMMENDED_ECC, RECOMMENDED_RSA, TLS13};
use super::version::TlsVersion;

/// Which versions and suites are taken.
///
/// ```
/// use hubward_policy::tls::{ClientHello, TlsRules, TlsVersion};
///
/// let suite = "TLS_RSA_WITH_AES_128_CBC_SHA".parse()?;
/// let denial = TlsRules::HUB.check_negotiated(TlsVersion::V1_1, suite).unwrap_err();
/// assert_eq!(denial.code(), "legacy-version");
///
/// let hello = ClientHello {
///     legacy_version: 0x0303,
///     supported_versions: Some(&[0x0303]),
///     cipher_suites: &[0x1301, 0xc02f, 0x009c],
/// };
/// let agreed = TlsRules::HUB.check_hello(&hello)?;
/// assert_eq!(agreed.suite.name(), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsRules<'r> {
    sets: &'r [&'r [CipherSuite]],
    minimum: TlsVersion,
    legacy_1_0: bool,
    legacy_1_1: bool,
}

/// A version and a suite that a client offers and the rules take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreed {
    /// The newest such version.
    pub version: TlsVersion,
    /// Of its suites, the first in the order of the rules.
    pub suite: CipherSuite,
}

/// Why a handshake is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsDenial {
    /// A version that TLS has, or had, and that is taken only where a rule names it.
    #[error("{version} is legacy, and no rule names it; the oldest version taken is {minimum}")]
    LegacyVersion {
        /// Which.
        version: TlsVersion,
        /// The oldest that is taken.
        minimum: TlsVersion,
    },
    /// No suite of the client's is taken in any version that both have.
    #[error(
        "offers {version}, but no cipher suite that is taken with it or an older version; one that would do: {suite}"
    )]
    NoCommonSuite {
        /// The newest version that both have.
        version: TlsVersion,
        /// A suite that would do.
        suite: CipherSuite,
    },
    /// No version of the client's is taken.
    #[error("offers no version that is taken; the oldest is {minimum}")]
    NoCommonVersion {
        /// The oldest that is taken.
        minimum: TlsVersion,
    },
    /// A suite that is in no set of the rules.
    #[error("{suite} is not among the cipher suites taken")]
    Suite {
        /// Which.
        suite: CipherSuite,
    },
    /// A suite that the version does not have.
    #[error("{suite} is no cipher suite of {version}")]
    SuiteOfAnotherVersion {
        /// Which.
        suite: CipherSuite,
        /// The version.
        version: TlsVersion,
    },
    /// A version older than the rules take.
    #[error("{version} is older than {minimum}, the oldest version taken")]
    TooOld {
        /// Which.
        version: TlsVersion,
        /// The oldest that is taken, legacy aside.
        minimum: TlsVersion,
    },
    /// No version of TLS.
    #[error("{version} is no version of TLS")]
    UnknownVersion {
        /// The code point.
        version: TlsVersion,
    },
}

impl TlsDenial {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LegacyVersion { .. } => "legacy-version",
            Self::NoCommonSuite { .. } => "no-common-suite",
            Self::NoCommonVersion { .. } => "no-common-version",
            Self::Suite { .. } => "suite",
            Self::SuiteOfAnotherVersion { .. } => "suite-of-another-version",
            Self::TooOld { .. } => "version-too-old",
            Self::UnknownVersion { .. } => "unknown-version",
        }
    }
}

impl<'r> TlsRules<'r> {
    /// A hub with an RSA certificate and the minimum enforced: TLS 1.2 with the recommended suites, or 1.3.
    pub const HUB: TlsRules<'static> = TlsRules::new(&[TLS13, RECOMMENDED_RSA]);
    /// The same with an ECC certificate.
    pub const HUB_ECC: TlsRules<'static> = TlsRules::new(&[TLS13, RECOMMENDED_ECC]);
    /// The provisioning service: the suites of both.
    pub const PROVISIONING: TlsRules<'static> = TlsRules::new(&[TLS13, RECOMMENDED_RSA, RECOMMENDED_ECC]);
    /// A hub without an enforced minimum, as there were until 2025, for devices that cannot be updated: TLS 1.0 and
    /// 1.1 and the legacy suites too.
    pub const LEGACY_HUB: TlsRules<'static> =
        TlsRules::new(&[TLS13, RECOMMENDED_RSA, LEGACY]).with_legacy_tls_1_0().with_legacy_tls_1_1();

    /// TLS 1.2 and 1.3 with the suites of these sets, the most wanted first; one without a name in
    /// [`NAMED`](super::NAMED) is not taken all the same.
    #[must_use]
    pub const fn new(sets: &'r [&'r [CipherSuite]]) -> Self {
        Self { sets, minimum: TlsVersion::V1_2, legacy_1_0: false, legacy_1_1: false }
    }

    /// With TLS 1.3 alone, and whatever legacy version is named.
    #[must_use]
    pub const fn without_tls_1_2(mut self) -> Self {
        self.minimum = TlsVersion::V1_3;
        self
    }

    /// With TLS 1.0 too, which RFC 8996 deprecates.
    #[must_use]
    pub const fn with_legacy_tls_1_0(mut self) -> Self {
        self.legacy_1_0 = true;
        self
    }

    /// With TLS 1.1 too, which RFC 8996 deprecates.
    #[must_use]
    pub const fn with_legacy_tls_1_1(mut self) -> Self {
        self.legacy_1_1 = true;
        self
    }

    /// Every suite, the most wanted first.
    pub fn suites(&self) -> impl Iterator<Item = CipherSuite> + use<'r> {
        self.sets.iter().flat_map(|set| set.iter().copied())
    }

    /// Judges the version and the suite that a handshake came to.
    ///
    /// # Errors
    /// [`TlsDenial`]: what is not taken.
    pub fn check_negotiated(&self, version: TlsVersion, suite: CipherSuite) -> Result<(), TlsDenial> {
        self.check_version(version)?;
        if !self.suites().any(|taken| taken == suite) {
            return Err(TlsDenial::Suite { suite });
        }
        if !suite.is_of(version) {
            return Err(TlsDenial::SuiteOfAnotherVersion { suite, version });
        }
        Ok(())
    }

    /// Judges whether a handshake that these rules take can come of a ClientHello, and finds the best of them. What
    /// it came to is for [`Self::check_negotiated`] to judge: a client may offer worse besides. It looks through the
    /// hello at most once for each suite of each version.
    ///
    /// # Errors
    /// [`TlsDenial::NoCommonVersion`], [`TlsDenial::NoCommonSuite`].
    pub fn check_hello(&self, hello: &ClientHello<'_>) -> Result<Agreed, TlsDenial> {
        let common = || {
            TlsVersion::ALL
                .into_iter()
                .filter(|version| hello.offers_version(*version) && self.check_version(*version).is_ok())
        };
        let agreed = common().find_map(|version| {
            let suite = self.suites_of(version).find(|suite| hello.offers_suite(*suite))?;
            Some(Agreed { version, suite })
        });
        let minimum = self.oldest();
        agreed.ok_or_else(|| {
            // a version that the rules have no suite for is not taken in fact
            common().find_map(|version| Some((version, self.suites_of(version).next()?))).map_or(
                TlsDenial::NoCommonVersion { minimum },
                |(version, suite)| TlsDenial::NoCommonSuite { version, suite },
            )
        })
    }

    fn suites_of(&self, version: TlsVersion) -> impl Iterator<Item = CipherSuite> + use<'r> {
        self.suites().filter(move |suite| suite.is_of(version))
    }

    fn check_version(&self, version: TlsVersion) -> Result<(), TlsDenial> {
        let minimum = self.oldest();
        match version {
            TlsVersion::V1_3 => Ok(()),
            TlsVersion::V1_2 if self.minimum <= version => Ok(()),
            TlsVersion::V1_2 => Err(TlsDenial::TooOld { version, minimum: self.minimum }),
            TlsVersion::V1_1 if self.legacy_1_1 => Ok(()),
            TlsVersion::V1_0 if self.legacy_1_0 => Ok(()),
            TlsVersion::V1_1 | TlsVersion::V1_0 => Err(TlsDenial::LegacyVersion { version, minimum }),
            _ => Err(TlsDenial::UnknownVersion { version }),
        }
    }

    /// The oldest version taken.
    const fn oldest(&self) -> TlsVersion {
        match (self.legacy_1_0, self.legacy_1_1) {
            (true, _) => TlsVersion::V1_0,
            (false, true) => TlsVersion::V1_1,
            (false, false) => self.minimum,
        }
    }
}
