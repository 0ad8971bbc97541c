//! From text to a token.

use hubward_core::{Lookup, PolicyName, ResourcePath, Segment, Shape};

use crate::error::{ExpiryProblem, ParseError, ParseProblem};
use crate::fields::{Fields, Value};
use crate::rules::{RegistrationPolicy, TokenRules};
use crate::signature;
use crate::token::SasToken;

/// The `skn` of a token for a registration at the provisioning service.
pub(crate) const REGISTRATION: &str = "registration";

impl<'a> SasToken<'a> {
    /// Parses a token, borrowing from it. Fields may stand in any order; each is split off before it is decoded,
    /// and decoded once.
    ///
    /// # Errors
    /// [`ParseError`] with the byte at which the text stops being a token: see [`ParseProblem`] for what is
    /// refused.
    pub fn parse(token: &'a str, rules: &TokenRules) -> Result<Self, ParseError> {
        let fields = Fields::split(token, rules)?;
        let sig = fields.sig()?;
        let se = fields.se()?;
        let sr = fields.sr()?;
        let resource = ResourcePath::parse(sr.text).map_err(|error| {
            let offset = sr.offset.saturating_add(error.offset);
            ParseError::new(offset, ParseProblem::Resource(error.problem))
        })?;
        let policy = match fields.skn() {
            Some(value) => Some(policy_name(&value)?),
            None => None,
        };
        let lookup = whose_key(&resource, policy, &sr, rules)?;
        let expiry = expiry(&se)?;
        let signature = signature::decode(sig.text).map_err(|(at, problem)| {
            ParseError::new(sig.offset.saturating_add(at), ParseProblem::Signature(problem))
        })?;
        Ok(Self { resource, signature, expiry_text: se.text, expiry, policy, lookup })
    }
}

/// `skn` as a policy's name, still in the form it came in.
fn policy_name<'a>(skn: &Value<'a>) -> Result<Segment<'a>, ParseError> {
    let wrong = ParseError::new(skn.offset, ParseProblem::PolicyName);
    let name = Segment::encoded(skn.text).ok_or(wrong)?;
    let mut buf = [0; 128];
    let plain = match name.as_plain() {
        Some(plain) => plain,
        None => name.decode(&mut buf).map_err(|_| wrong)?,
    };
    PolicyName::parse(plain).map_err(|_| wrong)?;
    Ok(name)
}

/// The resource says what kind of token it is. `skn` selects among a hub's policies only.
#[inline]
fn whose_key<'a>(
    resource: &ResourcePath<'a>,
    policy: Option<Segment<'a>>,
    sr: &Value<'_>,
    rules: &TokenRules,
) -> Result<Lookup<'a>, ParseError> {
    match (resource.shape(), policy) {
        (Shape::Registration { scope, id }, policy) => match policy {
            Some(name)
                if rules.registration_policy == RegistrationPolicy::Registration
                    && !name.eq_decoded(REGISTRATION) =>
            {
                Err(ParseError::new(sr.offset, ParseProblem::NotRegistration))
            }
            _ => Ok(Lookup::Registration(scope, id)),
        },
        (Shape::Other, Some(name)) if name.eq_decoded(REGISTRATION) => {
            Err(ParseError::new(sr.offset, ParseProblem::NotRegistration))
        }
        (_, Some(name)) => Ok(Lookup::Policy(name)),
        (Shape::Device(id), None) => Ok(Lookup::Device(id)),
        (Shape::Module(device, module), None) => Ok(Lookup::Module(device, module)),
        (_, None) => Err(ParseError::new(sr.offset, ParseProblem::NobodysKey)),
    }
}

/// Seconds since 1970 in plain decimal digits, at most `i64::MAX`.
#[inline]
fn expiry(se: &Value<'_>) -> Result<u64, ParseError> {
    let err = |at: usize, problem| {
        Err(ParseError::new(se.offset.saturating_add(at), ParseProblem::Expiry(problem)))
    };
    match se.text.as_bytes() {
        [] => return err(0, ExpiryProblem::Empty),
        [b'0', _, ..] => return err(0, ExpiryProblem::LeadingZero),
        _ => {}
    }
    let mut seconds = 0_u64;
    for (at, byte) in se.text.bytes().enumerate() {
        if !byte.is_ascii_digit() {
            return err(at, ExpiryProblem::Digit);
        }
        seconds = seconds.wrapping_mul(10).wrapping_add(u64::from(byte.wrapping_sub(b'0')));
    }
    // nineteen digits do not overflow
    if se.text.len() > 19 || i64::try_from(seconds).is_err() {
        return err(0, ExpiryProblem::Range);
    }
    Ok(seconds)
}
