//! The username of an MQTT CONNECT: `{host}/{device}[/?api-version=..]` or `{host}/{device}/{module}/?api-version=..`.

use hubward_core::{DeviceId, Identity, ModuleId, NameError, Segment};
use memchr::memchr;

use super::auth_chain::{AuthChain, AuthChainProblem};

/// The maximum number of query parameters.
const MAX_PARAMETERS: usize = 16;

/// An MQTT username that does not have the form of a device's or module's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("username, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct UsernameError {
    /// The position of the error in bytes from the start of the username.
    pub offset: usize,
    /// The error at that position.
    pub problem: UsernameProblem,
}

/// The kinds of error in an MQTT username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsernameProblem {
    /// The parts are not a host, one or two ids and a query, separated by `/`.
    #[error(
        "expected `{{host}}/{{device}}[/?api-version=..]` or `{{host}}/{{device}}/{{module}}/?api-version=..`"
    )]
    Shape,
    /// The parts are not an id scope, `registrations`, an id and a query, separated by `/`.
    #[error("expected `{{id scope}}/registrations/{{id}}/api-version=..`")]
    Registration,
    /// The host is empty or not visible ASCII.
    #[error("the host is empty or has an invalid character")]
    Host,
    /// An id that is not valid for a device or a module.
    #[error("{0}")]
    Id(NameError),
    /// A parameter without `=` or with an escape in its name, or more than sixteen parameters.
    #[error("malformed query")]
    Query,
    /// The same parameter twice.
    #[error("duplicate query parameter")]
    Duplicate,
    /// The `api-version` is missing or empty.
    #[error("the query has no `api-version`")]
    ApiVersion,
    /// An `auth-chain` that is malformed.
    #[error("`auth-chain`: {0}")]
    AuthChain(AuthChainProblem),
}

/// The client id and the username of a CONNECT that do not name one identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectError {
    /// The username is malformed.
    Username(UsernameError),
    /// The client id is not the identity that the username names.
    ClientId,
}

impl From<UsernameError> for ConnectError {
    fn from(error: UsernameError) -> Self {
        Self::Username(error)
    }
}

/// The parsed username of a device or a module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Username<'a> {
    pub(crate) host: Segment<'a>,
    pub(crate) identity: Identity<'a>,
    pub(crate) chain: Option<AuthChain<'a>>,
}

impl<'a> Username<'a> {
    /// Parses a username, and requires that the client id is the same identity, `{device}` or `{device}/{module}`, byte
    /// by byte.
    #[inline(always)]
    pub(crate) fn for_client(client_id: &str, username: &'a str) -> Result<Self, ConnectError> {
        match Self::fast_path(client_id, username) {
            Some((host, identity, query)) => {
                let chain = if is_api_version(query) { None } else { chain(username, &identity, query)? };
                Ok(Self { host, identity, chain })
            }
            None => Self::slow_path(client_id, username),
        }
    }

    /// Parses any username and locates its error.
    #[cold]
    #[inline(never)]
    fn slow_path(client_id: &str, username: &'a str) -> Result<Self, ConnectError> {
        let parsed = Self::parse(username)?;
        if parsed.is_client(client_id) { Ok(parsed) } else { Err(ConnectError::ClientId) }
    }

    /// Parses the form of nearly all usernames, in which the client id is the text between the host and the query, so
    /// that no search for the end of an id is needed. Agrees with [`Username::parse`] if it returns `Some`; `None` does
    /// not mean that the username is malformed.
    #[inline(always)]
    fn fast_path(client_id: &str, username: &'a str) -> Option<(Segment<'a>, Identity<'a>, &'a str)> {
        let (host, rest) = Segment::split_plain(username)?;
        let (own, rest) = rest.split_at_checked(client_id.len())?;
        let query = rest.strip_prefix('/')?;
        if own != client_id || !is_api_version(query) && query.contains('/') {
            return None;
        }
        // an id cannot contain `/`, so a text with one can only be a module's
        let identity = match DeviceId::parse(own) {
            Ok(device) => Identity::Device(device),
            Err(_) => module(own)?,
        };
        Some((host, identity, query))
    }

