//! SHA-256 and SHA-1 of whole messages.

use hubward_core::Digest;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// The digests of certificates.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to hold")]
pub struct Digests;

impl Digest for Digests {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        to_array(digest(&SHA256, data).as_ref())
    }

    fn sha1_for_legacy_thumbprints(&self, data: &[u8]) -> [u8; 20] {
        to_array(digest(&SHA1_FOR_LEGACY_USE_ONLY, data).as_ref())
    }
}

/// `bytes` at its known length; a digest of another length is impossible and would match nothing.
pub(crate) fn to_array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
    array
}
