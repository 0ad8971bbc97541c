//! How much a peer may present before it has proven anything.

use rustls::pki_types::CertificateDer;

/// The limits of what a peer presents. Beyond them the handshake is refused before anything is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Certificates, the leaf among them.
    pub certificates: usize,
    /// Bytes of DER of all of them together.
    pub bytes: usize,
}

impl Limits {
    /// Ten certificates: a leaf, the eight intermediates that mbed TLS takes by default, and a root that some peers
    /// send along. 32 KiB: room for ten of RSA-4096 and twice over, and half of what a TLS message of rustls may have.
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

/// A peer presented more than [`Limits`] allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("presented {certificates} certificates of {bytes} bytes, more than the limits allow")]
#[non_exhaustive]
pub struct TooLarge {
    /// How many.
    pub certificates: usize,
    /// Of how many bytes together.
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
