//! Why a certificate is refused, and what rustls and the peer are told of it.

use std::sync::Arc;

use hubward_x509::{BundleExpired, ChainError, CrlError, Outside, ParseError, PinError, Problem};
use rustls::{CertificateError, Error, OtherError};

use crate::limits::TooLarge;

/// Why a peer's certificate was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The bundle of roots has expired: nobody is trusted until there is an update.
    #[error(transparent)]
    Bundle(#[from] BundleExpired),
    /// No path to an anchor holds.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A revocation list cannot be read.
    #[error(transparent)]
    Crl(#[from] CrlError),
    /// Nothing was presented.
    #[error("no certificate was presented")]
    NoCertificate,
    /// It cannot be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// It is registered by its thumbprint, but not valid.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// More than the limits was presented.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// It was withdrawn.
    #[error("the certificate was withdrawn")]
    Withdrawn,
}

/// By the alert that fits: the peer is told what RFC 8446 6.2 has words for, and the log has the rest.
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
