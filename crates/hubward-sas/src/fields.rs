//! [`Fields`]: the fields of a token, each split off and parsed in one pass before the next one.

use hubward_core::{PolicyName, ResourcePath, Segment, decode_signature};

use crate::error::{ExpiryProblem, ParseProblem, TokenField, TokenParseError};
use crate::parse::SCHEME;
use crate::rules::{TokenRules, UnknownFields};

/// The most fields of a token, including ignored ones.
const MAX_FIELDS: usize = 8;

/// An expiry as received and as a number.
#[derive(Clone, Copy)]
pub(crate) struct Expiry<'a> {
    pub(crate) text: &'a str,
    pub(crate) seconds: u64,
}

/// The fields parsed so far. The signature's bytes are not among them: an array that is written byte by byte would keep
/// the whole struct out of registers.
pub(crate) struct Fields<'a> {
    sr: Option<ResourcePath<'a>>,
    se: Expiry<'a>,
    /// `None` also if `skn` is empty.
    skn: Option<Segment<'a>>,
    /// The fields that the token has, empty or not, by [`bit`].
    seen: u8,
    /// The offset of the resource.
    pub(crate) sr_offset: usize,
}

impl<'a> Fields<'a> {
    /// Parses the fields of `token` after its scheme word.
    #[inline]
    pub(crate) fn read(
        token: &'a str,
        rules: &TokenRules,
        signature: &mut [u8; 32],
    ) -> Result<Self, TokenParseError> {
        let se = Expiry { text: "", seconds: 0 };
        let mut fields = Self { sr: None, se, skn: None, seen: 0, sr_offset: 0 };
        let mut at = SCHEME.len();
        for _ in 0..MAX_FIELDS {
            let end = fields.take(token, at, rules, signature)?;
            match token.as_bytes().get(end) {
                None => return Ok(fields),
                Some(b'&') => at = end.wrapping_add(1),
                // a field's parser stops at `&` or at the end
                Some(_) => return Err(TokenParseError::new(at, ParseProblem::NotAField)),
            }
        }
        Err(TokenParseError::new(at, ParseProblem::TooLong))
    }

    /// Parses the field that starts at `at` and returns its end.
    #[inline]
    fn take(
        &mut self,
        token: &'a str,
        at: usize,
        rules: &TokenRules,
        signature: &mut [u8; 32],
    ) -> Result<usize, TokenParseError> {
        match token.as_bytes().get(at..).unwrap_or_default() {
            [b's', b'r', b'=', ..] => {
                let start = self.value(TokenField::Sr, at, 3)?;
                let (resource, end) = ResourcePath::read(token, start).map_err(|error| {
                    TokenParseError::new(
                        start.wrapping_add(error.offset),
                        ParseProblem::Resource(error.problem),
                    )
                })?;
                (self.sr, self.sr_offset) = (Some(resource), start);
                Ok(end)
            }
            [b's', b'i', b'g', b'=', ..] => {
                let start = self.value(TokenField::Sig, at, 4)?;
                decode_signature(token.as_bytes(), start, signature)
                    .map_err(|(at, problem)| TokenParseError::new(at, ParseProblem::Signature(problem)))
            }
            [b's', b'e', b'=', ..] => {
                let start = self.value(TokenField::Se, at, 3)?;
                let (expiry, end) = expiry(token, start)
                    .map_err(|(at, problem)| TokenParseError::new(at, ParseProblem::Expiry(problem)))?;
                self.se = expiry;
                Ok(end)
            }
            [b's', b'k', b'n', b'=', ..] => {
                let start = self.value(TokenField::Skn, at, 4)?;
                let end = end_of_field(token, start);
                self.skn = policy_name(token.get(start..end).unwrap_or_default())
                    .map_err(|problem| TokenParseError::new(start, problem))?;
                Ok(end)
            }
            _ => unknown(self.seen, token, at, rules),
        }
    }

    /// Records the field at `at`, whose name and `=` have `name` bytes, and returns the start of its value.
    #[inline]
    fn value(&mut self, field: TokenField, at: usize, name: usize) -> Result<usize, TokenParseError> {
        if self.seen & bit(field) != 0 {
            return Err(TokenParseError::new(at, ParseProblem::Duplicate(field)));
        }
        self.seen |= bit(field);
        Ok(at.wrapping_add(name))
    }

    /// Returns the fields of a token of `len` bytes if every required one is there.
    #[inline]
    pub(crate) fn complete(
        self,
        len: usize,
    ) -> Result<(ResourcePath<'a>, Expiry<'a>, Option<Segment<'a>>), TokenParseError> {
        let missing = |field| Err(TokenParseError::new(len, ParseProblem::Missing(field)));
        if self.seen & bit(TokenField::Sig) == 0 {
            return missing(TokenField::Sig);
        }
        if self.seen & bit(TokenField::Se) == 0 {
            return missing(TokenField::Se);
        }
        let Some(resource) = self.sr else { return missing(TokenField::Sr) };
        Ok((resource, self.se, self.skn))
    }
}

/// Refuses or ignores an unknown field and returns its end. A known name in another case is refused.
#[cold]
fn unknown(seen: u8, token: &str, at: usize, rules: &TokenRules) -> Result<usize, TokenParseError> {
    let err = |problem| Err(TokenParseError::new(at, problem));
    let end = end_of_field(token, at);
    let field = token.get(at..end).unwrap_or_default();
    let Some((name, _)) = field.split_once('=') else { return err(ParseProblem::NotAField) };
    for (known, spelled) in
        [(TokenField::Sr, "sr"), (TokenField::Sig, "sig"), (TokenField::Se, "se"), (TokenField::Skn, "skn")]
    {
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
    // a proxy that decodes names would see another field
    if name.contains(['%', '+']) {
        return err(ParseProblem::UnknownField);
    }
    // the bytes of an ignored field are not checked elsewhere
    if !field.bytes().all(|b| b.is_ascii_graphic()) {
        return err(ParseProblem::NotVisible);
    }
    let before = token.get(SCHEME.len()..at).unwrap_or_default();
    let twice = before
        .split('&')
        .any(|earlier| earlier.split_once('=').is_some_and(|(other, _)| other.eq_ignore_ascii_case(name)));
    if twice { err(ParseProblem::DuplicateUnknown) } else { Ok(end) }
}

/// Returns the bit of a field in [`Fields::seen`].
const fn bit(field: TokenField) -> u8 {
    match field {
        TokenField::Sr => 1,
        TokenField::Sig => 2,
        TokenField::Se => 4,
        TokenField::Skn => 8,
    }
}

/// Returns the end of the field that has `start`.
fn end_of_field(token: &str, start: usize) -> usize {
    let rest = token.as_bytes().get(start..).unwrap_or_default();
    let len = rest.iter().position(|b| *b == b'&').unwrap_or(rest.len());
    start.wrapping_add(len)
}

/// Parses `skn` as a policy's name and keeps it as received; returns `None` for an empty `skn`.
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

/// Parses the expiry that starts at `start` and returns it with its end: seconds since 1970 in plain decimal digits, at
/// most `i64::MAX`.
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
