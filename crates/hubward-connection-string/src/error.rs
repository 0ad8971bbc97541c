//! [`ConnectionStringError`] and its [`ParseProblem`]s. An error has the apparent kind, the field and the span, never the text.

use core::fmt;

use hubward_core::{KeyError, NameProblem};

use crate::field::FieldName;
use crate::kind::ConnectionStringKind;
use crate::secret::SasProblem;
use crate::text::Span;

/// The error of a text that is not the expected connection string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionStringError {
    /// The kind that the text appears to be, if that is known.
    pub kind: Option<ConnectionStringKind>,
    /// The field with the problem, if it is a known one.
    pub field: Option<FieldName>,
    /// The bytes with the problem, or the end of the text if something is missing.
    pub span: Span,
    /// The problem.
    pub problem: ParseProblem,
}

impl ConnectionStringError {
    /// Returns the byte at which the problem starts.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.span.start
    }
}

impl fmt::Display for ConnectionStringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ParseProblem::WrongKind { .. } = self.problem {
            return fmt::Display::fmt(&self.problem, f);
        }
        if let Some(kind) = self.kind {
            write!(f, "{kind}, ")?;
        }
        if let Some(field) = self.field {
            write!(f, "{field} ")?;
        }
        write!(f, "at byte {}: {}", self.span.start, self.problem)
    }
}

impl core::error::Error for ConnectionStringError {}

/// The problem of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseProblem {
    /// The account's name is malformed.
    #[error("the name of a storage account must be 3 to 24 lower-case letters and digits")]
    AccountName,
    /// A byte that is not printable ASCII.
    #[error("not printable ASCII")]
    Character,
    /// The text has the field twice.
    #[error("duplicate field, first at byte {first}")]
    Duplicate {
        /// The offset of its first occurrence.
        first: usize,
    },
    /// The text is empty.
    #[error("the text is empty")]
    Empty,
    /// A segment between two `;`, or before the first `;`, is empty.
    #[error("empty segment; only one `;` may end the text")]
    EmptySegment,
    /// A known field without a value.
    #[error("the value is empty")]
    EmptyValue,
    /// The endpoint is refused.
    #[error(transparent)]
    EndpointUrl(EndpointProblem),
    /// A flag is neither `true` nor `false`.
    #[error("the value must be `true` or `false`")]
    Flag,
    /// The key is refused.
    #[error(transparent)]
    Key(KeyError),
    /// A required field is missing.
    #[error("{0} is missing")]
    Missing(FieldName),
    /// The string has no key, no signature and no certificate flag.
    #[error("a credential is missing")]
    MissingCredential,
    /// The name or id is refused.
    #[error("{}", NameProblemText(*.0))]
    Name(NameProblem),
    /// A segment without `=`.
    #[error("no `=` in the segment{}", AfterIdText(*.after_id))]
    NoEquals {
        /// The id that the segment follows. A `;` ends the id, so an id with a `;` cannot be in a connection string.
        after_id: Option<FieldName>,
    },
    /// A segment without a name before the `=`.
    #[error("no name before the `=`")]
    NoName,
    /// A field of another kind of string.
    #[error("a string of this kind does not have the field")]
    NotOfKind,
    /// A policy's name without the policy's key.
    #[error("a policy's name needs the policy's key")]
    PolicyWithoutKey,
    /// A protocol is neither `https` nor `http`.
    #[error("the protocol must be `https` or `http`")]
    Protocol,
    /// The shared access signature is refused.
    #[error(transparent)]
    Sas(SasProblem),
    /// More than one credential.
    #[error("a second credential: the string also has {0}; remove one of them")]
    SecondCredential(FieldName),
    /// More fields than a text may have.
    #[error("more than {max} fields")]
    TooManyFields {
        /// The most fields of a text.
        max: usize,
    },
    /// Longer than a text may be.
    #[error("{len} bytes, and at most {max} are allowed")]
    TooLong {
        /// The bytes of the text.
        len: usize,
        /// The most bytes of a text.
        max: usize,
    },
    /// A string of Service Bus, Storage or Cosmos DB, in a build without the feature `url`.
    #[error("this is a {0}, which this program cannot read: build it with the feature `url`")]
    NeedsUrl(ConnectionStringKind),
    /// An unknown name directly after an id, of which it may be a part.
    #[error("unknown name; if it is a part of {0}: a connection string cannot have an id with `;`")]
    UnknownAfterId(FieldName),
    /// No field determines the kind.
    #[error("no field determines the kind of the string")]
    UnknownKind,
    /// A name that no kind of string knows.
    #[error("unknown name{}", SuggestionText(*.meant))]
    UnknownName {
        /// The known field with the most similar name.
        meant: Option<FieldName>,
    },
    /// White space around a name or a value, which is not trimmed.
    #[error("white space around a name or value")]
    WhiteSpace,
    /// The text is another kind of string.
    #[error("this is a {found}, but a {wanted} is needed")]
    WrongKind {
        /// The kind of the text.
        found: ConnectionStringKind,
        /// The kind that was to be parsed.
        wanted: ConnectionStringKind,
    },
}

