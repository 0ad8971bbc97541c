//! Links: each is decided on when it is attached, and each message on it when it comes.

use std::sync::Arc;

use fe2o3_amqp::acceptor::{LinkAcceptor, LinkEndpoint, ListenerSessionHandle, SupportedReceiverSettleModes};
use fe2o3_amqp::link::RecvError;
use fe2o3_amqp::types::definitions::{self, AmqpError, Role};
use fe2o3_amqp::types::messaging::{Body, TargetArchetype};
use fe2o3_amqp::types::performatives::Attach;
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Receiver, Sender};
use hubward::policy::Operation;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::cbs::{self, Any, Node};
use super::commands::{self, NotTaken};
use super::proven::Connection;
use crate::hub::Judged;

/// Bytes of a message of a device, as a hub has it.
const MESSAGE_BYTES: u64 = 256 * 1024;
/// Bytes of a message to a device, as a hub has it.
const COMMAND_BYTES: u64 = 64 * 1024;
/// Bytes of a `put-token`: a token of 4 KiB and what is around it.
const TOKEN_BYTES: u64 = 8 * 1024;

/// What a link is for.
#[derive(Debug)]
enum Purpose {
    /// Tokens are put on it, for as long as it has its place.
    Tokens(OwnedSemaphorePermit),
    /// They are answered on it.
    Answers(tokio::sync::mpsc::Receiver<Box<Any>>),
    /// A device or module sends messages.
    Events,
    /// A service sends messages to devices.
    SendCommands,
    /// A device receives them.
    Commands(tokio::sync::mpsc::Receiver<Any>),
}

/// Attaches a link, or attaches and closes it with the reason, as AMQP has it (2.6.3). Whether the codec took it.
pub(super) async fn attach(
    connection: &Arc<Connection>,
    node: &Arc<Node>,
    mut attach: Attach,
    session: &mut ListenerSessionHandle,
    links: &mut JoinSet<()>,
) -> bool {
    let address = address(&attach);
    let purpose = purpose(connection, node, &attach.role, &address);
    if purpose.is_err() {
        // a link that is refused has no terminus
        match attach.role {
            Role::Sender => attach.target = None,
            Role::Receiver => attach.source = None,
        }
    }
    let most = match &purpose {
        Ok(Purpose::Events) => MESSAGE_BYTES,
        Ok(Purpose::SendCommands | Purpose::Commands(_)) => COMMAND_BYTES,
        Ok(Purpose::Tokens(_) | Purpose::Answers(_)) | Err(_) => TOKEN_BYTES,
    };
    let acceptor = LinkAcceptor::builder()
        .max_message_size(most)
        .supported_receiver_settle_modes(settles(&attach.role))
        .verify_incoming_source(false)
        .verify_incoming_target(false)
        .build();
    let endpoint = match acceptor.accept_incoming_attach(attach, session).await {
        Ok(endpoint) => endpoint,
        Err(error) => {
            tracing::debug!(peer = %connection.peer.address, %error, "no link");
            return false;
        }
    };
    let (connection, node) = (Arc::clone(connection), Arc::clone(node));
    links.spawn(async move {
        let patience = connection.hub.limits.write_timeout;
        match (purpose, endpoint) {
            (Ok(Purpose::Tokens(_place)), LinkEndpoint::Receiver(link)) => {
                Box::pin(node.take_tokens(&connection, link)).await;
            }
            (Ok(Purpose::Answers(answers)), LinkEndpoint::Sender(link)) => {
                node.give_answers(answers, link, patience).await;
            }
            (Ok(Purpose::Events | Purpose::SendCommands), LinkEndpoint::Receiver(link)) => {
                Box::pin(receive(&connection, link, &address)).await;
            }
            (Ok(Purpose::Commands(commands)), LinkEndpoint::Sender(link)) => {
                Box::pin(give_commands(&connection, link, commands, &address)).await;
            }
            (purpose, endpoint) => {
                let error = purpose.err().unwrap_or(AmqpError::InternalError);
                let _ = timeout(patience, close(endpoint, error)).await;
            }
        }
    });
    true
}

/// The gateway settles what it receives at once. In the other mode the codec would keep each delivery until the sender
/// settles it, which need be never.
const fn settles(peer: &Role) -> SupportedReceiverSettleModes {
    match peer {
        Role::Sender => SupportedReceiverSettleModes::First,
        Role::Receiver => SupportedReceiverSettleModes::Both,
    }
}

/// The address of the hub's end.
fn address(attach: &Attach) -> Box<str> {
    let address = match attach.role {
        Role::Sender => attach.target.as_deref().and_then(|target| match target {
            TargetArchetype::Target(target) => target.address.as_deref(),
        }),
        Role::Receiver => attach.source.as_deref().and_then(|source| source.address.as_deref()),
    };
    address.unwrap_or_default().into()
}

