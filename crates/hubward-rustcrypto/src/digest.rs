//! SHA-256 and SHA-1 of complete messages.

use hubward_core::Digest;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The digests for thumbprints of certificates.
///
/// ```
/// use hubward_core::{Digest, Thumbprint};
/// use hubward_rustcrypto::Digests;
///
/// let thumbprint = Thumbprint::Sha256(Digests.sha256(b"the DER of a certificate"));
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no state")]
pub struct Digests;

impl Digest for Digests {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        Sha256::digest(data).into()
    }

    fn sha1_for_legacy_thumbprints(&self, data: &[u8]) -> [u8; 20] {
        Sha1::digest(data).into()
    }
}
