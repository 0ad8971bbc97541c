//! Errors of trust bundles: invalid bundles, refused updates and refused signatures.

use hubward_core::InWords;

use crate::error::CertificateError;
use crate::tlv::Malformed;

/// The reason why bytes are not a trust bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// An anchor that cannot be parsed.
    #[error("anchor {anchor} cannot be read: {error}")]
    Anchor {
        /// The number of the anchor, counted from 0.
        anchor: usize,
        /// The reason.
        error: CertificateError,
    },
    /// An update key that is also an anchor's key: the operator of that CA could change the trusted anchors.
    #[error("key {key} is the key of anchor {anchor}: an update key must not be the key of a CA")]
    CaKey {
        /// The number of the key, counted from 0.
        key: usize,
        /// The number of the anchor, counted from 0.
        anchor: usize,
    },
    /// An anchor that occurs twice.
    #[error("anchor {anchor} occurs twice")]
    DuplicateAnchor {
        /// The number of the second one, counted from 0.
        anchor: usize,
    },
    /// A key that occurs twice, with the same bytes or the negated point: one holder would count as two.
    #[error("key {key} occurs twice")]
    DuplicateKey {
        /// The number of the second one, counted from 0.
        key: usize,
    },
    /// Another format, or another version of the format.
    #[error("not a trust bundle of format 1")]
    Format,
    /// A key of a type that cannot sign updates.
    #[error("key {key}: {error}")]
    Key {
        /// The number of the key, counted from 0.
        key: usize,
        /// The reason.
        error: UpdateKeyError,
    },
    /// Not strict DER, or not the expected structure.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// An empty list, which must have at least one element.
    #[error("has no {0}: add at least one")]
    Empty(BundlePart),
    /// Keys of the bundle or of its signatures that are not sorted by their bytes.
    #[error("its {0} are not sorted, or one occurs twice")]
    Order(BundlePart),
    /// A signature by a key of a type that cannot sign updates.
    #[error("signature {signature}: {error}")]
    SignatureKey {
        /// The number of the signature, counted from 0.
        signature: usize,
        /// The problem of its key.
        error: UpdateKeyError,
    },
    /// A threshold that is not between 1 and the number of keys.
    #[error("requires {threshold} signatures but has {keys} keys")]
    Threshold {
        /// The threshold.
        threshold: u32,
        /// The number of keys.
        keys: usize,
    },
    /// A bundle that is too long.
    #[error("more than {most} bytes")]
    TooLong {
        /// The largest number of bytes.
        most: usize,
    },
    /// A list that is too long.
    #[error("has more than {most} {part}")]
    TooMany {
        /// The list.
        part: BundlePart,
        /// The largest number of elements.
        most: usize,
    },
    /// An anchor whose trust period ends before it starts.
    #[error("the period of anchor {anchor} ends before it starts")]
    TrustPeriod {
        /// The number of the anchor, counted from 0.
        anchor: usize,
    },
}

/// A list in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has three lists")]
pub enum BundlePart {
    /// The trusted CAs.
    Anchors,
    /// The keys that sign updates.
    Keys,
    /// The signatures.
    Signatures,
}

impl core::fmt::Display for BundlePart {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Anchors => "anchors",
            Self::Keys => "keys",
            Self::Signatures => "signatures",
        })
    }
}

/// The reason why a public key cannot sign updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateKeyError {
    /// Neither Ed25519 nor P-256 with an uncompressed point, each of which has exactly one encoding.
    #[error("neither an Ed25519 key nor a P-256 key with an uncompressed point")]
    Kind,
    /// Not a SubjectPublicKeyInfo.
    #[error("not a public key: {0}")]
    Malformed(#[from] Malformed),
    /// An Ed25519 point that is not reduced or has a small order: signatures under it can be forged without a private
    /// key.
    #[error("a weak Ed25519 key, for which signatures can be forged")]
    Weak,
}

/// The reason why an update was refused. The bundle in force is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The update cannot be parsed.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A signature that does not verify with its key. The bytes were altered, or other bytes were signed.
    #[error("signature {signature} does not verify with its key over these bytes")]
    BadSignature {
        /// The number of the signature, counted from 0.
        signature: usize,
    },
    /// The update has expired.
    #[error("expired {} before now", InWords(*seconds))]
    Expired {
        /// The time since its expiry.
        seconds: u64,
    },
    /// The update has the version in force, or an older one.
    #[error("version {found} is not newer than version {current}, which is in force")]
    NotNewer {
        /// The version of the update.
        found: u32,
        /// The version in force.
        current: u32,
    },
    /// Too few signatures by the keys of one of the two bundles.
    #[error("{found} of the {needed} signatures that {by} requires")]
    UnderSigned {
        /// The bundle whose keys are missing.
        by: UpdateKeySet,
        /// The number of its keys that have signed.
        found: usize,
        /// The number of its keys that must sign.
        needed: usize,
    },
    /// No algorithm of the caller's list matches the key of a signature.
    #[error("no algorithm for the key of signature {signature}")]
    UnsupportedAlgorithm {
        /// The number of the signature, counted from 0.
        signature: usize,
    },
}

/// The bundle whose keys must sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an update concerns two bundles")]
pub enum UpdateKeySet {
    /// The bundle in force.
    Current,
    /// The bundle that the update would install.
    New,
}

impl core::fmt::Display for UpdateKeySet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Current => "the bundle in force",
            Self::New => "the new bundle",
        })
    }
}

/// The reason why a signature was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The signature does not verify with this key over these bytes.
    #[error("the signature does not verify with this key over this bundle")]
    BadSignature,
    /// The bundle already has the largest number of signatures.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// No algorithm of the caller's list matches the key.
    #[error("no algorithm for this key")]
    UnsupportedAlgorithm,
}

/// The bundle has expired: none of its anchors is trusted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the trust bundle expired {} before now: install an update", InWords(*seconds))]
#[non_exhaustive]
pub struct BundleExpired {
    /// The time since its expiry.
    pub seconds: u64,
}
