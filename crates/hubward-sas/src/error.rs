//! Why a token was refused: facts and places, never its text.

use core::fmt;

use hubward_core::ResourceProblem;

/// The fields of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a token has four fields")]
pub enum Field {
    /// The resource.
    Sr,
    /// The signature.
    Sig,
    /// The expiry.
    Se,
    /// The policy's name.
    Skn,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sr => "sr",
            Self::Sig => "sig",
            Self::Se => "se",
            Self::Skn => "skn",
        })
    }
}

/// Why a text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("token, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct ParseError {
    /// Where, in bytes from the start of the token.
    pub offset: usize,
    /// What is wrong there.
    pub problem: ParseProblem,
}

/// What is wrong with a token's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseProblem {
    /// More than 4,096 bytes, or more than eight fields.
    #[error("more than 4096 bytes or eight fields")]
    TooLong,
    /// A space, a control character or a byte beyond ASCII after the scheme word.
    #[error("a space, a control character or a byte beyond ASCII")]
    NotVisible,
    /// It does not start with `SharedAccessSignature` and one space.
    #[error("not `SharedAccessSignature` and one space")]
    Scheme,
    /// A field without `=`.
    #[error("a field without `=`")]
    NotAField,
    /// A field that tokens do not have.
    #[error("unknown field")]
    UnknownField,
    /// A field's name in another case than tokens have it.
    #[error("the field `{0}` is written in lower case")]
    FieldCase(Field),
    /// The same field a second time, in whatever case.
    #[error("the field `{0}` stands twice")]
    Duplicate(Field),
    /// An unknown field a second time, in whatever case.
    #[error("an unknown field stands twice")]
    DuplicateUnknown,
    /// A field that every token has is not there.
    #[error("the field `{0}` is missing")]
    Missing(Field),
    /// The resource does not decode, or names nothing.
    #[error("resource: {0}")]
    Resource(ResourceProblem),
    /// The signature is not 32 bytes of base64.
    #[error("signature: {0}")]
    Signature(SignatureProblem),
    /// The expiry is not a number of seconds.
    #[error("expiry: {0}")]
    Expiry(ExpiryProblem),
    /// `skn` does not decode to a policy's name.
    #[error("`skn` is not a policy's name")]
    PolicyName,
    /// A registration's token with the `skn` of a policy, or `skn=registration` for something that is none.
    #[error("a registration and `skn` do not go together")]
    NotRegistration,
    /// No `skn`, and the resource is no one device, module or registration: it is nobody's token.
    #[error("no `skn`, and the resource names no device, module or registration")]
    NobodysKey,
}

/// What is wrong with a signature's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureProblem {
    /// Not `%` and two hex digits.
    #[error("bad escape")]
    Escape,
    /// Not 44 characters, decoded.
    #[error("not 44 characters of base64")]
    Length,
    /// Not standard base64 with its padding, in its one canonical form (RFC 4648, 3.5 and 4).
    #[error("not canonical base64")]
    Base64,
}

/// What is wrong with an expiry's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpiryProblem {
    /// Nothing there.
    #[error("empty")]
    Empty,
    /// Something other than decimal digits: a sign, a point, an exponent, an escape.
    #[error("not decimal digits")]
    Digit,
    /// A zero before other digits: another text for the same second.
    #[error("leading zero")]
    LeadingZero,
    /// More than 9,223,372,036,854,775,807 seconds.
    #[error("out of range")]
    Range,
}

/// Why a parsed token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Neither key makes this signature.
    #[error("no key makes this signature")]
    WrongSignature,
    /// The token is authentic and its time is over.
    #[error("expired {} s before `now`, {leeway} s of leeway allowed", .now.saturating_sub(*.expiry))]
    Expired {
        /// Its expiry, in seconds since 1970.
        expiry: u64,
        /// The verifier's time, in seconds since 1970.
        now: u64,
        /// The seconds of leeway.
        leeway: u64,
    },
    /// The token is authentic and good for longer than the rules allow.
    #[error("expires {} s after `now`, at most {max} s allowed", .expiry.saturating_sub(*.now))]
    TooLongLived {
        /// Its expiry, in seconds since 1970.
        expiry: u64,
        /// The verifier's time, in seconds since 1970.
        now: u64,
        /// The most seconds from `now`.
        max: u64,
    },
}

impl ParseError {
    pub(crate) const fn new(offset: usize, problem: ParseProblem) -> Self {
        Self { offset, problem }
    }

    /// A stable word for logs and counters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.problem {
            ParseProblem::TooLong => "token-too-long",
            ParseProblem::NotVisible => "token-not-visible-ascii",
            ParseProblem::Scheme => "token-scheme",
            ParseProblem::NotAField => "token-not-a-field",
            ParseProblem::UnknownField => "token-unknown-field",
            ParseProblem::FieldCase(_) => "token-field-case",
            ParseProblem::Duplicate(_) | ParseProblem::DuplicateUnknown => "token-duplicate-field",
            ParseProblem::Missing(_) => "token-missing-field",
            ParseProblem::Resource(_) => "token-resource",
            ParseProblem::Signature(_) => "token-signature-text",
            ParseProblem::Expiry(_) => "token-expiry-text",
            ParseProblem::PolicyName => "token-policy-name",
            ParseProblem::NotRegistration => "token-not-registration",
            ParseProblem::NobodysKey => "token-nobodys-key",
        }
    }
}

impl VerifyError {
    /// A stable word for logs and counters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongSignature => "token-wrong-signature",
            Self::Expired { .. } => "token-expired",
            Self::TooLongLived { .. } => "token-too-long-lived",
        }
    }
}
