//! From text to a token.

use hubward_core::{ResourcePath, Segment, Shape};

use crate::error::{ParseError, ParseProblem};
use crate::fields::Fields;
use crate::rules::{RegistrationPolicy, SchemeCase, TokenRules};
use crate::token::SasToken;

/// The `skn` of a token for a registration at the provisioning service.
pub(crate) const REGISTRATION: &str = "registration";
/// The word that a token starts with, and its one space.
pub(crate) const SCHEME: &str = "SharedAccessSignature ";
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
        check_scheme(token, rules)?;
        Self::read(token, rules).map_err(|error| match invisible(token) {
            // said first, for it may be why the rest is wrong
            Some(at) => ParseError::new(at, ParseProblem::NotVisible),
            None => error,
        })
    }

    #[inline(always)]
    fn read(token: &'a str, rules: &TokenRules) -> Result<Self, ParseError> {
        let mut signature = [0; 32];
        let fields = Fields::read(token, rules, &mut signature)?;
        let sr_offset = fields.sr_offset;
        let (resource, expiry, policy) = fields.complete(token.len())?;
        // a device or a module without a policy has a key of its own
        if policy.is_some() || !resource.is_identity() {
            somebodys(resource, policy, rules).map_err(|problem| ParseError::new(sr_offset, problem))?;
        }
        Ok(Self { resource, signature, expiry_text: expiry.text, expiry: expiry.seconds, policy })
    }
}

#[inline]
fn check_scheme(token: &str, rules: &TokenRules) -> Result<(), ParseError> {
    if token.len() > MAX_LEN {
        return Err(ParseError::new(MAX_LEN, ParseProblem::TooLong));
    }
    match token.as_bytes().get(..SCHEME.len()) {
        Some(scheme) if scheme == SCHEME.as_bytes() => Ok(()),
        Some(scheme)
            if rules.scheme_case == SchemeCase::AsciiInsensitive
                && scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) =>
        {
            Ok(())
        }
        _ => Err(ParseError::new(0, ParseProblem::Scheme)),
    }
}

/// The place of the first byte after the scheme word that no token has, whatever else is wrong with it.
#[cold]
fn invisible(token: &str) -> Option<usize> {
    let body = token.bytes().enumerate().skip(SCHEME.len());
    body.filter(|(_, byte)| !byte.is_ascii_graphic()).map(|(at, _)| at).next()
}

/// Whether there is somebody whose key the token needs. The resource says what kind of token it is; `skn` selects
/// among a hub's policies only.
fn somebodys(
    resource: ResourcePath<'_>,
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
