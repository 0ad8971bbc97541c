//! [`EndpointUrl`]: the URLs of Event Hubs, Service Bus, Storage and Cosmos DB, in a restricted form.

use core::fmt;
use core::net::Ipv4Addr;

use hubward_core::{Authority, HostName};
use url::Url;

use crate::error::EndpointProblem;
use crate::text::{MAX_LEN, visible};

/// The scheme of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `sb`: AMQP over TLS, or without TLS at an emulator.
    Sb,
    /// `https`.
    Https,
    /// `http`.
    Http,
}

impl Scheme {
    /// Returns the scheme's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sb => "sb",
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Sb, Self::Https, Self::Http].into_iter().find(|s| s.as_str().eq_ignore_ascii_case(name))
    }
}

/// A URL with a scheme, a host, an optional port and a path. A plain parser and the URL standard agree on each part, so
/// that every program connects to the same host: the URL has no user, query, fragment or dot segment, and its host is a
/// name or an IPv4 address in its usual form.
///
/// ```
/// use hubward_connection_string::{EndpointUrl, EndpointProblem};
///
/// let endpoint = EndpointUrl::parse("https://acct.example:443/")?;
/// assert_eq!((endpoint.host().as_str(), endpoint.port()), ("acct.example", Some(443)));
/// assert_eq!(EndpointUrl::parse("https://0x7f.1/").err(), Some(EndpointProblem::Url));
/// # Ok::<(), EndpointProblem>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EndpointUrl<'a> {
    text: &'a str,
    scheme: Scheme,
    host: HostName<'a>,
    port: Option<u16>,
    path: &'a str,
}

impl<'a> EndpointUrl<'a> {
    /// Parses an endpoint of any [`Scheme`] and borrows it.
    ///
    /// # Errors
    /// [`EndpointProblem`] if the text is not an endpoint.
    pub fn parse(text: &'a str) -> Result<Self, EndpointProblem> {
        let (scheme, rest) = text.split_once("://").ok_or(EndpointProblem::Scheme)?;
        let scheme = Scheme::from_name(scheme).ok_or(EndpointProblem::Scheme)?;
        if rest.contains(['?', '#']) {
            return Err(EndpointProblem::Query);
        }
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(slash).unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(EndpointProblem::User);
        }
        Authority::parse(authority).map_err(|_| EndpointProblem::Host)?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| EndpointProblem::Host)?)),
            None => (authority, None),
        };
        let host = HostName::parse(host).map_err(|_| EndpointProblem::Host)?;
        let endpoint = Self { text, scheme, host, port, path };
        if endpoint.url_standard_agrees() { Ok(endpoint) } else { Err(EndpointProblem::Url) }
    }

    /// Returns whether the URL standard finds the same parts. Its parser is lenient, so success alone is not enough.
    fn url_standard_agrees(&self) -> bool {
        let Ok(url) = Url::parse(self.text) else {
            return false;
        };
        let port = match self.port {
            Some(port) => url.port_or_known_default() == Some(port),
            None => url.port().is_none(),
        };
        let path = url.path() == self.path || (self.path.is_empty() && url.path() == "/");
        // a connection string cannot have another character in a value
        let plain = visible(self.text, MAX_LEN).is_ok();
        plain
            && port
            && path
            && url.scheme() == self.scheme.as_str()
            && url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(self.host.as_str()))
    }

    /// Parses an endpoint of one of `schemes` without a path.
    pub(crate) fn parse_root(text: &'a str, schemes: &[Scheme]) -> Result<Self, EndpointProblem> {
        let endpoint = Self::parse(text)?;
        if !schemes.contains(&endpoint.scheme) {
            return Err(EndpointProblem::Scheme);
        }
        if matches!(endpoint.path, "" | "/") { Ok(endpoint) } else { Err(EndpointProblem::Path) }
    }

    /// Returns the endpoint as it was parsed.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// Returns the scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host, in the case in which it was parsed.
    #[must_use]
    pub const fn host(&self) -> HostName<'a> {
        self.host
    }

    /// Returns the port, if the endpoint has one.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the path: empty, or `/` and the rest.
    #[must_use]
    pub const fn path(&self) -> &'a str {
        self.path
    }

    /// Returns whether the host is `localhost` or an address of 127.0.0.0/8.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.as_str();
        host.eq_ignore_ascii_case("localhost") || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for EndpointUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl fmt::Debug for EndpointUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalized_urls_are_parsed() {
        let endpoint = EndpointUrl::parse("https://Acct.documents.azure.com:443/").unwrap();
        assert_eq!(endpoint.host().as_str(), "Acct.documents.azure.com");
        assert_eq!((endpoint.port(), endpoint.path()), (Some(443), "/"));
        let endpoint = EndpointUrl::parse("http://127.0.0.1:10000/devstoreaccount1").unwrap();
        assert!(endpoint.is_loopback());
        assert_eq!(endpoint.path(), "/devstoreaccount1");
        assert_eq!(EndpointUrl::parse("SB://ns.example").unwrap().scheme(), Scheme::Sb);
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, problem) in [
            ("", EndpointProblem::Scheme),
            ("ns.example", EndpointProblem::Scheme),
            ("ftp://ns.example", EndpointProblem::Scheme),
            ("sb://", EndpointProblem::Host),
            ("sb://user@ns.example/", EndpointProblem::User),
            ("sb://ns.example/?a", EndpointProblem::Query),
            ("sb://ns.example#a", EndpointProblem::Query),
            ("https://ns.example:70000", EndpointProblem::Host),
            ("https://0x7f.1/", EndpointProblem::Url),
            ("https://127.1/", EndpointProblem::Url),
            ("https://[::1]/", EndpointProblem::Host),
            ("https://a.example\\b/", EndpointProblem::Host),
            ("https://a.example/b/../c", EndpointProblem::Url),
            ("https://a.example/a;b", EndpointProblem::Url),
            ("https://a.example/é", EndpointProblem::Url),
            ("https:///a.example/", EndpointProblem::Host),
        ] {
            assert_eq!(EndpointUrl::parse(text), Err(problem), "{text}");
        }
    }
}
