//! [`TlsRules`]: the allowed versions and cipher suites, and the [`TlsDenial`] of a handshake.

use super::hello::ClientHello;
use super::suite::{CipherSuite, LEGACY, RECOMMENDED_ECC, RECOMMENDED_RSA, TLS13};
use super::version::TlsVersion;

/// The allowed TLS versions and cipher suites.
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

/// A version and a cipher suite that the client offers and the rules allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NegotiatedTls {
    /// The newest such version.
    pub version: TlsVersion,
    /// The first such suite of that version, in the order of the rules.
    pub suite: CipherSuite,
}

/// The reason for which a handshake is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsDenial {
    /// TLS 1.0 or 1.1, which only rules that name it allow.
    #[error(
        "{version} is a legacy version, and the rules do not allow it; the oldest allowed version is {minimum}"
    )]
    LegacyVersion {
        /// The version.
        version: TlsVersion,
        /// The oldest allowed version.
        minimum: TlsVersion,
    },
    /// The rules allow no suite of the client for any version that both have.
    #[error(
        "offers {version}, but no cipher suite that is allowed for it or an older version; an allowed one is {suite}"
    )]
    NoCommonSuite {
        /// The newest version that both have.
        version: TlsVersion,
        /// An allowed suite of that version.
        suite: CipherSuite,
    },
    /// The rules allow no version of the client.
    #[error("offers no allowed version; the oldest allowed version is {minimum}")]
    NoCommonVersion {
        /// The oldest allowed version.
        minimum: TlsVersion,
    },
    /// A suite that is in no set of the rules.
    #[error("{suite} is not an allowed cipher suite")]
    Suite {
        /// The suite.
        suite: CipherSuite,
    },
    /// A suite of another version.
    #[error("{suite} is not a cipher suite of {version}")]
    SuiteOfAnotherVersion {
        /// The suite.
        suite: CipherSuite,
        /// The version.
        version: TlsVersion,
    },
    /// A version older than the rules allow.
    #[error("{version} is older than {minimum}, the oldest allowed version")]
    TooOld {
        /// The version.
        version: TlsVersion,
        /// The oldest allowed version, apart from legacy versions.
        minimum: TlsVersion,
    },
    /// A code point that is not a TLS version.
    #[error("{version} is not a TLS version")]
    UnknownVersion {
        /// The code point.
        version: TlsVersion,
    },
}

impl TlsDenial {
    /// Returns a code that does not change between versions.
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
    /// A hub with an RSA certificate and an enforced minimum: TLS 1.2 with the recommended suites, or 1.3.
    pub const HUB: TlsRules<'static> = TlsRules::new(&[TLS13, RECOMMENDED_RSA]);
    /// The same with an ECC certificate.
    pub const HUB_ECC: TlsRules<'static> = TlsRules::new(&[TLS13, RECOMMENDED_ECC]);
    /// The provisioning service: the suites of both.
    pub const PROVISIONING: TlsRules<'static> = TlsRules::new(&[TLS13, RECOMMENDED_RSA, RECOMMENDED_ECC]);
    /// A hub without an enforced minimum, which Azure had until 2025, for devices that cannot be updated: also TLS 1.0
    /// and 1.1 and the legacy suites.
    pub const LEGACY_HUB: TlsRules<'static> =
        TlsRules::new(&[TLS13, RECOMMENDED_RSA, LEGACY]).with_legacy_tls_1_0().with_legacy_tls_1_1();

    /// Allows TLS 1.2 and 1.3 with the suites of these sets, the preferred first. A suite without a name in
    /// [`NAMED`](super::NAMED) is not allowed even so.
    #[must_use]
    pub const fn new(sets: &'r [&'r [CipherSuite]]) -> Self {
        Self { sets, minimum: TlsVersion::V1_2, legacy_1_0: false, legacy_1_1: false }
    }

    /// Removes TLS 1.2. TLS 1.3 remains, and legacy versions that are named.
    #[must_use]
    pub const fn without_tls_1_2(mut self) -> Self {
        self.minimum = TlsVersion::V1_3;
        self
    }

    /// Also allows TLS 1.0, which RFC 8996 deprecates.
    #[must_use]
    pub const fn with_legacy_tls_1_0(mut self) -> Self {
        self.legacy_1_0 = true;
        self
    }

    /// Also allows TLS 1.1, which RFC 8996 deprecates.
    #[must_use]
    pub const fn with_legacy_tls_1_1(mut self) -> Self {
        self.legacy_1_1 = true;
        self
    }

    /// Returns every suite, the preferred first.
    pub fn suites(&self) -> impl Iterator<Item = CipherSuite> + use<'r> {
        self.sets.iter().flat_map(|set| set.iter().copied())
    }

    /// Judges the version and the cipher suite that a handshake negotiated.
    ///
    /// # Errors
    /// [`TlsDenial`] if the version or the suite is not allowed.
    pub fn check_negotiated(&self, version: TlsVersion, suite: CipherSuite) -> Result<(), TlsDenial> {
        self.check_version(version)?;
        if !self.suites().any(|allowed| allowed == suite) {
            return Err(TlsDenial::Suite { suite });
        }
        if !suite.is_of(version) {
            return Err(TlsDenial::SuiteOfAnotherVersion { suite, version });
        }
        Ok(())
    }

    /// Judges whether a ClientHello can lead to a handshake that these rules allow, and returns the best version and
    /// suite. The client may also offer suites that are not allowed, so judge the handshake itself with
    /// [`Self::check_negotiated`]. The hello is searched at most once for each suite of each version.
    ///
    /// # Errors
    /// [`TlsDenial::NoCommonVersion`] or [`TlsDenial::NoCommonSuite`].
    pub fn check_hello(&self, hello: &ClientHello<'_>) -> Result<NegotiatedTls, TlsDenial> {
        let common = || {
            TlsVersion::ALL
                .into_iter()
                .filter(|version| hello.offers_version(*version) && self.check_version(*version).is_ok())
        };
        let agreed = common().find_map(|version| {
            let suite = self.suites_of(version).find(|suite| hello.offers_suite(*suite))?;
            Some(NegotiatedTls { version, suite })
        });
        let minimum = self.oldest();
        agreed.ok_or_else(|| {
            // without a suite for a version, the rules do not allow the version
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

    /// Returns the oldest allowed version.
    const fn oldest(&self) -> TlsVersion {
        match (self.legacy_1_0, self.legacy_1_1) {
            (true, _) => TlsVersion::V1_0,
            (false, true) => TlsVersion::V1_1,
            (false, false) => self.minimum,
        }
    }
}
