//! What a block's label says it holds.

use core::fmt;

use super::error::PemProblem;

/// What a block's label says it holds (RFC 7468, and what OpenSSL writes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Label {
    /// `CERTIFICATE`, `X509 CERTIFICATE`, `X.509 CERTIFICATE` or `TRUSTED CERTIFICATE`.
    Certificate,
    /// `X509 CRL`, `X.509 CRL` or `CRL`.
    RevocationList,
    /// `PUBLIC KEY`.
    PublicKey,
    /// A public key in another form, such as `RSA PUBLIC KEY`.
    OtherPublicKey,
    /// `PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY`.
    PrivateKey,
    /// `ENCRYPTED PRIVATE KEY`.
    EncryptedPrivateKey,
    /// `OPENSSH PRIVATE KEY`.
    OpenSshPrivateKey,
    /// A private key in another form, such as `DSA PRIVATE KEY`.
    OtherPrivateKey,
    /// `PKCS7` or `CMS`, which may hold certificates.
    Pkcs7,
    /// `CERTIFICATE REQUEST` or `NEW CERTIFICATE REQUEST`.
    CertificateRequest,
    /// Parameters of a key, or an attribute certificate.
    Other,
}

impl Label {
    /// Recognizes a label. One that is not known has none: what it holds could be what is looked for.
    pub(super) fn recognize(label: &[u8]) -> Option<Self> {
        Some(match label {
            b"CERTIFICATE" | b"X509 CERTIFICATE" | b"X.509 CERTIFICATE" | b"TRUSTED CERTIFICATE" => {
                Self::Certificate
            }
            b"X509 CRL" | b"X.509 CRL" | b"CRL" => Self::RevocationList,
            b"PUBLIC KEY" => Self::PublicKey,
            b"PRIVATE KEY" | b"RSA PRIVATE KEY" | b"EC PRIVATE KEY" => Self::PrivateKey,
            b"ENCRYPTED PRIVATE KEY" => Self::EncryptedPrivateKey,
            b"PKCS7" | b"PKCS #7 SIGNED DATA" | b"CMS" => Self::Pkcs7,
            b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => Self::CertificateRequest,
            b"OPENSSH PRIVATE KEY" => Self::OpenSshPrivateKey,
            b"ATTRIBUTE CERTIFICATE" => Self::Other,
            _ if label.ends_with(b" PARAMETERS") => Self::Other,
            _ if label.ends_with(b" PUBLIC KEY") => Self::OtherPublicKey,
            _ if label.ends_with(b" PRIVATE KEY") => Self::OtherPrivateKey,
            _ => return None,
        })
    }

    /// Why a block with this label must not be ignored by a caller that looks for `wanted`: it holds such a thing in a
    /// form that is not read.
    pub(super) const fn in_place_of(self, wanted: Self) -> Option<PemProblem> {
        match (self, wanted) {
            (Self::Pkcs7, Self::Certificate | Self::RevocationList) => Some(PemProblem::Pkcs7),
            (Self::EncryptedPrivateKey, Self::PrivateKey) => Some(PemProblem::Encrypted),
            (Self::OpenSshPrivateKey, Self::PrivateKey) => Some(PemProblem::OpenSshKey),
            (Self::OtherPrivateKey, Self::PrivateKey) | (Self::OtherPublicKey, Self::PublicKey) => {
                Some(PemProblem::OtherKeyForm)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::RevocationList => "revocation list",
            Self::PublicKey => "public key",
            Self::OtherPublicKey => "public key in another form",
            Self::PrivateKey => "private key",
            Self::EncryptedPrivateKey => "encrypted private key",
            Self::OtherPrivateKey => "private key in another form",
            Self::Pkcs7 => "PKCS#7 container",
            Self::OpenSshPrivateKey => "OpenSSH private key",
            Self::CertificateRequest => "certificate request",
            Self::Other => "parameters or attributes",
        })
    }
}