fn operation<'a>(role: &Role, address: &'a str) -> Operation<'a> {
    match role {
        Role::Sender => Operation::amqp_send(address),
        Role::Receiver => Operation::amqp_receive(address),
    }
}

/// What the link is for, if it may be attached. Tokens may be put by anybody: that is how one is proven.
fn purpose(
    connection: &Arc<Connection>,
    node: &Node,
    role: &Role,
    address: &str,
) -> Result<Purpose, AmqpError> {
    if address == cbs::ADDRESS {
        return match role {
            Role::Sender => node.place().map(Purpose::Tokens).ok_or(AmqpError::ResourceLocked),
            Role::Receiver => node.answers().map(Purpose::Answers).ok_or(AmqpError::ResourceLocked),
        };
    }
    let operation = operation(role, address);
    match connection.judge(&operation) {
        Judged::Allowed => {}
        Judged::Denied | Judged::SessionError => return Err(AmqpError::UnauthorizedAccess),
    }
    match operation.endpoint().map(|endpoint| endpoint.name()) {
        Some("events.send") => Ok(Purpose::Events),
        Some("commands.send") => Ok(Purpose::SendCommands),
        Some("commands.receive") => {
            let who = commands::listener(&connection.hub, &operation).ok_or(AmqpError::NotFound)?;
            Ok(Purpose::Commands(connection.hub.mailboxes.open(who)))
        }
        // it may, and there is no such thing here
        _ => Err(AmqpError::NotImplemented),
    }
}

/// Takes messages until the peer detaches or may not send any more.
async fn receive(connection: &Connection, mut link: Receiver, address: &str) {
    let operation = Operation::amqp_send(address);
    let mut changes = connection.changes();
    loop {
        let error = tokio::select! {
            biased;
            _ = changes.changed() => (!connection.may_stay(&operation)).then_some(AmqpError::UnauthorizedAccess),
            delivery = link.recv::<Body<Value>>() => match delivery {
                Ok(delivery) => match connection.judge(&operation) {
                    Judged::Allowed => {
                        let outcome = take(connection, &operation, delivery.message());
                        let settled = match outcome {
                            Ok(()) => link.accept(&delivery).await,
                            Err(error) => link.reject(&delivery, definitions::Error::from(error)).await,
                        };
                        settled.err().map(|_| AmqpError::InternalError)
                    }
                    Judged::Denied | Judged::SessionError => {
                        let error = definitions::Error::from(AmqpError::UnauthorizedAccess);
                        let _ = link.reject(&delivery, error).await;
                        Some(AmqpError::UnauthorizedAccess)
                    }
                },
                Err(RecvError::MessageDecode(_)) => Some(AmqpError::DecodeError),
                Err(_) => break,
            },
        };
        if let Some(error) = error {
            let _ = timeout(connection.hub.limits.write_timeout, link.close_with_error(error)).await;
            return;
        }
    }
    let _ = link.close().await;
}

/// A message that may be sent: counted, or handed on.
fn take(connection: &Connection, operation: &Operation<'_>, message: &Any) -> Result<(), AmqpError> {
    if operation.endpoint().is_some_and(|endpoint| endpoint.name() == "commands.send") {
        return commands::send(&connection.hub, message.clone()).map_err(|not_taken| match not_taken {
            NotTaken::Nobody => AmqpError::NotFound,
            NotTaken::NotListening => AmqpError::ResourceLimitExceeded,
        });
    }
    let bytes = match &message.body {
        Body::Data(sections) => sections.iter().map(|section| section.0.len()).sum(),
        _ => 0_usize,
    };
    connection.hub.metrics.messages.add(1);
    connection.hub.metrics.message_bytes.add(u64::try_from(bytes).unwrap_or(u64::MAX));
    Ok(())
}

/// Gives a device its messages until it detaches, may not receive any more, or does not take one in time.
async fn give_commands(
    connection: &Connection,
    mut link: Sender,
    mut commands: tokio::sync::mpsc::Receiver<Any>,
    address: &str,
) {
    let operation = Operation::amqp_receive(address);
    let mut changes = connection.changes();
    loop {
        let goes_on = tokio::select! {
            biased;
            _ = changes.changed() => connection.may_stay(&operation),
            command = commands.recv() => match command {
                Some(command) => connection.judge(&operation) == Judged::Allowed
                    && matches!(timeout(connection.hub.limits.write_timeout, link.send(command)).await, Ok(Ok(_))),
                // it listens elsewhere now
                None => false,
            },
            _ = link.on_detach() => {
                let _ = link.close().await;
                return;
            }
        };
        if !goes_on {
            let error = AmqpError::UnauthorizedAccess;
            let _ = timeout(connection.hub.limits.write_timeout, link.close_with_error(error)).await;
            return;
        }
    }
}

async fn close(endpoint: LinkEndpoint, error: AmqpError) {
    let _ = match endpoint {
        LinkEndpoint::Sender(link) => link.close_with_error(error).await,
        LinkEndpoint::Receiver(link) => link.close_with_error(error).await,
    };
}
