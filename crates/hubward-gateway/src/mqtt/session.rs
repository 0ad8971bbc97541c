//! An authenticated connection: the gateway decides on each packet until the connection ends.

use core::time::Duration;
use std::sync::Arc;

use hubward::Session;
use hubward::policy::Operation;
use mqtt::packet::v3_1_1::{Pingresp, Puback, Publish, Suback, Subscribe, Unsuback};
use mqtt::packet::{Packet, Qos};
use mqtt::result_code::SubackReturnCode;
use mqtt_protocol_core::mqtt;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::End;
use super::commands::{Commands, publication};
use super::connect::Connected;
use super::wire::Wire;
use crate::clock;
use crate::hub::{Hub, SessionDecision};
use crate::messages::{CloudMessage, Delivery, Settlement};
use crate::peer::Peer;
use crate::twin::EMPTY_TWIN;

/// The filter of the answers to requests for a device twin.
const TWIN_RESPONSES: &str = "$iothub/twin/res/#";

/// Filters of one SUBSCRIBE: clients send one to eight.
pub(super) const FILTERS: usize = 32;

/// Serves an authenticated client to the end of its connection.
pub(crate) async fn run(
    hub: &Hub,
    wire: &mut Wire,
    peer: &Peer,
    connected: Connected,
    stop: &CancellationToken,
) -> End {
    let Connected { session, seat, mut changes, idle_timeout, will } = connected;
    let session = Arc::new(session);
    let _present = hub.roster.enter(peer, &session);
    let mut serving = Serving { hub, wire, peer, session: &session, twin_responses: false, commands: None };
    let mut last_packet = Instant::now();
    let end = loop {
        let outcome = tokio::select! {
            biased;
            () = stop.cancelled() => Err(End::Stopped),
            () = seat.evicted() => Err(End::Evicted),
            // the registry changed, or the token expired
            _ = changes.changed() => serving.still_valid(),
            () = expiry(&session) => serving.still_valid(),
            () = sleep_until(later(last_packet, idle_timeout)) => Err(End::Silent),
            delivery = next_command(hub, &serving.commands) => serving.command(delivery).await,
            packet = serving.wire.next() => match packet {
                Ok(packet) => {
                    last_packet = Instant::now();
                    match packet {
                        // a DISCONNECT discards the will
                        Packet::V3_1_1Disconnect(_) => return End::Gone,
                        packet => serving.packet(packet).await,
                    }
                }
                Err(end) => Err(end),
            },
        };
        if let Err(end) = outcome {
            break end;
        }
    };
    if let Some((topic, bytes)) = will
        && hub.decide(peer, &session, &Operation::mqtt_publish(&topic)) == SessionDecision::Allowed
    {
        serving.count(bytes);
    }
    end
}

/// The state of a served connection.
struct Serving<'s> {
    hub: &'s Hub,
    wire: &'s mut Wire,
    peer: &'s Peer,
    session: &'s Session,
    /// Set if the client subscribed to answers about its twin.
    twin_responses: bool,
    /// Set once the client subscribed to messages of services.
    commands: Option<Commands>,
}

