//! Errors: why a certificate could not be parsed ([`ParseError`], [`CertificateError`]) and why a chain was refused
//! ([`ChainError`], [`Problem`]), each with the certificate that it concerns ([`CertificatePosition`]).

use core::fmt;

use hubward_core::{InWords, UtcTime};

pub use crate::algorithm::{KeyAlgorithm, SignatureAlgorithm, UnsupportedAlgorithm, UnsupportedKey};
use crate::certificate::Seconds;
pub use crate::certificate::time::OutsideValidity;
use crate::crl::RevocationReason;
use crate::crl::StatusUnknown;
pub use crate::identity::CommonNameError;
pub use crate::path::chain::ExplainedError;
pub use crate::tlv::Malformed;

/// The reason why a certificate, a request or a revocation list cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not strict DER, or not the expected structure.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A time is not in the form of RFC 5280 4.1.2.5: with seconds, in UTC, without a fraction.
    #[error("a date is not in the form of RFC 5280, to the second and in UTC, at byte {}", .0.offset)]
    Time(Malformed),
    /// The signature algorithm inside the signed part differs from the one outside it (RFC 5280 4.1.1.2, 5.1.1.2).
    #[error("the signature algorithm inside the signed part differs from the one outside it")]
    AlgorithmsDiffer,
    /// An extension occurs twice (RFC 5280 4.2, 5.2).
    #[error("an extension occurs twice")]
    DuplicateExtension,
    /// More extensions than the parser accepts.
    #[error("more than {most} extensions")]
    TooManyExtensions {
        /// The largest number that the parser accepts.
        most: usize,
    },
    /// Bytes after the end of the DER, such as a line break or a second certificate.
    #[error("{count} bytes follow the end of the DER")]
    TrailingBytes {
        /// Their number.
        count: usize,
    },
    /// Not version 1, 2 or 3; a request has only version 1, a revocation list 1 or 2.
    #[error("unknown version")]
    UnknownVersion,
    /// Fields that this version does not have.
    #[error("has fields that its version does not allow")]
    VersionTooLow,
}

/// The position of a certificate among those that the caller passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a path consists of these three parts")]
pub enum CertificatePosition {
    /// The end-entity certificate.
    Leaf,
    /// One of the intermediates, counted from 0 in the caller's order.
    Intermediate(usize),
    /// One of the anchors, counted from 0 in the order in which they were added.
    Anchor(usize),
}

impl fmt::Display for CertificatePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf => f.write_str("leaf"),
            Self::Intermediate(at) => write!(f, "intermediate {at}"),
            Self::Anchor(at) => write!(f, "anchor {at}"),
        }
    }
}

/// A certificate that could not be parsed, with its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {error}")]
#[non_exhaustive]
pub struct ParseError {
    /// Its position.
    pub place: CertificatePosition,
    /// The reason.
    pub error: CertificateError,
}

/// The reason why no valid path was found. Of several failures, the most specific one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A certificate of the path is not acceptable.
    #[error("{place}: {problem}")]
    Refused {
        /// Its position.
        place: CertificatePosition,
        /// The reason.
        problem: Problem,
    },
    /// The search used up its budget before it found a path.
    #[error("budget exceeded: {0}")]
    BudgetExceeded(BudgetExceeded),
    /// The issuer of the certificate is neither presented nor an anchor.
    #[error("{place}: its issuer was neither presented nor registered")]
    UnknownIssuer {
        /// The position of the certificate whose issuer is missing.
        place: CertificatePosition,
    },
}

/// The limit of a [`Budget`](crate::Budget) that was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetExceeded {
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

