//! Limits on what an unauthenticated peer may present.

use rustls::pki_types::CertificateDer;

/// The limits on a peer's certificates. A handshake that exceeds them is refused before anything is parsed.
///
/// ```
/// use hubward_rustls::{Limits, ProofOfPossessionVerifier};
///
/// let mut limits = Limits::DEFAULT;
/// limits.certificates = 4;
/// let verifier = ProofOfPossessionVerifier::new().with_limits(limits);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The number of certificates, including the leaf.
    pub certificates: usize,
    /// The total size in bytes of DER.
    pub bytes: usize,
}

impl Limits {
    /// Ten certificates: a leaf, the eight intermediates that mbed TLS allows by default, and a root that some peers
    /// include. 32 KiB: twice the size of ten RSA-4096 certificates, and half of the
    /// largest handshake message that rustls accepts.
    pub const DEFAULT: Self = Self { certificates: 10, bytes: 32 * 1024 };

    pub(crate) fn check(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
    ) -> Result<(), TooLarge> {
        let certificates = others.len().saturating_add(1);
        let bytes = others.iter().fold(leaf.len(), |sum, der| sum.saturating_add(der.len()));
        if certificates > self.certificates || bytes > self.bytes {
            return Err(TooLarge { certificates, bytes });
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A peer presented more than its [`Limits`] allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("presented {certificates} certificates of {bytes} bytes, more than the limits allow")]
#[non_exhaustive]
pub struct TooLarge {
    /// The number of certificates.
    pub certificates: usize,
    /// Their total size in bytes.
    pub bytes: usize,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn both_limits_hold_to_the_last_unit() {
        let der = |len: usize| CertificateDer::from(vec![0; len]);
        let limits = Limits { certificates: 2, bytes: 10 };
        limits.check(&der(4), &[der(6)]).unwrap();
        limits.check(&der(4), &[der(7)]).unwrap_err();
        limits.check(&der(1), &[der(1), der(1)]).unwrap_err();
    }
}
