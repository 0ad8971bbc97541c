//! Cloud-to-device messages, from a service to a device that receives at the moment, and the feedback about them. Nothing
//! is stored.

use fe2o3_amqp::types::messaging::{Body, Data, Message, MessageId, Properties};
use fe2o3_amqp::types::primitives::{Binary, SimpleValue, Symbol};
use hubward::policy::{Operation, Target};
use hubward::types::{Identity, Lookup, LookupResult};
use serde_json::json;

use crate::hub::{Hub, Registry};
use crate::mailboxes::Any;

/// The mailbox of feedback. No identity has this name.
pub(crate) const FEEDBACK: &str = "$feedback";
/// The content type of feedback.
const FEEDBACK_TYPE: &str = "application/vnd.microsoft.iothub.feedback.json";

/// The reason why a message was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotDelivered {
    /// There is no such device, or the address is not valid.
    NoDevice,
    /// The device does not receive, or its queue is full.
    NotReceiving,
}

/// Queues a service's message for the device that its `to` names, by the address that this device receives on.
pub(crate) fn send(hub: &Hub, message: Any) -> Result<(), NotDelivered> {
    let to = message.properties.as_ref().and_then(|properties| properties.to.clone()).unwrap_or_default();
    let device = receiver(hub, &Operation::amqp_receive(&to)).ok_or(NotDelivered::NoDevice)?;
    if hub.mailboxes.put(&device, message) { Ok(()) } else { Err(NotDelivered::NotReceiving) }
}

/// Returns the owner of the mailbox that a receiving link is attached to.
pub(crate) fn receiver(hub: &Hub, operation: &Operation<'_>) -> Option<Box<str>> {
    with_receiver(hub, operation, |_, identity| identity.to_string().into())
}

/// Calls `f` with the identity that receives messages by an operation, if it is in the registry.
fn with_receiver<T>(
    hub: &Hub,
    operation: &Operation<'_>,
    f: impl FnOnce(&Registry, Identity<'_>) -> T,
) -> Option<T> {
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
        LookupResult::Identity(record) => Some(f(&registry, record.identity())),
        _ => None,
    }
}

/// Tells the service that receives feedback that the receiver of an operation accepted the message `id`.
pub(crate) fn report_of(hub: &Hub, operation: &Operation<'_>, id: &str) {
    let feedback = with_receiver(hub, operation, |registry, identity| feedback(registry, identity, id));
    put_feedback(hub, feedback.flatten());
}

/// Tells the service that receives feedback that an identity accepted the message `id`.
pub(crate) fn report(hub: &Hub, identity: Identity<'_>, id: &str) {
    let feedback = feedback(&hub.read(), identity, id);
    put_feedback(hub, feedback);
}

fn put_feedback(hub: &Hub, feedback: Option<Any>) {
    // without a receiver it is dropped
    if let Some(feedback) = feedback {
        let _ = hub.mailboxes.put(FEEDBACK, feedback);
    }
}

/// Returns the id of a message whose sender requests feedback about its delivery.
pub(crate) fn feedback_id(message: &Any) -> Option<Box<str>> {
    match application_property(message, "iothub-ack")? {
        "full" | "positive" => message_id(message),
        _ => None,
    }
}

fn feedback(registry: &Registry, identity: Identity<'_>, id: &str) -> Option<Any> {
    let record = json!([{
        "originalMessageId": id,
        "deviceId": identity.device()?.as_str(),
        "moduleId": identity.module().map(|id| id.as_str()),
        "deviceGenerationId": registry.get(identity)?.generation_id().to_string(),
        "statusCode": "Success",
        "description": "Success",
    }]);
    Some(Message {
        header: None,
        delivery_annotations: None,
        message_annotations: None,
        properties: Some(Properties {
            content_type: Some(Symbol::from(FEEDBACK_TYPE)),
            ..Properties::default()
        }),
        application_properties: None,
        body: Body::Data(vec![Data(Binary::from(record.to_string().into_bytes()))].into()),
        footer: None,
    })
}

/// Returns the id of a message, if it is a text.
pub(crate) fn message_id(message: &Any) -> Option<Box<str>> {
    match message.properties.as_ref()?.message_id.as_ref()? {
        MessageId::String(id) => Some(id.as_str().into()),
        _ => None,
    }
}

/// Returns an application property that is a text.
pub(crate) fn application_property<'m>(message: &'m Any, name: &str) -> Option<&'m str> {
    match message.application_properties.as_ref()?.0.get(name)? {
        SimpleValue::String(text) => Some(text),
        _ => None,
    }
}
