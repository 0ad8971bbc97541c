//! What a text says, field by field, for a program that shows a person where it is wrong.

use crate::error::ParseError;
use crate::field::Field;
use crate::grammar::Fields;
use crate::kind::Kind;
use crate::options::Rules;
use crate::string::ConnectionString;
use crate::text::Span;

/// Takes a text apart as far as it goes, whether or not it is a connection string.
#[must_use]
pub fn explain<'a>(text: &'a str, rules: &Rules) -> Explanation<'a> {
    let fields = Fields::scan(text, rules);
    let problem = ConnectionString::read(&fields, rules).err();
    Explanation { fields, problem }
}

/// What a text appears to be, its fields, and the first thing that is wrong with it.
#[derive(Debug)]
pub struct Explanation<'a> {
    fields: Fields<'a>,
    problem: Option<ParseError>,
}

/// A field of a text, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExplainedField {
    /// The field of that name, where one is known.
    pub field: Option<Field>,
    /// Where its name is.
    pub name: Span,
    /// Where its value is.
    pub value: Span,
    /// Whether the value must not be shown. A field that is not known is one: its name may be misspelt.
    pub secret: bool,
}

impl Explanation<'_> {
    /// The kind of string that it appears to be.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.fields.kind()
    }

    /// The first problem; none where the text is a connection string.
    #[must_use]
    pub const fn problem(&self) -> Option<ParseError> {
        self.problem
    }

    /// The fields, in the order of the text. A segment without `=` is not among them, and a text beyond
    /// [`MAX_LEN`](crate::MAX_LEN) has none.
    pub fn fields(&self) -> impl Iterator<Item = ExplainedField> + '_ {
        self.fields.entries().map(|entry| ExplainedField {
            field: entry.field,
            name: entry.name,
            value: entry.value,
            secret: entry.field.is_none_or(Field::is_secret),
        })
    }
}
