//! A device that registers at the provisioning service: its CONNECT, and its requests by topic.
//!
//! The credential is verified again for each packet, so that an enrollment that was disabled has an effect at once.

use std::sync::Arc;

use hubward::policy::{Operation, Transport};
use mqtt::packet::v3_1_1::{Connect, Pingresp, Puback, Publish, Suback, Subscribe, Unsuback};
use mqtt::packet::{Packet, Qos};
use mqtt::result_code::{ConnectReturnCode, SubackReturnCode};
use mqtt_protocol_core::mqtt;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::End;
use super::connect::{connack, idle_timeout, return_code};
use super::session::{FILTERS, later};
use super::wire::Wire;
use crate::hub::{Hub, Refusal};
use crate::peer::Peer;
use crate::provisioning::{
    Attempt, Failure, Names, Provisioning, RETRY_AFTER, Refused, Registrant, assigning, log_decision,
    log_hint, log_refusal,
};

/// Bytes of the number that a device gives its request.
const REQUEST_ID: usize = 128;

/// Returns whether a client is the provisioning service's: its username is `{id scope}/registrations/{id}/api-version=..`.
pub(super) fn is_for(connect: &Connect) -> bool {
    let mut parts = connect.user_name().unwrap_or_default().split('/').skip(1);
    parts.next() == Some("registrations")
        && parts.nth(1).is_some_and(|query| query.starts_with("api-version="))
}

/// Serves a device to the end of its connection.
pub(super) async fn run(
    hub: &Arc<Hub>,
    service: &Arc<Provisioning>,
    wire: &mut Wire,
    peer: &Peer,
    connect: Connect,
    stop: &CancellationToken,
) -> End {
    // a token is ASCII; invalid UTF-8 becomes an empty text, which is not a token
    let password = connect
        .password()
        .map(|password| Zeroizing::new(str::from_utf8(password).unwrap_or_default().to_owned()));
    let names = Names::Mqtt {
        client_id: connect.client_id().into(),
        username: connect.user_name().unwrap_or_default().into(),
        password,
    };
    let mut changes = service.changes();
    let attempt = Arc::new(Attempt { names, certificates: peer.certificates.clone() });
    let mut device = Device { hub, service, wire, peer, attempt, subscribed: false };
    let admitted = tokio::select! {
        () = stop.cancelled() => return End::Stopped,
        admitted = device.connect(&connect) => admitted,
    };
    let lifetime = match admitted {
        Ok(registrant) => registrant.lifetime(),
        Err(end) => return end,
    };
    let idle = idle_timeout(connect.keep_alive());
    let expiry = later(Instant::now(), lifetime);
    let mut last_packet = Instant::now();
    loop {
        let done = tokio::select! {
            biased;
            () = stop.cancelled() => Err(End::Stopped),
            () = sleep_until(expiry) => Err(End::Refused),
            Ok(()) = changes.changed() => device.may_stay().await,
            () = sleep_until(later(last_packet, idle)) => Err(End::Silent),
            packet = device.wire.next() => {
                last_packet = Instant::now();
                match packet {
                    Ok(packet) => device.packet(packet).await,
                    Err(end) => Err(end),
                }
            }
        };
        if let Err(end) = done {
            return end;
        }
    }
}

/// A device that registers.
struct Device<'d> {
    hub: &'d Arc<Hub>,
    service: &'d Arc<Provisioning>,
    wire: &'d mut Wire,
    peer: &'d Peer,
    attempt: Arc<Attempt>,
    /// Set if the device subscribed to answers.
    subscribed: bool,
}

