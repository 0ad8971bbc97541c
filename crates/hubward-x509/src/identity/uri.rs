//! The host of a URI, and name constraints on it (RFC 5280 4.2.1.10).

use super::{dns, email};

/// Returns the host of `scheme://[user@]host[:port]..` if it is a domain name, the only kind that constraints apply to.
pub(crate) fn host(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once("://")?;
    let mut letters = scheme.bytes();
    let scheme_fits = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.split_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        Some(_) => return None,
        None => host,
    };
    (scheme_fits && dns::is_reference(host)).then_some(host)
}

/// Returns `true` for the two forms of a constraint: a host, or `.` and a domain.
pub(crate) fn is_constraint(base: &str) -> bool {
    dns::is_reference(base.strip_prefix('.').unwrap_or(base))
}

/// Returns `true` if the host is within the constraint.
pub(crate) fn is_within(host: &str, base: &str) -> bool {
    email::host_is_within(host, base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_domain_names_are_accepted_as_hosts() {
        assert_eq!(host("https://user@host.example.com:8443/a@b"), Some("host.example.com"));
        for uri in ["urn:uuid:1", "https://192.0.2.1/", "https://[2001:db8::1]/", "https:///x", "://a.b"] {
            assert_eq!(host(uri), None, "{uri}");
        }
    }
}
