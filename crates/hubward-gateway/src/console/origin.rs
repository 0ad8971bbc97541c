//! The checks that keep pages of other sites out of the console.
//!
//! A browser on this machine reaches the loopback interface for any page. A page of another site that asks for the console's
//! own name sends its `Origin` or `Sec-Fetch-Site`; one whose own name was made to lead to this machine (DNS rebinding)
//! sends that name as `Host`.

use core::net::SocketAddr;

use axum::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::request::Parts;

/// The header by which a browser tells where a request comes from (W3C Fetch Metadata).
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The reason why a request is refused before its token is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreign {
    /// `Host` is not the console's own.
    Host,
    /// The page that sent the request is of another origin.
    Origin,
}

impl Foreign {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Host => "foreign-host",
            Self::Origin => "foreign-origin",
        }
    }

    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Host => "the request names another host: open the console by its loopback address and port",
            Self::Origin => {
                "the request comes from a page of another site: open the console's address yourself"
            }
        }
    }
}

/// Refuses a request that does not name the console itself, or that another origin sent.
pub(super) fn check(head: &Parts, own: SocketAddr) -> Result<(), Foreign> {
    let host = only(&head.headers, &HOST).flatten().ok_or(Foreign::Host)?;
    let target = head.uri.authority().is_none_or(|target| target.as_str() == host);
    if !target || !is_own(host, own) {
        return Err(Foreign::Host);
    }
    let origin = only(&head.headers, &ORIGIN).ok_or(Foreign::Origin)?;
    if origin.is_some_and(|origin| origin.strip_prefix("http://") != Some(host)) {
        return Err(Foreign::Origin);
    }
    match only(&head.headers, &SITE) {
        // `none`: the user opened the address
        Some(None | Some("same-origin" | "none")) => Ok(()),
        _ => Err(Foreign::Origin),
    }
}

/// Returns whether a host is the listener's address, or `localhost`, with its port.
fn is_own(host: &str, own: SocketAddr) -> bool {
    let name = match host.strip_suffix(&format!(":{}", own.port())) {
        Some(name) => name,
        // the port that a browser leaves out
        None if own.port() == 80 => host,
        None => return false,
    };
    let address = if own.is_ipv6() { format!("[{}]", own.ip()) } else { own.ip().to_string() };
    name.eq_ignore_ascii_case("localhost") || name == address
}

/// Returns the value of a header, `Some(None)` without one; `None` if it is repeated or not ASCII.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Option<&'h str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some(value), None) => value.to_str().ok().map(Some),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn checked(own: &str, uri: &str, headers: &[(&str, &str)]) -> Result<(), Foreign> {
        let request = headers
            .iter()
            .fold(Request::get(uri), |request, (name, value)| request.header(*name, *value))
            .body(())
            .unwrap();
        check(&request.into_parts().0, own.parse().unwrap())
    }

    #[test]
    fn the_host_is_the_listeners_own() {
        for (own, host, expected) in [
            ("127.0.0.1:9080", "127.0.0.1:9080", Ok(())),
            ("127.0.0.1:9080", "localhost:9080", Ok(())),
            ("127.0.0.1:9080", "LocalHost:9080", Ok(())),
            ("[::1]:9080", "[::1]:9080", Ok(())),
            ("[::1]:9080", "localhost:9080", Ok(())),
            ("127.0.0.1:80", "localhost", Ok(())),
            ("127.0.0.1:80", "127.0.0.1:80", Ok(())),
            ("127.0.0.1:9080", "rebound.example:9080", Err(Foreign::Host)),
            ("127.0.0.1:9080", "localhost.example:9080", Err(Foreign::Host)),
            ("127.0.0.1:9080", "localhost:9081", Err(Foreign::Host)),
            ("127.0.0.1:9080", "localhost", Err(Foreign::Host)),
            ("127.0.0.1:9080", "127.0.0.2:9080", Err(Foreign::Host)),
            ("127.0.0.1:9080", "localhost:9080:9080", Err(Foreign::Host)),
            ("127.0.0.1:9080", "user@localhost:9080", Err(Foreign::Host)),
            ("127.0.0.1:9080", "localhost.:9080", Err(Foreign::Host)),
            ("127.0.0.1:9080", "", Err(Foreign::Host)),
        ] {
            assert_eq!(checked(own, "/", &[("host", host)]), expected, "{own} {host}");
        }
        let own = "127.0.0.1:9080";
        assert_eq!(checked(own, "/", &[]), Err(Foreign::Host));
        let twice = [("host", own), ("host", own)];
        assert_eq!(checked(own, "/", &twice), Err(Foreign::Host));
        // the target in absolute form counts too
        assert_eq!(checked(own, "http://other.example/", &[("host", own)]), Err(Foreign::Host));
        assert_eq!(checked(own, "http://127.0.0.1:9080/", &[("host", own)]), Ok(()));
    }

    #[test]
    fn the_origin_is_absent_or_the_listeners_own() {
        let own = "127.0.0.1:9080";
        for (name, value, expected) in [
            ("origin", "http://127.0.0.1:9080", Ok(())),
            ("origin", "http://localhost:9080", Err(Foreign::Origin)),
            ("origin", "https://127.0.0.1:9080", Err(Foreign::Origin)),
            ("origin", "http://127.0.0.1:9081", Err(Foreign::Origin)),
            ("origin", "http://other.example", Err(Foreign::Origin)),
            ("origin", "null", Err(Foreign::Origin)),
            ("origin", "", Err(Foreign::Origin)),
            ("sec-fetch-site", "same-origin", Ok(())),
            ("sec-fetch-site", "none", Ok(())),
            ("sec-fetch-site", "same-site", Err(Foreign::Origin)),
            ("sec-fetch-site", "cross-site", Err(Foreign::Origin)),
        ] {
            assert_eq!(checked(own, "/", &[("host", own), (name, value)]), expected, "{name} {value}");
        }
        let twice = [("host", own), ("origin", "http://127.0.0.1:9080"), ("origin", "http://127.0.0.1:9080")];
        assert_eq!(checked(own, "/", &twice), Err(Foreign::Origin));
    }
}
