//! Why a certificate was not read, and why a chain was refused: facts, and which certificate they are about.

use core::fmt;

use crate::certificate::time::Outside;
use crate::certificate::time::Seconds;
use crate::identity::CommonNameError;
use crate::revocation::reasons::RevocationReason;
use crate::revocation::rules::StatusUnknown;
use crate::tlv::Malformed;

/// Why a certificate, a request or a revocation list cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not strict DER, or not what it should be.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A time is not written as RFC 5280 4.1.2.5 has it: with seconds, in UTC, without a fraction.
    #[error("a date is not written as RFC 5280 has it, to the second and in UTC, at byte {}", .0.offset)]
    Time(Malformed),
    /// The algorithm inside what is signed is not the one outside (RFC 5280 4.1.1.2, 5.1.1.2).
    #[error("two signature algorithms are named")]
    AlgorithmsDiffer,
    /// An extension is there twice (RFC 5280 4.2, 5.2).
    #[error("an extension is there twice")]
    DuplicateExtension,
    /// More extensions than are read.
    #[error("more than {most} extensions")]
    TooManyExtensions {
        /// How many are read.
        most: usize,
    },
    /// Not version 1, 2 or 3; a request has only version 1, a list 1 or 2.
    #[error("unknown version")]
    UnknownVersion,
    /// Fields that its version has not.
    #[error("has fields that its version has not")]
    VersionTooLow,
}

/// Which certificate of those given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a path has these three parts")]
pub enum Place {
    /// The end entity's.
    Leaf,
    /// One of the intermediates, counted from 0 as they were given.
    Intermediate(usize),
    /// One of the anchors, counted from 0 as they were added.
    Anchor(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf => f.write_str("leaf"),
            Self::Intermediate(at) => write!(f, "intermediate {at}"),
            Self::Anchor(at) => write!(f, "anchor {at}"),
        }
    }
}

/// A certificate that could not be read, and which one it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {error}")]
#[non_exhaustive]
pub struct ParseError {
    /// Which one.
    pub place: Place,
    /// What is wrong with it.
    pub error: CertificateError,
}

/// Why no path was found that holds. Of several failures, the one that says most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A certificate is what is wrong.
    #[error("{place}: {problem}")]
    Refused {
        /// Which certificate.
        place: Place,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The search ended before its result.
    #[error("gave up: {0}")]
    Exhausted(Exhausted),
    /// Its issuer is neither presented nor an anchor.
    #[error("{place}: its issuer was neither presented nor registered")]
    UnknownIssuer {
        /// Which certificate.
        place: Place,
    },
}

/// The budget that was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Exhausted {
    /// [`Budget::crl_entries`](crate::Budget::crl_entries)
    #[error("too many entries of revocation lists")]
    CrlEntries,
    /// [`Budget::name_comparisons`](crate::Budget::name_comparisons)
    #[error("too many comparisons with name constraints")]
    NameComparisons,
    /// [`Budget::policy_steps`](crate::Budget::policy_steps)
    #[error("too many certificate policies")]
    PolicySteps,
    /// [`Budget::signatures`](crate::Budget::signatures)
    #[error("too many signatures")]
    Signatures,
    /// [`Budget::steps`](crate::Budget::steps)
    #[error("too many paths")]
    Steps,
}

/// The form of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameForm {
    /// `directoryName`, the subject too.
    Directory,
    /// `dNSName`.
    Dns,
    /// `rfc822Name`.
    Email,
    /// `iPAddress`.
    Ip,
    /// One of the others.
    Other,
    /// `uniformResourceIdentifier`.
    Uri,
}

/// An extension by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are RFC 5280's")]
pub enum Known {
    AuthorityInfoAccess,
    AuthorityKeyIdentifier,
    BasicConstraints,
    CertificatePolicies,
    CrlDistributionPoints,
    ExtendedKeyUsage,
    InhibitAnyPolicy,
    KeyUsage,
    NameConstraints,
    PolicyConstraints,
    PolicyMappings,
    SubjectAltName,
    SubjectKeyIdentifier,
}

