//! Configuration of revocation checks ([`Revocation`]) and their results ([`RevocationStatus`], [`StatusUnknown`],
//! [`CrlProblem`]).

use hubward_core::InWords;

use super::list::Crls;
use super::reasons::Reasons;
use crate::certificate::time::Seconds;
use crate::error::{Problem, UnsupportedAlgorithm, UnsupportedKey};

/// The certificates whose revocation status is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RevocationDepth {
    /// The leaf, its intermediates, and the signers of revocation lists. Never the anchor, which no CA can revoke.
    #[default]
    Path,
    /// Only the leaf.
    Leaf,
}

/// The treatment of a certificate whose status is not known from any revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UnknownStatus {
    /// The certificate is refused.
    #[default]
    Deny,
    /// The certificate is accepted, as if revocation were not checked: an attacker who can withhold the lists keeps a
    /// revoked certificate usable.
    Allow,
}

/// The treatment of a revocation list after its `nextUpdate`. In any case it still revokes the certificates that it
/// contains; it only no longer clears those that it does not contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ExpiredCrl {
    /// The status of certificates that it does not contain is unknown.
    #[default]
    Refuse,
    /// It counts as current for this much longer, for hubs that cannot always fetch a new one.
    AcceptFor {
        /// The number of seconds.
        seconds: u32,
    },
}

/// The treatment of a revocation list without `nextUpdate`, which RFC 5280 5.1.2.5 forbids and which never expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NextUpdate {
    /// As an expired list: it revokes, but does not clear.
    #[default]
    Require,
    /// It counts as current.
    Optional,
}

/// The rules for revocation checks. A profile starts with [`Revocation::unchecked`].
///
/// The signer of a revocation list is searched on the path and among the presented certificates. If it is in neither,
/// add its certificate to the intermediates of [`Chain::parse`](crate::Chain::parse).
///
/// ```
/// use hubward_x509::{Crls, ExpectedSubject, Profile, Revocation, crl::RevocationDepth};
///
/// let crls = Crls::new();
/// let revocation = Revocation::by(&crls).with_depth(RevocationDepth::Leaf);
/// let profile = Profile::device(ExpectedSubject::Any).with_revocation(revocation);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Revocation<'a> {
    pub(crate) crls: Option<&'a Crls>,
    pub(crate) depth: RevocationDepth,
    pub(crate) unknown: UnknownStatus,
    pub(crate) expired: ExpiredCrl,
    pub(crate) next_update: NextUpdate,
}

impl<'a> Revocation<'a> {
    /// Does not check revocation: a revoked certificate is accepted.
    #[must_use]
    pub const fn unchecked() -> Self {
        Self {
            crls: None,
            depth: RevocationDepth::Path,
            unknown: UnknownStatus::Deny,
            expired: ExpiredCrl::Refuse,
            next_update: NextUpdate::Require,
        }
    }

    /// Checks the whole path with these lists; refuses a certificate with an unknown status.
    #[must_use]
    pub const fn by(crls: &'a Crls) -> Self {
        Self { crls: Some(crls), ..Self::unchecked() }
    }

    /// Returns the same configuration for other lists.
    #[must_use]
    pub const fn with_crls(self, crls: &Crls) -> Revocation<'_> {
        Revocation { crls: Some(crls), ..self.without_crls() }
    }

    /// Returns the lists, unless revocation is not checked.
    #[must_use]
    pub const fn crls(&self) -> Option<&'a Crls> {
        self.crls
    }

    /// Returns the configuration without the lists, with which revocation is not checked.
    #[must_use]
    pub const fn without_crls(self) -> Revocation<'static> {
        let Self { crls: _, depth, unknown, expired, next_update } = self;
        Revocation { crls: None, depth, unknown, expired, next_update }
    }

    /// Sets the certificates whose status is checked.
    #[must_use]
    pub const fn with_depth(self, depth: RevocationDepth) -> Self {
        Self { depth, ..self }
    }

    /// Sets the treatment of an unknown status.
    #[must_use]
    pub const fn with_unknown(self, unknown: UnknownStatus) -> Self {
        Self { unknown, ..self }
    }

    /// Sets the treatment of an expired list.
    #[must_use]
    pub const fn with_expired(self, expired: ExpiredCrl) -> Self {
        Self { expired, ..self }
    }

    /// Sets the treatment of a list without `nextUpdate`.
    #[must_use]
    pub const fn with_next_update(self, rule: NextUpdate) -> Self {
        Self { next_update: rule, ..self }
    }
}

