//! What is judged by statements: an action of somebody on a resource.

use core::fmt;
use core::str::FromStr;

use hubward_core::{Identity, Segment};

use crate::endpoint::Transport;
use crate::operation::Operation;
use crate::pattern::Form;

/// What a statement does where it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a third effect would be read as one of these two")]
pub enum Effect {
    /// It allows, unless another statement denies.
    Allow,
    /// It denies, whatever others allow.
    Deny,
}

/// An operation as statements name it.
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

/// A word that names no [`Action`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown operation")]
#[non_exhaustive]
pub struct UnknownAction;

/// Every action with its name, the transport's verb and its bit in a set.
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
    /// The name that statements use.
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

/// Somebody's action on a resource, checked once and borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    pub(super) identity: Identity<'a>,
    pub(super) client: Client<'a>,
    /// No bit where the act is malformed: no statement will match it.
    pub(super) action: u16,
    pub(super) text: &'a str,
    pub(super) form: Form,
    /// The text is a filter: its levels may be wildcards.
    pub(super) subscribes: bool,
    /// The first bytes of the text; `None` where escapes forbid comparing bytes.
    pub(super) head: Option<u64>,
    /// Which of them are before any wildcard.
    pub(super) literal: u64,
}

/// What `{{mqtt:client_id}}` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client<'a> {
    /// Nothing: no client id, or one with slashes that is not the identity's own text.
    None,
    /// One level.
    Level(&'a str),
    /// The identity's own text, of as many levels as it has.
    Identity,
}

impl<'a> Act<'a> {
    /// `identity`, connected with this client id if over MQTT, asks for `operation`.
    ///
    /// A client id is the peer's own word, and a statement with `{{mqtt:client_id}}` goes by it: give none that was not
    /// bound to the identity before, as the facade does, or whoever connects as `dev2` has what is
    /// dev2's.
    ///
    /// An operation that is malformed, such as a publication to a wildcard or a path with empty names, is
    /// denied under any statements.
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
        // `a/#` reaches `a` as well, so the slash before a wildcard is not known either
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

/// A topic, or a filter: no NUL (MQTT 3.1.1, 4.7.3), `#` at the end alone, no wildcard in a topic. A shared
/// subscription (MQTT 5, 4.8.2) would hide what it reaches behind its group, so it is none.
fn is_topic(text: &str, filter: bool) -> bool {
    let mut levels = text.split('/').peekable();
    let mut sound = !text.is_empty() && !text.contains('\0') && levels.peek() != Some(&"$share");
    while let Some(level) = levels.next() {
        sound &= match level {
            "#" => filter && levels.peek().is_none(),
            "+" => filter,
            _ => true,
        };
    }
    sound
}

/// Every name decodes, and none is empty or a step, or holds what would part it in two for whoever decodes the path
/// first.
fn is_path(text: &str) -> bool {
    text.split('/').all(|name| {
        let decoded = Segment::encoded(name);
        decoded.is_some_and(|name| {
            !name.eq_decoded(".") && !name.eq_decoded("..") && name.bytes().all(|b| b != b'/' && b != b'\\')
        })
    })
}

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

/// All bits of the first `len` bytes of a head.
pub(super) fn mask(len: usize) -> u64 {
    let mut mask = [0; 8];
    mask.iter_mut().take(len).for_each(|slot| *slot = 0xff);
    u64::from_le_bytes(mask)
}

/// The first eight bytes, or as many as there are.
pub(super) fn head(text: &[u8]) -> u64 {
    let mut head = [0; 8];
    for (slot, byte) in head.iter_mut().zip(text) {
        *slot = *byte;
    }
    u64::from_le_bytes(head)
}
