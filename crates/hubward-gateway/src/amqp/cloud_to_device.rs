//! Cloud-to-device messages, from a service to a device that receives at the moment. Nothing is stored.

use hubward::policy::{Operation, Target};
use hubward::types::{Lookup, LookupResult};

use crate::hub::Hub;
use crate::mailboxes::Any;

/// The reason why a message was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotDelivered {
    /// There is no such device, or the address is not valid.
    NoDevice,
    /// The device does not receive, or its queue is full.
    NotReceiving,
}

/// Queues a service's message for the device that its `to` names, by the address that this device receives on.
pub(super) fn send(hub: &Hub, message: Any) -> Result<(), NotDelivered> {
    let to = message.properties.as_ref().and_then(|properties| properties.to.clone()).unwrap_or_default();
    let device = receiver(hub, &Operation::amqp_receive(&to)).ok_or(NotDelivered::NoDevice)?;
    if hub.mailboxes.put(&device, message) { Ok(()) } else { Err(NotDelivered::NotReceiving) }
}

/// Returns the owner of the mailbox that a receiving link is attached to.
pub(super) fn receiver(hub: &Hub, operation: &Operation<'_>) -> Option<Box<str>> {
    if operation.endpoint()?.name() != "commands.receive" {
        return None;
    }
    let lookup = match operation.target() {
        Target::Device(id) => Lookup::Device(id),
        Target::Module(device, module) => Lookup::Module(device, module),
        Target::Hub | Target::Own => return None,
    };
    match hub.read().find(&lookup, &[]) {
        LookupResult::Identity(record) => Some(record.identity().to_string().into()),
        _ => None,
    }
}
