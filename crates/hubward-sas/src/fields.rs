//! A token's fields, each split off and read in the same pass, before the next one is looked at.

use hubward_core::{PolicyName, ResourcePath, Segment};

use crate::error::{ExpiryProblem, Field, ParseError, ParseProblem};
use crate::parse::SCHEME;
use crate::rules::{TokenRules, UnknownFields};
use crate::signature;

/// Fields at most, the ones that are passed over included.
const MAX_FIELDS: usize = 8;

/// An expiry as received and as a number.
#[derive(Clone, Copy)]
pub(crate) struct Expiry<'a> {
    pub(crate) text: &'a str,
    pub(crate) seconds: u64,
}

/// The fields that have been read, and which these are. The signature's bytes lie elsewhere: what is written byte by
/// byte would keep all of it out of the registers.
pub(crate) struct Fields<'a> {
    sr: Option<ResourcePath<'a>>,
    se: Expiry<'a>,
    /// An empty one is none.
    skn: Option<Segment<'a>>,
    /// The fields that were there, empty or not: [`bit`] by bit.
    seen: u8,
    /// Where the resource starts.
    pub(crate) sr_offset: usize,
}

impl<'a> Fields<'a> {
    /// Reads `token`, behind its scheme word, field by field.
    #[inline]
    pub(crate) fn read(
        token: &'a str,
        rules: &TokenRules,
        signature: &mut [u8; 32],
    ) -> Result<Self, ParseError> {
        let se = Expiry { text: "", seconds: 0 };
        let mut fields = Self { sr: None, se, skn: None, seen: 0, sr_offset: 0 };
        let mut at = SCHEME.len();
        for _ in 0..MAX_FIELDS {
            let end = fields.take(token, at, rules, signature)?;
            match token.as_bytes().get(end) {
                None => return Ok(fields),
                Some(b'&') => at = end.wrapping_add(1),
                // a value's reader stops at `&` or at the end
                Some(_) => return Err(ParseError::new(at, ParseProblem::NotAField)),
            }
        }
        Err(ParseError::new(at, ParseProblem::TooLong))
    }

    /// Reads the field that starts at `at`, and says where it ends.
    #[inline]
    fn take(
        &mut self,
        token: &'a str,
        at: usize,
        rules: &TokenRules,
        signature: &mut [u8; 32],
    ) -> Result<usize, ParseError> {
        match token.as_bytes().get(at..).unwrap_or_default() {
            [b's', b'r', b'=', ..] => {
                let start = self.value(Field::Sr, at, 3)?;
                let (resource, end) = ResourcePath::read(token, start).map_err(|error| {
                    ParseError::new(start.wrapping_add(error.offset), ParseProblem::Resource(error.problem))
                })?;
                (self.sr, self.sr_offset) = (Some(resource), start);
                Ok(end)
            }
            [b's', b'i', b'g', b'=', ..] => {
                let start = self.value(Field::Sig, at, 4)?;
                signature::read(token.as_bytes(), start, signature)
                    .map_err(|(at, problem)| ParseError::new(at, ParseProblem::Signature(problem)))
            }
            [b's', b'e', b'=', ..] => {
                let start = self.value(Field::Se, at, 3)?;
                let (expiry, end) = expiry(token, start)
                    .map_err(|(at, problem)| ParseError::new(at, ParseProblem::Expiry(problem)))?;
                self.se = expiry;
                Ok(end)
            }
            [b's', b'k', b'n', b'=', ..] => {
                let start = self.value(Field::Skn, at, 4)?;
                let end = end_of_field(token, start);
                self.skn = policy_name(token.get(start..end).unwrap_or_default())
                    .map_err(|problem| ParseError::new(start, problem))?;
                Ok(end)
            }
            _ => unknown(self.seen, token, at, rules),
        }
    }

    /// Notes that the field at `at` is there, with a name of `name` bytes, and says where its value starts.
    #[inline]
    fn value(&mut self, field: Field, at: usize, name: usize) -> Result<usize, ParseError> {
        if self.seen & bit(field) != 0 {
            return Err(ParseError::new(at, ParseProblem::Duplicate(field)));
        }
        self.seen |= bit(field);
        Ok(at.wrapping_add(name))
    }

