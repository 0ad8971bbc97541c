//! Cloud-to-device messages over MQTT: a subscription to them, the topic with a message's properties, and the payload.

use core::fmt::Write as _;

use hubward::types::Identity;

use crate::hub::Hub;
use crate::messages::{CloudMessage, Delivery, Receiving, Recipient};

/// The subscription of a client to the messages of services.
#[derive(Debug)]
pub(super) struct Commands {
    /// The filter, as the client sent it.
    pub(super) filter: Box<str>,
    pub(super) recipient: Recipient,
    receiving: Receiving,
}

impl Commands {
    /// Returns the subscription of an identity; `None` if it is no longer in the registry. A former subscription, or a link
    /// that receives, is told to end.
    pub(super) fn new(hub: &Hub, identity: Identity<'_>, filter: &str) -> Option<Self> {
        let recipient = Recipient::of(&hub.read(), identity)?;
        let receiving = hub.mailboxes.receive(&recipient);
        Some(Self { filter: filter.into(), recipient, receiving })
    }

    /// Waits for a message and locks it; `None` if another connection receives now. The future is cancel-safe: a message that
    /// is locked is returned at once.
    pub(super) async fn next(&self, hub: &Hub) -> Option<Delivery> {
        loop {
            if let Some(delivery) = hub.mailboxes.next(&self.recipient) {
                return Some(delivery);
            }
            tokio::select! {
                biased;
                () = self.receiving.replaced() => return None,
                () = self.receiving.arrived() => {}
            }
        }
    }
}

/// Returns the topic and the payload of a message to `identity`; `None` if the topic would be too long.
pub(super) fn publication(identity: &Identity<'_>, message: CloudMessage) -> Option<(String, Vec<u8>)> {
    let mut topic = format!("devices/{}", identity.device()?.as_str());
    if let Some(module) = identity.module() {
        let _ = write!(topic, "/modules/{}", module.as_str());
    }
    topic.push_str("/messages/devicebound/");
    let mut first = true;
    let mut add = |name: &str, value: &str| {
        if !core::mem::take(&mut first) {
            topic.push('&');
        }
        encode(&mut topic, name);
        topic.push('=');
        encode(&mut topic, value);
    };
    let CloudMessage { message_id, correlation_id, to, content_type, content_encoding, .. } = &message;
    for (name, value) in [("$.mid", message_id), ("$.cid", correlation_id)] {
        if let Some(value) = value {
            add(name, value);
        }
    }
    add("$.to", to);
    for (name, value) in [("$.ct", content_type), ("$.ce", content_encoding)] {
        if let Some(value) = value {
            add(name, value);
        }
    }
    for (name, value) in &message.properties {
        add(name, value);
    }
    // a topic has at most 65,535 bytes
    u16::try_from(topic.len()).is_ok().then_some((topic, message.body))
}

/// Appends a text with all bytes but the unreserved ones (RFC 3986, 2.3) as escapes.
fn encode(topic: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            topic.push(char::from(byte));
        } else {
            let _ = write!(topic, "%{byte:02X}");
        }
    }
}
