//! Honest clients of each listener, which must be admitted whenever the gateway has its store, and only then.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use fe2o3_amqp::sasl_profile::SaslProfile;
use hubward::Client;
use hubward::types::DeviceId;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::streams::{dial, honest};
use super::{Door, Phase, http, own_token};
use crate::common::amqp::Amqp;
use crate::common::client::*;
use crate::common::host;
use crate::common::websocket::tunnel;
use crate::dps;
use crate::link;

/// The longest time for one attempt.
const PATIENCE: Duration = Duration::from_secs(40);

/// A listener with a protocol, and the service behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Mqtt,
    MqttOverWebSocket,
    Certificate,
    Amqp,
    AmqpOverWebSocket,
    Https,
    Owner,
    Console,
    ProvisioningMqtt,
    ProvisioningMqttOverWebSocket,
    ProvisioningAmqp,
    ProvisioningAmqpOverWebSocket,
    ProvisioningHttps,
}

pub const WAYS: [Way; 13] = [
    Way::Mqtt,
    Way::MqttOverWebSocket,
    Way::Certificate,
    Way::Amqp,
    Way::AmqpOverWebSocket,
    Way::Https,
    Way::Owner,
    Way::Console,
    Way::ProvisioningMqtt,
    Way::ProvisioningMqttOverWebSocket,
    Way::ProvisioningAmqp,
    Way::ProvisioningAmqpOverWebSocket,
    Way::ProvisioningHttps,
];

/// Why an attempt failed.
type Outcome = Result<(), String>;

/// Comes by a way again and again, until the test ends. An attempt within one state of the gateway has one right outcome.
pub async fn come(door: Arc<Door>, way: Way, pause: Duration) {
    while !door.stopped() {
        let before = door.phase();
        // a task of its own: a helper of the tests may panic
        let (again, attempt) = (Arc::clone(&door), timeout(PATIENCE, attempt(Arc::clone(&door), way)));
        let outcome = match tokio::spawn(attempt).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err("no answer".into()),
            Err(panic) => Err(format!("{panic}")),
        };
        let after = again.phase();
        judge(&door, way, (before == after).then_some(before.0), outcome);
        sleep(pause).await;
    }
}

fn judge(door: &Door, way: Way, phase: Option<Phase>, outcome: Outcome) {
    let record = door.record();
    match (phase, outcome) {
        (Some(Phase::Healthy), Ok(())) => record.count(&format!("admitted: {way:?}")),
        (Some(Phase::Healthy), Err(why)) => record.fault(format!("{way:?} is not served: {why}")),
        (Some(Phase::Lost), Ok(())) => record.fault(format!("{way:?} is served without the store")),
        (Some(Phase::Lost), Err(_)) => record.count(&format!("refused without the store: {way:?}")),
        (Some(Phase::Changing | Phase::Draining) | None, _) => {}
    }
}

/// Keeps one connection open, and sends pings on it. It may end only when the state of the gateway changes.
pub async fn hold(door: Arc<Door>, pause: Duration) {
    while !door.stopped() {
        let before = door.phase();
        let Ok(mut stream) = honest(&door, door.process.mqtt).await else { continue };
        let admitted = ask(&mut stream, &device_connect("h-held")).await == connack(0);
        if !admitted {
            if before == door.phase() && before.0 == Phase::Healthy {
                door.record().fault("the held device is not admitted".into());
            }
            sleep(pause).await;
            continue;
        }
        door.record().count("sessions held");
        loop {
            let before = door.phase();
            if door.stopped() {
                let _ = stream.write_all(&DISCONNECT).await;
                return;
            }
            let answer = timeout(PATIENCE, ask(&mut stream, &PINGREQ)).await;
            if answer.ok().flatten() != Some(PINGRESP) {
                if before == door.phase() && before.0 == Phase::Healthy {
                    door.record().fault("a held session ended".into());
                }
                break;
            }
            sleep(pause).await;
        }
    }
}

/// Returns the CONNECT of a device.
pub fn device_connect(id: &str) -> Vec<u8> {
    connect(id, &format!("localhost/{id}/?api-version=2021-04-12"), Some(&own_token(id)), None)
}

