//! Trust anchors ([`Anchors`](crate::Anchors)), and signed trust bundles that update them on devices in the field. The
//! format is documented at [`SignedBundle`](crate::SignedBundle).

pub(crate) mod anchor;
pub(crate) mod bundle;
pub(crate) mod contents;
pub(crate) mod draft;
pub(crate) mod error;
pub(crate) mod report;
pub(crate) mod signed;
pub(crate) mod update_key;

/// The first field of the signed part. No certificate, request or revocation list starts like it, so a signature for
/// one is not valid for the other.
const FORMAT: &[u8] = b"hubward trust bundle 1";
/// Longest bundle with its signatures. 32 of the largest public roots take a third of it.
const MAX_LENGTH: usize = 128 * 1024;
/// Largest number of keys.
const MAX_KEYS: usize = 16;
/// Largest number of signatures, which bounds those checked for an update: all old and all new keys.
const MAX_SIGNATURES: usize = 32;
/// Largest number of anchors. The hubs of one vendor need seven; a bundle is not meant for all roots of the public web.
const MAX_ANCHORS: usize = 32;
