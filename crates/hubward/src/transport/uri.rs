//! URIs in the place of a path or a resource: `amqps://{host}[:port]/path`, as some clients write the address of a link
//! and the name of a CBS message.

use hubward_core::Authority;

use super::hub_name::HubName;

/// The scheme of a link's address.
pub(crate) const ADDRESS_SCHEMES: &[&str] = &["amqps"];
/// The schemes of a CBS name.
pub(crate) const NAME_SCHEMES: &[&str] = &["amqps", "https"];

/// A URI, split into its host and its path. The host is not compared with any other yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uri<'a> {
    host: Authority<'a>,
    /// The part after the authority, with its first slash; empty if the URI ends there.
    path: &'a str,
}

/// A text that begins as a URI, and has no host with an optional port: a user name, a query, an escape or a backslash
/// in the authority, no authority, or a port that is not from 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoHost;

impl<'a> Uri<'a> {
    /// Splits a text that begins with one of `schemes` and `://`. Returns `None` for another text, which may be a path.
    pub(crate) fn split(text: &'a str, schemes: &[&str]) -> Result<Option<Self>, NoHost> {
        let Some((_, rest)) = text
            .split_once("://")
            .filter(|(scheme, _)| schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
        else {
            return Ok(None);
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(NoHost)?;
        // an authority has neither a user name nor an escape, and its port is a number
        let host = Authority::parse(authority).map_err(|_| NoHost)?;
        let port = authority.split_once(':').map(|(_, port)| port.parse::<u16>());
        if matches!(port, Some(Ok(0) | Err(_))) {
            return Err(NoHost);
        }
        Ok(Some(Self { host, path }))
    }

    /// Returns the host, whose port is that of the connection and not a part of the hub's name.
    pub(crate) const fn hub(&self) -> HubName<'a> {
        HubName::Header(self.host)
    }

    pub(crate) const fn host(&self) -> Authority<'a> {
        self.host
    }

    pub(crate) const fn path(&self) -> &'a str {
        self.path
    }
}

/// Returns the path of a link's address: the address itself, or that of a URI whose host `is_hub` accepts.
pub(crate) fn link_path(address: &str, is_hub: impl FnOnce(HubName<'_>) -> bool) -> Result<&str, NoHost> {
    match Uri::split(address, ADDRESS_SCHEMES)? {
        None => Ok(address),
        Some(uri) if is_hub(uri.hub()) => Ok(uri.path()),
        Some(_) => Err(NoHost),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(address: &str) -> Result<&str, NoHost> {
        link_path(address, |hub| match hub {
            HubName::Header(host) => {
                host.as_str().split(':').next().is_some_and(|host| host.eq_ignore_ascii_case("h.net"))
            }
            _ => false,
        })
    }

    #[test]
    fn uri_of_the_hub_has_a_path() {
        for (address, expected) in [
            ("/devices/d", "/devices/d"),
            ("devices/d", "devices/d"),
            ("amqps://h.net/devices/d", "/devices/d"),
            ("amqps://h.net:5671/devices/d", "/devices/d"),
            ("AMQPS://H.NET/devices/d", "/devices/d"),
            ("amqps://h.net", ""),
            // no URI of this transport: a path that no endpoint has
            ("amqp://h.net/devices/d", "amqp://h.net/devices/d"),
            ("//h.net/devices/d", "//h.net/devices/d"),
            ("amqps:/devices/d", "amqps:/devices/d"),
            (" amqps://h.net/devices/d", " amqps://h.net/devices/d"),
        ] {
            assert_eq!(path(address), Ok(expected), "{address}");
        }
    }

    #[test]
    fn authority_that_is_not_the_hub_is_rejected() {
        for authority in [
            "",
            "evil.net",
            "h.net.evil.net",
            "evilh.net",
            "h",
            "h.net@evil.net",
            "user@h.net",
            "user:word@h.net",
            "h.net:5671@evil.net",
            "evil.net#@h.net",
            "evil.net?h.net",
            "h.net?",
            "h.net#",
            "evil.net\\@h.net",
            "h.net\\",
            "h%2Enet",
            "%68.net",
            "h.net:",
            "h.net:0",
            "h.net:+1",
            "h.net:65536",
            "h.net:56 71",
            ":5671",
            "h.net.",
            "[::1]",
            "h\u{2e}net\u{0}",
        ] {
            assert_eq!(path(&alloc::format!("amqps://{authority}/devices/d")), Err(NoHost), "{authority}");
        }
    }
}
