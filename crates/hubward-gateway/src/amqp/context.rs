//! The settings that all connections of AMQP share, and those of HTTPS, which may become WebSockets.

use core::str::FromStr;
use std::sync::Arc;

use fe2o3_amqp::types::definitions::{self, Fields, LinkError};
use fe2o3_amqp::types::primitives::{Symbol, Value};
use hubward::types::Authority;

use crate::users::{Users, UsersFile};

/// The port of AMQP over TLS.
const PORT: u16 = 5671;

/// The settings of AMQP, and the users, which HTTPS has too.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// Verifies bearer tokens, if a directory is configured.
    pub(crate) users: Option<Arc<UsersFile>>,
    /// The place of the hub's events, if they are served elsewhere.
    pub(crate) events: Option<EventsEndpoint>,
}

impl Context {
    /// Returns the users of this moment, if a directory is configured.
    pub(crate) fn current_users(&self) -> Option<Arc<Users>> {
        self.users.as_ref().map(|users| users.current())
    }
}

/// The Event Hubs endpoint to which services are redirected that receive a hub's events: `amqps://HOST[:PORT]/NAME`.
///
/// ```
/// use hubward_gateway::EventsEndpoint;
///
/// let endpoint: EventsEndpoint = "amqps://ns.example:5671/iothub-ehub-contoso".parse()?;
/// assert_eq!(endpoint.to_string(), "amqps://ns.example:5671/iothub-ehub-contoso");
/// # Ok::<(), hubward_gateway::EventsEndpointError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsEndpoint {
    host: Box<str>,
    port: u16,
    name: Box<str>,
}

/// The text is not `amqps://HOST[:PORT]/NAME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not amqps://HOST[:PORT]/NAME, with a name of letters, digits, `-`, `.`, `_` and `/`")]
#[expect(clippy::exhaustive_structs, reason = "it has no details")]
pub struct EventsEndpointError;

impl FromStr for EventsEndpoint {
    type Err = EventsEndpointError;

    /// Parses `amqps://HOST[:PORT]/NAME`; the default port is 5671.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("amqps://").ok_or(EventsEndpointError)?;
        let (host, name) = rest.split_once('/').ok_or(EventsEndpointError)?;
        Authority::parse(host).map_err(|_| EventsEndpointError)?;
        let (host, port) = match host.split_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| EventsEndpointError)?),
            None => (host, PORT),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err(EventsEndpointError);
        }
        Ok(Self { host: host.into(), port, name: name.into() })
    }
}

impl core::fmt::Display for EventsEndpoint {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "amqps://{}:{}/{}", self.host, self.port, self.name)
    }
}

impl EventsEndpoint {
    /// Returns the error that redirects a link for the hub's events, whose address has this path (AMQP 1.0, 2.8.17).
    pub(super) fn redirect(&self, path: &str) -> definitions::Error {
        let management = if path.ends_with("/$management") { "/$management" } else { "" };
        let text = |text: &str| Value::String(text.to_owned());
        let fields: [(&str, Value); 4] = [
            ("hostname", text(&self.host)),
            ("network-host", text(&self.host)),
            ("port", Value::Uint(self.port.into())),
            ("address", Value::String(format!("{self}{management}"))),
        ];
        let mut info = Fields::new();
        for (name, value) in fields {
            info.insert(Symbol::from(name), value);
        }
        let description = format!("attach to {self}{management} instead");
        definitions::Error::new(LinkError::Redirect, description, info)
    }
}
