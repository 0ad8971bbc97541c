//! The username of an MQTT CONNECT: `{host}/{device}[/{module}]/?api-version=..`.

use hubward_core::{DeviceId, Identity, ModuleId, NameError, Segment};
use memchr::memchr;

use crate::auth_chain::{AuthChain, AuthChainProblem};

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
    #[inline]
    pub(crate) fn parse(username: &'a str) -> Result<Self, UsernameError> {
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
        let chain = check_query(query).map_err(|(part, problem)| err(part, problem))?;
        let chain = chain.map(|text| {
            AuthChain::parse_encoded(text).map_err(|error| UsernameError {
                offset: offset_of(text).saturating_add(error.offset),
                problem: UsernameProblem::AuthChain(error.problem),
            })
        });
        Ok(Self { host, identity, chain: chain.transpose()? })
    }

    /// Whether the client id names the same identity: `{device}` or `{device}/{module}`, byte by byte.
    #[inline]
    pub(crate) fn is_client(&self, client_id: &str) -> bool {
        match self.identity {
            Identity::Device(device) => client_id == device.as_str(),
            Identity::Module(device, module) => {
                client_id.split_once('/') == Some((device.as_str(), module.as_str()))
            }
            _ => false,
        }
    }
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
