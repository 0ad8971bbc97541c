//! [`SasToken::parse`]: from text to a token.

use hubward_core::{ResourcePath, Segment, Shape};

use crate::error::{ParseProblem, TokenParseError};
use crate::fields::Fields;
use crate::rules::{RegistrationPolicy, SchemeCase, TokenRules};
use crate::token::SasToken;

/// The `skn` of a token for a registration at the provisioning service.
pub(crate) const REGISTRATION: &str = "registration";
/// The scheme word of a token, with one space.
pub(crate) const SCHEME: &str = "SharedAccessSignature ";
/// The most bytes of a token.
const MAX_LEN: usize = 4096;

impl<'a> SasToken<'a> {
    /// Parses a token and borrows from it. Fields may be in any order; each is split off first and then decoded once.
    ///
    /// # Errors
    /// [`TokenParseError`] with the byte at which the text stops being a token and one of the [`ParseProblem`]s.
    #[inline]
    pub fn parse(token: &'a str, rules: &TokenRules) -> Result<Self, TokenParseError> {
        check_scheme(token, rules)?;
        Self::read(token, rules).map_err(|error| match invisible(token) {
            // reported first, since it may be the cause of the other error
            Some(at) => TokenParseError::new(at, ParseProblem::NotVisible),
            None => error,
        })
    }

    #[inline(always)]
    fn read(token: &'a str, rules: &TokenRules) -> Result<Self, TokenParseError> {
        let mut signature = [0; 32];
        let fields = Fields::read(token, rules, &mut signature)?;
        let sr_offset = fields.sr_offset;
        let (resource, expiry, policy) = fields.complete(token.len())?;
        // without a policy, a device or a module signs with its own key
        if policy.is_some() || !resource.is_identity() {
            check_signer(resource, policy, rules)
                .map_err(|problem| TokenParseError::new(sr_offset, problem))?;
        }
        Ok(Self { resource, signature, expiry_text: expiry.text, expiry: expiry.seconds, policy })
    }
}

#[inline]
fn check_scheme(token: &str, rules: &TokenRules) -> Result<(), TokenParseError> {
    if token.len() > MAX_LEN {
        return Err(TokenParseError::new(MAX_LEN, ParseProblem::TooLong));
    }
    match token.as_bytes().get(..SCHEME.len()) {
        Some(scheme) if scheme == SCHEME.as_bytes() => Ok(()),
        Some(scheme)
            if rules.scheme_case == SchemeCase::AsciiInsensitive
                && scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) =>
        {
            Ok(())
        }
        _ => Err(TokenParseError::new(0, ParseProblem::Scheme)),
    }
}

/// Returns the offset of the first byte after the scheme word that is not visible ASCII.
#[cold]
fn invisible(token: &str) -> Option<usize> {
    let body = token.bytes().enumerate().skip(SCHEME.len());
    body.filter(|(_, byte)| !byte.is_ascii_graphic()).map(|(at, _)| at).next()
}

/// Checks that the token has a signer. The resource determines the kind of token; `skn` only selects one of a hub's
/// policies.
fn check_signer(
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
        (_, None) => Err(ParseProblem::NoSigner),
    }
}
