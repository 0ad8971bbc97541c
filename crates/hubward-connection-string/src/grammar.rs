//! The grammar of all kinds: `name=value` segments between `;`, each split at its first `=`.

use crate::error::{ConnectionStringError, ParseProblem};
use crate::field::FieldName;
use crate::kind::ConnectionStringKind;
use crate::options::{ParseOptions, UnknownNames};
use crate::text::{MAX_LEN, Span};

/// The most fields of a text. The largest kind has 15, and the rest is for unknown fields.
pub const MAX_FIELDS: usize = 32;

/// One `name=value`, as spans of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// The field of that name, or `None` if the name is unknown.
    pub(crate) field: Option<FieldName>,
    pub(crate) name: Span,
    pub(crate) value: Span,
}

/// A text, split into its fields.
pub(crate) struct Fields<'a> {
    text: &'a str,
    entries: [Option<Entry>; MAX_FIELDS],
    count: usize,
    first_problem: Option<ConnectionStringError>,
}

impl<'a> Fields<'a> {
    /// Splits `text` into fields, also after the first problem, so that all of it can be explained.
    pub(crate) fn scan(text: &'a str, rules: &ParseOptions) -> Self {
        let mut fields = Self { text, entries: [None; MAX_FIELDS], count: 0, first_problem: None };
        if text.is_empty() {
            fields.report(None, Span { start: 0, end: 0 }, ParseProblem::Empty);
        } else if text.len() > MAX_LEN {
            let problem = ParseProblem::TooLong { len: text.len(), max: MAX_LEN };
            let start = (0..=MAX_LEN).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            fields.report(None, Span { start, end: text.len() }, problem);
        } else {
            let mut start = 0_usize;
            for segment in text.strip_suffix(';').unwrap_or(text).split(';') {
                if fields.count == MAX_FIELDS {
                    let span = Span { start, end: start.saturating_add(segment.len()) };
                    fields.report(None, span, ParseProblem::TooManyFields { max: MAX_FIELDS });
                    break;
                }
                fields.segment(segment, start, rules);
                start = start.saturating_add(segment.len()).saturating_add(1);
            }
        }
        let kind = fields.kind();
        if let Some(error) = &mut fields.first_problem {
            error.kind = kind;
        }
        fields
    }

    fn segment(&mut self, segment: &str, start: usize, rules: &ParseOptions) {
        let whole = Span { start, end: start.saturating_add(segment.len()) };
        if segment.is_empty() {
            return self.report(None, whole, ParseProblem::EmptySegment);
        }
        let printable = |c: char| c == ' ' || c.is_ascii_graphic();
        if let Some((at, c)) = segment.char_indices().find(|(_, c)| !printable(*c)) {
            let start = start.saturating_add(at);
            let end = start.saturating_add(c.len_utf8());
            self.report(None, Span { start, end }, ParseProblem::Character);
        }
        let Some((name_text, value_text)) = segment.split_once('=') else {
            let after_id = self.last_id();
            return self.report(None, whole, ParseProblem::NoEquals { after_id });
        };
        let name = Span { start, end: start.saturating_add(name_text.len()) };
        let value = Span { start: name.end.saturating_add(1), end: whole.end };
        let field = FieldName::from_name(name_text);
        // a suggestion is expensive, and only the first problem is reported
        if self.first_problem.is_none() {
            if let Some(problem) = self.problem_of(name_text, value_text, field, rules) {
                let span = if let ParseProblem::EmptyValue = problem { value } else { name };
                self.report(field, span, problem);
            }
        }
        if let Some(space) = outer_space(name_text, name).or_else(|| outer_space(value_text, value)) {
            self.report(field, space, ParseProblem::WhiteSpace);
        }
        if let Some(slot) = self.entries.get_mut(self.count) {
            *slot = Some(Entry { field, name, value });
            self.count = self.count.saturating_add(1);
        }
    }

    fn problem_of(
        &self,
        name: &str,
        value: &str,
        field: Option<FieldName>,
        rules: &ParseOptions,
    ) -> Option<ParseProblem> {
        if name.is_empty() {
            return Some(ParseProblem::NoName);
        }
        if outer_space(name, Span { start: 0, end: 0 }).is_some() {
            // reported as white space
            return None;
        }
        let same = |entry: &Entry| entry.name.of(self.text).eq_ignore_ascii_case(name);
        if let Some(before) = self.entries().find(same) {
            return Some(ParseProblem::Duplicate { first: before.name.start });
        }
        if field.is_some() {
            return value.is_empty().then_some(ParseProblem::EmptyValue);
        }
        // in `DeviceId=a;b=c`, `b` may be a name or a part of an old id
        let after_id = self.last_id();
        match rules.unknown_names {
            UnknownNames::Refuse => Some(match (FieldName::suggestion(name), after_id) {
                (None, Some(id)) => ParseProblem::UnknownAfterId(id),
                (meant, _) => ParseProblem::UnknownName { meant },
            }),
            UnknownNames::Keep => after_id.map(ParseProblem::UnknownAfterId),
        }
    }

