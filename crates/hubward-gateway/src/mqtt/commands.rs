//! Cloud-to-device messages over MQTT: the topic with the message's properties, and the payload.

use core::fmt::Write as _;

use fe2o3_amqp::types::messaging::{AmqpValue, Body, MessageId};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};
use hubward::types::Identity;

use crate::mailboxes::Any;

/// Returns the topic and the payload of a message to `identity`; `None` if its body is neither bytes nor a text.
pub(super) fn publication(identity: &Identity<'_>, message: &Any) -> Option<(String, Vec<u8>)> {
    let payload = match &message.body {
        Body::Data(sections) => sections.iter().flat_map(|section| section.0.iter().copied()).collect(),
        Body::Value(AmqpValue(Value::String(text))) => text.as_bytes().to_vec(),
        Body::Value(AmqpValue(Value::Binary(bytes))) => bytes.to_vec(),
        _ => return None,
    };
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
    if let Some(properties) = &message.properties {
        for (name, id) in [("$.mid", &properties.message_id), ("$.cid", &properties.correlation_id)] {
            if let Some(MessageId::String(id)) = id {
                add(name, id);
            }
        }
        let to = properties.to.as_deref();
        let content = [properties.content_type.as_ref(), properties.content_encoding.as_ref()];
        let [kind, encoding] = content.map(|symbol| symbol.map(|symbol| symbol.as_str()));
        for (name, value) in [("$.to", to), ("$.ct", kind), ("$.ce", encoding)] {
            if let Some(value) = value {
                add(name, value);
            }
        }
    }
    for (name, value) in message.application_properties.iter().flat_map(|properties| properties.0.iter()) {
        if let SimpleValue::String(value) = value {
            add(name, value);
        }
    }
    // a topic has at most 65,535 bytes
    u16::try_from(topic.len()).is_ok().then_some((topic, payload))
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
