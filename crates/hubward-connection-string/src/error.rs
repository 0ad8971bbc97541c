//! Why a text is refused: the kind it appears to be, the field, the place and the reason; never the text.

use core::fmt;

use hubward_core::{KeyError, NameProblem};

use crate::endpoint::EndpointProblem;
use crate::field::Field;
use crate::kind::Kind;
use crate::secret::SasProblem;
use crate::text::Span;

/// Why a text is not the connection string that was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// The kind that the text appears to be, where that is known.
    pub kind: Option<Kind>,
    /// The field concerned, where it is one that we know.
    pub field: Option<Field>,
    /// Where: the offending bytes, or the end of the text for something missing.
    pub span: Span,
    /// What is wrong.
    pub problem: Problem,
}

impl ParseError {
    /// The byte at which the problem starts.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.span.start
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Problem::WrongKind { .. } = self.problem {
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

impl core::error::Error for ParseError {}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The account's name has another form.
    #[error("a storage account's name is 3 to 24 lower-case letters and digits")]
    AccountName,
    /// A byte that is not printable ASCII.
    #[error("not printable ASCII")]
    Character,
    /// The field stands there twice.
    #[error("the name was given before, at byte {first}")]
    Duplicate {
        /// Where its name stood first.
        first: usize,
    },
    /// Nothing there.
    #[error("the text is empty")]
    Empty,
    /// Nothing between two `;`, before the first, or between two at the end.
    #[error("empty segment; only one `;` may end the text")]
    EmptySegment,
    /// A known field without a value.
    #[error("the value is empty")]
    EmptyValue,
    /// The endpoint is refused.
    #[error(transparent)]
    Endpoint(EndpointProblem),
    /// A flag that is neither.
    #[error("the value is `true` or `false`")]
    Flag,
    /// The key is refused.
    #[error(transparent)]
    Key(KeyError),
    /// A field without which the kind is not complete.
    #[error("{0} is missing")]
    Missing(Field),
    /// No key, no signature and no certificate.
    #[error("a credential is missing")]
    MissingCredential,
    /// The name or id is refused.
    #[error("{}", NameProblemText(*.0))]
    Name(NameProblem),
    /// A segment without `=`.
    #[error("no `=` in the segment{}", AfterIdText(*.after_id))]
    NoEquals {
        /// The id that the segment follows: a `;` ends it, so an id that holds one cannot be written here.
        after_id: Option<Field>,
    },
    /// Nothing before the `=`.
    #[error("no name before the `=`")]
    NoName,
    /// A field of another kind of string.
    #[error("the field does not belong in a string of this kind")]
    NotOfKind,
    /// A policy's name beside a token or a certificate, which need none.
    #[error("a policy's name goes with its key")]
    PolicyWithoutKey,
    /// A protocol that is neither.
    #[error("the protocol is `https` or `http`")]
    Protocol,
    /// The shared access signature is refused.
    #[error(transparent)]
    Sas(SasProblem),
    /// More than one credential, where one proves the identity.
    #[error("a second credential beside {0}: exactly one is wanted")]
    SecondCredential(Field),
    /// More fields than any string has.
    #[error("more than {max} fields")]
    TooManyFields {
        /// Fields allowed.
        max: usize,
    },
    /// Longer than any string is.
    #[error("{len} bytes, at most {max} allowed")]
    TooLong {
        /// Bytes found.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// An unknown name directly after an id that may end in it.
    #[error("unknown name; if it is a part of {0}: an id that holds `;` cannot be in a connection string")]
    UnknownAfterId(Field),
    /// No field tells the kind.
    #[error("no field tells what kind of string this is")]
    UnknownKind,
    /// A name that no kind of string knows.
    #[error("unknown name{}", SuggestionText(*.meant))]
    UnknownName {
        /// The field that was most likely meant.
        meant: Option<Field>,
    },
    /// White space around a name or a value; nothing is trimmed.
    #[error("white space around a name or value")]
    WhiteSpace,
    /// It is another kind of string.
    #[error("this is a {found}; a {wanted} was wanted")]
    WrongKind {
        /// What it is.
        found: Kind,
        /// What was wanted.
        wanted: Kind,
    },
}

impl Problem {
    /// A word for this problem that does not change from one version to the next.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccountName => "account-name",
            Self::Character => "character",
            Self::Duplicate { .. } => "duplicate",
            Self::Empty => "empty",
            Self::EmptySegment => "empty-segment",
            Self::EmptyValue => "empty-value",
            Self::Endpoint(_) => "endpoint",
            Self::Flag => "flag",
            Self::Key(KeyError::Redacted) | Self::Sas(SasProblem::Redacted) => "redacted",
            Self::Key(_) => "key",
            Self::Missing(_) => "missing",
            Self::MissingCredential => "missing-credential",
            Self::Name(_) => "name",
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

/// What is wrong with a value, before its place in the text is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueProblem {
    pub(crate) problem: Problem,
    /// The one byte of the value that is to blame.
    pub(crate) at: Option<usize>,
}

impl From<Problem> for ValueProblem {
    fn from(problem: Problem) -> Self {
        Self { problem, at: None }
    }
}

impl From<NameProblem> for ValueProblem {
    fn from(problem: NameProblem) -> Self {
        let at = match problem {
            NameProblem::Character { offset } => Some(offset),
            _ => None,
        };
        Self { problem: Problem::Name(problem), at }
    }
}

impl From<hubward_core::NameError> for ValueProblem {
    fn from(error: hubward_core::NameError) -> Self {
        error.problem.into()
    }
}

impl From<KeyError> for ValueProblem {
    fn from(error: KeyError) -> Self {
        Problem::Key(error).into()
    }
}

impl From<SasProblem> for ValueProblem {
    fn from(problem: SasProblem) -> Self {
        let at = match problem {
            SasProblem::Text(NameProblem::Character { offset }) => Some(offset),
            _ => None,
        };
        Self { problem: Problem::Sas(problem), at }
    }
}

impl From<EndpointProblem> for ValueProblem {
    fn from(problem: EndpointProblem) -> Self {
        Problem::Endpoint(problem).into()
    }
}

/// A name's problem, without its own offset: the error has the place in the whole text.
struct NameProblemText(NameProblem);

impl fmt::Display for NameProblemText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NameProblem::Character { .. } => f.write_str("character is not allowed"),
            other => fmt::Display::fmt(&other, f),
        }
    }
}

struct AfterIdText(Option<Field>);

impl fmt::Display for AfterIdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => {
                write!(f, "; if it is a part of {id}: an id that holds `;` cannot be in a connection string")
            }
            None => Ok(()),
        }
    }
}

struct SuggestionText(Option<Field>);

impl fmt::Display for SuggestionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(field) => write!(f, "; `{field}` was meant?"),
            None => Ok(()),
        }
    }
}
