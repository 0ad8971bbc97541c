//! Links: the gateway decides on each when it is attached, and on each of its messages.

use std::sync::Arc;

use fe2o3_amqp::Receiver;
use fe2o3_amqp::acceptor::{LinkAcceptor, LinkEndpoint, ListenerSessionHandle, SupportedReceiverSettleModes};
use fe2o3_amqp::link::RecvError;
use fe2o3_amqp::types::definitions::{self, AmqpError, Role};
use fe2o3_amqp::types::messaging::{Body, TargetArchetype};
use fe2o3_amqp::types::performatives::Attach;
use fe2o3_amqp::types::primitives::Value;
use hubward::LinkRole;
use hubward::policy::Operation;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::authenticated::{Connection, operation};
use super::cbs::{self, Node};
use super::{Any, cloud_to_device, delegation, delivery, registration, twin};
use crate::hub::SessionDecision;
use crate::messages::{NotQueued, Receiving, Recipient};

/// Bytes of a device-to-cloud message, the limit of a hub.
const MESSAGE_BYTES: u64 = 256 * 1024;
/// Bytes of a cloud-to-device message, the limit of a hub, and of a request to register.
const COMMAND_BYTES: u64 = 64 * 1024;
/// Bytes of a `put-token`: a token of 4 KiB and its envelope.
const TOKEN_BYTES: u64 = 8 * 1024;

/// The purpose of a link.
#[derive(Debug)]
enum Purpose {
    /// The peer puts tokens, as long as the link holds its permit.
    Tokens(OwnedSemaphorePermit),
    /// The gateway answers CBS requests.
    Answers(tokio::sync::mpsc::Receiver<Box<Any>>),
    /// A device or module sends messages.
    Events,
    /// A service sends messages to devices.
    SendCommands,
    /// A device asks for its twin.
    TwinRequests,
    /// The gateway answers about a twin.
    TwinAnswers(tokio::sync::mpsc::Receiver<twin::Answer>),
    /// A device sends requests to register.
    Registrations,
    /// The gateway answers a device that registers.
    RegistrationAnswers(tokio::sync::mpsc::Receiver<registration::Answer>),
    /// A device receives messages, or a service receives feedback.
    Commands(Recipient, Receiving),
}

/// Attaches a link, or attaches and closes it with an error, as AMQP 1.0, 2.6.3 requires. Returns whether the codec
/// accepted it.
pub(super) async fn attach(
    connection: &Arc<Connection>,
    node: &Arc<Node>,
    mut attach: Attach,
    session: &mut ListenerSessionHandle,
    links: &mut JoinSet<()>,
) -> bool {
    let address = address(&attach);
    let chain = delegation::chain(&attach);
    let decided = match &connection.hub.provisioning {
        Some(service) if registration::is_address(&address) => {
            let operation = operation(link_role(&attach.role), &address);
            let decided = Box::pin(registration::attach(connection, service, &operation)).await;
            decided.map(|()| (registrations(connection, &attach.role), address.clone()))
        }
        _ => purpose(connection, node, &attach.role, &address, chain.as_deref()),
    };
    let (purpose, address) = match decided {
        Ok((purpose, path)) => (Ok(purpose), path),
        Err(error) => (Err(error), address),
    };
    if purpose.is_err() {
        // a refused link has no terminus
        match attach.role {
            Role::Sender => attach.target = None,
            Role::Receiver => attach.source = None,
        }
    }
    let most = match &purpose {
        Ok(Purpose::Events) => MESSAGE_BYTES,
        Ok(Purpose::SendCommands | Purpose::Commands(..) | Purpose::Registrations) => COMMAND_BYTES,
        Ok(_) | Err(_) => TOKEN_BYTES,
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
        let write_timeout = connection.hub.limits.write_timeout;
        match (purpose, endpoint) {
            (Ok(Purpose::Tokens(_permit)), LinkEndpoint::Receiver(link)) => {
                Box::pin(node.receive_tokens(&connection, link)).await;
            }
            (Ok(Purpose::Answers(answers)), LinkEndpoint::Sender(link)) => {
                node.send_answers(answers, link, write_timeout).await;
            }
            (
                Ok(Purpose::Events | Purpose::SendCommands | Purpose::TwinRequests),
                LinkEndpoint::Receiver(link),
            ) => {
                Box::pin(receive(&connection, link, &address)).await;
            }
            (Ok(Purpose::TwinAnswers(answers)), LinkEndpoint::Sender(link)) => {
                Box::pin(twin::send_answers(&connection, link, answers, &address)).await;
            }
            (Ok(Purpose::Registrations), LinkEndpoint::Receiver(link)) => {
                Box::pin(registration::receive(&connection, link, &address)).await;
            }
            (Ok(Purpose::RegistrationAnswers(answers)), LinkEndpoint::Sender(link)) => {
                Box::pin(registration::send_answers(&connection, link, answers)).await;
            }
            (Ok(Purpose::Commands(recipient, receiving)), LinkEndpoint::Sender(link)) => {
                Box::pin(delivery::run(&connection, link, &recipient, &receiving, &address)).await;
            }
            (purpose, endpoint) => {
                let error = purpose.err().unwrap_or_else(|| error(AmqpError::InternalError));
                let _ = timeout(write_timeout, close(endpoint, error)).await;
            }
        }
    });
    true
}

/// Returns the receiver settle modes: the gateway settles received messages at once. In mode second the codec would keep
/// each delivery until the sender settles it, which may be never.
const fn settles(peer: &Role) -> SupportedReceiverSettleModes {
    match peer {
        Role::Sender => SupportedReceiverSettleModes::First,
        Role::Receiver => SupportedReceiverSettleModes::Both,
    }
}