/// An extension, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are RFC 5280's")]
pub enum KnownExtension {
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

/// The reason why a certificate of a path is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The signature does not verify with the issuer's key.
    #[error("bad signature")]
    BadSignature,
    /// A CA's certificate where a device's or a server's is required.
    #[error("is a CA's certificate")]
    CaAsLeaf,
    /// The subject has no usable common name.
    #[error(transparent)]
    CommonName(#[from] CommonNameError),
    /// The CA violated a requirement of RFC 5280 section 4.
    #[error("violates RFC 5280 section 4: {0:?}")]
    CaRequirement(#[from] CaRequirement),
    /// A default value is written out, and the profile forbids it (X.690 11.5).
    #[error("has a default value written out: `cA` FALSE, `critical` FALSE or version 1")]
    DefaultValueWritten,
    /// A name that the name constraints of a CA above exclude.
    #[error("has a {form:?} name that the name constraints of {by} exclude")]
    Excluded {
        /// The form of the name.
        form: NameForm,
        /// The CA whose constraints exclude it.
        by: CertificatePosition,
    },
    /// An extension that cannot be parsed.
    #[error("{extension:?}: {malformed}")]
    Extension {
        /// Its name.
        extension: KnownExtension,
        /// The position of the error.
        malformed: Malformed,
    },
    /// A name that cannot be compared with the name constraints above it.
    #[error("has a {form:?} name that cannot be compared with the name constraints above it")]
    NotComparable {
        /// The form of the name.
        form: NameForm,
    },
    /// The kept issuer depends on a certificate or a revocation list that has expired since.
    #[error("the kept issuer expired {} before now: verify the whole chain again", InWords(*seconds))]
    IssuerExpired {
        /// The time since its expiry.
        seconds: u64,
    },
    /// Its issuer or its subject is not a Name (RFC 5280 4.1.2.4).
    #[error(
        "its issuer or its subject is not a name: a part of it is not a set of pairs of a type and a value"
    )]
    MalformedName,
    /// `anyPolicy` in a policy mapping (RFC 5280 6.1.4 (a)).
    #[error("maps anyPolicy")]
    MapsAnyPolicy,
    /// The certificate is for another subject than the profile requires.
    #[error("does not match the expected name")]
    NameMismatch,
    /// Its basic constraints do not mark it as a CA, or are absent.
    #[error("is not a CA's certificate")]
    NotCa,
    /// A name outside the subtrees that a CA above permits.
    #[error("has a {form:?} name that the name constraints of {by} do not permit")]
    NotPermitted {
        /// The form of the name.
        form: NameForm,
        /// The CA whose constraints do not permit it.
        by: CertificatePosition,
    },
    /// Not valid at `now`.
    #[error(transparent)]
    OutsideValidity(#[from] OutsideValidity),
    /// More intermediates below it than its `pathLenConstraint` allows.
    #[error("more than {most} intermediates below it, the limit of its pathLenConstraint")]
    PathTooLong {
        /// The limit.
        most: u32,
    },
    /// No policy remains where one is required (RFC 5280 6.1.5).
    #[error("no acceptable certificate policy remains")]
    PolicyRequired,
    /// Its extended key usage does not include the purpose, or is absent where it is required.
    #[error("its extended key usage does not include the required purpose")]
    Purpose,
    /// More intermediates than the profile allows.
    #[error("more than {most} intermediates in the path")]
    TooManyIntermediates {
        /// The limit.
        most: usize,
    },
    /// No revocation list covers it, and the profile refuses an unknown status.
    #[error("may be revoked: {0}")]
    RevocationUnknown(#[from] StatusUnknown),
    /// A revocation list contains it.
    #[error("was revoked ({reason}) at {}", UtcTime(*at))]
    Revoked {
        /// The time of the revocation.
        at: Seconds,
        /// The reason for the revocation.
        reason: RevocationReason,
    },
    /// An unknown critical extension.
    #[error("has an unknown critical extension")]
    UnknownCriticalExtension,
    /// It cannot be parsed, and no other certificate is the issuer that the path needs.
    #[error("cannot be read: {0}")]
    Unreadable(CertificateError),
    /// An unknown qualifier of a policy in a critical extension (RFC 5280 4.2.1.4).
    #[error("has an unknown policy qualifier in a critical extension")]
    UnknownPolicyQualifier,
    /// No algorithm of the caller's list matches the signature and the key.
    #[error(transparent)]
    UnsupportedAlgorithm(#[from] UnsupportedAlgorithm),
    /// The key that should verify the signature has a form that is not supported.
    #[error("the signature cannot be verified: the signer's key {0}")]
    UnsupportedKey(#[from] UnsupportedKey),
    /// Its key usage does not allow this use.
    #[error("its key usage does not allow this use")]
    KeyUsage,
    /// A rule of the CA/Browser Forum's Baseline Requirements is violated.
    #[error("violates the Baseline Requirements: {0:?}")]
    WebPki(#[from] WebPkiRule),
}

/// A requirement of RFC 5280 section 4 on the CA that issues a certificate. Section 6 does not check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{self:?}")]
#[non_exhaustive]
pub enum CaRequirement {
    /// 4.2.2.1: not critical.
    AuthorityInfoAccessCritical,
    /// 4.2.1.1: not critical.
    AuthorityKeyIdentifierCritical,
    /// 4.2.1.1: present, except in self-signed certificates.
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
    /// 4.2.1.9: only with `cA` set.
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

/// A rule that the CA/Browser Forum's Baseline Requirements add to RFC 5280.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{self:?}")]
#[non_exhaustive]
pub enum WebPkiRule {
    /// 7.1.2.11.1: the key identifier and nothing else.
    AuthorityKeyIdentifierFields,
    /// 7.1.2.1.3: the two key identifiers of a root are equal.
    AuthorityKeyIdentifierMismatch,
    /// 7.1.4.3: a common name repeats an alternative name exactly.
    CommonNameNotInSubjectAltName,
    /// 7.1.2.7.6: present, not critical, with `serverAuth` and without `anyExtendedKeyUsage`.
    ExtendedKeyUsage,
    /// 6.1.5: RSA of at least 2048 bits, a multiple of 8, or a named P-256, P-384 or P-521.
    Key,
    /// 7.1.2.1.2: absent in a root.
    RootExtendedKeyUsage,
    /// 7.1.2.7.12: not critical if the subject is not empty.
    SubjectAltNameCritical,
    /// 7.1.2.7.12: present.
    SubjectAltNameMissing,
    /// 7.1.1: version 3.
    Version,
    /// 3.2.2.6: a wildcard replaces the whole leftmost label, above at least two others.
    Wildcard,
}
