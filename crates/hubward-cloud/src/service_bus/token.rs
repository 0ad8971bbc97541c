//! [`Token`]: a parsed token that is not verified yet.

use hubward_core::{StreamKey, UnixTime};

use crate::error::{ParseError, Problem, VerifyError};
use crate::key::ServiceBusKey;
use crate::query::{fields, number};
use crate::service_bus::audience::Audience;
use crate::service_bus::rule::{Grant, Rule};
use crate::signature::Signature;
use crate::sink::{Signed, Sink, tag};
use crate::storage::check_period;
use crate::text::Text;

/// The scheme word and its space.
const SCHEME: &str = "SharedAccessSignature ";

/// A SAS token of Event Hubs or Service Bus. It borrows the text.
///
/// ```
/// use hubward_cloud::service_bus::Token;
///
/// let sig = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
/// let text = format!("SharedAccessSignature sr=sb%3A%2F%2Fns.example%2Fhub1&sig={sig}&se=1893456000&skn=send");
/// let token = Token::parse(&text)?;
/// assert!(token.rule_name().is("send"));
/// # Ok::<(), hubward_cloud::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    audience: Audience<'a>,
    signature: Signature,
    expiry: u64,
    expiry_text: &'a str,
    rule: Text<'a>,
}

impl<'a> Token<'a> {
    /// Parses a token. Each of `sr`, `sig`, `se` and `skn` is required once, in any order.
    ///
    /// # Errors
    /// [`ParseError`] if the text is no token.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        if !text.starts_with(SCHEME) {
            return Err(ParseError::at(0, Problem::Scheme));
        }
        let (mut sr, mut sig, mut se, mut skn) = (None, None, None, None);
        for field in fields(text, SCHEME.len())? {
            let field = field?;
            let (name, at) = (field.name, field.value_offset());
            let repeated = match name {
                "sr" => {
                    let audience = Audience::encoded(field.value).map_err(|p| ParseError::of("sr", at, p))?;
                    sr.replace(audience).is_some()
                }
                "sig" => {
                    let signature =
                        Signature::parse(field.value).map_err(|p| ParseError::of("sig", at, p))?;
                    sig.replace(signature).is_some()
                }
                "se" => {
                    let expiry = number(field.value).map_err(|p| ParseError::of("se", at, p))?;
                    se.replace((expiry, field.value)).is_some()
                }
                "skn" => {
                    let rule = rule_name(field.value).map_err(|p| ParseError::of("skn", at, p))?;
                    skn.replace(rule).is_some()
                }
                _ => {
                    let known = ["sr", "sig", "se", "skn"].iter().any(|own| own.eq_ignore_ascii_case(name));
                    let problem = if known { Problem::FieldCase } else { Problem::UnknownField };
                    return Err(ParseError::at(field.offset, problem));
                }
            };
            if repeated {
                return Err(ParseError::at(field.offset, Problem::Duplicate));
            }
        }
        let missing = |field| ParseError::of(field, text.len(), Problem::Missing);
        let (expiry, expiry_text) = se.ok_or(missing("se"))?;
        Ok(Self {
            audience: sr.ok_or(missing("sr"))?,
            signature: sig.ok_or(missing("sig"))?,
            expiry,
            expiry_text,
            rule: skn.ok_or(missing("skn"))?,
        })
    }

    /// Returns the URI that the token is for.
    #[must_use]
    pub const fn audience(&self) -> Audience<'a> {
        self.audience
    }

    /// Returns the name of the rule whose key must have signed the token.
    #[must_use]
    pub const fn rule_name(&self) -> Text<'a> {
        self.rule
    }

    /// Returns the last second at which the token is valid, in seconds since 1970.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.expiry
    }

    /// Verifies the token with the keys of a rule, primary and secondary. All of them are tried.
    ///
    /// The signature is checked first, over the text as received.
    ///
    /// # Errors
    /// [`VerifyError`] if the rule has another name, no key matches, the token has expired, or it is for something that
    /// the rule does not reach.
    pub fn verify<K: StreamKey>(
        &self,
        rule: &Rule<'a>,
        keys: &[&ServiceBusKey<K>],
        now: UnixTime,
    ) -> Result<Grant<'a>, VerifyError> {
        if !self.rule.is(rule.name()) {
            return Err(VerifyError::UnknownPolicy);
        }
        let signed = SignedText { audience: &self.audience, expiry: self.expiry_text };
        // `|`: every key is tried
        let matched = keys.iter().fold(false, |any, key| any | self.signature.is(&tag(key.mac(), &signed)));
        if !matched {
            return Err(VerifyError::WrongSignature);
        }
        check_period(None, self.expiry, now.as_secs())?;
        if !self.audience.is_within(rule.scope()) {
            return Err(VerifyError::AnotherResource);
        }
        Ok(Grant::new(self.audience, rule.rights(), self.expiry))
    }
}

fn rule_name(text: &str) -> Result<Text<'_>, Problem> {
    if text.is_empty() { Err(Problem::Empty) } else { Text::query(text) }
}

/// The text that is signed: the URI as sent, a line feed, the expiry.
pub(crate) struct SignedText<'s, 'a> {
    pub(crate) audience: &'s Audience<'a>,
    pub(crate) expiry: &'s str,
}

impl Signed for SignedText<'_, '_> {
    fn put_signed(&self, sink: &mut impl Sink) {
        self.audience.put_signed(sink);
        sink.put(b"\n");
        sink.put(self.expiry.as_bytes());
    }
}
