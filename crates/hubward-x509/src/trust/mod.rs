//! Trust anchors ([`Anchors`]), and signed trust bundles that update them on devices in the field ([`TrustBundle`]). The
//! format is documented at [`SignedBundle`].

mod anchor;
mod bundle;
mod contents;
mod draft;
mod error;
mod report;
mod signed;
mod update_key;

pub use anchor::Anchors;
pub use bundle::TrustBundle;
pub use contents::{BundledAnchor, TrustPeriod};
pub use draft::BundleDraft;
pub use error::{
    BundleError, BundleExpired, BundlePart, SignError, UpdateError, UpdateKeyError, UpdateKeySet,
};
pub use report::{AnchorExpiry, AnchorPeriod, ExpiryCause, Report};
pub use signed::SignedBundle;
pub use update_key::UpdateKey;

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
