//! [`Operation`]: a request, publication, subscription or link, parsed once and matched with [`ENDPOINTS`].

use core::fmt::{self, Display, Write};

use hubward_core::{SecretShape, Segment, Shown};

use crate::endpoint::{Endpoint, Transport, levels};
use crate::pattern::{Form, Id, Ids, capture, segment};
use crate::table::{CONNECT, ENDPOINTS};

/// An operation that borrows its text. One that matches no endpoint is valid, and always denied.
///
/// ```
/// use hubward_policy::Operation;
///
/// let read = Operation::http("GET", "/twins/dev1?api-version=2021-04-12");
/// assert_eq!(read.endpoint().map(|endpoint| endpoint.name()), Some("twin.read"));
/// assert!(Operation::mqtt_subscribe("devices/#").endpoint().is_none());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    transport: Transport,
    verb: &'a str,
    /// Path, topic, filter or address; a path is without its query, which may have secrets.
    text: &'a str,
    endpoint: Option<&'static Endpoint>,
    ids: Ids<'a>,
}

/// The identity in an operation's address.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "code that decides on targets must handle each of them")]
pub enum Target<'a> {
    /// The hub: the address has no id.
    Hub,
    /// A device.
    Device(Segment<'a>),
    /// A module of a device.
    Module(Segment<'a>, Segment<'a>),
    /// The connected identity: the address has no id.
    Own,
}

impl<'a> Operation<'a> {
    /// Parses an HTTP request: its method, in capitals, and its target in origin form (`/devices/d?api-version=..`,
    /// RFC 9112, 3.2.1). Each name of the path is percent-decoded once; the query is ignored.
    #[must_use]
    pub fn http(method: &'a str, path_and_query: &'a str) -> Self {
        let path = path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path);
        Self::find(Transport::Http, method, path)
    }

    /// Returns the operation of a device or module that connects over MQTT.
    #[must_use]
    pub const fn mqtt_connect() -> Self {
        let ids = Ids { device: None, module: None };
        Self { transport: Transport::Mqtt, verb: "connect", text: "", endpoint: Some(&CONNECT), ids }
    }

    /// Parses a PUBLISH, or a will, to this topic.
    #[must_use]
    pub fn mqtt_publish(topic: &'a str) -> Self {
        Self::find(Transport::Mqtt, "publish", topic)
    }

    /// Parses a SUBSCRIBE with this filter.
    #[must_use]
    pub fn mqtt_subscribe(filter: &'a str) -> Self {
        Self::find(Transport::Mqtt, "subscribe", filter)
    }

    /// Parses the address of an AMQP link on which the peer sends: a path, the part of a URI after the host.
    #[must_use]
    pub fn amqp_send(address: &'a str) -> Self {
        Self::find(Transport::Amqp, "send", address)
    }

    /// Parses the address of an AMQP link on which the peer receives: a path, the part of a URI after the host.
    #[must_use]
    pub fn amqp_receive(address: &'a str) -> Self {
        Self::find(Transport::Amqp, "receive", address)
    }

    fn find(transport: Transport, verb: &'a str, text: &'a str) -> Self {
        let unknown = Self { transport, verb, text, endpoint: None, ids: Ids::default() };
        let Some(path) = unknown.path() else { return unknown };
        let (form, levels) = (unknown.form(), levels(path));
        ENDPOINTS
            .iter()
            .filter(|row| row.transport() == transport && row.fits(levels) && row.verb() == verb)
            .find_map(|endpoint| {
                let pattern = endpoint.pattern();
                let ids = capture(pattern.strip_prefix('/').unwrap_or(pattern), path, form)?;
                Some(Self { endpoint: Some(endpoint), ids, ..unknown })
            })
            .unwrap_or(unknown)
    }

    /// Returns the text to match with the patterns, or `None` if it cannot be a path.
    pub(crate) fn path(&self) -> Option<&'a str> {
        match self.transport {
            // a `#` would start a fragment, which no request target has (RFC 9112, 3.2)
            Transport::Http => self.text.strip_prefix('/').filter(|path| !path.contains('#')),
            // in a URI these two end the path
            Transport::Amqp => {
                let path = self.text.strip_prefix('/').unwrap_or(self.text);
                (!path.contains(['?', '#'])).then_some(path)
            }
            Transport::Mqtt => Some(self.text),
        }
    }

    pub(crate) const fn form(&self) -> Form {
        match self.transport {
            Transport::Http | Transport::Amqp => Form::Encoded,
            Transport::Mqtt => Form::Plain,
        }
    }

    /// Returns the protocol that carries the operation.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns the HTTP method as received, or `connect`, `publish`, `subscribe`, `send`, `receive`.
    #[must_use]
    pub const fn verb(&self) -> &'a str {
        self.verb
    }

    /// Returns the endpoint, or `None` if none matches.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&'static Endpoint> {
        self.endpoint
    }

    /// Returns the identity in the address; for an unknown operation, the hub.
    #[must_use]
    pub fn target(&self) -> Target<'a> {
        let segment = |id: Option<Id<'a>>| id.and_then(|id| id.segment());
        match (segment(self.ids.device), segment(self.ids.module)) {
            (Some(device), Some(module)) => Target::Module(device, module),
            (Some(device), None) => Target::Device(device),
            (None, _) => match self.endpoint {
                Some(endpoint) if endpoint.caller().is_connected() => Target::Own,
                _ => Target::Hub,
            },
        }
    }

    /// Returns the path without its query, the topic, the filter or the address as the peer wrote it. It may contain a
    /// secret: log the operation itself, whose `Display` hides those.
    #[must_use]
    pub const fn address(&self) -> &'a str {
        self.text
    }

    #[inline]
    pub(crate) const fn ids(&self) -> &Ids<'a> {
        &self.ids
    }

    /// Returns the names of its path; a trailing slash adds none.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment<'a>> + use<'a> {
        let form = self.form();
        self.text.strip_prefix('/').unwrap_or(self.text).split('/').map_while(move |name| segment(name, form))
    }
}

/// For a log: `MQTT publish devices/dev1/messages/events/`. The peer chose the text, so control characters are escaped
/// and at most 512 characters are written.
impl Display for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 512;
        write!(f, "{} ", self.transport)?;
        short(self.verb, 16, f)?;
        if !self.text.is_empty() {
            f.write_str(" ")?;
            short(self.text, SHOWN, f)?;
        }
        Ok(())
    }
}

/// A text that a peer chose, escaped and not too long. It is judged as a whole: a part of a key does not look like one.
fn short(text: &str, most: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match SecretShape::of(text) {
        Some(_) if text.len() > most => f.write_str("[looks like a secret, not shown]"),
        Some(_) => Shown::new(text).fmt(f),
        None => text.chars().take(most).flat_map(char::escape_debug).try_for_each(|c| f.write_char(c)),
    }
}
