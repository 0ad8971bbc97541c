//! Messages from services to devices, and the feedback about them. Each is locked while it is delivered, and settled by its
//! recipient.

mod feedback;
mod mailboxes;
mod memory;

use core::fmt;
use core::time::Duration;

use hubward::types::UnixTime;

pub(crate) use mailboxes::{FEEDBACK, Mailboxes, NotQueued, Receiving, Recipient};
pub use memory::MessagesInMemory;

/// The time for which a message is locked by its delivery.
pub(crate) const LOCK: Duration = Duration::from_secs(60);
/// The time for which a message without an expiry is kept.
const KEPT: Duration = Duration::from_secs(3600);
/// The longest time for which a message is kept.
const LONGEST: Duration = Duration::from_secs(48 * 3600);

/// A message to a device, or feedback to services.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloudMessage {
    /// Its id, chosen by the service.
    pub message_id: Option<String>,
    /// The id that it answers to.
    pub correlation_id: Option<String>,
    /// The address of its recipient, as the service wrote it.
    pub to: String,
    /// The type of its body.
    pub content_type: Option<String>,
    /// The encoding of its body.
    pub content_encoding: Option<String>,
    /// The last moment at which it may be delivered.
    pub expires: UnixTime,
    /// The outcomes that its service is told.
    pub ack: Ack,
    /// Its application properties.
    pub properties: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl CloudMessage {
    /// Returns an empty message with its expiry, for a store of messages.
    #[must_use]
    pub const fn expiring(expires: UnixTime) -> Self {
        Self {
            message_id: None,
            correlation_id: None,
            to: String::new(),
            content_type: None,
            content_encoding: None,
            expires,
            ack: Ack::None,
            properties: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// The outcomes that a service wants to be told (`iothub-ack`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Ack {
    /// None.
    #[default]
    None,
    /// The completion.
    Positive,
    /// A rejection, the expiry, and too many deliveries.
    Negative,
    /// All of these.
    Full,
}

impl Ack {
    /// Parses the value of `iothub-ack`; another text is [`Ack::None`].
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "positive" => Self::Positive,
            "negative" => Self::Negative,
            "full" => Self::Full,
            _ => Self::None,
        }
    }
}

/// A message that is delivered at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The lock, by which the recipient settles the message.
    pub lock: String,
    /// The number of deliveries of this message, this one included.
    pub count: u32,
    /// The message.
    pub message: CloudMessage,
}

impl Delivery {
    /// Returns a delivery, for a store of messages.
    #[must_use]
    pub const fn new(lock: String, count: u32, message: CloudMessage) -> Self {
        Self { lock, count, message }
    }
}

/// What a recipient does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// It has the message.
    Complete,
    /// It does not want the message.
    Reject,
    /// It gives the message back, to be delivered again.
    Abandon,
}

/// The end of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// The message.
    pub message: CloudMessage,
    /// Why it ended.
    pub outcome: Outcome,
}

impl Ended {
    /// Returns the end of a message, for a store of messages.
    #[must_use]
    pub const fn new(message: CloudMessage, outcome: Outcome) -> Self {
        Self { message, outcome }
    }
}

/// Why a message has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Its recipient completed it.
    Completed,
    /// Its recipient rejected it.
    Rejected,
    /// It expired.
    Expired,
    /// It was delivered too often without being settled.
    DeliveredTooOften,
}

/// The queue of a recipient is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue is full: settle its messages first")]
#[non_exhaustive]
pub struct QueueFull;

/// The lock of a message is not valid, or not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lock is not valid, or has expired: receive the message again")]
#[non_exhaustive]
pub struct LockLost;

/// A store of messages, in memory or for real. A recipient is an opaque name: one device or module from its creation to
/// its deletion, or all services for feedback. The gateway decides who may send and receive before it calls the store.
///
/// The calls are short: they are made on the threads that serve connections.
pub trait CloudMessages: fmt::Debug + Send + Sync {
    /// Appends a message to the queue of its recipient.
    ///
    /// # Errors
    /// Returns [`QueueFull`] if the queue takes no more.
    fn put(&self, recipient: &str, message: CloudMessage, now: UnixTime) -> Result<(), QueueFull>;

    /// Locks the next message of a recipient until `locked_until`, and returns it. The second value has the messages that
    /// ended meanwhile, each once.
    fn next(&self, recipient: &str, now: UnixTime, locked_until: UnixTime) -> (Option<Delivery>, Vec<Ended>);

    /// Settles a locked message. Returns it if it has ended.
    ///
    /// # Errors
    /// Returns [`LockLost`] if no message of this recipient has that lock.
    fn settle(
        &self,
        recipient: &str,
        lock: &str,
        settlement: Settlement,
        now: UnixTime,
    ) -> Result<Option<Ended>, LockLost>;
}

/// Returns the expiry of a message: within the longest time, and after the default one if it has none.
pub(crate) fn expiry(now: UnixTime, wished: Option<UnixTime>) -> UnixTime {
    let after =
        |time: Duration| UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()).saturating_add(time));
    wished.unwrap_or_else(|| after(KEPT)).min(after(LONGEST))
}
