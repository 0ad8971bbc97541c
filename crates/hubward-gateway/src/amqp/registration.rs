//! Devices that register over AMQP: by SASL PLAIN, or by their certificate and the address of a link.
//!
//! A device attaches two links at one address, sends its requests on one, and receives the answers on the other. The
//! credential is verified again for each request, so that an enrollment that was disabled has an effect at once.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use fe2o3_amqp::types::definitions::{self, AmqpError};
use fe2o3_amqp::types::messaging::{ApplicationProperties, Body, Data, Message, Properties};
use fe2o3_amqp::types::primitives::{Binary, SimpleValue, Value as AmqpValue};
use fe2o3_amqp::types::sasl::SaslCode;
use fe2o3_amqp::{Receiver, Sender};
use hubward::RegistrationCredentials;
use hubward::policy::{Operation, Transport};
use hubward::types::{RegistrationId, UnixTime};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::Any;
use super::authenticated::Connection;
use super::registration_error::error;
use super::sasl::OPERATION;
use crate::clock;
use crate::hub::Hub;
use crate::peer::Peer;
use crate::provisioning::{
    Attempt, Failure, Names, Provisioning, RETRY_AFTER, Refused, Registrant, assigning, log_decision,
    log_hint, log_refusal,
};

/// Answers that wait for the device to accept them: it sends one request after the other.
const ANSWERS: usize = 8;

/// A device that was authenticated to register.
#[derive(Debug, Clone)]
pub(super) struct Registering {
    attempt: Arc<Attempt>,
    /// The last second of the connection.
    pub(super) until: UnixTime,
}

/// The link of a connection on which a device receives answers.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Option<mpsc::Sender<Answer>>>);

/// An answer to a request.
pub(super) type Answer = Box<Message<Data>>;

impl Answers {
    /// Returns the answers for a link; a former link gets no more.
    pub(super) fn open(&self) -> mpsc::Receiver<Answer> {
        let (sender, receiver) = mpsc::channel(ANSWERS);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    fn link(&self) -> Option<mpsc::Sender<Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(|link| !link.is_closed())
    }
}

/// Returns whether a link's address, or the username of SASL PLAIN, is of a registration: `{id scope}/registrations/{id}`.
pub(super) fn is_address(address: &str) -> bool {
    RegistrationCredentials::amqp_external(address, &[]).is_ok()
}

/// Returns the code of SASL's outcome for a refused device.
pub(super) const fn sasl_code(refused: &Refused) -> SaslCode {
    match refused {
        Refused::Unauthenticated(_) => SaslCode::Auth,
        Refused::OverBudget | Refused::Interrupted => SaslCode::SysTemp,
    }
}

/// Authenticates a device by the username and the password of SASL PLAIN.
pub(super) async fn plain(
    hub: &Hub,
    service: &Arc<Provisioning>,
    peer: &Peer,
    username: &str,
    password: &str,
) -> Result<Registering, Refused> {
    let password = Zeroizing::new(password.to_owned());
    let names = Names::AmqpPlain { username: username.into(), password };
    let attempt = Arc::new(Attempt { names, certificates: peer.certificates.clone() });
    let registrant = verify(hub, service, peer, &attempt, &Operation::amqp_send(OPERATION)).await?;
    peer.slot.set_authenticated();
    Ok(Registering { attempt, until: end(&registrant) })
}

/// Verifies the credential, decides on a link or a message unless the operation is SASL, and logs both.
async fn verify(
    hub: &Hub,
    service: &Arc<Provisioning>,
    peer: &Peer,
    attempt: &Arc<Attempt>,
    operation: &Operation<'_>,
) -> Result<Registrant, Refused> {
    // it is logged there
    hub.require_current(peer, operation).map_err(|_| Refused::Interrupted)?;
    let verb = if operation.verb() == "send" { "send" } else { "receive" };
    let packet =
        (operation.address() != OPERATION).then(|| (Transport::Amqp, verb, operation.address().to_owned()));
    let verified = service.verify(peer.address.ip(), attempt, packet).await;
    match &verified {
        Ok(registrant) => log_decision(hub, peer, operation, registrant),
        Err(refused) => {
            log_refusal(hub, peer, operation, refused);
            log_hint(hub, service, peer, attempt);
        }
    }
    verified
}

/// Returns the last second of a device's connection.
fn end(registrant: &Registrant) -> UnixTime {
    let now = Duration::from_secs(clock::now().as_secs());
    UnixTime::since_unix_epoch(now.saturating_add(registrant.lifetime()))
}

/// Decides on a link at the address of a registration. Before that, a device is authenticated by its certificate, unless SASL
/// did so. A refusal is logged and delayed.
pub(super) async fn attach(
    connection: &Connection,
    service: &Arc<Provisioning>,
    operation: &Operation<'_>,
) -> Result<(), definitions::Error> {
    let Connection { hub, peer, .. } = connection;
    let (attempt, until) = match connection.registering() {
        // another link does not lengthen the connection
        Some(Registering { attempt, until }) => (attempt, Some(until)),
        None => {
            let names = Names::AmqpExternal { address: operation.address().into() };
            (Arc::new(Attempt { names, certificates: peer.certificates.clone() }), None)
        }
    };
    match verify(hub, service, peer, &attempt, operation).await {
        Ok(registrant) if matches!(registrant.decision, Some(Ok(_))) => {
            peer.slot.set_authenticated();
            let until = until.unwrap_or_else(|| end(&registrant));
            connection.set_registering(Registering { attempt, until });
            Ok(())
        }
        Ok(_) => Err(AmqpError::UnauthorizedAccess.into()),
        Err(refused) => {
            hub.slow(peer).await;
            Err(error(failure(&refused)))
        }
    }
}

