//! The error of all verifiers ([`VerifierError`]), and its translation to a TLS alert.

use std::sync::Arc;

use hubward_x509::{
    ChainError, Problem,
    crl::CrlError,
    error::{OutsideValidity, ParseError},
    thumbprint::ThumbprintMatchError,
    trust::BundleExpired,
};
use rustls::{CertificateError, Error, OtherError};

use crate::limits::TooLarge;

/// The reason why a peer's certificate was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
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
    Thumbprint(#[from] ThumbprintMatchError),
    /// The peer presented more than the limits allow.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The certificate was withdrawn.
    #[error("the certificate was withdrawn")]
    Withdrawn,
}

/// Selects the alert of RFC 8446 6.2 that fits best. The peer receives only the alert; the log has the [`VerifierError`].
impl From<VerifierError> for Error {
    fn from(refusal: VerifierError) -> Self {
        let other = || CertificateError::Other(OtherError(Arc::new(refusal)));
        let error = match refusal {
            VerifierError::NoCertificate => return Self::NoCertificatesPresented,
            VerifierError::Parse(_) => CertificateError::BadEncoding,
            VerifierError::Withdrawn => CertificateError::Revoked,
            VerifierError::Thumbprint(ThumbprintMatchError::OutsideValidity(outside)) => of_time(outside),
            VerifierError::Chain(ChainError::UnknownIssuer { .. }) => CertificateError::UnknownIssuer,
            VerifierError::Chain(ChainError::Refused { problem, .. }) => match problem {
                Problem::BadSignature => CertificateError::BadSignature,
                Problem::NameMismatch => CertificateError::NotValidForName,
                Problem::OutsideValidity(outside) => of_time(outside),
                Problem::Purpose => CertificateError::InvalidPurpose,
                Problem::Revoked { .. } => CertificateError::Revoked,
                Problem::RevocationUnknown(_) => CertificateError::UnknownRevocationStatus,
                Problem::Unreadable(_) => CertificateError::BadEncoding,
                Problem::UnknownCriticalExtension => CertificateError::UnhandledCriticalExtension,
                _ => other(),
            },
            VerifierError::Bundle(_)
            | VerifierError::Chain(_)
            | VerifierError::Crl(_)
            | VerifierError::Thumbprint(_)
            | VerifierError::TooLarge(_) => other(),
        };
        Self::InvalidCertificate(error)
    }
}

const fn of_time(outside: OutsideValidity) -> CertificateError {
    match outside {
        OutsideValidity::NotYetValid { .. } => CertificateError::NotValidYet,
        _ => CertificateError::Expired,
    }
}
