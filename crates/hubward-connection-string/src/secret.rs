//! The secrets of connection strings: [`KeyText`], [`RawKey`], [`SasText`] and [`SasQuery`]. Each is checked when it is
//! parsed, and its `Debug` does not show it.

use core::fmt;

use base64ct::{Base64, Encoding};
use hubward_core::{KeyError, NameProblem, NeedBytes, SymmetricKey};

use crate::text::{MAX_LEN, visible};

/// The text in place of a secret. Parsing refuses it with an error of its own.
pub(crate) const REDACTED: &str = "****";

/// Returns whether a tool replaced the signature by asterisks: the `sig` of a token, or the whole token.
fn is_redacted(token: &str) -> bool {
    match token.split('&').find_map(|pair| pair.strip_prefix("sig=")) {
        Some(sig) => sig.contains("***"),
        None => !token.contains('=') && token.contains("***"),
    }
}

/// The text of a symmetric key: canonical base64 of 16 to 64 bytes.
///
/// ```
/// use hubward_connection_string::KeyText;
///
/// let key = KeyText::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// assert_eq!(key.symmetric_key()?.expose().len(), 32);
/// assert_eq!(format!("{key:?}"), "KeyText(redacted)");
/// # Ok::<(), hubward_core::KeyError>(())
/// ```
#[derive(Clone, Copy)]
pub struct KeyText<'a>(&'a str);

impl<'a> KeyText<'a> {
    /// Takes a text that was parsed before.
    #[cfg(feature = "alloc")]
    pub(crate) const fn assertion(text: &'a str) -> Self {
        Self(text)
    }

    /// Parses the text of a key and borrows it.
    ///
    /// # Errors
    /// [`KeyError`] if [`SymmetricKey::from_base64`] refuses the text; [`KeyError::Redacted`] also if only a part of it
    /// is asterisks.
    pub fn parse(text: &'a str) -> Result<Self, KeyError> {
        match SymmetricKey::from_base64(text) {
            Ok(_) => Ok(Self(text)),
            // searched only in a text that is no key: the time of a search would depend on the characters of a key
            Err(_) if text.contains("***") => Err(KeyError::Redacted),
            Err(error) => Err(error),
        }
    }

    /// Encodes a key into `out`, which the result borrows. The caller erases `out` after use.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small. 88 bytes are sufficient for every key.
    pub fn encode(key: &SymmetricKey, out: &'a mut [u8]) -> Result<Self, NeedBytes> {
        let needed = Base64::encoded_len(key.expose());
        let out = out.get_mut(..needed).ok_or(NeedBytes::new(needed))?;
        Base64::encode(key.expose(), out).map(Self).map_err(|_| NeedBytes::new(needed))
    }

    /// Decodes the key.
    ///
    /// # Errors
    /// The text was checked, so the [`KeyError`] of the decoder does not occur.
    pub fn symmetric_key(&self) -> Result<SymmetricKey, KeyError> {
        SymmetricKey::from_base64(self.0)
    }

    /// Returns the text of the key.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for KeyText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(redacted)")
    }
}

/// A key of Event Hubs or Service Bus. The bytes of its text are the key, even if the text is valid base64.
///
/// ```
/// use hubward_connection_string::RawKey;
///
/// assert_eq!(RawKey::parse("SAS_KEY_VALUE")?.expose(), "SAS_KEY_VALUE");
/// # Ok::<(), hubward_connection_string::SasProblem>(())
/// ```
#[derive(Clone, Copy)]
pub struct RawKey<'a>(&'a str);

impl<'a> RawKey<'a> {
    const MAX: usize = 256;

    /// Parses a key and borrows it: 1 to 256 visible ASCII characters other than `;`.
    ///
    /// # Errors
    /// [`SasProblem::Redacted`] for a row of asterisks, [`SasProblem::Text`] for another text that is not a key.
    pub fn parse(text: &'a str) -> Result<Self, SasProblem> {
        // each byte is read, regardless of the others
        if text.len() >= 3 && text.bytes().fold(0, |others, byte| others | (byte ^ b'*')) == 0 {
            return Err(SasProblem::Redacted);
        }
        visible(text, Self::MAX).map(|()| Self(text)).map_err(SasProblem::Text)
    }

