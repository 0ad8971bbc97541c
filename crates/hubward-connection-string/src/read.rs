//! [`Reader`]: checks presence, form and combination of the fields of one kind, and parses their values.

#[cfg(feature = "url")]
use crate::endpoint::EndpointUrl;
#[cfg(feature = "url")]
use crate::error::EndpointProblem;
use crate::error::{ConnectionStringError, ParseProblem, ValueProblem};
use crate::field::FieldName;
use crate::grammar::{Entry, Extras, Fields};
use crate::kind::ConnectionStringKind;
use crate::options::ParseOptions;
#[cfg(feature = "url")]
use crate::options::WithoutTls;
use crate::text::Span;

/// The fields of a text of one kind, which has no fields of other kinds.
pub(crate) struct Reader<'f, 'a> {
    fields: &'f Fields<'a>,
    kind: ConnectionStringKind,
    #[cfg_attr(not(feature = "url"), expect(dead_code, reason = "these options are about URLs"))]
    pub(crate) rules: &'f ParseOptions,
}

impl<'f, 'a> Reader<'f, 'a> {
    pub(crate) fn new(
        fields: &'f Fields<'a>,
        rules: &'f ParseOptions,
        kind: ConnectionStringKind,
    ) -> Result<Self, ConnectionStringError> {
        if let Some(error) = fields.first_problem() {
            return Err(error);
        }
        let reader = Self { fields, kind, rules };
        match fields.entries().find(|entry| entry.field.is_some_and(|field| !kind.has(field))) {
            Some(entry) => Err(reader.error(entry.field, entry.name, ParseProblem::NotOfKind)),
            None => Ok(reader),
        }
    }

    /// Parses a text that must be of the kind `wanted`.
    pub(crate) fn parse_kind<T>(
        text: &'a str,
        rules: &ParseOptions,
        wanted: ConnectionStringKind,
        read: impl FnOnce(&Reader<'_, 'a>) -> Result<T, ConnectionStringError>,
    ) -> Result<T, ConnectionStringError> {
        let fields = Fields::scan(text, rules);
        match (fields.first_problem(), fields.kind()) {
            (None, Some(found)) if found != wanted => Err(ConnectionStringError {
                kind: Some(found),
                field: None,
                span: Span { start: 0, end: text.len() },
                problem: ParseProblem::WrongKind { found, wanted },
            }),
            _ => read(&Reader::new(&fields, rules, wanted)?),
        }
    }

    fn error(&self, field: Option<FieldName>, span: Span, problem: ParseProblem) -> ConnectionStringError {
        ConnectionStringError { kind: Some(self.kind), field, span, problem }
    }

    /// Returns an error about a field that the text has.
    pub(crate) fn refuse(&self, field: FieldName, problem: ParseProblem) -> ConnectionStringError {
        let span = self.fields.find(field).map_or_else(|| self.end(), |entry| entry.value);
        self.error(Some(field), span, problem)
    }

    /// Returns an error about a missing field. If a kept unknown name is similar to it, the error is about that name.
    fn missing(&self, problem: ParseProblem, wanted: impl Fn(FieldName) -> bool) -> ConnectionStringError {
        let misspelt = self
            .fields
            .entries()
            .filter(|entry| entry.field.is_none())
            .find_map(|entry| Some((entry, FieldName::suggestion(entry.name.of(self.fields.text()))?)))
            .filter(|(_, meant)| self.kind.has(*meant) && wanted(*meant));
        match misspelt {
            Some((entry, meant)) => {
                self.error(None, entry.name, ParseProblem::UnknownName { meant: Some(meant) })
            }
            None => self.error(None, self.end(), problem),
        }
    }

    pub(crate) fn missing_credential(&self) -> ConnectionStringError {
        self.missing(ParseProblem::MissingCredential, |field| field.is_secret() || field == FieldName::X509)
    }

    /// Returns the error about the whole text, which is of a kind with URLs.
    #[cfg(not(feature = "url"))]
    pub(crate) fn needs_url(&self, kind: ConnectionStringKind) -> ConnectionStringError {
        let span = Span { start: 0, end: self.fields.text().len() };
        self.error(None, span, ParseProblem::NeedsUrl(kind))
    }

    fn end(&self) -> Span {
        let end = self.fields.text().len();
        Span { start: end, end }
    }

    pub(crate) fn has(&self, field: FieldName) -> bool {
        self.entry(field).is_some()
    }

    fn entry(&self, field: FieldName) -> Option<Entry> {
        self.fields.find(field)
    }

    /// Parses the value of an optional field.
    pub(crate) fn optional<T, E: Into<ValueProblem>>(
        &self,
        field: FieldName,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<Option<T>, ConnectionStringError> {
        let Some(entry) = self.entry(field) else {
            return Ok(None);
        };
        match parse(entry.value.of(self.fields.text())) {
            Ok(value) => Ok(Some(value)),
            Err(fault) => {
                let ValueProblem { problem, at } = fault.into();
                let span = match at {
                    // for a character missing at the end of a value, the span is its last byte
                    Some(at) => {
                        let start =
                            entry.value.start.saturating_add(at).min(entry.value.end.saturating_sub(1));
                        Span { start, end: start.saturating_add(1) }
                    }
                    None => entry.value,
                };
                Err(self.error(Some(field), span, problem))
            }
        }
    }

    /// Parses the value of a required field.
    pub(crate) fn required<T, E: Into<ValueProblem>>(
        &self,
        field: FieldName,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<T, ConnectionStringError> {
        match self.optional(field, parse)? {
            Some(value) => Ok(value),
            None => Err(self.missing(ParseProblem::Missing(field), |meant| meant == field)),
        }
    }

    /// Parses a flag. `false` has the same meaning as its absence.
    pub(crate) fn flag(&self, field: FieldName) -> Result<bool, ConnectionStringError> {
        let flag = self.optional(field, |value| {
            if value.eq_ignore_ascii_case("true") {
                Ok(true)
            } else if value.eq_ignore_ascii_case("false") {
                Ok(false)
            } else {
                Err(ParseProblem::Flag)
            }
        })?;
        Ok(flag.unwrap_or(false))
    }

    /// Refuses a second credential if the text has one of `others`. `first` is the first credential.
    pub(crate) fn refuse_second(
        &self,
        first: FieldName,
        others: &[FieldName],
    ) -> Result<(), ConnectionStringError> {
        match others.iter().find(|field| self.has(**field)) {
            Some(second) => Err(self.refuse(*second, ParseProblem::SecondCredential(first))),
            None => Ok(()),
        }
    }

    /// Refuses the endpoint of `field`, which is without TLS, unless the options allow that at its host.
    #[cfg(feature = "url")]
    pub(crate) fn require_tls(
        &self,
        field: FieldName,
        endpoint: &EndpointUrl<'_>,
    ) -> Result<(), ConnectionStringError> {
        match self.rules.without_tls {
            WithoutTls::Loopback if !endpoint.is_loopback() => {
                Err(self.refuse(field, ParseProblem::EndpointUrl(EndpointProblem::WithoutTls)))
            }
            WithoutTls::Loopback | WithoutTls::Anywhere => Ok(()),
        }
    }

    pub(crate) fn extras(&self) -> Extras<'a> {
        Extras::of(self.fields.text())
    }
}
