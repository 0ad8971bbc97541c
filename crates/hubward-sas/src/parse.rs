//! From text to a token.

use hubward_core::{ResourcePath, Segment, Shape};

use crate::error::{ParseError, ParseProblem};
use crate::fields::{Fields, invisible};
use crate::rules::{RegistrationPolicy, SchemeCase, TokenRules};
use crate::token::SasToken;

/// The `skn` of a token for a registration at the provisioning service.
pub(crate) const REGISTRATION: &str = "registration";
/// The word that a token starts with, and its one space.
const SCHEME: &str = "SharedAccessSignature ";
/// Bytes of a token at most.
const MAX_LEN: usize = 4096;

impl<'a> SasToken<'a> {
    /// Parses a token, borrowing from it. Fields may stand in any order; each is split off before it is decoded,
    /// and decoded once.
    ///
    /// # Errors
    /// [`ParseError`] with the byte at which the text stops being a token: see [`ParseProblem`] for what is
    /// refused.
    #[inline]
    pub fn parse(token: &'a str, rules: &TokenRules) -> Result<Self, ParseError> {
        let body = body_of(token, rules)?;
        Self::read(token, body, rules).map_err(|error| match invisible(body) {
            // said first, for it may be why the rest is wrong
            Some(at) => ParseError::new(SCHEME.len().saturating_add(at), ParseProblem::NotVisible),
            None => error,
        })
    }

    fn read(token: &str, body: &'a str, rules: &TokenRules) -> Result<Self, ParseError> {
        let fields = Fields::read(token, body, rules)?;
        let sr_offset = fields.sr_offset;
        let read = fields.token(token.len())?;
        somebodys(&read.resource, read.policy, rules)
            .map_err(|problem| ParseError::new(sr_offset, problem))?;
        Ok(read)
    }
}

/// What follows the scheme word.
#[inline]
fn body_of<'a>(token: &'a str, rules: &TokenRules) -> Result<&'a str, ParseError> {
    if token.len() > MAX_LEN {
        return Err(ParseError::new(MAX_LEN, ParseProblem::TooLong));
    }
    let wrong = ParseError::new(0, ParseProblem::Scheme);
    let (scheme, body) = token.split_at_checked(SCHEME.len()).ok_or(wrong)?;
    let known = scheme == SCHEME
        || (rules.scheme_case == SchemeCase::AsciiInsensitive && scheme.eq_ignore_ascii_case(SCHEME));
    if !known {
        return Err(wrong);
    }
    Ok(body)
}

/// Whether there is somebody whose key the token needs. The resource says what kind of token it is; `skn` selects
/// among a hub's policies only.
#[inline]
fn somebodys(
    resource: &ResourcePath<'_>,
    policy: Option<Segment<'_>>,
    rules: &TokenRules,
) -> Result<(), ParseProblem> {
    match (resource.shape(), policy) {
        (Shape::Device(_) | Shape::Module(..), None) => Ok(()),
        (Shape::Registration { .. }, Some(name))
            if rules.registration_policy == RegistrationPolicy::Registration
                && !name.eq_decoded(REGISTRATION) =>
        {
            Err(ParseProblem::NotRegistration)
        }
        (Shape::Registration { .. }, _) => Ok(()),
        (Shape::Other, Some(name)) if name.eq_decoded(REGISTRATION) => Err(ParseProblem::NotRegistration),
        (_, Some(_)) => Ok(()),
        (_, None) => Err(ParseProblem::NobodysKey),
    }
}
