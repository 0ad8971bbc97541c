//! The queues of cloud-to-device messages for devices that receive at the moment.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fe2o3_amqp::types::messaging::{Body, Message};
use fe2o3_amqp::types::primitives::Value;
use tokio::sync::mpsc;

/// A message with any body.
pub(crate) type Any = Message<Body<Value>>;

/// Messages that wait for a device, as many as a hub keeps for one.
const WAITING: usize = 50;

/// The queues, by the identity that receives.
#[derive(Debug, Default)]
pub(crate) struct Mailboxes(Mutex<HashMap<Box<str>, mpsc::Sender<Any>>>);

impl Mailboxes {
    /// Returns the receiver of an identity's messages from now on; a former receiver gets no more.
    pub(crate) fn open(&self, identity: Box<str>) -> mpsc::Receiver<Any> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut mailboxes = self.lock();
        mailboxes.retain(|_, sender| !sender.is_closed());
        mailboxes.insert(identity, sender);
        receiver
    }

    /// Queues a message; returns false if the identity does not receive, or its queue is full.
    pub(crate) fn put(&self, identity: &str, message: Any) -> bool {
        let mailboxes = self.lock();
        mailboxes.get(identity).is_some_and(|mailbox| mailbox.try_send(message).is_ok())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, mpsc::Sender<Any>>> {
        // no holder of the lock can panic half way
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
