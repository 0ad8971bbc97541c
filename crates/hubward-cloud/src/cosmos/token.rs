//! [`Credential`]: the `authorization` header of a request.

use core::fmt;

use crate::error::{ParseError, Problem};
use crate::query::MAX_LEN;
use crate::signature::Signature;
use crate::text::Text;

/// The `authorization` header of a request to Cosmos DB.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Credential<'a> {
    /// A signature by the master key: [`Request::verify`](crate::cosmos::Request::verify) checks it.
    Master(MasterToken),
    /// A resource token. The service that issued it is the only one that can check it.
    Resource(ResourceToken<'a>),
    /// A token of the directory, to be handed to what verifies JSON Web Tokens.
    Directory(&'a str),
}

/// A parsed signature by a master key.
#[derive(Debug, Clone, Copy)]
pub struct MasterToken {
    pub(crate) signature: Signature,
}

/// A resource token: a credential whose content only the service reads. It is never shown.
#[derive(Clone, Copy)]
pub struct ResourceToken<'a>(&'a str);

impl<'a> ResourceToken<'a> {
    /// Exposes the header, for the request that is sent with it.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for ResourceToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResourceToken(redacted)")
    }
}

const MASTER: &str = "type=master&ver=1.0&sig=";
const RESOURCE: &str = "type=resource&ver=1";
const DIRECTORY: &str = "type=aad&ver=1.0&sig=";

impl<'a> Credential<'a> {
    /// Parses a header, percent-encoded as it is sent or plain.
    ///
    /// ```
    /// use hubward_cloud::cosmos::Credential;
    ///
    /// let sig = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
    /// let header = format!("type%3Dmaster%26ver%3D1.0%26sig%3D{sig}");
    /// assert!(matches!(Credential::parse(&header)?, Credential::Master(_)));
    /// # Ok::<(), hubward_cloud::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// [`ParseError`] if the text has another form than these three.
    pub fn parse(header: &'a str) -> Result<Self, ParseError> {
        if header.len() > MAX_LEN {
            return Err(ParseError::at(MAX_LEN, Problem::TooLong));
        }
        if !header.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ParseError::at(0, Problem::Control));
        }
        let text = Text::escaped(header).map_err(|problem| ParseError::at(0, problem))?;
        if let Some(rest) = after(header, text, MASTER) {
            let at = header.len().saturating_sub(rest.len());
            let signature = Signature::parse(rest).map_err(|problem| ParseError::of("sig", at, problem))?;
            return Ok(Self::Master(MasterToken { signature }));
        }
        if after(header, text, RESOURCE).is_some() {
            return Ok(Self::Resource(ResourceToken(header)));
        }
        match after(header, text, DIRECTORY) {
            Some(rest) if rest.bytes().all(is_jwt) && !rest.is_empty() => Ok(Self::Directory(rest)),
            Some(rest) => Err(ParseError::of("sig", header.len().saturating_sub(rest.len()), Problem::Name)),
            None => Err(ParseError::at(0, Problem::Scheme)),
        }
    }
}

/// A character of a JSON Web Token in its compact form.
const fn is_jwt(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// Returns the text after `prefix`, as received, if the decoded text begins with it.
fn after<'a>(received: &'a str, text: Text<'_>, prefix: &str) -> Option<&'a str> {
    if !text.bytes().take(prefix.len()).eq(prefix.bytes()) {
        return None;
    }
    if text.as_plain().is_some() {
        return received.get(prefix.len()..);
    }
    let mut at = 0_usize;
    for _ in prefix.bytes() {
        let escaped = received.as_bytes().get(at) == Some(&b'%');
        at = at.saturating_add(if escaped { 3 } else { 1 });
    }
    received.get(at..)
}
