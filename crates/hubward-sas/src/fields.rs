//! A token's fields, each split off and read in the same pass, before the next one is looked at.

use hubward_core::{PolicyName, ResourcePath, Segment};

use crate::error::{ExpiryProblem, Field, ParseError, ParseProblem};
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

/// The fields that have been read.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    sr: Option<ResourcePath<'a>>,
    sig: Option<[u8; 32]>,
    se: Option<Expiry<'a>>,
    /// `Some(None)` where it is there and empty.
    skn: Option<Option<Segment<'a>>>,
    /// Where the resource starts.
    pub(crate) sr_offset: usize,
    len: usize,
}

impl<'a> Fields<'a> {
    /// Reads `body`, which ends `token`, field by field.
    #[inline]
    pub(crate) fn read(token: &str, body: &'a str, rules: &TokenRules) -> Result<Self, ParseError> {
        let mut fields = Self { len: token.len(), ..Self::default() };
        let mut rest = body;
        for _ in 0..MAX_FIELDS {
            let offset = token.len().saturating_sub(rest.len());
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

    /// Reads the field at the start of `text` and returns what follows it.
    #[inline]
    fn take(
        &mut self,
        text: &'a str,
        offset: usize,
        body: &str,
        rules: &TokenRules,
    ) -> Result<&'a str, ParseError> {
        let duplicate = |field| Err(ParseError::new(offset, ParseProblem::Duplicate(field)));
        let in_value = |name: usize, at: usize, problem| {
            ParseError::new(offset.saturating_add(name).saturating_add(at), problem)
        };
        match text.as_bytes() {
            [b's', b'r', b'=', ..] if self.sr.is_some() => duplicate(Field::Sr),
            [b's', b'r', b'=', ..] => {
                let value = text.get(3..).unwrap_or_default();
                let (resource, tail) = ResourcePath::split_from(value)
                    .map_err(|error| in_value(3, error.offset, ParseProblem::Resource(error.problem)))?;
                self.sr = Some(resource);
                self.sr_offset = offset.saturating_add(3);
                Ok(tail)
            }
            [b's', b'i', b'g', b'=', ..] if self.sig.is_some() => duplicate(Field::Sig),
            [b's', b'i', b'g', b'=', ..] => {
                let value = text.get(4..).unwrap_or_default();
                let (signature, tail) = signature::split_from(value)
                    .map_err(|(at, problem)| in_value(4, at, ParseProblem::Signature(problem)))?;
                self.sig = Some(signature);
                Ok(tail)
            }
            [b's', b'e', b'=', ..] if self.se.is_some() => duplicate(Field::Se),
            [b's', b'e', b'=', ..] => {
                let value = text.get(3..).unwrap_or_default();
                let (expiry, tail) =
                    expiry(value).map_err(|(at, problem)| in_value(3, at, ParseProblem::Expiry(problem)))?;
                self.se = Some(expiry);
                Ok(tail)
            }
            [b's', b'k', b'n', b'=', ..] if self.skn.is_some() => duplicate(Field::Skn),
            [b's', b'k', b'n', b'=', ..] => {
                let (value, tail) = split_at_ampersand(text.get(4..).unwrap_or_default());
                self.skn = Some(if value.is_empty() {
                    None
                } else {
                    Some(policy_name(value).ok_or_else(|| in_value(4, 0, ParseProblem::PolicyName))?)
                });
                Ok(tail)
            }
            _ => self.unknown(text, offset, body, rules),
        }
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
        for (known, spelled, seen) in [
            (Field::Sr, "sr", self.sr.is_some()),
            (Field::Sig, "sig", self.sig.is_some()),
            (Field::Se, "se", self.se.is_some()),
            (Field::Skn, "skn", self.skn.is_some()),
        ] {
            if name.eq_ignore_ascii_case(spelled) {
                return err(if seen {
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

    #[inline]
    pub(crate) fn sr(&self) -> Result<ResourcePath<'a>, ParseError> {
        self.required(self.sr, Field::Sr)
    }

    #[inline]
    pub(crate) fn sig(&self) -> Result<[u8; 32], ParseError> {
        self.required(self.sig, Field::Sig)
    }

    #[inline]
    pub(crate) fn se(&self) -> Result<Expiry<'a>, ParseError> {
        self.required(self.se, Field::Se)
    }

    /// An empty `skn` is none.
    #[inline]
    pub(crate) const fn skn(&self) -> Option<Segment<'a>> {
        match self.skn {
            Some(name) => name,
            None => None,
        }
    }

    #[inline]
    fn required<T>(&self, value: Option<T>, field: Field) -> Result<T, ParseError> {
        value.ok_or(ParseError::new(self.len, ParseProblem::Missing(field)))
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