/// What is wrong with a certificate of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The issuer's key did not make the signature.
    #[error("bad signature")]
    BadSignature,
    /// A CA's certificate where a device's or a server's is called for.
    #[error("is a CA's certificate")]
    CaAsLeaf,
    /// The subject has no common name to go by.
    #[error(transparent)]
    CommonName(#[from] CommonNameError),
    /// A duty of the CA towards RFC 5280 section 4 was not met.
    #[error("not as RFC 5280 section 4 has it: {0:?}")]
    Duty(#[from] Duty),
    /// A name that a CA above excluded.
    #[error("carries a {form:?} name that {by} excluded")]
    Excluded {
        /// The name's form.
        form: NameForm,
        /// Who excluded it.
        by: Place,
    },
    /// An extension that cannot be read.
    #[error("{extension:?}: {malformed}")]
    Extension {
        /// Which.
        extension: Known,
        /// Where.
        malformed: Malformed,
    },
    /// A name that cannot be judged by the name constraints above it.
    #[error("carries a {form:?} name that name constraints cannot judge")]
    Unjudgeable {
        /// The name's form.
        form: NameForm,
    },
    /// What was kept of its issuer rests on a certificate or a list that has ended since.
    #[error("was judged by a kept issuer that lapsed {seconds} s before now: verify its chain anew")]
    Lapsed {
        /// By how much.
        seconds: u64,
    },
    /// `anyPolicy` in a policy mapping (RFC 5280 6.1.4 (a)).
    #[error("maps anyPolicy")]
    MapsAnyPolicy,
    /// It is about somebody else.
    #[error("is not for the name that was asked for")]
    NameMismatch,
    /// Basic constraints that make it no CA, or none.
    #[error("is not a CA's certificate")]
    NotCa,
    /// A name outside of what a CA above permitted.
    #[error("carries a {form:?} name that {by} does not permit")]
    NotPermitted {
        /// The name's form.
        form: NameForm,
        /// Who limited it.
        by: Place,
    },
    /// Not valid at `now`.
    #[error(transparent)]
    Outside(#[from] Outside),
    /// More intermediates below it than its path length allows.
    #[error("more than {most} intermediates below it")]
    PathTooLong {
        /// How many it allows.
        most: u32,
    },
    /// No policy is left where one is required (RFC 5280 6.1.5).
    #[error("no acceptable policy is left")]
    PolicyRequired,
    /// Its extended key usage leaves the purpose out, or it has none where one is called for.
    #[error("is not for this purpose")]
    Purpose,
    /// More intermediates than the profile allows.
    #[error("more than {most} intermediates")]
    TooManyIntermediates {
        /// How many it allows.
        most: usize,
    },
    /// No revocation list tells whether it is revoked, and the profile denies what is unknown.
    #[error("may be revoked: {0}")]
    RevocationUnknown(#[from] StatusUnknown),
    /// A revocation list names it.
    #[error("was revoked ({reason}) at {at}, in seconds since 1970")]
    Revoked {
        /// Since when.
        at: Seconds,
        /// Why.
        reason: RevocationReason,
    },
    /// A critical extension that is unknown.
    #[error("has an unknown critical extension")]
    UnknownCriticalExtension,
    /// It cannot be read, and no other is the issuer that was looked for.
    #[error("cannot be read: {0}")]
    Unreadable(CertificateError),
    /// No algorithm of the caller's list fits signature and key.
    #[error("its signature algorithm and its issuer's key fit no algorithm that is accepted")]
    UnsupportedAlgorithm,
    /// Its key usage leaves the use out.
    #[error("its key is not for this use")]
    KeyUsage,
    /// A rule of the CA/Browser Forum's Baseline Requirements was not met.
    #[error("not as the Baseline Requirements have it: {0:?}")]
    WebPki(#[from] WebPkiRule),
}

/// What RFC 5280 section 4 asks of whoever makes a certificate, and section 6 does not check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{self:?}")]
#[non_exhaustive]
pub enum Duty {
    /// 4.2.2.1: not critical.
    AuthorityInfoAccessCritical,
    /// 4.2.1.1: not critical.
    AuthorityKeyIdentifierCritical,
    /// 4.2.1.1: present, but in self-signed certificates.
    AuthorityKeyIdentifierMissing,
    /// 4.2.1.9: critical in a CA's certificate.
    BasicConstraintsNotCritical,
    /// 4.2.1.6: in the preferred name syntax.
    DnsSyntax,
    /// 4.1.2.4: not empty.
    EmptyIssuer,
    /// 4.1.2.6: not empty in a CA's certificate.
    EmptySubject,
    /// 4.2.1.14: critical.
    InhibitAnyPolicyNotCritical,
    /// 4.2.1.6: four or sixteen bytes.
    IpLength,
    /// 4.2.1.9: only CAs sign certificates.
    KeyCertSignWithoutCa,
    /// 4.2.1.3: at least one bit.
    KeyUsageEmpty,
    /// 4.2.1.10: only in CA certificates.
    NameConstraintsInLeaf,
    /// 4.2.1.10: critical.
    NameConstraintsNotCritical,
    /// 4.2.1.9: only where certificates are signed.
    PathLenWithoutCa,
    /// 4.2.1.11: critical.
    PolicyConstraintsNotCritical,
    /// 4.1.2.2: positive, of at most twenty bytes.
    Serial,
    /// 4.2.1.6: critical where the subject is empty.
    SubjectAltNameNotCritical,
    /// 4.2.1.2: not critical.
    SubjectKeyIdentifierCritical,
    /// 4.2.1.2: present in a CA's certificate.
    SubjectKeyIdentifierMissing,
    /// 4.1.2.5: UTCTime until 2049.
    TimeForm,
}

/// What the CA/Browser Forum's Baseline Requirements ask besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{self:?}")]
#[non_exhaustive]
pub enum WebPkiRule {
    /// 7.1.2.11.1: the key identifier and nothing else.
    AuthorityKeyIdentifierFields,
    /// 7.1.2.1.3: a root's two identifiers are one.
    AuthorityKeyIdentifierMismatch,
    /// 7.1.4.3: a common name repeats an alternative name, letter by letter.
    CommonNameNotInSubjectAltName,
    /// 7.1.2.7.6: present, not critical, for servers, not for anything.
    ExtendedKeyUsage,
    /// 6.1.5: RSA of 2048 bits or more, a multiple of 8, or a named P-256, P-384 or P-521.
    Key,
    /// 7.1.2.1.2: none in a root.
    RootExtendedKeyUsage,
    /// 7.1.2.7.12: not critical beside a subject.
    SubjectAltNameCritical,
    /// 7.1.2.7.12: present.
    SubjectAltNameMissing,
    /// 7.1.1: version 3.
    Version,
    /// 3.2.2.6: a wildcard stands for a whole leftmost label, above at least two others.
    Wildcard,
}
