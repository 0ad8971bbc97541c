//! Why a bundle cannot be read, and why an update was not taken.

use crate::error::CertificateError;
use crate::tlv::Malformed;

/// Why bytes are no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// An anchor that cannot be read.
    #[error("anchor {anchor} cannot be read: {error}")]
    Anchor {
        /// Which, counted from 0.
        anchor: usize,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// An update key that is an anchor's too: whoever runs that CA could change what is trusted.
    #[error("key {key} is the key of anchor {anchor}: an update key is the owner's alone")]
    CaKey {
        /// Which key, counted from 0.
        key: usize,
        /// Which anchor, counted from 0.
        anchor: usize,
    },
    /// An anchor that is there twice.
    #[error("anchor {anchor} is there twice")]
    DuplicateAnchor {
        /// The second, counted from 0.
        anchor: usize,
    },
    /// A key that is there twice, in the same bytes or with its sign turned: one holder would count as two.
    #[error("key {key} is there twice")]
    DuplicateKey {
        /// The second, counted from 0.
        key: usize,
    },
    /// Another format or another version of it.
    #[error("not a trust bundle of format 1")]
    Format,
    /// A key that is none an update is signed with.
    #[error("key {key}: {error}")]
    Key {
        /// Which, counted from 0.
        key: usize,
        /// What is wrong with it.
        error: UpdateKeyError,
    },
    /// Not strict DER, or not of the form.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// There must be at least one.
    #[error("has no {0}")]
    None(Part),
    /// Keys of the bundle or of its signatures that are not in the order of their bytes.
    #[error("its {0} are not in order, or one is there twice")]
    Order(Part),
    /// A signature by a key that is none an update is signed with.
    #[error("signature {signature}: {error}")]
    SignatureKey {
        /// Which, counted from 0.
        signature: usize,
        /// What is wrong with its key.
        error: UpdateKeyError,
    },
    /// Not from 1 to as many as there are keys.
    #[error("asks for {threshold} signatures where there are {keys} keys")]
    Threshold {
        /// How many it asks for.
        threshold: u32,
        /// How many keys it has.
        keys: usize,
    },
    /// More bytes than a bundle may have.
    #[error("more than {most} bytes")]
    TooLong {
        /// How many it may have.
        most: usize,
    },
    /// More of something than there may be.
    #[error("has more than {most} {part}")]
    TooMany {
        /// What of.
        part: Part,
        /// How many there may be.
        most: usize,
    },
    /// An anchor that is trusted until before it is trusted.
    #[error("anchor {anchor} is trusted until before it is trusted")]
    Window {
        /// Which, counted from 0.
        anchor: usize,
    },
}

/// What a bundle has several of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has these three")]
pub enum Part {
    /// CAs that are trusted.
    Anchors,
    /// Keys that sign updates.
    Keys,
    /// Signatures.
    Signatures,
}

impl core::fmt::Display for Part {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Anchors => "anchors",
            Self::Keys => "keys",
            Self::Signatures => "signatures",
        })
    }
}

/// Why a public key is none that updates are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateKeyError {
    /// Neither Ed25519 nor P-256 with its point uncompressed, each of which has one encoding.
    #[error("not an Ed25519 key, nor a P-256 key with its point uncompressed")]
    Kind,
    /// Not a SubjectPublicKeyInfo.
    #[error("not a public key: {0}")]
    Malformed(#[from] Malformed),
    /// An Ed25519 point that is not reduced or has a small order: anybody could sign under it.
    #[error("an Ed25519 key that anybody could sign under")]
    Weak,
}

/// Why an update was not taken. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// It cannot be read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A signature that its key did not make. The bytes were altered, or signed by mistake.
    #[error("signature {signature} is not its key's over these bytes")]
    BadSignature {
        /// Which, counted from 0.
        signature: usize,
    },
    /// Its last day is over.
    #[error("expired {seconds} s before now")]
    Expired {
        /// By how much.
        seconds: u64,
    },
    /// It is the one in force, or an older one.
    #[error("version {found} is not newer than version {current}, which is in force")]
    NotNewer {
        /// Its version.
        found: u32,
        /// The version in force.
        current: u32,
    },
    /// Fewer signatures than needed by the keys of one of the two bundles.
    #[error("{found} of the {needed} signatures that {by} asks for")]
    UnderSigned {
        /// Whose keys are missing.
        by: Side,
        /// How many of its keys have signed.
        found: usize,
        /// How many must.
        needed: usize,
    },
    /// None of the caller's algorithms fits the key of a signature.
    #[error("no algorithm for the key of signature {signature}")]
    UnsupportedAlgorithm {
        /// Which, counted from 0.
        signature: usize,
    },
}

/// Whose keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an update has these two sides")]
pub enum Side {
    /// The bundle in force.
    Current,
    /// The one that shall be.
    New,
}

impl core::fmt::Display for Side {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Current => "the bundle in force",
            Self::New => "the new bundle",
        })
    }
}

/// Why a signature was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key did not make it, over these bytes.
    #[error("the signature is not this key's over this bundle")]
    BadSignature,
    /// The bundle has as many signatures as it may have.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// None of the caller's algorithms fits the key.
    #[error("no algorithm for this key")]
    UnsupportedAlgorithm,
}

/// The bundle's last day is over: it vouches for nobody any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the trust bundle expired {seconds} s before now: take an update")]
#[non_exhaustive]
pub struct BundleExpired {
    /// By how much.
    pub seconds: u64,
}
