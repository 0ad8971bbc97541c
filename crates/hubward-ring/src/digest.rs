//! SHA-256 and SHA-1 of complete messages.

use hubward_core::Digest;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// The digests for thumbprints of certificates.
///
/// ```
/// use hubward_core::{Digest, Thumbprint};
/// use hubward_ring::Digests;
///
/// let thumbprint = Thumbprint::Sha256(Digests.sha256(b"the DER of a certificate"));
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no state")]
pub struct Digests;

impl Digest for Digests {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        to_array(digest(&SHA256, data).as_ref())
    }

    fn sha1_for_legacy_thumbprints(&self, data: &[u8]) -> [u8; 20] {
        to_array(digest(&SHA1_FOR_LEGACY_USE_ONLY, data).as_ref())
    }
}

/// Copies `bytes`, which have length `N`, into an array. A shorter result, which `ring` never returns, matches nothing.
pub(crate) fn to_array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
    array
}
