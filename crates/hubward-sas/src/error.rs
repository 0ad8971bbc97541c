//! [`TokenParseError`] and [`VerifyError`]: facts and offsets, never the token's text.

use core::fmt;

use hubward_core::{InWords, ResourceProblem, SignatureProblem, UtcTime};

/// The fields of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a token has four fields")]
pub enum TokenField {
    /// The resource.
    Sr,
    /// The signature.
    Sig,
    /// The expiry.
    Se,
    /// The policy's name.
    Skn,
}

impl fmt::Display for TokenField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sr => "sr",
            Self::Sig => "sig",
            Self::Se => "se",
            Self::Skn => "skn",
        })
    }
}

/// The error of a text that is not a token. It has the position, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("token, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct TokenParseError {
    /// The position, in bytes from the start of the token.
    pub offset: usize,
    /// The problem at that position.
    pub problem: ParseProblem,
}

/// The problem of a token's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseProblem {
    /// More than 4,096 bytes, or more than eight fields.
    #[error("more than 4096 bytes or eight fields")]
    TooLong,
    /// A space, a control character or a byte beyond ASCII after the scheme word.
    #[error("a space, a control character or a byte beyond ASCII")]
    NotVisible,
    /// The text does not start with `SharedAccessSignature` and one space.
    #[error("a token must start with `SharedAccessSignature` and one space")]
    Scheme,
    /// A field without `=`.
    #[error("a field without `=`")]
    NotAField,
    /// A field other than `sr`, `sig`, `se` and `skn`.
    #[error("unknown field")]
    UnknownField,
    /// The name of a field is not in lower case.
    #[error("the name of the field `{0}` must be in lower case")]
    FieldCase(TokenField),
    /// The same field a second time, in any case of letters.
    #[error("duplicate field `{0}`")]
    Duplicate(TokenField),
    /// An unknown field a second time, in any case of letters.
    #[error("duplicate unknown field")]
    DuplicateUnknown,
    /// A required field is missing.
    #[error("the field `{0}` is missing")]
    Missing(TokenField),
    /// The resource is malformed.
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
    /// A registration's token with the `skn` of a policy, or `skn=registration` with a resource that is neither a
    /// registration nor the hub, all its devices, a device or a module. At those it is a policy of that name.
    #[error("a registration needs the `skn` `registration`, and only a registration may have it")]
    NotRegistration,
    /// No signer: the token has no `skn`, and its resource is not one device, module or registration.
    #[error("no `skn`, and the resource is not a device, module or registration")]
    NoSigner,
}

/// The problem of an expiry's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpiryProblem {
    /// An empty text.
    #[error("empty")]
    Empty,
    /// A character other than a decimal digit, such as a sign, a point, an exponent or an escape.
    #[error("not decimal digits")]
    Digit,
    /// A zero before other digits, which would be a second text for the same expiry.
    #[error("leading zero")]
    LeadingZero,
    /// More than 9,223,372,036,854,775,807 seconds.
    #[error("out of range")]
    Range,
}

/// The error of a parsed token that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The signature does not match any of the keys.
    #[error("the signature does not match any of the keys")]
    WrongSignature,
    /// The token is authentic and is for a resource at another host.
    #[error("the token is for another host")]
    AnotherHost,
    /// The token is authentic and has expired.
    #[error(
        "expired {} before `now`, at {}, and the leeway is {}",
        InWords(.now.saturating_sub(*.expiry)), UtcTime::of(*.expiry), InWords(*.leeway)
    )]
    Expired {
        /// The token's expiry, in seconds since 1970.
        expiry: u64,
        /// The verifier's time, in seconds since 1970.
        now: u64,
        /// The leeway, in seconds.
        leeway: u64,
    },
    /// The token is authentic and expires later than the rules allow.
    #[error(
        "expires {} after `now`, at {}, and at most {} are allowed",
        InWords(.expiry.saturating_sub(*.now)), UtcTime::of(*.expiry), InWords(*.max)
    )]
    TooLongLived {
        /// The token's expiry, in seconds since 1970.
        expiry: u64,
        /// The verifier's time, in seconds since 1970.
        now: u64,
        /// The longest time from `now` to the expiry, in seconds.
        max: u64,
    },
}

impl TokenParseError {
    pub(crate) const fn new(offset: usize, problem: ParseProblem) -> Self {
        Self { offset, problem }
    }

    /// Returns a code for logs and counters that does not change between versions.
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
            ParseProblem::NoSigner => "token-nobodys-key",
        }
    }
}

impl VerifyError {
    /// Returns a code for logs and counters that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongSignature => "token-wrong-signature",
            Self::AnotherHost => "token-another-host",
            Self::Expired { .. } => "token-expired",
            Self::TooLongLived { .. } => "token-too-long-lived",
        }
    }
}