/// Returns the address of the hub's end of a link.
fn address(attach: &Attach) -> Box<str> {
    let address = match attach.role {
        Role::Sender => attach.target.as_deref().and_then(|target| match target {
            TargetArchetype::Target(target) => target.address.as_deref(),
        }),
        Role::Receiver => attach.source.as_deref().and_then(|source| source.address.as_deref()),
    };
    address.unwrap_or_default().into()
}

const fn link_role(role: &Role) -> LinkRole {
    match role {
        Role::Sender => LinkRole::Sender,
        Role::Receiver => LinkRole::Receiver,
    }
}

/// Returns the purpose of a link of a device that registers.
fn registrations(connection: &Connection, role: &Role) -> Purpose {
    match role {
        Role::Sender => Purpose::Registrations,
        Role::Receiver => Purpose::RegistrationAnswers(connection.answers.open()),
    }
}

/// Returns the purpose of a link and the path of its address, if it may be attached. Any peer may put tokens: that is
/// how it is authenticated.
fn purpose(
    connection: &Arc<Connection>,
    node: &Node,
    role: &Role,
    address: &str,
    chain: Option<&str>,
) -> Result<(Purpose, Box<str>), definitions::Error> {
    if address == cbs::ADDRESS {
        if connection.is_certificate_refused(&operation(link_role(role), address)) {
            return Err(error(AmqpError::UnauthorizedAccess));
        }
        let purpose = match role {
            Role::Sender => node.permit().map(Purpose::Tokens),
            Role::Receiver => node.answers().map(Purpose::Answers),
        };
        return purpose
            .map(|purpose| (purpose, address.into()))
            .ok_or_else(|| AmqpError::ResourceLocked.into());
    }
    let role = link_role(role);
    let path = connection.attach(role, address, chain).ok_or_else(|| error(AmqpError::UnauthorizedAccess))?;
    let operation = operation(role, &path);
    let purpose = match operation.endpoint().map(|endpoint| endpoint.name()) {
        Some("events.send") => Ok(Purpose::Events),
        Some("commands.send") => Ok(Purpose::SendCommands),
        Some("commands.receive" | "commands.feedback") => {
            let recipient = cloud_to_device::recipient(&connection.hub, &operation)
                .ok_or_else(|| error(AmqpError::NotFound))?;
            let receiving = connection.hub.mailboxes.receive(&recipient);
            Ok(Purpose::Commands(recipient, receiving))
        }
        Some("telemetry.redirect") => Err(match &connection.context.events {
            Some(events) => events.redirect(&path),
            None => error(AmqpError::NotImplemented),
        }),
        Some("twin.request") if connection.hub.empty_twins => Ok(Purpose::TwinRequests),
        Some("twin.response") if connection.hub.empty_twins => {
            Ok(Purpose::TwinAnswers(connection.twins.open(&path)))
        }
        // permitted, but not implemented by this gateway
        _ => Err(error(AmqpError::NotImplemented)),
    }?;
    Ok((purpose, path))
}

/// Receives messages until the peer detaches or is no longer permitted to send.
async fn receive(connection: &Connection, mut link: Receiver, address: &str) {
    let operation = Operation::amqp_send(address);
    let mut changes = connection.changes();
    loop {
        let error = tokio::select! {
            biased;
            _ = changes.changed() => (!connection.may_stay(&operation)).then_some(AmqpError::UnauthorizedAccess),
            delivery = link.recv::<Body<Value>>() => match delivery {
                Ok(delivery) => match connection.decide(&operation) {
                    SessionDecision::Allowed => {
                        let outcome = accept(connection, &operation, delivery.message());
                        let settled = match outcome {
                            Ok(()) => link.accept(&delivery).await,
                            Err(error) => link.reject(&delivery, definitions::Error::from(error)).await,
                        };
                        settled.err().map(|_| AmqpError::InternalError)
                    }
                    SessionDecision::Denied | SessionDecision::SessionError => {
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

/// Accepts a permitted message: counts it, or queues it for its device.
fn accept(connection: &Connection, operation: &Operation<'_>, message: &Any) -> Result<(), AmqpError> {
    if operation.endpoint().is_some_and(|endpoint| endpoint.name() == "commands.send") {
        return cloud_to_device::send(&connection.hub, message).map_err(|error| match error {
            NotQueued::NoDevice => AmqpError::NotFound,
            NotQueued::Full => AmqpError::ResourceLimitExceeded,
            NotQueued::Body => AmqpError::NotImplemented,
        });
    }
    if operation.endpoint().is_some_and(|endpoint| endpoint.name() == "twin.request") {
        return connection.twins.request(operation.address(), message);
    }
    let bytes = match &message.body {
        Body::Data(sections) => sections.iter().map(|section| section.0.len()).sum(),
        _ => 0_usize,
    };
    connection.hub.metrics.messages.add(1);
    connection.hub.metrics.message_bytes.add(u64::try_from(bytes).unwrap_or(u64::MAX));
    Ok(())
}

fn error(condition: AmqpError) -> definitions::Error {
    definitions::Error::from(condition)
}

async fn close(endpoint: LinkEndpoint, error: definitions::Error) {
    let _ = match endpoint {
        LinkEndpoint::Sender(link) => link.close_with_error(error).await,
        LinkEndpoint::Receiver(link) => link.close_with_error(error).await,
    };
}
