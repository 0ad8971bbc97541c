//! The node `$cbs` (claims-based security): tokens are put on one link, and the answers are sent on another.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use fe2o3_amqp::types::definitions::AmqpError;
use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Body, Message, Properties};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};
use fe2o3_amqp::{Receiver, Sender};
use hubward::types::{Lookup, ResourcePath, Shape};
use hubward::{CbsRequest, CbsResponse};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::Any;
use super::authenticated::Connection;

/// The address of the node.
pub(super) const ADDRESS: &str = "$cbs";
/// The number of answers that wait for the peer to accept them: it puts one token after the other.
const ANSWERS: usize = 8;
/// The number of links on which tokens are put at one time: a client has one. Each may hold an incomplete message of a
/// peer that is not authenticated yet.
const PUTS: usize = 4;

/// The node of one connection.
#[derive(Debug)]
pub(super) struct Node {
    /// Boxed: a channel allocates room for 32 answers at its creation, on every connection.
    answers: mpsc::Sender<Box<Any>>,
    /// The receiver, until the link for answers is attached.
    waiting: Mutex<Option<mpsc::Receiver<Box<Any>>>>,
    /// The permits for links on which tokens are put.
    puts: Arc<Semaphore>,
}

impl Node {
    pub(super) fn new() -> Self {
        let (answers, waiting) = mpsc::channel(ANSWERS);
        Self { answers, waiting: Mutex::new(Some(waiting)), puts: Arc::new(Semaphore::new(PUTS)) }
    }

    /// Returns a permit for a link on which tokens are put, if one is free.
    pub(super) fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.puts).try_acquire_owned().ok()
    }

    /// Returns the answers, for the link that sends them: a connection has one such link at a time.
    pub(super) fn answers(&self) -> Option<mpsc::Receiver<Box<Any>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Sends answers until the peer detaches, or does not accept one in time. The next link sends the rest.
    pub(super) async fn send_answers(
        &self,
        mut answers: mpsc::Receiver<Box<Any>>,
        mut link: Sender,
        write_timeout: Duration,
    ) {
        loop {
            tokio::select! {
                answer = answers.recv() => {
                    let Some(answer) = answer else { break };
                    let taken = timeout(write_timeout, link.send(*answer)).await;
                    if !matches!(taken, Ok(Ok(_))) {
                        break;
                    }
                }
                _ = link.on_detach() => break,
            }
        }
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(answers);
        let _ = link.close().await;
    }

    /// Receives tokens, one after the other, until the peer detaches. The answer to a refusal is delayed.
    pub(super) async fn receive_tokens(&self, connection: &Arc<Connection>, mut link: Receiver) {
        while let Ok(delivery) = link.recv::<Body<Value>>().await {
            if link.accept(&delivery).await.is_err() {
                break;
            }
            let message = delivery.into_message();
            let put = put_token(&message);
            let reply = connection.put(claimed(property(&message, "name")), put);
            if reply.error().is_some() {
                connection.hub.slow(&connection.peer).await;
            }
            connection.slow_rivals().await;
            let refused = reply.error().is_some();
            if self.answers.try_send(Box::new(answer(&message, reply))).is_err() {
                // the peer reads no answers, and would put tokens forever
                let _ = link.close_with_error(AmqpError::ResourceLimitExceeded).await;
                return;
            }
            if refused {
                explain(connection, &message);
            }
        }
        let _ = link.close().await;
    }
}

/// Logs the known mistake of a refused put, if there is one.
fn explain(connection: &Connection, message: &Any) {
    let texts = [
        property(message, "operation"),
        property(message, "type"),
        property(message, "name"),
        token(message),
    ];
    connection.hub.hints.log(&connection.peer, texts, |[operation, kind, name, token]| {
        hubward::explain::cbs(&CbsRequest::new(operation, kind, name, token))
    });
}

fn put_token(message: &Any) -> CbsRequest<'_> {
    let property = |name| property(message, name);
    CbsRequest::new(property("operation"), property("type"), property("name"), token(message))
}

fn token(message: &Any) -> &str {
    match &message.body {
        Body::Value(AmqpValue(Value::String(token))) => token,
        _ => "",
    }
}

/// Returns an application property. A missing one is empty, and refused as empty.
fn property<'m>(message: &'m Any, name: &str) -> &'m str {
    match message.application_properties.as_ref().and_then(|all| all.0.get(name)) {
        Some(SimpleValue::String(text)) => text,
        _ => "",
    }
}

/// Returns the identity that a token is put for.
fn claimed(name: &str) -> Option<Lookup<'_>> {
    match ResourcePath::parse(name).ok()?.shape() {
        Shape::Device(id) => Some(Lookup::Device(id)),
        Shape::Module(device, module) => Some(Lookup::Module(device, module)),
        _ => None,
    }
}

fn answer(to: &Any, reply: CbsResponse) -> Any {
    Message {
        header: None,
        delivery_annotations: None,
        message_annotations: None,
        properties: Some(Properties {
            correlation_id: to.properties.as_ref().and_then(|properties| properties.message_id.clone()),
            ..Properties::default()
        }),
        application_properties: Some(
            ApplicationProperties::builder()
                .insert("status-code", reply.status_code())
                .insert("status-description", reply.description().to_owned())
                .build(),
        ),
        body: Body::Value(AmqpValue(Value::Null)),
        footer: None,
    }
}
