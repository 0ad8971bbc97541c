//! The error of all verifiers ([`Refusal`]), and its translation to a TLS alert.

use std::sync::Arc;

use hubward_x509::{BundleExpired, ChainError, CrlError, Outside, ParseError, PinError, Problem};
use rustls::{CertificateError, Error, OtherError};

use crate::limits::TooLarge;

/// The reason why a peer's certificate was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The trust bundle has expired: no root is trusted until it is updated.
    #[error(transparent)]
    Bundle(#[from] BundleExpired),
    /// There is no valid path to an anchor.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A revocation list cannot be parsed.
    #[error(transparent)]
    Crl(#[from] CrlError),
    /// The peer presented no certificate.
    #[error("no certificate was presented")]
    NoCertificate,
    /// A certificate cannot be parsed.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The thumbprint is registered, but the certificate is not valid at the time.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The peer presented more than the limits allow.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The certificate was withdrawn.
    #[error("the certificate was withdrawn")]
    Withdrawn,
}

/// Selects the alert of RFC 8446 6.2 that fits best. The peer receives only the alert; the log has the [`Refusal`].
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let other = || CertificateError::Other(OtherError(Arc::new(refusal)));
        let error = match refusal {
            Refusal::NoCertificate => return Self::NoCertificatesPresented,
            Refusal::Parse(_) => CertificateError::BadEncoding,
            Refusal::Withdrawn => CertificateError::Revoked,
            Refusal::Pin(PinError::Outside(outside)) => of_time(outside),
            Refusal::Chain(ChainError::UnknownIssuer { .. }) => CertificateError::UnknownIssuer,
            Refusal::Chain(ChainError::Refused { problem, .. }) => match problem {
                Problem::BadSignature => CertificateError::BadSignature,
                Problem::NameMismatch => CertificateError::NotValidForName,
                Problem::Outside(outside) => of_time(outside),
                Problem::Purpose => CertificateError::InvalidPurpose,
                Problem::Revoked { .. } => CertificateError::Revoked,
                Problem::RevocationUnknown(_) => CertificateError::UnknownRevocationStatus,
                Problem::Unreadable(_) => CertificateError::BadEncoding,
                Problem::UnknownCriticalExtension => CertificateError::UnhandledCriticalExtension,
                _ => other(),
            },
            Refusal::Bundle(_)
            | Refusal::Chain(_)
            | Refusal::Crl(_)
            | Refusal::Pin(_)
            | Refusal::TooLarge(_) => other(),
        };
        Self::InvalidCertificate(error)
    }
}

const fn of_time(outside: Outside) -> CertificateError {
    match outside {
        Outside::NotYetValid { .. } => CertificateError::NotValidYet,
        _ => CertificateError::Expired,
    }
}
