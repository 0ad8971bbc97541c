//! [`ClientHello`]: the versions and cipher suites that a client offers.

use super::suite::CipherSuite;
use super::version::TlsVersion;

/// The fields of a ClientHello that determine the version and the cipher suite, as code points.
///
/// ```
/// use hubward_policy::tls::{ClientHello, TlsVersion};
///
/// let hello = ClientHello { legacy_version: 0x0303, supported_versions: None, cipher_suites: &[0xc02f] };
/// assert!(hello.offers_version(TlsVersion::V1_2));
/// assert!(!hello.offers_version(TlsVersion::V1_3), "TLS 1.3 needs the extension");
/// ```
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a ClientHello has these three")]
pub struct ClientHello<'a> {
    /// `legacy_version`.
    pub legacy_version: u16,
    /// The versions of the `supported_versions` extension, if the hello has it.
    pub supported_versions: Option<&'a [u16]>,
    /// `cipher_suites`, including signalling values and GREASE (RFC 8701).
    pub cipher_suites: &'a [u16],
}

impl ClientHello<'_> {
    /// Returns whether it offers a version: one in the extension or, without the extension, one up to `legacy_version`,
    /// which cannot offer TLS 1.3 (RFC 8446 4.2.1).
    #[must_use]
    pub fn offers_version(&self, version: TlsVersion) -> bool {
        match self.supported_versions {
            Some(listed) => listed.contains(&version.0),
            None => version <= TlsVersion(self.legacy_version) && version < TlsVersion::V1_3,
        }
    }

    /// Returns whether it offers a cipher suite.
    #[must_use]
    pub fn offers_suite(&self, suite: CipherSuite) -> bool {
        self.cipher_suites.contains(&suite.0)
    }
}
