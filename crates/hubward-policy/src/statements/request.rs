//! [`StatementRequest`]: the request that statements judge, which is an identity, an [`Action`] and a resource.

use core::fmt;
use core::str::FromStr;

use hubward_core::{Identity, Segment};

use crate::endpoint::Transport;
use crate::operation::Operation;
use crate::pattern::Form;

/// The effect of a statement that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a third effect would be read as one of these two")]
pub enum Effect {
    /// Allows the request, unless another statement denies it.
    Allow,
    /// Denies the request, even if other statements allow it.
    Deny,
}

/// An operation of a statement.
///
/// ```
/// use hubward_policy::statements::Action;
///
/// assert_eq!("mqtt:publish".parse(), Ok(Action::MqttPublish));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// `mqtt:connect`; it has no resource.
    MqttConnect,
    /// `mqtt:publish`
    MqttPublish,
    /// `mqtt:subscribe`
    MqttSubscribe,
    /// `amqp:send`
    AmqpSend,
    /// `amqp:receive`
    AmqpReceive,
    /// `http:get`
    HttpGet,
    /// `http:put`
    HttpPut,
    /// `http:post`
    HttpPost,
    /// `http:patch`
    HttpPatch,
    /// `http:delete`
    HttpDelete,
}

/// The error for a text that is not the name of an [`Action`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown operation")]
#[non_exhaustive]
pub struct UnknownAction;

/// Every action with its name, its transport, the transport's verb, and its bit in a set of actions.
const ACTIONS: [(Action, &str, Transport, &str, u16); 10] = [
    (Action::MqttConnect, "mqtt:connect", Transport::Mqtt, "connect", 1),
    (Action::MqttPublish, "mqtt:publish", Transport::Mqtt, "publish", 1 << 1),
    (Action::MqttSubscribe, "mqtt:subscribe", Transport::Mqtt, "subscribe", 1 << 2),
    (Action::AmqpSend, "amqp:send", Transport::Amqp, "send", 1 << 3),
    (Action::AmqpReceive, "amqp:receive", Transport::Amqp, "receive", 1 << 4),
    (Action::HttpGet, "http:get", Transport::Http, "GET", 1 << 5),
    (Action::HttpPut, "http:put", Transport::Http, "PUT", 1 << 6),
    (Action::HttpPost, "http:post", Transport::Http, "POST", 1 << 7),
    (Action::HttpPatch, "http:patch", Transport::Http, "PATCH", 1 << 8),
    (Action::HttpDelete, "http:delete", Transport::Http, "DELETE", 1 << 9),
];

