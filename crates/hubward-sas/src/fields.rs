//! A token's fields: where each stands, split before anything is decoded.

use hubward_core::ResourceProblem;

use crate::error::{Field, ParseError, ParseProblem};
use crate::rules::{SchemeCase, TokenRules, UnknownFields};

/// The word that a token starts with, and its one space.
const SCHEME: &str = "SharedAccessSignature ";
/// Bytes of a token at most.
const MAX_LEN: usize = 4096;
/// Fields at most, the ones that are passed over included.
const MAX_FIELDS: usize = 8;

/// A field's value and where it starts in the token.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) text: &'a str,
    pub(crate) offset: usize,
}

/// The fields of a token, still encoded.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    sr: Option<Value<'a>>,
    sig: Option<Value<'a>>,
    se: Option<Value<'a>>,
    skn: Option<Value<'a>>,
    len: usize,
}

impl<'a> Fields<'a> {
    /// Splits at `&`, and each field at its first `=`.
    #[inline]
    pub(crate) fn split(token: &'a str, rules: &TokenRules) -> Result<Self, ParseError> {
        if token.len() > MAX_LEN {
            return Err(ParseError::new(MAX_LEN, ParseProblem::TooLong));
        }
        let (scheme, body) =
            token.split_at_checked(SCHEME.len()).ok_or(ParseError::new(0, ParseProblem::Scheme))?;
        let known = match rules.scheme_case {
            SchemeCase::Exact => scheme == SCHEME,
            SchemeCase::AsciiInsensitive => scheme == SCHEME || scheme.eq_ignore_ascii_case(SCHEME),
        };
        if !known {
            return Err(ParseError::new(0, ParseProblem::Scheme));
        }
        // one pass without a branch per byte; the place is looked for only where there is one
        if body.bytes().fold(false, |bad, b| bad | !b.is_ascii_graphic()) {
            let at = body.bytes().position(|b| !b.is_ascii_graphic()).unwrap_or_default();
            return Err(ParseError::new(SCHEME.len().saturating_add(at), ParseProblem::NotVisible));
        }
        let mut fields = Self { len: token.len(), ..Self::default() };
        let mut rest = Some(body);
        let mut count = 0_usize;
        while let Some(text) = rest {
            let offset = token.len().saturating_sub(text.len());
            let field = match memchr::memchr(b'&', text.as_bytes()) {
                Some(at) => {
                    rest = text.get(at.saturating_add(1)..);
                    text.get(..at).unwrap_or_default()
                }
                None => {
                    rest = None;
                    text
                }
            };
            count = count.saturating_add(1);
            if count > MAX_FIELDS {
                return Err(ParseError::new(offset, ParseProblem::TooLong));
            }
            fields.take(field, offset, token, rules)?;
        }
        Ok(fields)
    }

    #[inline]
    fn take(
        &mut self,
        field: &'a str,
        offset: usize,
        token: &str,
        rules: &TokenRules,
    ) -> Result<(), ParseError> {
        let err = |problem| Err(ParseError::new(offset, problem));
        let (slot, text, known) = match field.as_bytes() {
            [b's', b'r', b'=', ..] => (&mut self.sr, field.get(3..), Field::Sr),
            [b's', b'e', b'=', ..] => (&mut self.se, field.get(3..), Field::Se),
            [b's', b'i', b'g', b'=', ..] => (&mut self.sig, field.get(4..), Field::Sig),
            [b's', b'k', b'n', b'=', ..] => (&mut self.skn, field.get(4..), Field::Skn),
            _ => return self.unknown(field, offset, token, rules),
        };
        let text = text.unwrap_or_default();
        if slot.is_some() {
            return err(ParseProblem::Duplicate(known));
        }
        let offset = offset.saturating_add(field.len()).saturating_sub(text.len());
        *slot = Some(Value { text, offset });
        Ok(())
    }

    /// A field that is none of a token's: refused or passed over, and never a second spelling of one.
    #[cold]
    fn unknown(&self, field: &str, offset: usize, token: &str, rules: &TokenRules) -> Result<(), ParseError> {
        let err = |problem| Err(ParseError::new(offset, problem));
        let Some((name, _)) = field.split_once('=') else { return err(ParseProblem::NotAField) };
        for (known, slot) in
            [(Field::Sr, &self.sr), (Field::Sig, &self.sig), (Field::Se, &self.se), (Field::Skn, &self.skn)]
        {
            let spelled = match known {
                Field::Sr => "sr",
                Field::Sig => "sig",
                Field::Se => "se",
                Field::Skn => "skn",
            };
            if name.eq_ignore_ascii_case(spelled) {
                return err(if slot.is_some() {
                    ParseProblem::Duplicate(known)
                } else {
                    ParseProblem::FieldCase(known)
                });
            }
        }
        if rules.unknown_fields == UnknownFields::Refuse {
            return err(ParseProblem::UnknownField);
        }
        let before = token.get(SCHEME.len()..offset).unwrap_or_default();
        let twice = before.split('&').any(|earlier| {
            earlier.split_once('=').is_some_and(|(other, _)| other.eq_ignore_ascii_case(name))
        });
        if twice { err(ParseProblem::DuplicateUnknown) } else { Ok(()) }
    }

    pub(crate) fn sr(&self) -> Result<Value<'a>, ParseError> {
        let value = self.required(self.sr, Field::Sr)?;
        if value.text.is_empty() {
            let empty = ParseProblem::Resource(ResourceProblem::EmptySegment);
            return Err(ParseError::new(value.offset, empty));
        }
        Ok(value)
    }

    pub(crate) fn sig(&self) -> Result<Value<'a>, ParseError> {
        self.required(self.sig, Field::Sig)
    }

    pub(crate) fn se(&self) -> Result<Value<'a>, ParseError> {
        self.required(self.se, Field::Se)
    }

    /// An empty `skn` is none.
    pub(crate) fn skn(&self) -> Option<Value<'a>> {
        self.skn.filter(|value| !value.text.is_empty())
    }

    fn required(&self, value: Option<Value<'a>>, field: Field) -> Result<Value<'a>, ParseError> {
        value.ok_or(ParseError::new(self.len, ParseProblem::Missing(field)))
    }
}
