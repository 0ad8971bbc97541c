//! Messages from services to devices, and their feedback, as AMQP has them.

use core::time::Duration;

use fe2o3_amqp::types::messaging::{
    AmqpValue, ApplicationProperties, Body, Data, Message, MessageId, Properties,
};
use fe2o3_amqp::types::primitives::{Binary, SimpleValue, Timestamp, Value};
use hubward::policy::{Operation, Target};
use hubward::types::{Lookup, LookupResult, UnixTime};

use super::Any;
use crate::clock;
use crate::hub::Hub;
use crate::messages::{Ack, CloudMessage, Delivery, NotQueued, Recipient, expiry};

/// Queues a service's message for the device that its `to` names, by the address that this device receives on.
pub(super) fn send(hub: &Hub, message: &Any) -> Result<(), NotQueued> {
    let to = message.properties.as_ref().and_then(|properties| properties.to.clone()).unwrap_or_default();
    let recipient = device(hub, &Operation::amqp_receive(&to)).ok_or(NotQueued::NoDevice)?;
    hub.mailboxes.put(&recipient, read(message, to)?)
}

/// Returns the owner of the messages that a receiving link is attached to.
pub(super) fn recipient(hub: &Hub, operation: &Operation<'_>) -> Option<Recipient> {
    match operation.endpoint()?.name() {
        "commands.feedback" => Some(Recipient::feedback()),
        _ => device(hub, operation),
    }
}

/// Returns the device or module that an address is for.
fn device(hub: &Hub, operation: &Operation<'_>) -> Option<Recipient> {
    if operation.endpoint()?.name() != "commands.receive" {
        return None;
    }
    let lookup = match operation.target() {
        Target::Device(id) => Lookup::Device(id),
        Target::Module(device, module) => Lookup::Module(device, module),
        Target::Hub | Target::Own => return None,
    };
    let registry = hub.read();
    match registry.find(&lookup, &[]) {
        LookupResult::Identity(record) => Recipient::of(&registry, record.identity()),
        _ => None,
    }
}

/// Returns a message without what only AMQP has. Application properties that are not texts are left out.
fn read(message: &Any, to: String) -> Result<CloudMessage, NotQueued> {
    let body = match &message.body {
        Body::Data(sections) => sections.iter().flat_map(|section| section.0.iter().copied()).collect(),
        Body::Value(AmqpValue(Value::String(text))) => text.clone().into_bytes(),
        Body::Value(AmqpValue(Value::Binary(bytes))) => bytes.to_vec(),
        _ => return Err(NotQueued::Body),
    };
    let all = message.application_properties.iter().flat_map(|properties| properties.0.iter());
    let properties: Vec<(String, String)> = all
        .filter_map(|(name, value)| match value {
            SimpleValue::String(text) => Some((name.clone(), text.clone())),
            _ => None,
        })
        .collect();
    let ack = properties.iter().find(|(name, _)| name == "iothub-ack");
    // the expiry follows
    let mut read = CloudMessage {
        to,
        ack: ack.map(|(_, value)| Ack::parse(value)).unwrap_or_default(),
        properties,
        body,
        ..CloudMessage::expiring(clock::now())
    };
    let mut wished = None;
    if let Some(properties) = &message.properties {
        read.message_id = properties.message_id.as_ref().and_then(id);
        read.correlation_id = properties.correlation_id.as_ref().and_then(id);
        read.content_type = properties.content_type.as_ref().map(|text| text.0.clone());
        read.content_encoding = properties.content_encoding.as_ref().map(|text| text.0.clone());
        // a time before 1970 has passed
        let milliseconds = properties.absolute_expiry_time.as_ref().map(Timestamp::milliseconds);
        let milliseconds = milliseconds.map(|milliseconds| u64::try_from(milliseconds).unwrap_or_default());
        wished = milliseconds.map(|time| UnixTime::since_unix_epoch(Duration::from_millis(time)));
    }
    read.expires = expiry(clock::now(), wished);
    Ok(read)
}

/// Returns the text of an id: official clients send texts.
fn id(id: &MessageId) -> Option<String> {
    match id {
        MessageId::String(text) => Some(text.clone()),
        MessageId::Ulong(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns the message of a delivery.
pub(super) fn written(delivery: Delivery) -> Message<Data> {
    let CloudMessage { message_id, correlation_id, to, content_type, content_encoding, expires, .. } =
        delivery.message;
    let milliseconds = i64::try_from(expires.as_secs()).ok().and_then(|secs| secs.checked_mul(1000));
    let properties = Properties {
        message_id: message_id.map(MessageId::String),
        correlation_id: correlation_id.map(MessageId::String),
        to: Some(to),
        content_type: content_type.map(Into::into),
        content_encoding: content_encoding.map(Into::into),
        absolute_expiry_time: milliseconds.map(Timestamp::from_milliseconds),
        ..Properties::default()
    };
    let all = delivery.message.properties.into_iter();
    let all =
        all.fold(ApplicationProperties::builder(), |all, (name, value)| all.insert(name, value)).build();
    Message::builder()
        .properties(properties)
        .application_properties(all)
        .data(Binary::from(delivery.message.body))
        .build()
}