const fn failure(refused: &Refused) -> Failure {
    match refused {
        Refused::Unauthenticated(_) => Failure::Unauthorized,
        Refused::OverBudget => Failure::TooMany,
        Refused::Interrupted => Failure::Unavailable,
    }
}

/// Receives requests until the device detaches, or is no longer enrolled.
pub(super) async fn receive(connection: &Connection, mut link: Receiver, address: &str) {
    let Some(service) = &connection.hub.provisioning else { return };
    let operation = Operation::amqp_send(address);
    let (mut enrollments, mut changes) = (service.changes(), connection.changes());
    loop {
        let goes_on = tokio::select! {
            biased;
            _ = changes.changed() => connection.registering().is_some(),
            Ok(()) = enrollments.changed() => may_stay(connection, service, &operation).await,
            delivery = link.recv::<Body<AmqpValue>>() => {
                let Ok(delivery) = delivery else { break };
                let settled = match answer(connection, service, &operation, delivery.message()).await {
                    Ok(()) => link.accept(&delivery).await,
                    Err(failure) => link.reject(&delivery, error(failure)).await,
                };
                settled.is_ok() && connection.registering().is_some()
            }
        };
        if !goes_on {
            let closed = link.close_with_error(AmqpError::UnauthorizedAccess);
            let _ = timeout(connection.hub.limits.write_timeout, closed).await;
            return;
        }
    }
    let _ = link.close().await;
}

/// Returns whether the enrollment admits the device after a change. Only a refusal is logged: no operation was requested.
async fn may_stay(connection: &Connection, service: &Arc<Provisioning>, operation: &Operation<'_>) -> bool {
    let Some(Registering { attempt, .. }) = connection.registering() else { return false };
    let verified = service.verify_again(&attempt, None).await;
    if let Err(refused @ Refused::Unauthenticated(_)) = &verified {
        log_refusal(&connection.hub, &connection.peer, operation, refused);
        connection.end_registering();
        return false;
    }
    true
}

/// Carries out a request, and sends its answer on the other link.
async fn answer(
    connection: &Connection,
    service: &Arc<Provisioning>,
    operation: &Operation<'_>,
    message: &Any,
) -> Result<(), Failure> {
    let Connection { hub, peer, .. } = connection;
    let Some(Registering { attempt, .. }) = connection.registering() else {
        return Err(Failure::Unauthorized);
    };
    let registrant = verify(hub, service, peer, &attempt, operation).await.map_err(|refused| {
        if matches!(refused, Refused::Unauthenticated(_)) {
            connection.end_registering();
        }
        failure(&refused)
    })?;
    if !matches!(registrant.decision, Some(Ok(_))) {
        return Err(Failure::Unauthorized);
    }
    // a request without a link for its answer is not carried out
    let link = connection.answers.link().ok_or(Failure::BadRequest)?;
    let (body, wait) = match property(message, "iotdps-operation-type") {
        Some("iotdps-register") => {
            let body = bytes(message);
            let registered = service.register(hub, peer.address.ip(), &attempt, &registrant, &body).await?;
            (assigning(&registered), true)
        }
        Some("iotdps-get-operationstatus") => {
            let operation = property(message, "iotdps-operation-id").ok_or(Failure::BadRequest)?;
            let record = service.lookup(&registrant, Some(operation)).await?;
            let id = RegistrationId::parse(&registrant.id).map_err(|_| Failure::BadRequest)?;
            (service.status(&record, id).await, false)
        }
        _ => return Err(Failure::BadRequest),
    };
    link.try_send(Box::new(written(message, &body, wait))).map_err(|_| Failure::TooMany)
}

/// Returns the value of an application property that is a text.
fn property<'m>(message: &'m Any, name: &str) -> Option<&'m str> {
    match message.application_properties.as_ref()?.0.get(name)? {
        SimpleValue::String(text) => Some(text),
        _ => None,
    }
}

/// Returns the body of a request. One that is not of bytes, such as the empty text that some clients send, is empty.
fn bytes(message: &Any) -> Vec<u8> {
    match &message.body {
        Body::Data(sections) => sections.iter().flat_map(|section| section.0.iter().copied()).collect(),
        _ => Vec::new(),
    }
}

/// Returns the answer to a request. `wait` is set if the device is to ask for the result.
fn written(request: &Any, body: &Value, wait: bool) -> Message<Data> {
    let correlation_id = request.properties.as_ref().and_then(|all| all.correlation_id.clone());
    let properties = ApplicationProperties::builder();
    let properties = if wait { properties.insert("retry-after", RETRY_AFTER) } else { properties };
    Message::builder()
        .properties(Properties {
            correlation_id,
            content_type: Some("application/json".into()),
            ..Properties::default()
        })
        .application_properties(properties.build())
        .data(Binary::from(body.to_string().into_bytes()))
        .build()
}

/// Sends answers until the device detaches, is no longer enrolled, or does not accept one in time.
pub(super) async fn send_answers(
    connection: &Connection,
    mut link: Sender,
    mut answers: mpsc::Receiver<Answer>,
) {
    let write_timeout = connection.hub.limits.write_timeout;
    let mut changes = connection.changes();
    loop {
        let goes_on = tokio::select! {
            biased;
            _ = changes.changed() => connection.registering().is_some(),
            answer = answers.recv() => match answer {
                Some(answer) => matches!(timeout(write_timeout, link.send(*answer)).await, Ok(Ok(_))),
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
