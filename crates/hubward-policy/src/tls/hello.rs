//! What a ClientHello offers.

use super::suite::CipherSuite;
use super::version::TlsVersion;

/// The fields of a ClientHello that versions and suites are chosen by, as code points.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a ClientHello has these three")]
pub struct ClientHello<'a> {
    /// `legacy_version`.
    pub legacy_version: u16,
    /// The versions of the `supported_versions` extension, where the hello has one.
    pub supported_versions: Option<&'a [u16]>,
    /// `cipher_suites`, with whatever signals and grease there are.
    pub cipher_suites: &'a [u16],
}

impl ClientHello<'_> {
    /// Whether it offers a version: one of those in the extension or, where there is none, one up to
    /// `legacy_version`, by which TLS 1.3 cannot be had (RFC 8446 4.2.1).
    #[must_use]
    pub fn offers_version(&self, version: TlsVersion) -> bool {
        match self.supported_versions {
            Some(listed) => listed.contains(&version.0),
            None => version <= TlsVersion(self.legacy_version) && version < TlsVersion::V1_3,
        }
    }

    /// Whether it offers a suite.
    #[must_use]
    pub fn offers_suite(&self, suite: CipherSuite) -> bool {
        self.cipher_suites.contains(&suite.0)
    }
}