    fn parse(username: &'a str) -> Result<Self, UsernameError> {
        let offset_of = |part: &str| part.as_ptr().addr().saturating_sub(username.as_ptr().addr());
        let err = |part: &str, problem| UsernameError { offset: offset_of(part), problem };
        let shape = err(username, UsernameProblem::Shape);
        let (host, rest) = cut(username, b'/').ok_or(shape)?;
        // without a query the username ends with the device, and only a device may leave it out
        let (device, rest) = cut(rest, b'/').unwrap_or((rest, rest.get(rest.len()..).unwrap_or_default()));
        let (module, query) = match cut(rest, b'/') {
            None => (None, rest),
            Some((_, query)) if cut(query, b'/').is_some() => return Err(shape),
            Some((module, query)) => (Some(module), query),
        };
        let host = Segment::plain(host).ok_or(err(host, UsernameProblem::Host))?;
        let device_id = DeviceId::parse(device).map_err(|e| err(device, UsernameProblem::Id(e)))?;
        let identity = match module {
            None => Identity::Device(device_id),
            Some(module) => {
                let id = ModuleId::parse(module).map_err(|e| err(module, UsernameProblem::Id(e)))?;
                Identity::Module(device_id, id)
            }
        };
        Ok(Self { host, identity, chain: chain(username, &identity, query)? })
    }

    /// Returns `true` if the client id names the same identity.
    fn is_client(&self, client_id: &str) -> bool {
        match self.identity {
            Identity::Device(device) => client_id == device.as_str(),
            Identity::Module(device, module) => {
                client_id.split_once('/') == Some((device.as_str(), module.as_str()))
            }
            _ => false,
        }
    }
}

/// Parses `{device}/{module}`.
#[inline(never)]
fn module(client_id: &str) -> Option<Identity<'_>> {
    let (device, module) = cut(client_id, b'/')?;
    Some(Identity::Module(DeviceId::parse(device).ok()?, ModuleId::parse(module).ok()?))
}

