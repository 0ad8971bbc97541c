//! [`explain`]: the fields and the first problem of a text, for programs that show the error to a person.

use core::fmt;

use hubward_core::Hint;

use crate::error::ConnectionStringError;
use crate::field::FieldName;
use crate::grammar::Fields;
use crate::hint::mistake;
use crate::kind::ConnectionStringKind;
use crate::options::ParseOptions;
use crate::string::ConnectionString;
use crate::text::Span;

/// Returns the fields and the first problem of a text, which need not be a connection string.
///
/// ```
/// use hubward_connection_string::{ConnectionStringKind, ParseOptions, explain};
///
/// let explained = explain("HostName=hub.example;DeviceId=dev1", &ParseOptions::STRICT);
/// assert_eq!(explained.kind(), Some(ConnectionStringKind::Device));
/// assert_eq!(explained.problem().map(|error| error.problem.code()), Some("missing-credential"));
/// ```
#[must_use]
pub fn explain<'a>(text: &'a str, rules: &ParseOptions) -> Explanation<'a> {
    let fields = Fields::scan(text, rules);
    let problem = ConnectionString::read(&fields, rules).err();
    Explanation { text, fields, problem }
}

/// The apparent kind of a text, its fields, and its first problem.
pub struct Explanation<'a> {
    text: &'a str,
    fields: Fields<'a>,
    problem: Option<ConnectionStringError>,
}

/// A field of a text, as spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedField {
    /// The field of that name, or `None` if the name is unknown.
    pub field: Option<FieldName>,
    /// The span of its name.
    pub name: Span,
    /// The span of its value.
    pub value: Span,
    /// `true` if the value must not be shown. This includes every unknown field, since its name may be misspelt.
    pub secret: bool,
}

impl Explanation<'_> {
    /// Returns the kind that the text appears to be.
    #[must_use]
    pub fn kind(&self) -> Option<ConnectionStringKind> {
        self.fields.kind()
    }

    /// Returns the first problem, or `None` if the text is a connection string.
    #[must_use]
    pub const fn problem(&self) -> Option<ConnectionStringError> {
        self.problem
    }

    /// Recognises a known mistake: quotes or a name around the text, a text that was cut, a token or a key in its place,
    /// and others. A string without a problem can have one too.
    ///
    /// ```
    /// use hubward_connection_string::{ParseOptions, explain};
    /// use hubward_core::Hint;
    ///
    /// let explained = explain("HostName=hub.example.net", &ParseOptions::STRICT);
    /// assert_eq!(explained.hint(), Some(Hint::CutAtSemicolon));
    /// ```
    #[must_use]
    pub fn hint(&self) -> Option<Hint<'static>> {
        mistake(self.text)
    }

    /// Returns the fields in the order of the text, without segments that have no `=`. A text longer than
    /// [`MAX_LEN`](crate::MAX_LEN) has no fields.
    pub fn fields(&self) -> impl Iterator<Item = ExplainedField> + '_ {
        self.fields.entries().map(|entry| ExplainedField {
            field: entry.field,
            name: entry.name,
            value: entry.value,
            secret: entry.field.is_none_or(FieldName::is_secret),
        })
    }
}

/// Does not print the text.
impl fmt::Debug for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation").field("problem", &self.problem).finish_non_exhaustive()
    }
}