    /// Returns the field of the last entry if it is an id.
    fn last_id(&self) -> Option<FieldName> {
        let last = self.entries().last()?.field?;
        matches!(last, FieldName::DeviceId | FieldName::ModuleId).then_some(last)
    }

    /// Keeps the problem if it is the first one.
    fn report(&mut self, field: Option<FieldName>, span: Span, problem: ParseProblem) {
        self.first_problem.get_or_insert(ConnectionStringError { kind: None, field, span, problem });
    }

    pub(crate) const fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) const fn first_problem(&self) -> Option<ConnectionStringError> {
        self.first_problem
    }

    /// Returns the entries in the order of the text.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.entries.iter().copied().map_while(|entry| entry)
    }

    pub(crate) fn find(&self, field: FieldName) -> Option<Entry> {
        self.entries().find(|entry| entry.field == Some(field))
    }

    /// Returns the kind that the text appears to be.
    pub(crate) fn kind(&self) -> Option<ConnectionStringKind> {
        ConnectionStringKind::from_fields(|field| self.find(field).is_some())
    }
}

/// Writes the spans without the text, which has secrets.
impl core::fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

/// Returns the first run of spaces at either end of the text, which is at `span`.
fn outer_space(text: &str, span: Span) -> Option<Span> {
    let before = text.len().saturating_sub(text.trim_start_matches(' ').len());
    let after = text.trim_end_matches(' ').len();
    if before > 0 {
        Some(Span { start: span.start, end: span.start.saturating_add(before) })
    } else if after < text.len() {
        Some(Span { start: span.start.saturating_add(after), end: span.end })
    } else {
        None
    }
}

/// The fields with unknown names, in the order of the text; [`ParseOptions::STRICT`] allows none. They have no effect, and
/// their values are treated as secrets.
///
/// ```
/// use hubward_connection_string::{ConnectionString, ParseOptions};
///
/// let text = "Protocol=Mqtt;HostName=hub.example;DeviceId=dev1;x509=true";
/// let string = ConnectionString::parse(text, &ParseOptions::COMPATIBLE)?;
/// assert_eq!(string.extras().iter().next(), Some(("Protocol", "Mqtt")));
/// # Ok::<(), hubward_connection_string::ConnectionStringError>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Extras<'a> {
    text: &'a str,
}

impl<'a> Extras<'a> {
    /// Returns the extras of a text that was parsed without a problem.
    pub(crate) const fn of(text: &'a str) -> Self {
        Self { text }
    }

    /// Returns each name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.text
            .split(';')
            .filter_map(|segment| segment.split_once('='))
            .filter(|(name, _)| FieldName::from_name(name).is_none())
    }
}

/// Writes their number alone: a misspelt name may be that of a key.
impl core::fmt::Debug for Extras<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Extras({} redacted)", self.iter().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<(usize, usize, &'static str)> {
        let error = Fields::scan(text, &ParseOptions::STRICT).first_problem()?;
        Some((error.span.start, error.span.end, error.problem.code()))
    }

    #[test]
    fn the_first_problem_is_kept_with_its_span() {
        for (text, wanted) in [
            ("", (0, 0, "empty")),
            (";", (0, 0, "empty-segment")),
            ("DeviceId=a;;", (11, 11, "empty-segment")),
            ("=a", (0, 0, "no-name")),
            ("HostName= a", (9, 10, "white-space")),
            ("HostName=a  ", (10, 12, "white-space")),
            (" HostName=a", (0, 1, "white-space")),
            ("HostName=", (9, 9, "empty-value")),
            ("HostName=é", (9, 11, "character")),
            ("HostName=a\n", (10, 11, "character")),
            ("HostName=a;HOSTNAME=a", (11, 19, "duplicate")),
            ("HostName=a;x=", (11, 12, "unknown-name")),
        ] {
            assert_eq!(problem(text), Some(wanted), "{text:?}");
        }
        assert_eq!(problem("HostName=a=b=;"), None);
    }

    #[test]
    fn a_scan_continues_after_a_problem() {
        let fields = Fields::scan("a;HostName=h;;DeviceId=d", &ParseOptions::STRICT);
        assert_eq!(fields.entries().count(), 2);
        assert_eq!(fields.kind(), Some(ConnectionStringKind::Device));
    }
}