async fn attempt(door: Arc<Door>, way: Way) -> Outcome {
    let process = &door.process;
    match way {
        Way::Mqtt => mqtt(dialled(&door, process.mqtt).await?, "h-mqtt").await,
        Way::MqttOverWebSocket => {
            mqtt(tunnel(dialled(&door, process.https).await?, "mqtt", 2).await, "h-mqtt-ws").await
        }
        Way::Certificate => certificate(&door).await,
        Way::Amqp => amqp(dialled(&door, process.amqps).await?, "h-amqp").await,
        Way::AmqpOverWebSocket => {
            amqp(tunnel(dialled(&door, process.https).await?, "AMQPWSB10", 1).await, "h-amqp-ws").await
        }
        Way::Https => {
            let headers = format!("Authorization: {}\r\n", own_token("h-https"));
            let request = "POST /devices/h-https/messages/events?api-version=2021-04-12";
            let stream = dialled(&door, process.https).await?;
            expect(204, http::send(stream, request, &headers, "hello").await)
        }
        Way::Owner => expect(200, door.owner("GET /devices/h-https", "", "").await),
        Way::Console => {
            let stream = TcpStream::connect(door.console).await.map_err(|error| error.to_string())?;
            let headers = format!("Host: {}\r\nAuthorization: {}\r\n", door.console, door.owner_token());
            expect(200, http::send(stream, "GET /api/sessions", &headers, "").await)
        }
        Way::ProvisioningMqtt => {
            register(registering(&door, way, process.mqtt).await?, "sn-mqtt").await?;
            first_session(&door, "sn-mqtt").await
        }
        Way::ProvisioningMqttOverWebSocket => {
            let stream = registering(&door, way, process.https).await?;
            register(tunnel(stream, "mqtt", 1).await, "sn-mqtt-ws").await?;
            first_session(&door, "sn-mqtt-ws").await
        }
        Way::ProvisioningAmqp => {
            register_by_links(registering(&door, way, process.amqps).await?, "sn-amqp").await?;
            first_session(&door, "sn-amqp").await
        }
        Way::ProvisioningAmqpOverWebSocket => {
            let stream = tunnel(registering(&door, way, process.https).await?, "AMQPWSB10", 1).await;
            register_by_links(stream, "sn-amqp-ws").await?;
            first_session(&door, "sn-amqp-ws").await
        }
        Way::ProvisioningHttps => {
            register_by_requests(&door, "sn-https").await?;
            first_session(&door, "sn-https").await
        }
    }
}

/// Connects from an address of the way's own: each address has a budget of verifications.
async fn registering(door: &Door, way: Way, to: SocketAddr) -> Result<Stream, String> {
    let last = 2 + u8::try_from(WAYS.iter().position(|one| *one == way).unwrap()).unwrap();
    dial(door, [127, 0, 0, last], to).await.map_err(|error| format!("handshake: {error}"))
}

async fn dialled(door: &Door, to: SocketAddr) -> Result<Stream, String> {
    honest(door, to).await.map_err(|error| format!("handshake: {error}"))
}

fn expect(status: u16, answer: Option<(u16, String)>) -> Outcome {
    match answer {
        Some((got, _)) if got == status => Ok(()),
        answer => Err(format!("{answer:?}, not {status}")),
    }
}

async fn mqtt(mut stream: impl AsyncRead + AsyncWrite + Unpin, id: &str) -> Outcome {
    let admitted = ask(&mut stream, &device_connect(id)).await;
    if admitted != connack(0) {
        return Err(format!("CONNACK {admitted:?}"));
    }
    let topic = format!("devices/{id}/messages/events/");
    let answer = ask(&mut stream, &publish(&topic, 1, b"hello")).await;
    let _ = stream.write_all(&DISCONNECT).await;
    let _ = stream.flush().await;
    if answer == puback() { Ok(()) } else { Err(format!("PUBACK {answer:?}")) }
}

async fn certificate(door: &Door) -> Outcome {
    let file = |name: &str| door.process.folder.join(name);
    let own = tls(&file("ca.pem"), Some((&file("dev-x509.pem"), &file("dev-x509.key"))));
    let mut stream = crate::common::client::dial(&own, door.process.mqtt).await.map_err(|e| e.to_string())?;
    let packet = connect("dev-x509", "localhost/dev-x509/?api-version=2021-04-12", None, None);
    let answer = ask(&mut stream, &packet).await;
    let _ = stream.write_all(&DISCONNECT).await;
    if answer == connack(0) { Ok(()) } else { Err(format!("CONNACK {answer:?}")) }
}

async fn amqp(
    stream: impl AsyncRead + AsyncWrite + core::fmt::Debug + Send + Unpin + 'static,
    id: &str,
) -> Outcome {
    let profile = SaslProfile::Plain { username: format!("{id}@sas.localhost"), password: own_token(id) };
    let mut device = Amqp::open(stream, Some(profile)).await.map_err(|error| format!("{error:?}"))?;
    let sent = device.sends(&format!("/devices/{id}/messages/events")).await;
    let _ = device.connection.close().await;
    if sent { Ok(()) } else { Err("the link is refused".into()) }
}