    /// Returns the text of the key.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for RawKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawKey(redacted)")
    }
}

/// A SAS token in a string, `SharedAccessSignature sr=..`. Only its outer form is checked; `hubward-sas` parses and
/// verifies tokens.
///
/// ```
/// use hubward_connection_string::SasText;
///
/// assert!(SasText::parse("SharedAccessSignature sr=hub.example&sig=abcd&se=1").is_ok());
/// assert!(SasText::parse("sr=hub.example&sig=abcd&se=1").is_err());
/// ```
#[derive(Clone, Copy)]
pub struct SasText<'a>(&'a str);

impl<'a> SasText<'a> {
    /// Takes a text that was parsed before.
    #[cfg(feature = "alloc")]
    pub(crate) const fn assertion(text: &'a str) -> Self {
        Self(text)
    }

    const SCHEME: &'static str = "SharedAccessSignature ";

    /// Checks the scheme word, in its exact case, and that visible ASCII without `;` follows it.
    ///
    /// # Errors
    /// [`SasProblem`] if the text is not a token.
    pub fn parse(text: &'a str) -> Result<Self, SasProblem> {
        let token = text.strip_prefix(Self::SCHEME).ok_or(if is_redacted(text) {
            SasProblem::Redacted
        } else {
            SasProblem::Scheme
        })?;
        if is_redacted(token) {
            return Err(SasProblem::Redacted);
        }
        visible(token, MAX_LEN).map(|()| Self(text)).map_err(|problem| {
            SasProblem::Text(match problem {
                NameProblem::Character { offset } => {
                    NameProblem::Character { offset: offset.saturating_add(Self::SCHEME.len()) }
                }
                other => other,
            })
        })
    }

    /// Returns the token with its scheme word.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for SasText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SasText(redacted)")
    }
}

/// A shared access signature of a storage account: the query of a URL, without its `?`, with a `sig` parameter.
///
/// ```
/// use hubward_connection_string::SasQuery;
///
/// assert!(SasQuery::parse("sv=2024-11-04&sig=abcd").is_ok());
/// assert!(SasQuery::parse("?sv=2024-11-04&sig=abcd").is_err());
/// ```
#[derive(Clone, Copy)]
pub struct SasQuery<'a>(&'a str);

impl<'a> SasQuery<'a> {
    /// Checks that the text is visible ASCII without `;` and has a `sig` parameter.
    ///
    /// # Errors
    /// [`SasProblem`] if the text is not a signature.
    pub fn parse(text: &'a str) -> Result<Self, SasProblem> {
        if is_redacted(text) {
            return Err(SasProblem::Redacted);
        }
        visible(text, MAX_LEN).map_err(SasProblem::Text)?;
        if text.starts_with('?') {
            return Err(SasProblem::QuestionMark);
        }
        let signed = text.split('&').any(|pair| pair.strip_prefix("sig=").is_some_and(|sig| !sig.is_empty()));
        if signed { Ok(Self(text)) } else { Err(SasProblem::Unsigned) }
    }

    /// Returns the query.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for SasQuery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SasQuery(redacted)")
    }
}

/// The problem of a text that is not a token, a signature or a raw key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SasProblem {
    /// A storage signature with the `?` of a URL.
    #[error("the signature starts with `?`; remove the `?`")]
    QuestionMark,
    /// Asterisks: a tool redacted the secret, and its output was pasted back.
    #[error("the secret is a row of `*`: it was redacted by the tool that printed it")]
    Redacted,
    /// The scheme word is missing.
    #[error("a token must start with the word `SharedAccessSignature` and one space")]
    Scheme,
    /// Empty, too long, or not visible ASCII without `;`.
    #[error("the secret is empty, too long, or not visible ASCII without `;`")]
    Text(NameProblem),
    /// A storage signature without `sig`.
    #[error("the query has no `sig`")]
    Unsigned,
}