impl Serving<'_> {
    async fn packet(&mut self, packet: Packet) -> Result<(), End> {
        match packet {
            Packet::V3_1_1Publish(publish) => self.publish(&publish).await,
            Packet::V3_1_1Subscribe(subscribe) => self.subscribe(&subscribe).await,
            Packet::V3_1_1Unsubscribe(unsubscribe) => {
                self.twin_responses &= !unsubscribe.entries().iter().any(|it| it.as_str() == TWIN_RESPONSES);
                if let Some(commands) = &self.commands
                    && unsubscribe.entries().iter().any(|it| it.as_str() == &*commands.filter)
                {
                    self.commands = None;
                }
                let answer = Unsuback::builder().packet_id(unsubscribe.packet_id()).build();
                self.wire.send(answer.map_err(|_| End::Malformed)?).await
            }
            Packet::V3_1_1Pingreq(_) => self.wire.send(Pingresp::new()).await,
            // acknowledges a message at QoS 1, which the gateway never sends
            Packet::V3_1_1Puback(_) => Ok(()),
            _ => Err(End::Malformed),
        }
    }

    async fn publish(&mut self, publish: &Publish) -> Result<(), End> {
        let operation = Operation::mqtt_publish(publish.topic_name());
        match self.hub.decide(self.peer, self.session, &operation) {
            SessionDecision::Allowed => {}
            // a PUBLISH can be refused only by closing the connection (MQTT 3.1.1, 3.3.5)
            SessionDecision::Denied | SessionDecision::SessionError => return Err(End::Refused),
        }
        // a hub does not support QoS 2
        if publish.qos() == Qos::ExactlyOnce {
            return Err(End::Malformed);
        }
        let endpoint = operation.endpoint().map_or("", |endpoint| endpoint.name());
        if endpoint == "events.send" {
            self.count(publish.payload().len());
        }
        if let (Qos::AtLeastOnce, Some(id)) = (publish.qos(), publish.packet_id()) {
            let answer = Puback::builder().packet_id(id).build();
            self.wire.send(answer.map_err(|_| End::Malformed)?).await?;
        }
        if matches!(endpoint, "twin.get" | "twin.report") && self.twin_responses {
            self.twin(endpoint, publish.topic_name()).await?;
        }
        Ok(())
    }

    /// Answers that twins are not implemented, or that the twin is empty, so that a client does not wait.
    async fn twin(&mut self, endpoint: &str, topic: &str) -> Result<(), End> {
        let request = topic.rsplit_once("?$rid=").map_or("", |(_, request)| request);
        let (status, version, payload) = match endpoint {
            _ if !self.hub.empty_twins => (501, "", ""),
            "twin.get" => (200, "", EMPTY_TWIN),
            // what is reported is not kept
            _ => (204, "&$version=2", ""),
        };
        let answer = Publish::builder()
            .topic_name(format!("$iothub/twin/res/{status}/?$rid={request}{version}"))
            .and_then(|answer| answer.qos(Qos::AtMostOnce).payload(payload.as_bytes()).build());
        self.wire.send(answer.map_err(|_| End::Malformed)?).await
    }

    async fn subscribe(&mut self, subscribe: &Subscribe) -> Result<(), End> {
        // each filter is decided on and logged
        if subscribe.entries().len() > FILTERS {
            return Err(End::Malformed);
        }
        let mut codes = Vec::with_capacity(subscribe.entries().len());
        for entry in subscribe.entries() {
            let filter = entry.topic_filter();
            let operation = Operation::mqtt_subscribe(filter);
            codes.push(match self.hub.decide(self.peer, self.session, &operation) {
                SessionDecision::Allowed => {
                    if operation.endpoint().is_some_and(|endpoint| endpoint.name() == "commands.receive") {
                        self.commands = Commands::new(self.hub, self.session.identity(), filter);
                    }
                    self.twin_responses |= filter == TWIN_RESPONSES;
                    match entry.sub_opts().qos() {
                        Qos::AtMostOnce => SubackReturnCode::SuccessMaximumQos0,
                        Qos::AtLeastOnce | Qos::ExactlyOnce => SubackReturnCode::SuccessMaximumQos1,
                    }
                }
                SessionDecision::Denied => SubackReturnCode::Failure,
                SessionDecision::SessionError => return Err(End::Refused),
            });
        }
        let answer = Suback::builder().packet_id(subscribe.packet_id()).return_codes(codes).build();
        self.wire.send(answer.map_err(|_| End::Malformed)?).await
    }

    /// Publishes a message of a service to the client, at QoS 0, which completes it. `None` means that another connection
    /// receives now.
    async fn command(&mut self, delivery: Option<Delivery>) -> Result<(), End> {
        let (Some(delivery), Some(commands)) = (delivery, &self.commands) else {
            self.commands = None;
            return Ok(());
        };
        let recipient = commands.recipient.clone();
        let operation = Operation::mqtt_subscribe(&commands.filter);
        let allowed = self.hub.decide(self.peer, self.session, &operation) == SessionDecision::Allowed;
        let (settlement, sent) = if allowed {
            self.deliver(delivery.message).await
        } else {
            (Settlement::Abandon, Err(End::Refused))
        };
        // a lock that has expired meanwhile is of a message that is delivered again
        let _ = self.hub.mailboxes.settle(&recipient, &delivery.lock, settlement);
        sent
    }

    /// Publishes a message, and returns how that settles it. One that does not fit in a topic is rejected.
    async fn deliver(&mut self, message: CloudMessage) -> (Settlement, Result<(), End>) {
        let Some((topic, payload)) = publication(&self.session.identity(), message) else {
            return (Settlement::Reject, Ok(()));
        };
        let publish = Publish::builder()
            .topic_name(topic)
            .and_then(|publish| publish.qos(Qos::AtMostOnce).payload(payload).build());
        let Ok(publish) = publish else { return (Settlement::Reject, Ok(())) };
        match self.wire.send(publish).await {
            Ok(()) => (Settlement::Complete, Ok(())),
            Err(end) => (Settlement::Abandon, Err(end)),
        }
    }

    fn still_valid(&self) -> Result<(), End> {
        // staying connected requires the permission to connect
        if self.hub.still_valid(self.peer, self.session, &Operation::mqtt_connect()) {
            Ok(())
        } else {
            Err(End::Refused)
        }
    }

    fn count(&self, bytes: usize) {
        self.hub.metrics.messages.add(1);
        self.hub.metrics.message_bytes.add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

/// Waits for a message to the client; forever if it did not subscribe.
async fn next_command(hub: &Hub, commands: &Option<Commands>) -> Option<Delivery> {
    match commands {
        Some(commands) => commands.next(hub).await,
        None => core::future::pending().await,
    }
}

/// Waits until the second after the last one at which the session is valid.
async fn expiry(session: &Session) {
    let left = session.until().as_secs().saturating_add(1).saturating_sub(clock::now().as_secs());
    tokio::time::sleep(Duration::from_secs(left)).await;
}

/// Returns `from + by`, or `from` if that overflows.
pub(super) fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by).unwrap_or(from)
}
