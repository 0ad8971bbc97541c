//! The messages of a hub: queues them for their recipients, wakes those that receive at the moment, and writes feedback.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hubward::types::{Identity, UnixTime};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::feedback::feedback;
use super::{CloudMessage, CloudMessages, Delivery, Ended, LOCK, LockLost, MessagesInMemory, Settlement};
use crate::clock;
use crate::hub::Registry;

/// The recipient of feedback, which is no identity: those have at most one slash.
pub(crate) const FEEDBACK: &str = "/messages/serviceBound/feedback";

/// The messages of a hub.
#[derive(Debug)]
pub(crate) struct Mailboxes {
    store: Arc<dyn CloudMessages>,
    receiving: Mutex<HashMap<Box<str>, Receiving>>,
}

/// A link that receives at the moment.
#[derive(Debug, Clone)]
pub(crate) struct Receiving {
    arrived: Arc<Notify>,
    /// Cancelled when another link receives.
    replaced: CancellationToken,
}

/// The reason why a message was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotQueued {
    /// There is no such device, or the address is not valid.
    NoDevice,
    /// The queue is full.
    Full,
    /// The body is not bytes.
    Body,
}

/// A recipient: an identity with the number of its generation, so that a device that is created again does not get the
/// messages of the deleted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipient {
    name: Box<str>,
    pub(super) device: Box<str>,
    pub(super) module: Option<Box<str>>,
    /// The id of its generation, as the record has it.
    pub(super) generation: Box<str>,
}

impl Recipient {
    /// Returns the recipient of an identity; `None` if there is no such identity.
    pub(crate) fn of(registry: &Registry, identity: Identity<'_>) -> Option<Self> {
        let record = registry.get(identity)?;
        let name = format!("{identity}#{}", record.version().generation()).into();
        let device = identity.device()?.as_str().into();
        let module = identity.module().map(|module| module.as_str().into());
        Some(Self { name, device, module, generation: record.generation_id().to_string().into() })
    }

    /// Returns the recipient of feedback.
    pub(crate) fn feedback() -> Self {
        Self { name: FEEDBACK.into(), device: Box::default(), module: None, generation: Box::default() }
    }
}

impl Default for Mailboxes {
    fn default() -> Self {
        Self::new(Arc::new(MessagesInMemory::default()))
    }
}

impl Mailboxes {
    /// Returns the messages of a store.
    pub(crate) fn new(store: Arc<dyn CloudMessages>) -> Self {
        Self { store, receiving: Mutex::default() }
    }

    /// Registers a link that receives; a former one is told to end.
    pub(crate) fn receive(&self, recipient: &Recipient) -> Receiving {
        let receiving = Receiving { arrived: Arc::new(Notify::new()), replaced: CancellationToken::new() };
        let mut all = self.receiving.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, receiving| Arc::strong_count(&receiving.arrived) > 1);
        // services share the feedback, each link for itself
        if let Some(former) = all.insert(recipient.name.clone(), receiving.clone())
            && &*recipient.name != FEEDBACK
        {
            former.replaced.cancel();
        }
        receiving
    }

    /// Queues a message.
    pub(crate) fn put(&self, recipient: &Recipient, message: CloudMessage) -> Result<(), NotQueued> {
        self.store.put(&recipient.name, message, clock::now()).map_err(|_| NotQueued::Full)?;
        self.wake(&recipient.name);
        Ok(())
    }

    /// Locks and returns the next message.
    pub(crate) fn next(&self, recipient: &Recipient) -> Option<Delivery> {
        let now = clock::now();
        let until = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()).saturating_add(LOCK));
        let (delivery, ended) = self.store.next(&recipient.name, now, until);
        for ended in ended {
            self.tell(recipient, &ended, now);
        }
        delivery
    }

    /// Settles a message.
    pub(crate) fn settle(
        &self,
        recipient: &Recipient,
        lock: &str,
        settlement: Settlement,
    ) -> Result<(), LockLost> {
        let now = clock::now();
        match self.store.settle(&recipient.name, lock, settlement, now)? {
            Some(ended) => self.tell(recipient, &ended, now),
            None => self.wake(&recipient.name),
        }
        Ok(())
    }

    /// Writes the feedback about a message. It is lost if the queue of feedback is full.
    fn tell(&self, recipient: &Recipient, ended: &Ended, now: UnixTime) {
        if &*recipient.name == FEEDBACK {
            return;
        }
        if let Some(feedback) = feedback(ended, recipient, now)
            && self.store.put(FEEDBACK, feedback, now).is_ok()
        {
            self.wake(FEEDBACK);
        }
    }

    fn wake(&self, recipient: &str) {
        let all = self.receiving.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(receiving) = all.get(recipient) {
            receiving.arrived.notify_one();
        }
    }
}

impl Receiving {
    /// Waits until a message may have arrived, or a lock may have expired.
    pub(crate) async fn arrived(&self) {
        let _ = tokio::time::timeout(LOCK, self.arrived.notified()).await;
    }

    /// Waits until another link receives.
    pub(crate) async fn replaced(&self) {
        self.replaced.cancelled().await;
    }
}
