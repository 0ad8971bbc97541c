//! The username of an MQTT CONNECT: `{host}/{device}[/{module}]/?api-version=..`.

use hubward_core::{DeviceId, Identity, ModuleId, NameError, Segment};
use memchr::memchr;

use crate::aside::Aside;
use crate::auth_chain::{AuthChain, AuthChainProblem};
use crate::error::{AuthError, refused};

/// Query parameters at most.
const MAX_PARAMETERS: usize = 16;

/// Why a username is none of a device's or module's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("username, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct UsernameError {
    /// Where, in bytes from its start.
    pub offset: usize,
    /// What is wrong there.
    pub problem: UsernameProblem,
}

/// What is wrong with a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsernameProblem {
    /// Not a host, one or two ids and a query, separated by `/`.
    #[error("not `{{host}}/{{device}}[/{{module}}]/?api-version=..`")]
    Shape,
    /// Not an id scope, `registrations`, an id and a query, separated by `/`.
    #[error("not `{{id scope}}/registrations/{{id}}/api-version=..`")]
    Registration,
    /// The host is empty or not visible ASCII.
    #[error("no host")]
    Host,
    /// An id that no device or module has.
    #[error("{0}")]
    Id(NameError),
    /// A parameter without `=` or with an escape in its name, or more than sixteen of them.
    #[error("malformed query")]
    Query,
    /// The same parameter twice.
    #[error("a parameter stands twice")]
    Duplicate,
    /// No `api-version`, or an empty one.
    #[error("no `api-version`")]
    ApiVersion,
    /// An `auth-chain` that is none.
    #[error("`auth-chain`: {0}")]
    AuthChain(AuthChainProblem),
}

/// What a username names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Username<'a> {
    pub(crate) host: Segment<'a>,
    pub(crate) identity: Identity<'a>,
    pub(crate) chain: Option<AuthChain<'a>>,
}

impl<'a> Username<'a> {
    /// The username of whoever has this client id: the same identity, `{device}` or `{device}/{module}`, byte by byte.
    #[inline(always)]
    pub(crate) fn of_client(client_id: &str, username: &'a str) -> Result<Self, AuthError> {
        match Self::usual(client_id, username) {
            Some((host, identity, query)) => {
                let chain =
                    if is_api_version(query) { None } else { chain(username, query).map_err(refused)? };
                Ok(Self { host, identity, chain })
            }
            None => Self::otherwise(client_id, username).map(Aside::take).map_err(refused),
        }
    }

    /// The long way, which says what is wrong.
    #[cold]
    #[inline(never)]
    fn otherwise(client_id: &str, username: &'a str) -> Result<Aside<Self>, AuthError> {
        let parsed = Self::parse(username)?;
        if parsed.is_client(client_id) { Ok(Aside::new(parsed)) } else { Err(AuthError::ClientId) }
    }

    /// What nearly all usernames are: the client id stands between the host and the query, so that nothing needs to be
    /// searched for where that ends. What this says, [`Username::parse`] says as well; of anything else it says nothing.
    #[inline(always)]
    fn usual(client_id: &str, username: &'a str) -> Option<(Segment<'a>, Identity<'a>, &'a str)> {
        let (host, rest) = Segment::split_plain(username)?;
        let (own, rest) = rest.split_at_checked(client_id.len())?;
        let query = rest.strip_prefix('/')?;
        if own != client_id || !is_api_version(query) && query.contains('/') {
            return None;
        }
        // no id has a `/`
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
        let (device, rest) = cut(rest, b'/').ok_or(shape)?;
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
        Ok(Self { host, identity, chain: chain(username, query)? })
    }

    /// Whether the client id names the same identity.
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

/// `{device}/{module}`.
#[inline(never)]
fn module(client_id: &str) -> Option<Identity<'_>> {
    let (device, module) = cut(client_id, b'/')?;
    Some(Identity::Module(DeviceId::parse(device).ok()?, ModuleId::parse(module).ok()?))
}

/// Whether a query is `?api-version=` and a date and nothing else, so that it needs no reading.
#[inline]
fn is_api_version(query: &str) -> bool {
    match query.strip_prefix("?api-version=").map(str::as_bytes) {
        Some([y, e, a, r, b'-', m, o, b'-', d, t]) => {
            [y, e, a, r, m, o, d, t].into_iter().fold(true, |digits, byte| digits & byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// The `auth-chain` of the query, which is the last part of `username`, if it is there.
#[inline(never)]
fn chain<'a>(username: &'a str, query: &'a str) -> Result<Option<AuthChain<'a>>, UsernameError> {
    let offset_of = |part: &str| part.as_ptr().addr().saturating_sub(username.as_ptr().addr());
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

/// The last part, with or without its `?`. Each parameter stands once, whatever it is called. Returns `auth-chain`, still
/// encoded, if it is there.
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
            // somebody else may read it as the chain that it is not here, or as another once it is decoded
            other if other.eq_ignore_ascii_case("auth-chain") || other.contains(['%', '+']) => {
                return Err((parameter, UsernameProblem::Query));
            }
            _ => {}
        }
        (rest, count) = (more, count.wrapping_add(1));
    }
    if api_version.is_empty() { Err((query, UsernameProblem::ApiVersion)) } else { Ok(chain) }
}

/// What stands before the first `at`, an ASCII character, and behind it.
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

    /// Every username of these parts: the short way says what the long one says, or nothing.
    #[test]
    fn the_short_way_says_what_the_long_one_says() {
        let said = |parsed: Result<Username<'_>, AuthError>| {
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
        let mut short = 0;
        for host in hosts {
            for name in names {
                for query in queries {
                    let username = format!("{host}/{name}/{query}");
                    for client_id in names {
                        short += usize::from(Username::usual(client_id, &username).is_some());
                        let long = Username::otherwise(client_id, &username).map(Aside::take);
                        let case = || -> String { format!("{client_id} {username}") };
                        assert_eq!(said(Username::of_client(client_id, &username)), said(long), "{}", case());
                    }
                }
            }
        }
        // four hosts, six names with their own client id, and all queries but the two with a slash
        assert_eq!(short, 4 * 6 * 14);
    }
}