/// The revocation status of a verified path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationStatus {
    /// No certificate is revoked, and current lists cover all of them.
    Good {
        /// The last second at which all of these lists and their signers are valid.
        until: Seconds,
    },
    /// Revocation was not checked.
    Unchecked,
    /// No certificate is known to be revoked, but a status is unknown and the profile allows that.
    Unknown(StatusUnknown),
}

/// The reason why the status of a certificate is unknown. Of several reasons, the most specific one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusUnknown {
    /// No list is for its issuer and its distribution points.
    #[error("no revocation list is about it")]
    NoCrl,
    /// A list covers it but cannot be used.
    #[error("revocation list {crl}: {problem}")]
    Crl {
        /// The number of the list, in the order of [`Crls`].
        crl: usize,
        /// The reason.
        problem: CrlProblem,
    },
    /// The lists that cover it do not cover these reasons.
    #[error("no revocation list covers it for: {missing}")]
    Uncovered {
        /// The reasons that are not covered.
        missing: Reasons,
    },
    /// The status of the key that signed its list depends on its own status.
    #[error("its revocation status depends on itself")]
    Circular,
}

/// The reason why a list for a certificate cannot be used, or cannot clear the certificates that it does not contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlProblem {
    /// The signature does not verify with any key of its issuer's name.
    #[error("bad signature")]
    BadSignature,
    /// The certificate to clear is the signer's own, which does not delegate its status to its own lists.
    #[error("is signed by the certificate that it would clear")]
    Circular,
    /// Its issuer violated a requirement of RFC 5280 section 5. Checked if those of section 4 are enforced.
    #[error("violates RFC 5280 section 5: {0:?}")]
    CaRequirement(CrlRequirement),
    /// The key usage of its signer does not include `cRLSign` (RFC 5280 6.3.3 (f)).
    #[error("its signer's key usage does not allow signing revocation lists")]
    KeyUsage,
    /// It has no `nextUpdate`.
    #[error("has no nextUpdate")]
    NextUpdateMissing,
    /// It was issued after `now`.
    #[error("not issued until {} after now", InWords(*seconds))]
    NotYetValid {
        /// The time until it is issued.
        seconds: u64,
    },
    /// Its signer has no valid path to the anchor, or was revoked.
    #[error("its signer has no valid path to the anchor")]
    Signer,
    /// No certificate of its issuer is available.
    #[error("its issuer was neither presented nor registered")]
    SignerUnknown,
    /// Its `nextUpdate` has passed.
    #[error("expired {} before now", InWords(*seconds))]
    Stale {
        /// The time since `nextUpdate`.
        seconds: u64,
    },
    /// The list or one of its entries has an unknown critical extension.
    #[error("has an unknown critical extension")]
    UnknownCriticalExtension,
    /// No algorithm of the caller's list matches the signature and the key.
    #[error(transparent)]
    UnsupportedAlgorithm(#[from] UnsupportedAlgorithm),
    /// The key that should verify the signature has a form that is not supported.
    #[error("the signature cannot be verified: the signer's key {0}")]
    UnsupportedKey(#[from] UnsupportedKey),
}

/// A requirement of RFC 5280 section 5 on the issuer of a revocation list. Section 6 does not check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlRequirement {
    /// 5.2.1: present.
    AuthorityKeyIdentifierMissing,
    /// 5.2.3: not critical.
    CrlNumberCritical,
    /// 5.2.3: present.
    CrlNumberMissing,
}

impl CrlProblem {
    /// Maps the problem of a signature that did not verify.
    pub(super) const fn of_signature(problem: Problem) -> Self {
        match problem {
            Problem::UnsupportedAlgorithm(algorithm) => Self::UnsupportedAlgorithm(algorithm),
            Problem::UnsupportedKey(key) => Self::UnsupportedKey(key),
            _ => Self::BadSignature,
        }
    }

    /// Ranks problems by how specific they are: the closer the list was to being usable, the higher.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::SignerUnknown => 1,
            Self::UnsupportedAlgorithm(_) | Self::UnsupportedKey(_) => 2,
            Self::BadSignature => 3,
            Self::KeyUsage => 4,
            Self::Circular | Self::Signer => 5,
            Self::UnknownCriticalExtension | Self::CaRequirement(_) => 6,
            Self::NotYetValid { .. } | Self::NextUpdateMissing | Self::Stale { .. } => 7,
        }
    }
}
