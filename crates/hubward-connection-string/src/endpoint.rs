//! The endpoints of the services beside a hub: URLs of a narrow form, borrowed.

use core::fmt;
use core::net::Ipv4Addr;

use hubward_core::{Authority, HostName};
use url::Url;

use crate::text::{MAX_LEN, visible};

/// The scheme of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `sb`: AMQP over TLS, or without it where the string says that an emulator listens.
    Sb,
    /// `https`.
    Https,
    /// `http`.
    Http,
}

impl Scheme {
    /// The scheme as it is written.
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

/// A URL of scheme, host, optional port and path, that means the same to every reader: a plain parser and the
/// URL standard's agree on each part, so there is no user, no query, no fragment, no dot segment and no host in
/// disguise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Endpoint<'a> {
    text: &'a str,
    scheme: Scheme,
    host: HostName<'a>,
    port: Option<u16>,
    path: &'a str,
}

/// Why a text is not an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointProblem {
    /// The emulator's endpoints and account are fixed.
    #[error("the emulator's endpoints are fixed")]
    Fixed,
    /// The host, or its port.
    #[error("the endpoint's host is not a host name with an optional port")]
    Host,
    /// A path where none is allowed.
    #[error("the endpoint has a path")]
    Path,
    /// A query or a fragment.
    #[error("the endpoint has a query or a fragment")]
    Query,
    /// No scheme, or not one of this field.
    #[error("the endpoint's scheme is not one of this field")]
    Scheme,
    /// The URL standard refuses it, or reads it as another URL than it looks.
    #[error("the endpoint is not a URL in its plain form")]
    Url,
    /// A user's name or password.
    #[error("the endpoint has a user in it")]
    User,
    /// It is not on this machine.
    #[error("the endpoint is without TLS and beyond this machine")]
    WithoutTls,
}

impl<'a> Endpoint<'a> {
    /// Checks an endpoint of any scheme that this crate knows.
    ///
    /// # Errors
    /// [`EndpointProblem`].
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

    /// Whether the URL standard reads the same parts. It is lenient, so agreement is what counts.
    fn url_standard_agrees(&self) -> bool {
        let Ok(url) = Url::parse(self.text) else {
            return false;
        };
        let port = match self.port {
            Some(port) => url.port_or_known_default() == Some(port),
            None => url.port().is_none(),
        };
        let path = url.path() == self.path || (self.path.is_empty() && url.path() == "/");
        // a `;` ends the value of a string; visible ASCII is all that a string can carry
        let plain = visible(self.text, MAX_LEN).is_ok();
        plain
            && port
            && path
            && url.scheme() == self.scheme.as_str()
            && url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(self.host.as_str()))
    }

    /// Checks an endpoint of one of `schemes`, without a path.
    pub(crate) fn parse_root(text: &'a str, schemes: &[Scheme]) -> Result<Self, EndpointProblem> {
        let endpoint = Self::parse(text)?;
        if !schemes.contains(&endpoint.scheme) {
            return Err(EndpointProblem::Scheme);
        }
        if matches!(endpoint.path, "" | "/") { Ok(endpoint) } else { Err(EndpointProblem::Path) }
    }

    /// The endpoint as it was given.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// Its scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its host, in the case it was given.
    #[must_use]
    pub const fn host(&self) -> HostName<'a> {
        self.host
    }

    /// Its port, where one is given.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Its path: empty, or `/` and what follows.
    #[must_use]
    pub const fn path(&self) -> &'a str {
        self.path
    }

    /// Whether its host is this machine by its name or address: `localhost`, or 127.0.0.0/8.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.as_str();
        host.eq_ignore_ascii_case("localhost") || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Endpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl fmt::Debug for Endpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

/// Whether `host` is `suffix` or has it as its last labels, the case of ASCII letters aside.
///
/// Which hosts are a hub's is a policy of the caller: sovereign clouds and private hubs have suffixes of their
/// own, and this crate knows none.
#[must_use]
pub fn host_is_under(host: HostName<'_>, suffix: HostName<'_>) -> bool {
    let (host, suffix) = (host.as_str().as_bytes(), suffix.as_str().as_bytes());
    let Some((front, end)) = host.len().checked_sub(suffix.len()).and_then(|at| host.split_at_checked(at))
    else {
        return false;
    };
    end.eq_ignore_ascii_case(suffix) && front.last().is_none_or(|b| *b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_urls_are_taken_apart() {
        let endpoint = Endpoint::parse("https://Acct.documents.azure.com:443/").unwrap();
        assert_eq!(endpoint.host().as_str(), "Acct.documents.azure.com");
        assert_eq!((endpoint.port(), endpoint.path()), (Some(443), "/"));
        let endpoint = Endpoint::parse("http://127.0.0.1:10000/devstoreaccount1").unwrap();
        assert!(endpoint.is_loopback());
        assert_eq!(endpoint.path(), "/devstoreaccount1");
        assert_eq!(Endpoint::parse("SB://ns.example").unwrap().scheme(), Scheme::Sb);
    }

    #[test]
    fn anything_else_is_refused() {
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
            assert_eq!(Endpoint::parse(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn suffixes_compare_by_label() {
        let host = |text| HostName::parse(text).unwrap();
        assert!(host_is_under(host("a.Azure-Devices.cn"), host("azure-devices.cn")));
        assert!(host_is_under(host("x.example"), host("x.example")));
        assert!(!host_is_under(host("ax.example"), host("x.example")));
        assert!(!host_is_under(host("example"), host("x.example")));
    }
}