async fn register(mut stream: impl AsyncRead + AsyncWrite + Unpin, id: &str) -> Outcome {
    let packet = dps::register_connect(id, Some(&dps::token(id, &dps::member(10, id))));
    let admitted = ask(&mut stream, &packet).await;
    if admitted != connack(0) {
        return Err(format!("CONNACK {admitted:?}"));
    }
    let state = dps::registered(&mut stream).await.map_err(|refused| format!("{refused:?}"))?;
    let _ = stream.write_all(&DISCONNECT).await;
    let _ = stream.flush().await;
    assigned(&state, id)
}

async fn register_by_links(
    stream: impl AsyncRead + AsyncWrite + core::fmt::Debug + Send + Unpin + 'static,
    id: &str,
) -> Outcome {
    let profile = link::sasl(id, &dps::token(id, &dps::member(10, id)));
    let amqp = Amqp::open(stream, Some(profile)).await.map_err(|error| format!("{error:?}"))?;
    let device = link::Device::attach(amqp, &link::address(id)).await;
    let mut device = device.ok_or("the links are refused")?;
    let state = device.registered().await.map_err(|error| format!("{error:?}"))?;
    device.close().await;
    assigned(&state, id)
}

async fn register_by_requests(door: &Door, id: &str) -> Outcome {
    let path = format!("/{}/registrations/{id}", dps::SCOPE);
    let put = format!("PUT {path}/register?api-version=2019-03-31");
    let (status, body) = registration_request(door, id, &put, "{}").await?;
    if status != 202 {
        return Err(format!("{status}, not 202"));
    }
    let body: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    let operation = body["operationId"].as_str().ok_or("no operation")?.to_owned();
    let get = format!("GET {path}/operations/{operation}");
    let (status, body) = registration_request(door, id, &get, "").await?;
    if status != 200 {
        return Err(format!("{status}, not 200"));
    }
    let body: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    assigned(&body["registrationState"], id)
}

async fn registration_request(
    door: &Door,
    id: &str,
    request: &str,
    body: &str,
) -> Result<(u16, String), String> {
    let headers = format!("Authorization: {}\r\n", dps::token(id, &dps::member(10, id)));
    let stream = registering(door, Way::ProvisioningHttps, door.process.https).await?;
    http::send(stream, request, &headers, body).await.ok_or_else(|| "no answer".into())
}

fn assigned(state: &Value, id: &str) -> Outcome {
    if state["deviceId"] == id { Ok(()) } else { Err(format!("assigned: {state}")) }
}

/// Connects a device that has registered to the hub.
async fn first_session(door: &Door, id: &str) -> Outcome {
    let device = Client::device(host(), DeviceId::parse(id).unwrap());
    let token = super::device_token(id, &dps::member(10, id), 600);
    let packet = connect(id, &device.mqtt_username().to_string(), Some(&token), None);
    let mut stream = dialled(door, door.process.mqtt).await?;
    let answer = ask(&mut stream, &packet).await;
    let _ = stream.write_all(&DISCONNECT).await;
    let _ = stream.flush().await;
    if answer == connack(0) { Ok(()) } else { Err(format!("its next CONNECT: {answer:?}")) }
}

/// Connects the device with a key of its own that asks for what is another's. Returns what it was given, if anything.
pub async fn insider(door: &Door) -> Option<String> {
    let mut stream = dial(door, super::INSIDER, door.process.mqtt).await.ok()?;
    door.record().count("attacks: insider");
    if ask(&mut stream, &device_connect("insider")).await == connack(0) {
        let topic = "devices/victim/messages/events/";
        if ask(&mut stream, &publish(topic, 1, b"x")).await.is_some_and(|answer| answer.0 == 0x40) {
            return Some("the insider sends as another device".into());
        }
    }
    let headers = format!("Authorization: {}\r\n", own_token("insider"));
    for request in ["POST /devices/victim/messages/events", "GET /devices/victim", "DELETE /devices/insider"]
    {
        let stream = dial(door, super::INSIDER, door.process.https).await.ok()?;
        if let Some((200..300, _)) = http::send(stream, request, &headers, "").await {
            return Some(format!("the insider: {request}"));
        }
    }
    let profile =
        SaslProfile::Plain { username: "victim@sas.localhost".into(), password: own_token("insider") };
    let stream = dial(door, super::INSIDER, door.process.amqps).await.ok()?;
    if Amqp::open(stream, Some(profile)).await.is_ok() {
        return Some("the insider is admitted as another device".into());
    }
    None
}
