//! What a caller asks of revocation, and what can come of it.

use super::crl::Crls;
use super::reasons::Reasons;
use crate::certificate::time::Seconds;
use crate::error::Problem;

/// Whose status a verification asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RevocationDepth {
    /// The leaf's, its intermediates', and that of whoever signs a list. Never the anchor's: nobody vouches for it.
    #[default]
    Path,
    /// The leaf's alone.
    Leaf,
}

/// What becomes of a certificate whose status no list tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UnknownStatus {
    /// It is refused.
    #[default]
    Deny,
    /// It is let pass, as if nothing had been asked: whoever keeps the lists away keeps a revoked certificate alive.
    Allow,
}

/// What becomes of a list after its `nextUpdate`. Whatever this says, it still revokes what it names: it only stops
/// clearing what it does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ExpiredCrl {
    /// It tells nothing of what it does not name.
    #[default]
    Refuse,
    /// It counts as current for so many seconds more, for hubs that cannot always fetch.
    AcceptFor {
        /// How many.
        seconds: u32,
    },
}

/// What becomes of a list without `nextUpdate`, which RFC 5280 5.1.2.5 does not allow and which never gets old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NextUpdate {
    /// As with an expired one: it revokes, and clears nothing.
    #[default]
    Require,
    /// It counts as current.
    Optional,
}

/// How revocation is judged. A profile begins with [`Revocation::unchecked`].
///
/// Those who sign lists are looked for on the path and among the certificates that were presented: to a signer that
/// is neither, add its certificate to the intermediates of [`Chain::parse`](crate::Chain::parse).
#[derive(Debug, Clone, Copy)]
pub struct Revocation<'a> {
    pub(crate) crls: Option<&'a Crls<'a>>,
    pub(crate) depth: RevocationDepth,
    pub(crate) unknown: UnknownStatus,
    pub(crate) expired: ExpiredCrl,
    pub(crate) next_update: NextUpdate,
}

impl<'a> Revocation<'a> {
    /// Not at all: a revoked certificate is as good as any other.
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

    /// By these lists, for the whole path; what they do not tell is refused.
    #[must_use]
    pub const fn by(crls: &'a Crls<'a>) -> Self {
        Self { crls: Some(crls), ..Self::unchecked() }
    }

    /// The rules, for other lists.
    pub(crate) const fn without_crls(self) -> Revocation<'static> {
        let Self { crls: _, depth, unknown, expired, next_update } = self;
        Revocation { crls: None, depth, unknown, expired, next_update }
    }

    /// Whose status counts.
    #[must_use]
    pub const fn depth(self, depth: RevocationDepth) -> Self {
        Self { depth, ..self }
    }

    /// What becomes of an unknown status.
    #[must_use]
    pub const fn unknown(self, unknown: UnknownStatus) -> Self {
        Self { unknown, ..self }
    }

    /// What becomes of an expired list.
    #[must_use]
    pub const fn expired(self, expired: ExpiredCrl) -> Self {
        Self { expired, ..self }
    }

    /// What becomes of a list that does not say when the next one comes.
    #[must_use]
    pub const fn next_update(self, rule: NextUpdate) -> Self {
        Self { next_update: rule, ..self }
    }
}

/// What was found out about the revocation of a path that held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationStatus {
    /// Nothing was revoked, by lists that clear it.
    Good {
        /// The last second at which all of these lists, and those who signed them, still count.
        until: Seconds,
    },
    /// Nobody asked.
    Unchecked,
    /// Nothing was revoked that the lists tell of, and the profile lets pass what they do not.
    Unknown(StatusUnknown),
}

/// Why no list tells the status of a certificate. Of several reasons, the one that says most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusUnknown {
    /// None is about it: of its issuer, or where its distribution points say.
    #[error("no revocation list is about it")]
    NoCrl,
    /// One is about it but cannot be used.
    #[error("revocation list {crl}: {problem}")]
    Crl {
        /// Its number, in the order of [`Crls`].
        crl: usize,
        /// What is wrong with it.
        problem: CrlProblem,
    },
    /// The lists that are about it do not cover these reasons.
    #[error("no revocation list covers it for: {missing}")]
    Uncovered {
        /// Which.
        missing: Reasons,
    },
    /// Its list is signed with a key whose own status rests on this one.
    #[error("its status rests on itself")]
    Circular,
}

/// Why a list about a certificate cannot be used, or cannot clear what it does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlProblem {
    /// No key of its issuer's name made the signature.
    #[error("bad signature")]
    BadSignature,
    /// Its signer's certificate is the one it should clear, and does not leave that to its own lists.
    #[error("would clear its own signer")]
    Circular,
    /// A duty of its issuer towards RFC 5280 section 5 was not met; judged where those of section 4 are.
    #[error("not as RFC 5280 section 5 has it: {0:?}")]
    Duty(CrlDuty),
    /// Its signer's key usage leaves `cRLSign` out (RFC 5280 6.3.3 (f)).
    #[error("its signer's key is not for revocation lists")]
    KeyUsage,
    /// It does not say when the next one comes.
    #[error("has no nextUpdate")]
    NextUpdateMissing,
    /// It was made later than `now`.
    #[error("not made until {seconds} s after now")]
    NotYetValid {
        /// By how much.
        seconds: u64,
    },
    /// Its signer has no path to the anchor, or was revoked.
    #[error("its signer has no valid path to the anchor")]
    Signer,
    /// There is no certificate of its issuer.
    #[error("its issuer was neither presented nor registered")]
    SignerUnknown,
    /// `nextUpdate` has passed.
    #[error("expired {} before now", Ago(*seconds))]
    Stale {
        /// By how much.
        seconds: u64,
    },
    /// It, or one of its entries, has a critical extension that is unknown.
    #[error("has an unknown critical extension")]
    UnknownCriticalExtension,
    /// No algorithm of the caller's list fits signature and key.
    #[error("its signature algorithm and its signer's key fit no algorithm that is accepted")]
    UnsupportedAlgorithm,
}

/// What RFC 5280 section 5 asks of whoever makes a list, and section 6 does not check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlDuty {
    /// 5.2.1: present.
    AuthorityKeyIdentifierMissing,
    /// 5.2.3: not critical.
    CrlNumberCritical,
    /// 5.2.3: present.
    CrlNumberMissing,
}

/// A length of time, in days where it is one.
struct Ago(u64);

impl core::fmt::Display for Ago {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 / 86_400 {
            0 => write!(f, "{} s", self.0),
            1 => f.write_str("1 day"),
            days => write!(f, "{days} days"),
        }
    }
}

impl CrlProblem {
    /// What a signature that did not hold says of a list.
    pub(super) const fn of_signature(problem: Problem) -> Self {
        match problem {
            Problem::UnsupportedAlgorithm => Self::UnsupportedAlgorithm,
            _ => Self::BadSignature,
        }
    }

    /// How much it says: the nearer the list came to being used, the more.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::SignerUnknown => 1,
            Self::UnsupportedAlgorithm => 2,
            Self::BadSignature => 3,
            Self::KeyUsage => 4,
            Self::Circular | Self::Signer => 5,
            Self::UnknownCriticalExtension | Self::Duty(_) => 6,
            Self::NotYetValid { .. } | Self::NextUpdateMissing | Self::Stale { .. } => 7,
        }
    }
}
