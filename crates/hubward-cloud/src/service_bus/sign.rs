//! [`UnsignedToken`] and [`SignedToken`]: signing, in one step or in two.

use core::fmt;

use hubward_core::{StreamKey, Tag, UnixTime, escape_value};

use crate::error::Problem;
use crate::key::ServiceBusKey;
use crate::service_bus::audience::{Audience, EscapedName};
use crate::service_bus::token::SignedText;
use crate::signature::Base64;
use crate::sink::{tag, write};
use crate::text::Text;

/// A token of Event Hubs or Service Bus that is still to be signed.
///
/// ```
/// use core::time::Duration;
/// use hubward_cloud::service_bus::{Audience, UnsignedToken};
/// use hubward_core::UnixTime;
///
/// let expires = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
/// let unsigned = UnsignedToken::new(Audience::new("sb://ns.example/hub1")?, "send", expires)?;
/// assert_eq!(unsigned.string_to_sign().to_string(), "sb%3A%2F%2Fns.example%2Fhub1\n1893456000");
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct UnsignedToken<'a> {
    audience: Audience<'a>,
    rule: Text<'a>,
    expiry: Digits,
}

/// A number as text.
#[derive(Debug, Clone, Copy)]
struct Digits {
    text: [u8; 20],
    first: usize,
}

impl Digits {
    fn new(mut number: u64) -> Self {
        let mut digits = Self { text: [b'0'; 20], first: 20 };
        for (at, slot) in digits.text.iter_mut().enumerate().rev() {
            *slot = b'0'.wrapping_add(u8::try_from(number.wrapping_rem(10)).unwrap_or_default());
            number = number.wrapping_div(10);
            digits.first = at;
            if number == 0 {
                break;
            }
        }
        digits
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(self.text.get(self.first..).unwrap_or_default()).unwrap_or_default()
    }
}

impl<'a> UnsignedToken<'a> {
    /// Takes the URI, the name of the rule whose key signs, and the last second at which the token is valid.
    ///
    /// # Errors
    /// [`Problem`] if the name is empty or has a control character.
    pub fn new(audience: Audience<'a>, rule: &'a str, expires: UnixTime) -> Result<Self, Problem> {
        if rule.is_empty() {
            return Err(Problem::Empty);
        }
        Ok(Self { audience, rule: Text::plain(rule)?, expiry: Digits::new(expires.as_secs()) })
    }

    fn signed(&self) -> SignedText<'_, 'a> {
        SignedText { audience: &self.audience, expiry: self.expiry.as_str() }
    }

    /// Returns the text to be signed.
    pub fn string_to_sign(&self) -> impl fmt::Display {
        struct Shown<'s, 'a>(SignedText<'s, 'a>);
        impl fmt::Display for Shown<'_, '_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(&self.0, f)
            }
        }
        Shown(self.signed())
    }

    /// Completes the token with the tag over [`UnsignedToken::string_to_sign`].
    #[must_use]
    pub const fn finish(self, tag: Tag) -> SignedToken<'a> {
        SignedToken { unsigned: self, tag }
    }

    /// Signs with a key in memory.
    #[must_use]
    pub fn sign<K: StreamKey>(self, key: &ServiceBusKey<K>) -> SignedToken<'a> {
        let tag = tag(key.mac(), &self.signed());
        self.finish(tag)
    }
}

/// A signed token. `Display` writes it with its signature: the text is a credential.
pub struct SignedToken<'a> {
    unsigned: UnsignedToken<'a>,
    tag: Tag,
}

impl fmt::Display for SignedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnsignedToken { audience, rule, expiry } = &self.unsigned;
        write!(f, "SharedAccessSignature sr={audience}&sig=")?;
        Base64(&self.tag).with(|text| write!(f, "{}", escape_value(text)))?;
        write!(f, "&se={}&skn={}", expiry.as_str(), EscapedName(*rule))
    }
}

impl fmt::Debug for SignedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedToken").field("unsigned", &self.unsigned).finish_non_exhaustive()
    }
}
