//! [`ParseError`] and [`VerifyError`], for all services: facts and offsets, never a credential's text.

use core::fmt;

use hubward_core::{InWords, UtcTime};

/// The error of a text that is not the token, header or URL that it was taken for. It has the position, never the
/// text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// The position, in bytes from the start of the text.
    pub offset: usize,
    /// The field, if the problem is in a known one.
    pub field: Option<&'static str>,
    /// The problem at that position.
    pub problem: Problem,
}

/// The problem of a text or of one of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// More than 8,192 bytes, or more than 64 fields.
    #[error("more than 8192 bytes or 64 fields")]
    TooLong,
    /// Text without its scheme word.
    #[error("the text does not start with its scheme")]
    Scheme,
    /// A field without `=`.
    #[error("a field without `=`")]
    NotAField,
    /// A field that the scheme does not have.
    #[error("unknown field")]
    UnknownField,
    /// The name of a field in another case, or percent-encoded.
    #[error("the name of the field must be plain text in lower case")]
    FieldCase,
    /// The same field a second time.
    #[error("duplicate field")]
    Duplicate,
    /// A required field is missing.
    #[error("the field is missing")]
    Missing,
    /// A field that this kind of token, or this version, does not have.
    #[error("the field does not belong to a token of this kind and version")]
    NotOfKind,
    /// An empty value.
    #[error("the value is empty")]
    Empty,
    /// An escape that is not `%` and two hex digits, or does not decode to UTF-8.
    #[error("an escape does not decode to UTF-8")]
    Escape,
    /// A control character, escaped or not.
    #[error("a control character")]
    Control,
    /// Not 32 bytes of canonical base64.
    #[error("the signature is not 32 bytes of canonical base64")]
    Signature,
    /// A version that is not in the table of layouts.
    #[error("the version is not known: its layout of the signed text would be a guess")]
    Version,
    /// A permission letter that the resource does not have, or the same one twice.
    #[error("an unknown or repeated letter")]
    Letter,
    /// Not a time of the scheme.
    #[error("not a time as the scheme writes it")]
    Time,
    /// Not an address or a range of addresses.
    #[error("not an address or a range of two ordered addresses")]
    Address,
    /// A protocol other than `https` and `https,http`.
    #[error("the protocol must be `https` or `https,http`")]
    Protocol,
    /// A number with another character than a digit, with a leading zero, or out of range.
    #[error("not a plain number in range")]
    Number,
    /// Not a name of this kind.
    #[error("not a name of this kind")]
    Name,
    /// Not the URL of an endpoint of this service.
    #[error("not the URL of an endpoint of this service")]
    Url,
}

impl Problem {
    /// Returns a code for logs and counters that does not change between versions.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "cloud-too-long",
            Self::Scheme => "cloud-scheme",
            Self::NotAField => "cloud-not-a-field",
            Self::UnknownField => "cloud-unknown-field",
            Self::FieldCase => "cloud-field-case",
            Self::Duplicate => "cloud-duplicate-field",
            Self::Missing => "cloud-missing-field",
            Self::NotOfKind => "cloud-field-not-of-kind",
            Self::Empty => "cloud-empty-value",
            Self::Escape => "cloud-escape",
            Self::Control => "cloud-control-character",
            Self::Signature => "cloud-signature-text",
            Self::Version => "cloud-unknown-version",
            Self::Letter => "cloud-permission-letter",
            Self::Time => "cloud-time-text",
            Self::Address => "cloud-address",
            Self::Protocol => "cloud-protocol",
            Self::Number => "cloud-number",
            Self::Name => "cloud-name",
            Self::Url => "cloud-url",
        }
    }
}

impl ParseError {
    pub(crate) const fn at(offset: usize, problem: Problem) -> Self {
        Self { offset, field: None, problem }
    }

    pub(crate) const fn of(field: &'static str, offset: usize, problem: Problem) -> Self {
        Self { offset, field: Some(field), problem }
    }

    /// Returns a code for logs and counters that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.problem.code()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "`{field}`, at byte {}: {}", self.offset, self.problem),
            None => write!(f, "at byte {}: {}", self.offset, self.problem),
        }
    }
}

impl core::error::Error for ParseError {}

/// The error of a parsed credential that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The signature does not match the key.
    #[error("the signature does not match the key")]
    WrongSignature,
    /// The credential is authentic and has expired.
    #[error("expired {} before `now`, at {}", InWords(.now.saturating_sub(*.expiry)), UtcTime::of(*.expiry))]
    Expired {
        /// The last second, in seconds since 1970.
        expiry: u64,
        /// The verifier's time, in seconds since 1970.
        now: u64,
    },
    /// The credential is authentic and is not valid yet.
    #[error("valid only {} after `now`, from {}", InWords(.start.saturating_sub(*.now)), UtcTime::of(*.start))]
    NotYet {
        /// The first second, in seconds since 1970.
        start: u64,
        /// The verifier's time, in seconds since 1970.
        now: u64,
    },
    /// The credential is for another resource, service or account than the request.
    #[error("the credential is for another resource than the request")]
    AnotherResource,
    /// The credential names a stored access policy, and the verifier was given none or another one.
    #[error("the credential names a stored access policy that was not given")]
    UnknownPolicy,
    /// A value is in the token and in its stored access policy, or in neither.
    #[error("`{0}` must be in the token or in its stored access policy, and in one of them only")]
    PolicyValue(&'static str),
    /// The user delegation key is valid for more than seven days, or ends before it starts.
    #[error("the user delegation key must be valid for at most seven days")]
    DelegationPeriod,
    /// The token's user delegation key is for another service.
    #[error("the user delegation key is for another service")]
    DelegationService,
    /// The token requires a header or query parameter that the request does not have.
    #[error("the token requires a header or query parameter that the request does not have")]
    RequiredParameter,
    /// The date of the request differs from the verifier's time by more than 15 minutes.
    #[error("the date of the request differs from `now` by more than 15 minutes")]
    Skew,
}

impl VerifyError {
    /// Returns a code for logs and counters that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongSignature => "cloud-wrong-signature",
            Self::Expired { .. } => "cloud-expired",
            Self::NotYet { .. } => "cloud-not-yet-valid",
            Self::AnotherResource => "cloud-another-resource",
            Self::UnknownPolicy => "cloud-unknown-policy",
            Self::PolicyValue(_) => "cloud-policy-value",
            Self::DelegationPeriod => "cloud-delegation-period",
            Self::DelegationService => "cloud-delegation-service",
            Self::RequiredParameter => "cloud-required-parameter",
            Self::Skew => "cloud-skew",
        }
    }
}
