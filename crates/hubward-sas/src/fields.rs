//! A token's fields, each split off and read in the same pass, before the next one is looked at.

use hubward_core::{PolicyName, ResourcePath, Segment};

use crate::error::{ExpiryProblem, Field, ParseError, ParseProblem};
use crate::rules::{TokenRules, UnknownFields};
use crate::signature;
use crate::token::SasToken;

/// Fields at most, the ones that are passed over included.
const MAX_FIELDS: usize = 8;

/// An expiry as received and as a number.
#[derive(Clone, Copy)]
pub(crate) struct Expiry<'a> {
    pub(crate) text: &'a str,
    pub(crate) seconds: u64,
}

/// The fields that have been read, and which these are.
pub(crate) struct Fields<'a> {
    sr: Option<ResourcePath<'a>>,
    sig: [u8; 32],
    se: Expiry<'a>,
    /// An empty one is none.
    skn: Option<Segment<'a>>,
    /// The fields that were there, empty or not: [`bit`] by bit.
    seen: u8,
    /// Where the resource starts.
    pub(crate) sr_offset: usize,
}

impl<'a> Fields<'a> {
    /// Reads `body`, which ends `token`, field by field.
    #[inline]
    pub(crate) fn read(token: &str, body: &'a str, rules: &TokenRules) -> Result<Self, ParseError> {
        let se = Expiry { text: "", seconds: 0 };
        let mut fields = Self { sr: None, sig: [0; 32], se, skn: None, seen: 0, sr_offset: 0 };
        let mut rest = body;
        for _ in 0..MAX_FIELDS {
            let offset = token.len().wrapping_sub(rest.len());
            let tail = fields.take(rest, offset, body, rules)?;
            match tail.as_bytes() {
                [] => return Ok(fields),
                [b'&', ..] => rest = tail.get(1..).unwrap_or_default(),
                // a value's reader stops at `&` or at the end
                _ => return Err(ParseError::new(offset, ParseProblem::NotAField)),
            }
        }
        Err(ParseError::new(token.len().saturating_sub(rest.len()), ParseProblem::TooLong))
    }

    /// Reads the field at the start of `text`, which stands at `offset`, and returns what follows it.
    #[inline]
    fn take(
        &mut self,
        text: &'a str,
        offset: usize,
        body: &str,
        rules: &TokenRules,
    ) -> Result<&'a str, ParseError> {
        let (field, name) = match text.as_bytes() {
            [b's', b'r', b'=', ..] => (Field::Sr, 3),
            [b's', b'i', b'g', b'=', ..] => (Field::Sig, 4),
            [b's', b'e', b'=', ..] => (Field::Se, 3),
            [b's', b'k', b'n', b'=', ..] => (Field::Skn, 4),
            _ => return self.unknown(text, offset, body, rules),
        };
        if self.has(field) {
            return Err(ParseError::new(offset, ParseProblem::Duplicate(field)));
        }
        self.seen |= bit(field);
        let value = text.get(name..).unwrap_or_default();
        let start = offset.wrapping_add(name);
        let wrong = |at: usize, problem| ParseError::new(start.wrapping_add(at), problem);
        match field {
            Field::Sr => {
                let (resource, tail) = ResourcePath::split_from(value)
                    .map_err(|error| wrong(error.offset, ParseProblem::Resource(error.problem)))?;
                self.sr = Some(resource);
                self.sr_offset = start;
                Ok(tail)
            }
            Field::Sig => signature::split_from(value, &mut self.sig)
                .map_err(|(at, problem)| wrong(at, ParseProblem::Signature(problem))),
            Field::Se => {
                let (expiry, tail) =
                    expiry(value).map_err(|(at, problem)| wrong(at, ParseProblem::Expiry(problem)))?;
                self.se = expiry;
                Ok(tail)
            }
            Field::Skn => {
                let (value, tail) = split_at_ampersand(value);
                if !value.is_empty() {
                    self.skn = Some(policy_name(value).ok_or_else(|| wrong(0, ParseProblem::PolicyName))?);
                }
                Ok(tail)
            }
        }
    }

    /// Whether the field was there.
    #[inline]
    const fn has(&self, field: Field) -> bool {
        self.seen & bit(field) != 0
    }

    /// A field that is none of a token's: refused or passed over, and never a second spelling of one.
    #[cold]
    fn unknown(
        &self,
        text: &'a str,
        offset: usize,
        body: &str,
        rules: &TokenRules,
    ) -> Result<&'a str, ParseError> {
        let err = |problem| Err(ParseError::new(offset, problem));
        let (field, tail) = split_at_ampersand(text);
        let Some((name, _)) = field.split_once('=') else { return err(ParseProblem::NotAField) };
        for (known, spelled) in
            [(Field::Sr, "sr"), (Field::Sig, "sig"), (Field::Se, "se"), (Field::Skn, "skn")]
        {
            if name.eq_ignore_ascii_case(spelled) {
                return err(if self.has(known) {
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
        let before = body.get(..body.len().saturating_sub(text.len())).unwrap_or_default();
        let twice = before.split('&').any(|earlier| {
            earlier.split_once('=').is_some_and(|(other, _)| other.eq_ignore_ascii_case(name))
        });
        if twice { err(ParseProblem::DuplicateUnknown) } else { Ok(tail) }
    }

    /// The token, where every field is there that it needs.
    #[inline]
    pub(crate) fn token(self, len: usize) -> Result<SasToken<'a>, ParseError> {
        let missing = |field| Err(ParseError::new(len, ParseProblem::Missing(field)));
        let Self { sr, sig, se, skn, .. } = self;
        if !self.has(Field::Sig) {
            return missing(Field::Sig);
        }
        if !self.has(Field::Se) {
            return missing(Field::Se);
        }
        let Some(resource) = sr else { return missing(Field::Sr) };
        Ok(SasToken { resource, signature: sig, expiry_text: se.text, expiry: se.seconds, policy: skn })
    }
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

fn split_at_ampersand(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| b == b'&').unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// `skn` as a policy's name, still in the form it came in.
fn policy_name(text: &str) -> Option<Segment<'_>> {
    let name = Segment::encoded(text)?;
    let mut buf = [0; 128];
    let plain = match name.as_plain() {
        Some(plain) => plain,
        None => name.decode(&mut buf).ok()?,
    };
    PolicyName::parse(plain).ok().map(|_| name)
}

/// Takes an expiry off the start of `text`: seconds since 1970 in plain decimal digits, at most `i64::MAX`.
#[inline]
fn expiry(text: &str) -> Result<(Expiry<'_>, &str), (usize, ExpiryProblem)> {
    let mut seconds = 0_u64;
    let mut len = 0_usize;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            if byte == b'&' {
                break;
            }
            return Err((len, ExpiryProblem::Digit));
        }
        seconds = seconds.wrapping_mul(10).wrapping_add(u64::from(digit));
        len = len.wrapping_add(1);
    }
    let (text, tail) = text.split_at_checked(len).unwrap_or((text, ""));
    match text.as_bytes() {
        [] => Err((0, ExpiryProblem::Empty)),
        [b'0', _, ..] => Err((0, ExpiryProblem::LeadingZero)),
        // nineteen digits do not overflow
        digits if digits.len() > 19 || i64::try_from(seconds).is_err() => Err((0, ExpiryProblem::Range)),
        _ => Ok((Expiry { text, seconds }, tail)),
    }
}

/// The place of the first byte of `body` that no token has, whatever else is wrong with it.
#[cold]
pub(crate) fn invisible(body: &str) -> Option<usize> {
    body.bytes().position(|b| !b.is_ascii_graphic())
}