    /// The fields of a token of `len` bytes, where all are there that it needs.
    #[inline]
    pub(crate) fn complete(
        self,
        len: usize,
    ) -> Result<(ResourcePath<'a>, Expiry<'a>, Option<Segment<'a>>), ParseError> {
        let missing = |field| Err(ParseError::new(len, ParseProblem::Missing(field)));
        if self.seen & bit(Field::Sig) == 0 {
            return missing(Field::Sig);
        }
        if self.seen & bit(Field::Se) == 0 {
            return missing(Field::Se);
        }
        let Some(resource) = self.sr else { return missing(Field::Sr) };
        Ok((resource, self.se, self.skn))
    }
}

/// A field that is none of a token's: refused or passed over, and never a second spelling of one.
#[cold]
fn unknown(seen: u8, token: &str, at: usize, rules: &TokenRules) -> Result<usize, ParseError> {
    let err = |problem| Err(ParseError::new(at, problem));
    let end = end_of_field(token, at);
    let field = token.get(at..end).unwrap_or_default();
    let Some((name, _)) = field.split_once('=') else { return err(ParseProblem::NotAField) };
    for (known, spelled) in [(Field::Sr, "sr"), (Field::Sig, "sig"), (Field::Se, "se"), (Field::Skn, "skn")] {
        if name.eq_ignore_ascii_case(spelled) {
            return err(if seen & bit(known) != 0 {
                ParseProblem::Duplicate(known)
            } else {
                ParseProblem::FieldCase(known)
            });
        }
    }
    if rules.unknown_fields == UnknownFields::Refuse {
        return err(ParseProblem::UnknownField);
    }
    // a proxy that decodes names would read another field
    if name.contains(['%', '+']) {
        return err(ParseProblem::UnknownField);
    }
    // no reader looks at its bytes
    if !field.bytes().all(|b| b.is_ascii_graphic()) {
        return err(ParseProblem::NotVisible);
    }
    let before = token.get(SCHEME.len()..at).unwrap_or_default();
    let twice = before
        .split('&')
        .any(|earlier| earlier.split_once('=').is_some_and(|(other, _)| other.eq_ignore_ascii_case(name)));
    if twice { err(ParseProblem::DuplicateUnknown) } else { Ok(end) }
}

/// The bit of a field.
const fn bit(field: Field) -> u8 {
    match field {
        Field::Sr => 1,
        Field::Sig => 2,
        Field::Se => 4,
        Field::Skn => 8,
    }
}

/// Where the field ends that `start` lies in.
fn end_of_field(token: &str, start: usize) -> usize {
    let rest = token.as_bytes().get(start..).unwrap_or_default();
    let len = rest.iter().position(|b| *b == b'&').unwrap_or(rest.len());
    start.wrapping_add(len)
}

/// `skn` as a policy's name, still in the form it came in; an empty one is none.
fn policy_name(text: &str) -> Result<Option<Segment<'_>>, ParseProblem> {
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(plain) = PolicyName::parse(text) {
        return Ok(Some(plain.segment()));
    }
    let name = Segment::encoded(text).ok_or(ParseProblem::PolicyName)?;
    let mut buf = [0; 128];
    let decoded = name.decode(&mut buf).map(PolicyName::parse);
    if matches!(decoded, Ok(Ok(_))) { Ok(Some(name)) } else { Err(ParseProblem::PolicyName) }
}

/// Reads the expiry that starts at `start`, and says where it ends: seconds since 1970 in plain decimal digits, at most
/// `i64::MAX`.
#[inline]
fn expiry(token: &str, start: usize) -> Result<(Expiry<'_>, usize), (usize, ExpiryProblem)> {
    let mut seconds = 0_u64;
    let mut end = start;
    for byte in token.as_bytes().get(start..).unwrap_or_default() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            if *byte == b'&' {
                break;
            }
            return Err((end, ExpiryProblem::Digit));
        }
        seconds = seconds.wrapping_mul(10).wrapping_add(u64::from(digit));
        end = end.wrapping_add(1);
    }
    let text = token.get(start..end).unwrap_or_default();
    match text.as_bytes() {
        [] => Err((start, ExpiryProblem::Empty)),
        [b'0', _, ..] => Err((start, ExpiryProblem::LeadingZero)),
        // nineteen digits do not overflow
        digits if digits.len() > 19 || i64::try_from(seconds).is_err() => Err((start, ExpiryProblem::Range)),
        _ => Ok((Expiry { text, seconds }, end)),
    }
}
