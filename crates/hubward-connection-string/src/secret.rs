//! The secrets of a string. Each is checked where it is made, borrowed, and printed by no formatter.

use core::fmt;

use base64ct::{Base64, Encoding};
use hubward_core::{KeyError, NameProblem, NeedBytes, SymmetricKey};

/// What is written for a secret, and recognised where it is pasted back.
pub(crate) const REDACTED: &str = "****";

/// Whether a tool has put asterisks where a signature was: for the `sig` of a token, or for all of it.
fn is_redacted(token: &str) -> bool {
    match token.split('&').find_map(|pair| pair.strip_prefix("sig=")) {
        Some(sig) => sig.contains("***"),
        None => !token.contains('=') && token.contains("***"),
    }
}

/// A key as it stands in a string: canonical base64 of 16 to 64 bytes.
#[derive(Clone, Copy)]
pub struct KeyText<'a>(&'a str);

impl<'a> KeyText<'a> {
    /// Checks the text of a key.
    ///
    /// # Errors
    /// [`KeyError`] where [`SymmetricKey::from_base64`] refuses it; [`KeyError::Redacted`] also where only a part
    /// of it is asterisks.
    pub fn parse(text: &'a str) -> Result<Self, KeyError> {
        match SymmetricKey::from_base64(text) {
            Ok(_) => Ok(Self(text)),
            // looked for in what is no key: the time of a search in a key would tell characters of it
            Err(_) if text.contains("***") => Err(KeyError::Redacted),
            Err(error) => Err(error),
        }
    }

    /// Encodes a key into `out`, from where a string can borrow it. The caller erases `out` when it is done.
    ///
    /// # Errors
    /// [`NeedBytes`] where `out` is too small; 88 bytes suffice for any key.
    pub fn encode(key: &SymmetricKey, out: &'a mut [u8]) -> Result<Self, NeedBytes> {
        let needed = Base64::encoded_len(key.expose());
        let out = out.get_mut(..needed).ok_or(NeedBytes::new(needed))?;
        Base64::encode(key.expose(), out).map(Self).map_err(|_| NeedBytes::new(needed))
    }

    /// Decodes the key.
    ///
    /// # Errors
    /// None for a text that was checked; [`KeyError`] is what the decoder returns.
    pub fn symmetric_key(&self) -> Result<SymmetricKey, KeyError> {
        SymmetricKey::from_base64(self.0)
    }

    /// The text of the key.
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

/// A key of Event Hubs or Service Bus: the bytes of its text are the key, whether or not it looks like base64.
#[derive(Clone, Copy)]
pub struct RawKey<'a>(&'a str);

impl<'a> RawKey<'a> {
    const MAX: usize = 256;

    /// Checks the text of a key: 1 to 256 visible ASCII characters other than `;`.
    ///
    /// # Errors
    /// [`SasProblem::Redacted`] for asterisks, [`SasProblem::Text`] for any other form.
    pub fn parse(text: &'a str) -> Result<Self, SasProblem> {
        // each byte is looked at, whatever the others are
        if text.len() >= 3 && text.bytes().fold(0, |others, byte| others | (byte ^ b'*')) == 0 {
            return Err(SasProblem::Redacted);
        }
        visible(text, Self::MAX).map(|()| Self(text)).map_err(SasProblem::Text)
    }

    /// The text of the key.
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

/// A token in a string, `SharedAccessSignature sr=..`. Only its outer form is checked here: what it grants, and
/// whether it has expired, is for the one who reads tokens.
#[derive(Clone, Copy)]
pub struct SasText<'a>(&'a str);

impl<'a> SasText<'a> {
    const SCHEME: &'static str = "SharedAccessSignature ";

    /// Checks the scheme word, in its exact case, and that visible ASCII without `;` follows.
    ///
    /// # Errors
    /// [`SasProblem`].
    pub fn parse(text: &'a str) -> Result<Self, SasProblem> {
        let token = text.strip_prefix(Self::SCHEME).ok_or(if is_redacted(text) {
            SasProblem::Redacted
        } else {
            SasProblem::Scheme
        })?;
        if is_redacted(token) {
            return Err(SasProblem::Redacted);
        }
        visible(token, crate::MAX_LEN).map(|()| Self(text)).map_err(|problem| {
            SasProblem::Text(match problem {
                NameProblem::Character { offset } => {
                    NameProblem::Character { offset: offset.saturating_add(Self::SCHEME.len()) }
                }
                other => other,
            })
        })
    }

    /// The token, its scheme word included.
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

/// A storage account's signature: the query of a URL, without its `?`, that has a `sig`.
#[derive(Clone, Copy)]
pub struct SasQuery<'a>(&'a str);

impl<'a> SasQuery<'a> {
    /// Checks that it is visible ASCII without `;` and has a `sig` parameter.
    ///
    /// # Errors
    /// [`SasProblem`].
    pub fn parse(text: &'a str) -> Result<Self, SasProblem> {
        if is_redacted(text) {
            return Err(SasProblem::Redacted);
        }
        visible(text, crate::MAX_LEN).map_err(SasProblem::Text)?;
        if text.starts_with('?') {
            return Err(SasProblem::QuestionMark);
        }
        let signed = text.split('&').any(|pair| pair.strip_prefix("sig=").is_some_and(|sig| !sig.is_empty()));
        if signed { Ok(Self(text)) } else { Err(SasProblem::Unsigned) }
    }

    /// The query.
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

/// Why a text is not a signature, or not a raw key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SasProblem {
    /// A storage signature with the `?` of a URL.
    #[error("the signature starts with `?`; the field holds the query without it")]
    QuestionMark,
    /// Asterisks: a tool has hidden the secret, and its output was pasted back.
    #[error("the secret is a row of `*`: it was redacted by the tool that printed it")]
    Redacted,
    /// The scheme word is missing.
    #[error("a token starts with the word `SharedAccessSignature` and one space")]
    Scheme,
    /// Empty, too long, or not visible ASCII.
    #[error("the secret is empty, too long, or not visible ASCII without `;`")]
    Text(NameProblem),
    /// A storage signature without `sig`.
    #[error("the query has no `sig`")]
    Unsigned,
}

/// Checks for visible ASCII without `;`, which no value of a string can hold.
pub(crate) fn visible(text: &str, max: usize) -> Result<(), NameProblem> {
    if text.is_empty() {
        return Err(NameProblem::Empty);
    }
    if text.len() > max {
        return Err(NameProblem::TooLong { len: text.len(), max });
    }
    match text.bytes().position(|b| !b.is_ascii_graphic() || b == b';') {
        Some(offset) => Err(NameProblem::Character { offset }),
        None => Ok(()),
    }
}
