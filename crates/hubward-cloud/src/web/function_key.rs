//! [`FunctionKey`] and [`FunctionUrl`]: the keys of Functions, in a header or in a URL.

use core::fmt;

use constant_time_eq::constant_time_eq;

use crate::error::{ParseError, Problem};
use crate::query::{MAX_LEN, fields, is_read_as};

/// The key of a function or a host: the header `x-functions-key`, or `code` in a URL. It is never shown.
///
/// ```
/// use hubward_cloud::web::FunctionKey;
///
/// let key = FunctionKey::parse("aVeryLongFunctionKeyOfTheHost_0123456789==")?;
/// assert!(key.matches("aVeryLongFunctionKeyOfTheHost_0123456789=="));
/// assert_eq!(format!("{key:?}"), "FunctionKey(redacted)");
/// # Ok::<(), hubward_cloud::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct FunctionKey<'a>(&'a str);

impl<'a> FunctionKey<'a> {
    /// Takes a key: 16 to 256 letters, digits and `- _ + / = ~ .`.
    ///
    /// # Errors
    /// [`ParseError`] for another text.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        if text.len() < 16 {
            return Err(ParseError::at(0, Problem::Empty));
        }
        if text.len() > 256 {
            return Err(ParseError::at(256, Problem::TooLong));
        }
        let key = |b: u8| b.is_ascii_alphanumeric() || b"-_+/=~.".contains(&b);
        match text.bytes().position(|b| !key(b)) {
            Some(at) => Err(ParseError::at(at, Problem::Name)),
            None => Ok(Self(text)),
        }
    }

    /// Exposes the key, for the request that is sent with it.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.0
    }

    /// Returns whether it is `key`. The time depends on the lengths alone.
    #[must_use]
    pub fn matches(&self, key: &str) -> bool {
        constant_time_eq(self.0.as_bytes(), key.as_bytes())
    }
}

impl fmt::Debug for FunctionKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FunctionKey(redacted)")
    }
}

/// The URL of a function with its key in `code`. `Display` writes it with `****` for the key.
///
/// ```
/// use hubward_cloud::web::FunctionUrl;
///
/// let url = "https://app.azurewebsites.net/api/ingest?code=aVeryLongFunctionKeyOfTheHost_0123456789%3D%3D&x=1";
/// let url = FunctionUrl::parse(url)?;
/// assert_eq!(url.to_string(), "https://app.azurewebsites.net/api/ingest?code=****&x=1");
/// # Ok::<(), hubward_cloud::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct FunctionUrl<'a> {
    text: &'a str,
    around: (&'a str, &'a str),
}

impl<'a> FunctionUrl<'a> {
    /// Parses a URL of HTTPS with one `code`, whose name may be percent-encoded or in capitals.
    ///
    /// # Errors
    /// [`ParseError`] if the text is no such URL.
    pub fn parse(url: &'a str) -> Result<Self, ParseError> {
        if url.len() > MAX_LEN {
            return Err(ParseError::at(MAX_LEN, Problem::TooLong));
        }
        let (before, _) = url.split_once('?').ok_or(ParseError::at(0, Problem::Url))?;
        if !url.starts_with("https://") || !url.bytes().all(|b| b.is_ascii_graphic()) || url.contains('#') {
            return Err(ParseError::at(0, Problem::Url));
        }
        let mut around = None;
        for field in fields(url, before.len().saturating_add(1))? {
            let field = field?;
            if is_read_as(field.name, "code") {
                let (start, end) =
                    (field.value_offset(), field.value_offset().saturating_add(field.value.len()));
                if field.value.len() < 16 {
                    return Err(ParseError::of("code", start, Problem::Empty));
                }
                let parts = (url.get(..start).unwrap_or_default(), url.get(end..).unwrap_or_default());
                if around.replace(parts).is_some() {
                    return Err(ParseError::of("code", field.offset, Problem::Duplicate));
                }
            }
        }
        let around = around.ok_or(ParseError::of("code", url.len(), Problem::Missing))?;
        Ok(Self { text: url, around })
    }

    /// Exposes the URL, for the request that is sent to it.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.text
    }
}

impl fmt::Display for FunctionUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}****{}", self.around.0, self.around.1)
    }
}

impl fmt::Debug for FunctionUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FunctionUrl").field(&format_args!("{self}")).finish()
    }
}
