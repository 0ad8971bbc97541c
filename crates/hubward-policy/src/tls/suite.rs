//! [`CipherSuite`]: code points with IANA's names, and the sets in the documentation of hubs.

use core::fmt;
use core::str::FromStr;

use super::version::TlsVersion;

/// The code point of a cipher suite. A peer may send one that is not in [`NAMED`].
///
/// ```
/// use hubward_policy::tls::{CipherSuite, TlsVersion};
///
/// let suite: CipherSuite = "TLS_AES_128_GCM_SHA256".parse()?;
/// assert!(suite.is_of(TlsVersion::V1_3) && !suite.is_of(TlsVersion::V1_2));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "it is a code point")]
pub struct CipherSuite(pub u16);

/// The suites of TLS 1.3 that rustls and OpenSSL offer by default.
pub const TLS13: &[CipherSuite] = &[CipherSuite(0x1302), CipherSuite(0x1301), CipherSuite(0x1303)];

/// The hub's recommended suites of TLS 1.2, for its RSA certificate.
pub const RECOMMENDED_RSA: &[CipherSuite] =
    &[CipherSuite(0xc02f), CipherSuite(0xc030), CipherSuite(0xc027), CipherSuite(0xc028)];

/// The hub's recommended suites of TLS 1.2, for its ECC certificate.
pub const RECOMMENDED_ECC: &[CipherSuite] =
    &[CipherSuite(0xc02b), CipherSuite(0xc02c), CipherSuite(0xc023), CipherSuite(0xc024)];

/// The further suites that hubs without an enforced minimum allowed, except 3DES, which they removed in 2022. The
/// suites with RSA key exchange have no forward secrecy: the server's key decrypts every recorded connection.
pub const LEGACY: &[CipherSuite] = &[
    CipherSuite(0x009e),
    CipherSuite(0x009f),
    CipherSuite(0x009c),
    CipherSuite(0x009d),
    CipherSuite(0x003c),
    CipherSuite(0x003d),
    CipherSuite(0x002f),
    CipherSuite(0x0035),
    CipherSuite(0xc013),
    CipherSuite(0xc014),
];

/// Every suite with its name. No rules allow a suite that is not in this list.
pub const NAMED: &[(CipherSuite, &str)] = &[
    (CipherSuite(0x000a), "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (CipherSuite(0x002f), "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (CipherSuite(0x0035), "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (CipherSuite(0x003c), "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (CipherSuite(0x003d), "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (CipherSuite(0x009c), "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (CipherSuite(0x009d), "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (CipherSuite(0x009e), "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (CipherSuite(0x009f), "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (CipherSuite(0x1301), "TLS_AES_128_GCM_SHA256"),
    (CipherSuite(0x1302), "TLS_AES_256_GCM_SHA384"),
    (CipherSuite(0x1303), "TLS_CHACHA20_POLY1305_SHA256"),
    (CipherSuite(0x1304), "TLS_AES_128_CCM_SHA256"),
    (CipherSuite(0x1305), "TLS_AES_128_CCM_8_SHA256"),
    (CipherSuite(0xc013), "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (CipherSuite(0xc014), "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (CipherSuite(0xc023), "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (CipherSuite(0xc024), "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    (CipherSuite(0xc027), "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (CipherSuite(0xc028), "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (CipherSuite(0xc02b), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (CipherSuite(0xc02c), "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (CipherSuite(0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (CipherSuite(0xc030), "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (CipherSuite(0xcca8), "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (CipherSuite(0xcca9), "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
];

impl CipherSuite {
    /// Returns IANA's name, if the suite is in [`NAMED`].
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMED.iter().find(|(suite, _)| *suite == self).map(|(_, name)| *name)
    }

    /// Returns whether a handshake of `version` can negotiate the suite. TLS 1.3 has suites of its own, without a key
    /// exchange in their names; suites with AEAD or with a MAC over SHA-2 need TLS 1.2 (RFC 5246, 5288, 5289).
    #[must_use]
    pub fn is_of(self, version: TlsVersion) -> bool {
        match self.0 {
            0x1301..=0x1305 => version == TlsVersion::V1_3,
            0x000a | 0x002f | 0x0035 | 0xc013 | 0xc014 => {
                (TlsVersion::V1_0..=TlsVersion::V1_2).contains(&version)
            }
            _ => version == TlsVersion::V1_2 && self.name().is_some(),
        }
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "suite 0x{:04x}", self.0),
        }
    }
}

/// The error for a text that is not a name in [`NAMED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the IANA name of a known cipher suite")]
#[expect(clippy::exhaustive_structs, reason = "there are no further facts")]
pub struct UnknownSuite;

/// Parses IANA's name.
impl FromStr for CipherSuite {
    type Err = UnknownSuite;

    fn from_str(name: &str) -> Result<Self, UnknownSuite> {
        NAMED.iter().find(|(_, known)| *known == name).map(|(suite, _)| *suite).ok_or(UnknownSuite)
    }
}