impl Action {
    /// Returns its name in statements.
    #[must_use]
    pub fn name(&self) -> &'static str {
        ACTIONS.iter().find(|row| row.0 == *self).map_or("", |row| row.1)
    }

    pub(super) fn bit(&self) -> u16 {
        ACTIONS.iter().find(|row| row.0 == *self).map_or(0, |row| row.4)
    }

    pub(super) const fn is_mqtt(&self) -> bool {
        matches!(self, Self::MqttConnect | Self::MqttPublish | Self::MqttSubscribe)
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(name: &str) -> Result<Self, UnknownAction> {
        ACTIONS.iter().find(|row| row.1 == name).map(|row| row.0).ok_or(UnknownAction)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request to judge by statements: an identity's operation on a resource. It is checked once and borrows its text.
///
/// ```
/// use hubward_core::{DeviceId, Identity};
/// use hubward_policy::Operation;
/// use hubward_policy::statements::{StatementRequest, StatementDenial, Statements, StatementVerdict};
///
/// let dev1 = Identity::Device(DeviceId::parse("dev1")?);
/// let connect = StatementRequest::new(dev1, Some("dev1"), &Operation::mqtt_connect());
/// assert_eq!(Statements::default().evaluate(&connect), StatementVerdict::Deny(StatementDenial::NoStatement));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct StatementRequest<'a> {
    pub(super) identity: Identity<'a>,
    pub(super) client: Client<'a>,
    /// The action's bit, or none if the request is malformed: then no statement matches it.
    pub(super) action: u16,
    pub(super) text: &'a str,
    pub(super) form: Form,
    /// `true` if the text is a filter, whose levels may be wildcards.
    pub(super) subscribes: bool,
    /// The first eight bytes of the text; `None` if it has escapes, since the bytes cannot be compared then.
    pub(super) head: Option<u64>,
    /// A mask of those of them that precede any wildcard.
    pub(super) literal: u64,
}

/// The value of `{{mqtt:client_id}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client<'a> {
    /// No value: there is no client id, or it has slashes and is not the identity's own text.
    None,
    /// The client id, which is one level.
    Level(&'a str),
    /// The identity's own text, one level for each of its ids.
    Identity,
}

impl<'a> StatementRequest<'a> {
    /// Returns the request of `identity` for `operation`. `client_id` is that of its MQTT connection, if it has one.
    ///
    /// # Security
    /// The peer chooses its client id, and `{{mqtt:client_id}}` has it as its value. Compare the client id with the
    /// authenticated identity first, as the facade does, or a peer with the client id `dev2` gets the rights of dev2.
    ///
    /// A malformed operation, such as a publication to a wildcard or a path with empty names, is denied by every set.
    #[must_use]
    pub fn new(identity: Identity<'a>, client_id: Option<&'a str>, operation: &Operation<'a>) -> Self {
        let row = ACTIONS.iter().find(|row| row.2 == operation.transport() && row.3 == operation.verb());
        let action = row.map(|row| row.0);
        let subscribes = action == Some(Action::MqttSubscribe);
        let form = operation.form();
        let path = operation.path().filter(|text| match (action, form) {
            (None, _) => false,
            (Some(Action::MqttConnect), _) => true,
            (Some(_), Form::Plain) => is_topic(text, subscribes),
            (Some(_), Form::Encoded) => is_path(text),
        });
        let text = path.unwrap_or_default();
        let bytes = form == Form::Plain || !text.contains('%');
        // `a/#` also matches `a`, so the slash before a wildcard is not literal either
        let wild = if subscribes { text.find(['+', '#']) } else { None };
        let literal = wild.map_or(u64::MAX, |at| mask(at.saturating_sub(1)));
        Self {
            identity,
            client: client(identity, client_id),
            action: if path.is_some() { row.map_or(0, |row| row.4) } else { 0 },
            text,
            form,
            subscribes,
            head: bytes.then(|| head(text.as_bytes())),
            literal,
        }
    }
}

/// Returns whether `text` is a topic, or a filter: without NUL (MQTT 3.1.1, 4.7.3), `#` only at the end, and no
/// wildcard in a topic. A shared subscription (MQTT 5, 4.8.2) is refused: its filter follows the group's name.
fn is_topic(text: &str, filter: bool) -> bool {
    let mut levels = text.split('/').peekable();
    let mut valid = !text.is_empty() && !text.contains('\0') && levels.peek() != Some(&"$share");
    while let Some(level) = levels.next() {
        valid &= match level {
            "#" => filter && levels.peek().is_none(),
            "+" => filter,
            _ => true,
        };
    }
    valid
}

/// Returns whether every name of a path decodes, is not empty and not a path step, and has no slash or backslash, which
/// would split it in two for a server that decodes the path first.
fn is_path(text: &str) -> bool {
    text.split('/').all(|name| {
        let decoded = Segment::encoded(name);
        decoded.is_some_and(|name| {
            !name.eq_decoded(".") && !name.eq_decoded("..") && name.bytes().all(|b| b != b'/' && b != b'\\')
        })
    })
}

/// Returns the value of `{{mqtt:client_id}}`.
fn client<'a>(identity: Identity<'a>, client_id: Option<&'a str>) -> Client<'a> {
    match client_id {
        None | Some("") => Client::None,
        Some(id) if !id.contains('/') => Client::Level(id),
        Some(id) => match (id.split_once('/'), identity) {
            (Some(names), Identity::Module(device, module))
                if names == (device.as_str(), module.as_str()) =>
            {
                Client::Identity
            }
            _ => Client::None,
        },
    }
}

/// Returns a mask of the first `len` bytes of a head.
pub(super) fn mask(len: usize) -> u64 {
    let mut mask = [0; 8];
    mask.iter_mut().take(len).for_each(|slot| *slot = 0xff);
    u64::from_le_bytes(mask)
}

/// Returns the first eight bytes of a text, padded with zeros.
pub(super) fn head(text: &[u8]) -> u64 {
    let mut head = [0; 8];
    for (slot, byte) in head.iter_mut().zip(text) {
        *slot = *byte;
    }
    u64::from_le_bytes(head)
}
