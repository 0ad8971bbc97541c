//! [`CallbackUrl`]: the URL that starts a workflow of Logic Apps.

use core::fmt;

use crate::error::{ParseError, Problem};
use crate::query::{MAX_LEN, fields, is_read_as};
use crate::text::Text;
use crate::time::TokenTime;

/// The callback URL of a workflow's trigger. Its signature is a secret, and the key is the platform's own, so that it can
/// be inspected and not verified. `Display` writes it with `****` for the signature.
///
/// ```
/// use hubward_cloud::web::CallbackUrl;
///
/// let url = "https://prod-00.westus.logic.azure.com:443/workflows/0123/triggers/manual/paths/invoke\
///     ?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8";
/// let callback = CallbackUrl::parse(url)?;
/// assert!(callback.permissions().is("/triggers/manual/run"));
/// assert!(callback.to_string().ends_with("&sig=****"));
/// # Ok::<(), hubward_cloud::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct CallbackUrl<'a> {
    text: &'a str,
    /// The bytes before and after the signature.
    around: (&'a str, &'a str),
    host: &'a str,
    trigger: Option<Text<'a>>,
    permissions: Text<'a>,
    start: Option<TokenTime<'a>>,
    expiry: Option<TokenTime<'a>>,
}

impl<'a> CallbackUrl<'a> {
    /// Parses a URL of HTTPS with `sp`, `sv` and `sig`.
    ///
    /// # Errors
    /// [`ParseError`] if the text is no such URL, repeats a field, or has the name of one in capitals or
    /// percent-encoded: another reader could take that for the signature.
    pub fn parse(url: &'a str) -> Result<Self, ParseError> {
        if url.len() > MAX_LEN {
            return Err(ParseError::at(MAX_LEN, Problem::TooLong));
        }
        let url_problem = ParseError::at(0, Problem::Url);
        let rest = url.strip_prefix("https://").ok_or(url_problem)?;
        let (before, _) = url.split_once('?').ok_or(url_problem)?;
        let (host, path) = rest.split_once('/').ok_or(url_problem)?;
        if host.is_empty() || !url.bytes().all(|b| b.is_ascii_graphic()) || url.contains('#') {
            return Err(url_problem);
        }
        let path = path.split('?').next().unwrap_or_default();
        let mut segments = path.split('/').skip_while(|segment| *segment != "triggers").skip(1);
        let trigger = segments.next().map(Text::escaped).transpose();
        let trigger = trigger.map_err(|problem| ParseError::at(before.len(), problem))?;
        let (mut sp, mut sv, mut sig, mut st, mut se) = (None, None, None, None, None);
        for field in fields(url, before.len().saturating_add(1))? {
            let field = field?;
            let slot = match field.name {
                "sp" => &mut sp,
                "sv" => &mut sv,
                "sig" => &mut sig,
                "st" => &mut st,
                "se" => &mut se,
                name if ["sp", "sv", "sig", "st", "se"].iter().any(|own| is_read_as(name, own)) => {
                    return Err(ParseError::at(field.offset, Problem::FieldCase));
                }
                // parameters of the workflow's own
                _ => continue,
            };
            let value =
                Text::query(field.value).map_err(|problem| ParseError::at(field.value_offset(), problem))?;
            if slot.replace((value, field)).is_some() {
                return Err(ParseError::at(field.offset, Problem::Duplicate));
            }
        }
        let missing = |name| ParseError::of(name, url.len(), Problem::Missing);
        let (permissions, _) = sp.ok_or(missing("sp"))?;
        let (version, at) = sv.ok_or(missing("sv"))?;
        if !version.is("1.0") {
            return Err(ParseError::of("sv", at.value_offset(), Problem::Version));
        }
        let (_, sig) = sig.ok_or(missing("sig"))?;
        let secret = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'%');
        if sig.value.len() < 16 || !sig.value.bytes().all(secret) {
            return Err(ParseError::of("sig", sig.value_offset(), Problem::Signature));
        }
        let time = |name, value: Option<(Text<'a>, crate::query::Field<'a>)>| {
            let parse = |(text, field): (Text<'a>, crate::query::Field<'a>)| {
                TokenTime::parse(text).map_err(|problem| ParseError::of(name, field.value_offset(), problem))
            };
            value.map(parse).transpose()
        };
        let end = sig.value_offset().saturating_add(sig.value.len());
        let around = (url.get(..sig.value_offset()).unwrap_or_default(), url.get(end..).unwrap_or_default());
        Ok(Self {
            text: url,
            around,
            host,
            trigger,
            permissions,
            start: time("st", st)?,
            expiry: time("se", se)?,
        })
    }

    /// Exposes the URL, for the request that is sent to it.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.text
    }

    /// Returns the host with its port.
    #[must_use]
    pub const fn host(&self) -> &'a str {
        self.host
    }

    /// Returns the name of the trigger, if the path has one.
    #[must_use]
    pub const fn trigger(&self) -> Option<Text<'a>> {
        self.trigger
    }

    /// Returns the path that may be run.
    #[must_use]
    pub const fn permissions(&self) -> Text<'a> {
        self.permissions
    }

    /// Returns the first second at which it is valid, if it has one.
    #[must_use]
    pub const fn start(&self) -> Option<TokenTime<'a>> {
        self.start
    }

    /// Returns the last second at which it is valid. Without it, the URL is valid until the workflow's key changes.
    #[must_use]
    pub const fn expiry(&self) -> Option<TokenTime<'a>> {
        self.expiry
    }
}

impl fmt::Display for CallbackUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}****{}", self.around.0, self.around.1)
    }
}

impl fmt::Debug for CallbackUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallbackUrl").field(&format_args!("{self}")).finish()
    }
}