/// Returns `true` if a query is `?api-version=` and a date and nothing else, so that no parameter needs to be parsed.
#[inline]
fn is_api_version(query: &str) -> bool {
    match query.strip_prefix("?api-version=").map(str::as_bytes) {
        Some([y, e, a, r, b'-', m, o, b'-', d, t]) => {
            [y, e, a, r, m, o, d, t].into_iter().fold(true, |digits, byte| digits & byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// Parses the `auth-chain` of the query, if it has one. The query must be a part of `username`. A device's may be empty.
#[inline(never)]
fn chain<'a>(
    username: &'a str,
    identity: &Identity<'_>,
    query: &'a str,
) -> Result<Option<AuthChain<'a>>, UsernameError> {
    let offset_of = |part: &str| part.as_ptr().addr().saturating_sub(username.as_ptr().addr());
    match (identity, query) {
        (Identity::Device(_), "" | "?") => return Ok(None),
        // an empty query of a module, or a module without a query, which is in the place of a query
        (_, text) if matches!(text, "" | "?") || !text.contains(['?', '=']) => {
            return Err(UsernameError { offset: offset_of(text), problem: UsernameProblem::ApiVersion });
        }
        _ => {}
    }
    let text =
        check_query(query).map_err(|(part, problem)| UsernameError { offset: offset_of(part), problem })?;
    let chain = text.map(|text| {
        AuthChain::parse_encoded(text).map_err(|error| UsernameError {
            offset: offset_of(text).saturating_add(error.offset),
            problem: UsernameProblem::AuthChain(error.problem),
        })
    });
    chain.transpose()
}

/// Checks the query, with or without its `?`: each parameter may occur once. Returns the value of `auth-chain`, still
/// encoded, if there is one.
pub(crate) fn check_query(query: &str) -> Result<Option<&str>, (&str, UsernameProblem)> {
    let parameters = query.strip_prefix('?').unwrap_or(query);
    let (mut api_version, mut chain) = ("", None);
    let mut rest = Some(parameters);
    let mut count = 0_usize;
    while let Some(left) = rest {
        let (parameter, more) = cut(left, b'&').map_or((left, None), |(one, more)| (one, Some(more)));
        let Some((name, value)) = cut(parameter, b'=') else {
            return Err((parameter, UsernameProblem::Query));
        };
        if count >= MAX_PARAMETERS || name.is_empty() {
            return Err((parameter, UsernameProblem::Query));
        }
        let again =
            |other: &str| other.split_once('=').is_some_and(|(other, _)| other.eq_ignore_ascii_case(name));
        if count > 0 && parameters.split('&').take(count).any(again) {
            return Err((parameter, UsernameProblem::Duplicate));
        }
        match name {
            "api-version" => api_version = value,
            "auth-chain" => chain = Some(value),
            // another parser could take such a name for `auth-chain`, or for a duplicate after decoding
            other if other.eq_ignore_ascii_case("auth-chain") || other.contains(['%', '+']) => {
                return Err((parameter, UsernameProblem::Query));
            }
            _ => {}
        }
        (rest, count) = (more, count.wrapping_add(1));
    }
    if api_version.is_empty() { Err((query, UsernameProblem::ApiVersion)) } else { Ok(chain) }
}

/// Splits at the first `at`, an ASCII character.
#[inline]
fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let end = memchr(at, text.as_bytes())?;
    Some((text.get(..end)?, text.get(end.wrapping_add(1)..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::format;
    use alloc::string::String;

    /// Compares the two paths over every username that these parts make.
    #[test]
    fn fast_path_agrees_with_slow_path() {
        let text = |parsed: Result<Username<'_>, ConnectError>| {
            parsed.map(|Username { host, identity, chain }| format!("{host} {identity} {chain:?}"))
        };
        let (longest, long) = ("d".repeat(128), "d".repeat(129));
        let names = [
            "",
            "d",
            "dev1",
            "dev10",
            "a%2Fb",
            ".",
            "..",
            "dev1/mod1",
            "dev1/..",
            "dev1/",
            "/mod1",
            "dev1/m/x",
            "de v",
            "d\u{e9}v",
            &longest,
            &long,
        ];
        let hosts = ["", "h", "h.net", "h.net:8883", "h net", "h\u{e9}", "h\u{7f}", "h%2Enet"];
        let queries = [
            "",
            "?",
            "?api-version=",
            "?api-version=2021-04-12",
            "api-version=2021-04-12",
            "?api-version=2021-04-1",
            "?api-version=2021-04-123",
            "?api-version=2021-0a-12",
            "?api-version=2021/04-12",
            "?Api-Version=2021-04-12",
            "?api-version=2021-04-12&api-version=2021-04-12",
            "?api-version=2021-04-12&x=1&X=2",
            "?api-version=2021-04-12&DeviceClientType=py%2F1.0",
            "?api-version=2021-04-12&auth-chain=dev1%3Bedge1",
            "?api-version=2021-04-12&auth-chain=%3B",
            "?api-version=2021-04-12/",
        ];
        let mut fast = 0;
        for host in hosts {
            for name in names {
                for query in queries {
                    let username = format!("{host}/{name}/{query}");
                    for client_id in names {
                        fast += usize::from(Username::fast_path(client_id, &username).is_some());
                        let slow = Username::slow_path(client_id, &username);
                        let case = || -> String { format!("{client_id} {username}") };
                        assert_eq!(
                            text(Username::for_client(client_id, &username)),
                            text(slow),
                            "{}",
                            case()
                        );
                    }
                }
            }
        }
        // four hosts, six names with their own client id, and all queries but the two with a slash
        assert_eq!(fast, 4 * 6 * 14);
    }
}