impl ParseProblem {
    /// Returns a code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccountName => "account-name",
            Self::Character => "character",
            Self::Duplicate { .. } => "duplicate",
            Self::Empty => "empty",
            Self::EmptySegment => "empty-segment",
            Self::EmptyValue => "empty-value",
            Self::EndpointUrl(_) => "endpoint",
            Self::Flag => "flag",
            Self::Key(KeyError::Redacted) | Self::Sas(SasProblem::Redacted) => "redacted",
            Self::Key(_) => "key",
            Self::Missing(_) => "missing",
            Self::MissingCredential => "missing-credential",
            Self::Name(_) => "name",
            Self::NeedsUrl(_) => "needs-url",
            Self::NoEquals { .. } => "no-equals",
            Self::NoName => "no-name",
            Self::NotOfKind => "not-of-kind",
            Self::PolicyWithoutKey => "policy-without-key",
            Self::Protocol => "protocol",
            Self::Sas(_) => "sas",
            Self::SecondCredential(_) => "second-credential",
            Self::TooManyFields { .. } => "too-many-fields",
            Self::TooLong { .. } => "too-long",
            Self::UnknownAfterId(_) => "unknown-after-id",
            Self::UnknownKind => "unknown-kind",
            Self::UnknownName { .. } => "unknown-name",
            Self::WhiteSpace => "white-space",
            Self::WrongKind { .. } => "wrong-kind",
        }
    }
}

/// The problem of a text that is not an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointProblem {
    /// The endpoints and the account of the emulator are fixed.
    #[error("the emulator's endpoints are fixed")]
    Fixed,
    /// The host or its port is malformed.
    #[error("the endpoint's host is not a host name with an optional port")]
    Host,
    /// The endpoint has a path, which this field does not allow.
    #[error("the endpoint must not have a path")]
    Path,
    /// The endpoint has a query or a fragment.
    #[error("the endpoint must not have a query or a fragment")]
    Query,
    /// The endpoint has no scheme, or one that this field does not allow.
    #[error("the field does not allow the endpoint's scheme")]
    Scheme,
    /// The URL standard refuses the endpoint, or normalizes it to another URL.
    #[error("the endpoint is not a URL in normalized form")]
    Url,
    /// The endpoint has a user name or a password.
    #[error("the endpoint must not have a user name or a password")]
    User,
    /// The endpoint is without TLS and not on this machine.
    #[error("the endpoint is without TLS, and its host is not this machine")]
    WithoutTls,
}

/// The problem of a value, before its position in the text is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueProblem {
    pub(crate) problem: ParseProblem,
    /// The byte of the value that has the problem, if it is one byte.
    pub(crate) at: Option<usize>,
}

impl From<ParseProblem> for ValueProblem {
    fn from(problem: ParseProblem) -> Self {
        Self { problem, at: None }
    }
}

impl From<NameProblem> for ValueProblem {
    fn from(problem: NameProblem) -> Self {
        let at = match problem {
            NameProblem::Character { offset } => Some(offset),
            _ => None,
        };
        Self { problem: ParseProblem::Name(problem), at }
    }
}

impl From<hubward_core::NameError> for ValueProblem {
    fn from(error: hubward_core::NameError) -> Self {
        error.problem.into()
    }
}

impl From<KeyError> for ValueProblem {
    fn from(error: KeyError) -> Self {
        ParseProblem::Key(error).into()
    }
}

impl From<SasProblem> for ValueProblem {
    fn from(problem: SasProblem) -> Self {
        let at = match problem {
            SasProblem::Text(NameProblem::Character { offset }) => Some(offset),
            _ => None,
        };
        Self { problem: ParseProblem::Sas(problem), at }
    }
}

impl From<EndpointProblem> for ValueProblem {
    fn from(problem: EndpointProblem) -> Self {
        ParseProblem::EndpointUrl(problem).into()
    }
}

/// Writes the problem of a name without its offset: the error has the offset in the whole text.
struct NameProblemText(NameProblem);

impl fmt::Display for NameProblemText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NameProblem::Character { .. } => f.write_str("the character is not allowed"),
            other => fmt::Display::fmt(&other, f),
        }
    }
}

/// Writes the hint for a segment after an id.
struct AfterIdText(Option<FieldName>);

impl fmt::Display for AfterIdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => {
                write!(f, "; if it is a part of {id}: a connection string cannot have an id with `;`")
            }
            None => Ok(()),
        }
    }
}

/// Writes the suggestion for an unknown name.
struct SuggestionText(Option<FieldName>);

impl fmt::Display for SuggestionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(field) => write!(f, "; did you mean `{field}`?"),
            None => Ok(()),
        }
    }
}