impl Device<'_> {
    async fn connect(&mut self, connect: &Connect) -> Result<Registrant, End> {
        let operation = Operation::mqtt_connect();
        let code = match self.hub.require_current(self.peer, &operation) {
            Err(refusal) => return_code(&refusal),
            Ok(()) => match self.verify(&operation, None).await {
                // a device that registers has no will
                Ok(registrant) if connect.will_topic().is_none() => {
                    self.peer.slot.set_authenticated();
                    self.wire.lift_allowance();
                    self.wire.send(connack(ConnectReturnCode::Accepted)?).await?;
                    return Ok(registrant);
                }
                Ok(_) => ConnectReturnCode::NotAuthorized,
                Err(Refused::Unauthenticated(error)) => return_code(&Refusal::Unauthenticated(error)),
                Err(Refused::OverBudget | Refused::Interrupted) => ConnectReturnCode::ServerUnavailable,
            },
        };
        self.hub.slow(self.peer).await;
        self.wire.send(connack(code)?).await?;
        log_hint(self.hub, self.service, self.peer, &self.attempt);
        Err(End::Refused)
    }

    /// Verifies the credential and decides on a packet, and logs both.
    async fn verify(
        &self,
        operation: &Operation<'_>,
        packet: Option<(&'static str, &str)>,
    ) -> Result<Registrant, Refused> {
        let packet = packet.map(|(verb, address)| (Transport::Mqtt, verb, address.to_owned()));
        let verified = self.service.verify(self.peer.address.ip(), &self.attempt, packet).await;
        match &verified {
            Ok(registrant) => log_decision(self.hub, self.peer, operation, registrant),
            Err(refused) => log_refusal(self.hub, self.peer, operation, refused),
        }
        verified
    }

    /// Returns whether the enrollment admits the device after a change. Only a refusal is logged: no operation was requested.
    async fn may_stay(&self) -> Result<(), End> {
        let verified = self.service.verify_again(&self.attempt, None).await;
        if let Err(refused @ Refused::Unauthenticated(_)) = &verified {
            log_refusal(self.hub, self.peer, &Operation::mqtt_connect(), refused);
            return Err(End::Refused);
        }
        Ok(())
    }

    async fn packet(&mut self, packet: Packet) -> Result<(), End> {
        match packet {
            Packet::V3_1_1Publish(publish) => self.publish(&publish).await,
            Packet::V3_1_1Subscribe(subscribe) => self.subscribe(&subscribe).await,
            Packet::V3_1_1Unsubscribe(unsubscribe) => {
                self.subscribed = false;
                let answer = Unsuback::builder().packet_id(unsubscribe.packet_id()).build();
                self.wire.send(answer.map_err(|_| End::Malformed)?).await
            }
            Packet::V3_1_1Pingreq(_) => self.wire.send(Pingresp::new()).await,
            // acknowledges a message at QoS 1, which the gateway never sends
            Packet::V3_1_1Puback(_) => Ok(()),
            Packet::V3_1_1Disconnect(_) => Err(End::Gone),
            _ => Err(End::Malformed),
        }
    }

    async fn subscribe(&mut self, subscribe: &Subscribe) -> Result<(), End> {
        if subscribe.entries().len() > FILTERS {
            return Err(End::Malformed);
        }
        let mut codes = Vec::with_capacity(subscribe.entries().len());
        for entry in subscribe.entries() {
            let filter = entry.topic_filter();
            let operation = Operation::mqtt_subscribe(filter);
            let registrant =
                self.verify(&operation, Some(("subscribe", filter))).await.map_err(|_| End::Refused)?;
            codes.push(match registrant.decision {
                Some(Ok(_)) => {
                    self.subscribed = true;
                    match entry.sub_opts().qos() {
                        Qos::AtMostOnce => SubackReturnCode::SuccessMaximumQos0,
                        Qos::AtLeastOnce | Qos::ExactlyOnce => SubackReturnCode::SuccessMaximumQos1,
                    }
                }
                _ => SubackReturnCode::Failure,
            });
        }
        let answer = Suback::builder().packet_id(subscribe.packet_id()).return_codes(codes).build();
        self.wire.send(answer.map_err(|_| End::Malformed)?).await
    }

    async fn publish(&mut self, publish: &Publish) -> Result<(), End> {
        let topic = publish.topic_name();
        let operation = Operation::mqtt_publish(topic);
        let registrant = match self.verify(&operation, Some(("publish", topic))).await {
            Ok(registrant) => Ok(registrant),
            Err(Refused::OverBudget) => Err(Failure::TooMany),
            Err(Refused::Interrupted) => Err(Failure::Unavailable),
            Err(Refused::Unauthenticated(_)) => return Err(End::Refused),
        };
        if publish.qos() == Qos::ExactlyOnce {
            return Err(End::Malformed);
        }
        let endpoint = match registrant.as_ref().map(|registrant| registrant.decision) {
            Ok(Some(Ok(endpoint))) => endpoint.name(),
            // a PUBLISH can be refused only by closing the connection (MQTT 3.1.1, 3.3.5)
            Ok(_) => return Err(End::Refused),
            Err(_) => "",
        };
        if let (Qos::AtLeastOnce, Some(id)) = (publish.qos(), publish.packet_id()) {
            let answer = Puback::builder().packet_id(id).build();
            self.wire.send(answer.map_err(|_| End::Malformed)?).await?;
        }
        let answer = match registrant {
            Ok(registrant) => self.request(endpoint, &registrant, topic, publish.payload().as_slice()).await,
            Err(failure) => Err(failure),
        };
        self.answer(topic, answer).await
    }

    /// Carries out a request. Returns the status and the body of the answer.
    async fn request(
        &self,
        endpoint: &str,
        registrant: &Registrant,
        topic: &str,
        body: &[u8],
    ) -> Result<(u16, Value), Failure> {
        if self.hub.health() != hubward_store::FeedHealth::Current {
            return Err(Failure::Unavailable);
        }
        if endpoint == "register" {
            let address = self.peer.address.ip();
            let registered =
                self.service.register(self.hub, address, &self.attempt, registrant, body).await?;
            return Ok((202, assigning(&registered)));
        }
        let operation = parameter(topic, "operationId").ok_or(Failure::BadRequest)?;
        let record = self.service.lookup(registrant, Some(operation)).await?;
        let id = hubward::types::RegistrationId::parse(&registrant.id).map_err(|_| Failure::BadRequest)?;
        Ok((200, self.service.status(&record, id).await))
    }

    async fn answer(&mut self, topic: &str, answer: Result<(u16, Value), Failure>) -> Result<(), End> {
        if !self.subscribed {
            return Ok(());
        }
        let (status, body) = answer.unwrap_or_else(|failure| (failure.status(), failure.body()));
        let request = parameter(topic, "$rid").filter(|id| id.len() <= REQUEST_ID).unwrap_or_default();
        let after = if matches!(status, 202 | 429 | 503) {
            format!("&retry-after={RETRY_AFTER}")
        } else {
            String::new()
        };
        let topic = format!("$dps/registrations/res/{status}/?$rid={request}{after}");
        let answer = Publish::builder()
            .topic_name(topic)
            .and_then(|answer| answer.qos(Qos::AtMostOnce).payload(body.to_string()).build());
        self.wire.send(answer.map_err(|_| End::Malformed)?).await
    }
}

/// Returns the value of a parameter of a topic.
fn parameter<'t>(topic: &'t str, name: &str) -> Option<&'t str> {
    let (_, query) = topic.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(own, _)| *own == name))
        .map(|(_, value)| value)
}
