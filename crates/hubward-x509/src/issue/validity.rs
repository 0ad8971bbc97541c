//! Validity periods of issued certificates.

use core::time::Duration;

use der::DateTime;
use rustls_pki_types::UnixTime;
use x509_cert::time::Time;

use super::error::{IssueError, ValidityProblem};
use crate::certificate::time::{Seconds, Validity};

/// The last second of the year 9999, which means "no end" in RFC 5280.
const END: u64 = 253_402_300_799;

impl Validity {
    /// Creates the period of a certificate to issue, both ends inclusive.
    ///
    /// # Errors
    /// [`ValidityProblem`] if it ends before it begins, or after the year 9999.
    pub fn between(not_before: UnixTime, not_after: UnixTime) -> Result<Self, ValidityProblem> {
        if not_after.as_secs() > END {
            return Err(ValidityProblem::TooLate);
        }
        let seconds = |at: UnixTime| Seconds::try_from(at.as_secs()).map_err(|_| ValidityProblem::TooLate);
        let (not_before, not_after) = (seconds(not_before)?, seconds(not_after)?);
        if not_after < not_before {
            return Err(ValidityProblem::Empty);
        }
        Ok(Self { not_before, not_after, has_required_forms: true })
    }

    /// Checks that the period is within that of the issuer.
    pub(super) fn check_within(&self, issuer: &Self) -> Result<(), ValidityProblem> {
        if self.not_before < issuer.not_before {
            return Err(ValidityProblem::BeforeIssuer {
                seconds: issuer.not_before.abs_diff(self.not_before),
            });
        }
        if self.not_after > issuer.not_after {
            return Err(ValidityProblem::OutlivesIssuer {
                seconds: self.not_after.abs_diff(issuer.not_after),
            });
        }
        Ok(())
    }

    pub(super) fn encode(&self) -> Result<x509_cert::time::Validity, IssueError> {
        Ok(x509_cert::time::Validity::new(time(self.not_before)?, time(self.not_after)?))
    }
}

/// Returns a time in the form that RFC 5280 4.1.2.5 requires for its year: UTCTime until 2049.
pub(super) fn time(at: Seconds) -> Result<Time, IssueError> {
    let since_1970 = Duration::from_secs(at.try_into().map_err(|_| IssueError::Encoding)?);
    DateTime::from_unix_duration(since_1970).map(Time::from).map_err(|_| IssueError::Encoding)
}
