//! Messages from a service to a device that is listening. Nothing is stored.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hubward::policy::{Operation, Target};
use hubward::types::LookupResult;
use tokio::sync::mpsc;

use super::cbs::Any;
use crate::hub::Hub;

/// Messages that wait for a device, as many as a hub keeps for one.
const WAITING: usize = 50;

/// Who is listening.
#[derive(Debug, Default)]
pub(crate) struct Mailboxes(Mutex<HashMap<Box<str>, mpsc::Sender<Any>>>);

/// Why a message is not for anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// There is no such device, or the address is none.
    Nobody,
    /// It is not listening, or does not keep up.
    NotListening,
}

impl Mailboxes {
    /// The messages for an identity from now on; whoever had them before gets no more.
    pub(super) fn open(&self, who: Box<str>) -> mpsc::Receiver<Any> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut boxes = self.lock();
        boxes.retain(|_, sender| !sender.is_closed());
        boxes.insert(who, sender);
        receiver
    }

    fn put(&self, who: &str, message: Any) -> Result<(), NotTaken> {
        let boxes = self.lock();
        let mailbox = boxes.get(who).ok_or(NotTaken::NotListening)?;
        mailbox.try_send(message).map_err(|_| NotTaken::NotListening)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, mpsc::Sender<Any>>> {
        // nothing that holds the lock can stop half way
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands a service's message on to the device that its `to` names, as the address on which that device listens.
pub(super) fn send(hub: &Hub, message: Any) -> Result<(), NotTaken> {
    let to = message.properties.as_ref().and_then(|properties| properties.to.clone()).unwrap_or_default();
    let who = listener(hub, &Operation::amqp_receive(&to)).ok_or(NotTaken::Nobody)?;
    hub.mailboxes.put(&who, message)
}

/// Whose mailbox it is that is listened to.
pub(super) fn listener(hub: &Hub, operation: &Operation<'_>) -> Option<Box<str>> {
    if operation.endpoint()?.name() != "commands.receive" {
        return None;
    }
    let lookup = match operation.target() {
        Target::Device(id) => hubward::types::Lookup::Device(id),
        Target::Module(device, module) => hubward::types::Lookup::Module(device, module),
        Target::Hub | Target::Own => return None,
    };
    match hub.read().find(&lookup) {
        LookupResult::Identity(record) => Some(record.identity().to_string().into()),
        _ => None,
    }
}
