//! Twins of a hub for development, which are empty: an SDK attaches two links, sends its requests on one and waits for
//! the answers on the other.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fe2o3_amqp::Sender;
use fe2o3_amqp::types::definitions::AmqpError;
use fe2o3_amqp::types::messaging::annotations::OwnedKey;
use fe2o3_amqp::types::messaging::{Data, Message, MessageAnnotations, Properties};
use fe2o3_amqp::types::primitives::{Binary, Symbol, Value};
use hubward::policy::Operation;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Any;
use super::authenticated::Connection;
use crate::hub::SessionDecision;
use crate::twin::EMPTY_TWIN;

/// Answers that wait for the peer to accept them: it sends one request after the other.
const ANSWERS: usize = 8;

/// The links of a connection that answers are sent on, by their address.
#[derive(Debug, Default)]
pub(super) struct Twins(Mutex<HashMap<Box<str>, mpsc::Sender<Answer>>>);

/// An answer about a twin.
pub(super) type Answer = Box<Message<Data>>;

impl Twins {
    /// Returns the answers for a link at an address; a former link there gets no more.
    pub(super) fn open(&self, address: &str) -> mpsc::Receiver<Answer> {
        let (sender, receiver) = mpsc::channel(ANSWERS);
        let mut links = self.lock();
        links.retain(|_, link| !link.is_closed());
        links.insert(address.into(), sender);
        receiver
    }

    /// Answers a request to the link at the same address.
    ///
    /// # Errors
    /// `resource-limit-exceeded` if there is no such link, or its peer reads no answers.
    pub(super) fn request(&self, address: &str, request: &Any) -> Result<(), AmqpError> {
        let link = self.lock().get(address).cloned();
        let answered = link.is_some_and(|link| link.try_send(Box::new(answer(request))).is_ok());
        if answered { Ok(()) } else { Err(AmqpError::ResourceLimitExceeded) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, mpsc::Sender<Answer>>> {
        // no holder of the lock can panic half way
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the answer: the empty twin, or that a change was made.
fn answer(request: &Any) -> Message<Data> {
    let key = |name: &str| OwnedKey::Symbol(Symbol::from(name));
    let annotations = request.message_annotations.as_ref();
    let operation = annotations.and_then(|annotations| annotations.0.get(&key("operation")));
    let is_get = matches!(operation, Some(Value::String(operation)) if operation == "GET");
    let mut annotations = MessageAnnotations::default();
    annotations.0.insert(key("status"), Value::Int(200));
    if !is_get {
        // what is reported is not kept
        annotations.0.insert(key("version"), Value::Long(2));
    }
    let body = if is_get { EMPTY_TWIN } else { "" };
    Message::builder()
        .message_annotations(annotations)
        .properties(Properties {
            correlation_id: request
                .properties
                .as_ref()
                .and_then(|properties| properties.correlation_id.clone()),
            ..Properties::default()
        })
        .data(Binary::from(body.as_bytes().to_vec()))
        .build()
}

/// Sends answers until the peer detaches, is no longer permitted to receive, or does not accept one in time.
pub(super) async fn send_answers(
    connection: &Connection,
    mut link: Sender,
    mut answers: mpsc::Receiver<Answer>,
    address: &str,
) {
    let operation = Operation::amqp_receive(address);
    let write_timeout = connection.hub.limits.write_timeout;
    let mut changes = connection.changes();
    loop {
        let goes_on = tokio::select! {
            biased;
            _ = changes.changed() => connection.may_stay(&operation),
            answer = answers.recv() => match answer {
                Some(answer) => connection.decide(&operation) == SessionDecision::Allowed
                    && matches!(timeout(write_timeout, link.send(*answer)).await, Ok(Ok(_))),
                // another link gets the answers now
                None => false,
            },
            _ = link.on_detach() => {
                let _ = link.close().await;
                return;
            }
        };
        if !goes_on {
            let _ = timeout(write_timeout, link.close_with_error(AmqpError::UnauthorizedAccess)).await;
            return;
        }
    }
}
