//! [`Authorization`]: the `Authorization` header of Shared Key.

use core::fmt;

use hubward_core::Tag;

use crate::error::{ParseError, Problem};
use crate::signature::{Base64, Signature};

/// The two ways of signing a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `SharedKey`.
    SharedKey,
    /// `SharedKeyLite`, which signs fewer headers.
    SharedKeyLite,
}

impl Scheme {
    /// Returns the word of the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SharedKey => "SharedKey",
            Self::SharedKeyLite => "SharedKeyLite",
        }
    }
}

/// A parsed `Authorization` header: `SharedKey {account}:{signature}`. It borrows the text.
///
/// ```
/// use hubward_cloud::storage::shared_key::{Authorization, Scheme};
///
/// let header = "SharedKeyLite contosoacct:e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8=";
/// let authorization = Authorization::parse(header)?;
/// assert_eq!(authorization.scheme(), Scheme::SharedKeyLite);
/// assert_eq!(authorization.account(), "contosoacct");
/// # Ok::<(), hubward_cloud::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Authorization<'a> {
    scheme: Scheme,
    account: &'a str,
    pub(crate) signature: Signature,
}

impl<'a> Authorization<'a> {
    /// Parses a header.
    ///
    /// # Errors
    /// [`ParseError`] if the text is no such header.
    pub fn parse(header: &'a str) -> Result<Self, ParseError> {
        let (word, rest) = header.split_once(' ').ok_or(ParseError::at(0, Problem::Scheme))?;
        let scheme = [Scheme::SharedKey, Scheme::SharedKeyLite].into_iter().find(|own| own.as_str() == word);
        let scheme = scheme.ok_or(ParseError::at(0, Problem::Scheme))?;
        let start = word.len().saturating_add(1);
        let (account, signature) = rest.split_once(':').ok_or(ParseError::at(start, Problem::NotAField))?;
        let name = account.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !name || account.is_empty() {
            return Err(ParseError::at(start, Problem::Name));
        }
        let at = start.saturating_add(account.len()).saturating_add(1);
        if signature.contains('%') {
            return Err(ParseError::at(at, Problem::Signature));
        }
        let signature = Signature::parse(signature).map_err(|problem| ParseError::at(at, problem))?;
        Ok(Self { scheme, account, signature })
    }

    /// Returns the scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the account whose key must have signed.
    #[must_use]
    pub const fn account(&self) -> &'a str {
        self.account
    }
}

/// A signed header. `Display` writes it with its signature: the text is a credential.
pub struct SignedAuthorization<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) account: &'a str,
    pub(crate) tag: Tag,
}

impl fmt::Display for SignedAuthorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:{}", self.scheme.as_str(), self.account, Base64(&self.tag))
    }
}

impl fmt::Debug for SignedAuthorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedAuthorization").field("account", &self.account).finish_non_exhaustive()
    }
}
