//! AMQP: bearer tokens of a directory that are put on `$cbs`, and the redirection to the hub's events.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
#[allow(dead_code, reason = "this test uses a part")]
#[path = "common/directory.rs"]
mod directory;

use core::time::Duration;

use common::amqp::*;
use common::*;
use directory::*;
use fe2o3_amqp::link::{ReceiverAttachError, SenderAttachError};
use fe2o3_amqp::types::definitions::{AmqpError, Error, ErrorCondition, LinkError};
use fe2o3_amqp::types::messaging::Outcome;
use fe2o3_amqp::types::primitives::{Symbol, Value};
use hubward_gateway::EventsEndpoint;
use serde_json::json;
use tokio::time::timeout;

/// The longest time that the end of a link or a connection is waited for.
const WAIT: Duration = Duration::from_secs(10);
const ISSUER: &str = "https://login.example/tenant";
const EVENTS: &str = "amqps://localhost:5671/messages/events";

/// Starts a gateway whose directory has a user `alice` with every data role.
async fn gateway(events: Option<&str>) -> (Gateway, Directory) {
    let directory = Directory::new();
    let gateway = start(&directory, events, Duration::from_secs(10)).await;
    (gateway, directory)
}

async fn start(directory: &Directory, events: Option<&str>, connect_timeout: Duration) -> Gateway {
    Gateway::with(|dev, config| {
        let users = json!({
            "hub": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/contoso",
            "issuer": ISSUER,
            "keys": directory.keys(),
            "assignments": [{ "principal": "alice", "role": "IoT Hub Data Contributor" }],
        });
        std::fs::write(dev.file("users.json"), users.to_string()).unwrap();
        config.users = Some(dev.file("users.json"));
        config.amqps = Some("127.0.0.1:0".into());
        config.events = events.map(|events| events.parse().unwrap());
        config.limits.refusal_delay = Duration::ZERO;
        config.limits.connect_timeout = connect_timeout;
    })
    .await
}

fn token_until(directory: &Directory, who: &str, expires: u64) -> String {
    let claims = json!({ "oid": who, "aud": "https://iothubs.azure.net", "iss": ISSUER, "exp": expires });
    directory.token(&json!({ "alg": "ES256", "kid": "ec" }), &claims, "ES256")
}

fn token(directory: &Directory, who: &str) -> String {
    token_until(directory, who, now() + 600)
}

/// Returns the error of a refused link.
fn refusal<T>(attached: Result<T, ReceiverAttachError>) -> Error {
    match attached.err() {
        Some(ReceiverAttachError::RemoteClosedWithError(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_user_without_a_role_after_a_reload_loses_its_links() {
    let (gateway, directory) = gateway(None).await;
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    assert_eq!(cbs.put_as("jwt", "amqps://localhost:5671/", &token(&directory, "alice")).await, 200);
    let mut sends = amqp.sender(COMMANDS).await.unwrap();
    gateway.server.reload().unwrap();
    assert!(matches!(sends.send(command(LISTENS, "one")).await.unwrap(), Outcome::Accepted(_)));
    let file = gateway.dev.file("users.json");
    let mut users: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    users["assignments"] = json!([]);
    std::fs::write(&file, users.to_string()).unwrap();
    gateway.server.reload().unwrap();
    // the gateway detaches the link
    let _ = sends.on_detach().await;
    assert!(amqp.sender(COMMANDS).await.is_err());
    gateway.end().await;
}

#[tokio::test]
async fn a_user_of_a_key_that_was_removed_loses_its_links() {
    let (gateway, directory) = gateway(None).await;
    let file = gateway.dev.file("users.json");
    let reload = |keys: serde_json::Value| {
        let mut users: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        users["keys"] = keys;
        std::fs::write(&file, users.to_string()).unwrap();
        gateway.server.reload().unwrap();
    };
    let other = Directory::new();
    let [own, new] = [&directory, &other].map(|directory| directory.keys()[0].clone());
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    assert_eq!(cbs.put("localhost/devices/dev1", &gateway.token()).await, 200);
    assert_eq!(cbs.put_as("jwt", "localhost", &token(&directory, "alice")).await, 200);
    let mut stays = amqp.sender(SENDS).await.unwrap();
    let mut sends = amqp.sender(COMMANDS).await.unwrap();
    let mut alone = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    assert_eq!(alone.cbs().await.put_as("jwt", "localhost", &token(&directory, "alice")).await, 200);
    // one more key ends nothing
    let keys = directory.keys();
    reload(json!([keys[0], keys[1], keys[2], new]));
    assert!(matches!(sends.send(command(LISTENS, "one")).await.unwrap(), Outcome::Accepted(_)));
    reload(json!([new]));
    timeout(WAIT, sends.on_detach()).await.unwrap();
    timeout(WAIT, alone.connection.on_close()).await.unwrap().unwrap_err();
    assert!(amqp.sender(COMMANDS).await.is_err());
    assert!(matches!(stays.send("hello").await, Ok(Outcome::Accepted(_))), "a device is no user");
    // a key that returns does not bring the user back
    reload(json!([own]));
    assert!(amqp.sender(COMMANDS).await.is_err());
    assert_eq!(cbs.put_as("jwt", "localhost", &token(&directory, "alice")).await, 200);
    assert!(amqp.sender(COMMANDS).await.is_ok());
    gateway.end().await;
}

#[tokio::test]
async fn a_user_is_unauthenticated_until_a_link_is_permitted() {
    let directory = Directory::new();
    let gateway = start(&directory, None, Duration::from_secs(1)).await;
    let mut alice = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    assert_eq!(alice.cbs().await.put_as("jwt", "localhost", &token(&directory, "alice")).await, 200);
    let mut sends = alice.sender(COMMANDS).await.unwrap();
    let mut bob = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    assert_eq!(bob.cbs().await.put_as("jwt", "localhost", &token(&directory, "bob")).await, 200);
    assert!(!bob.sends(COMMANDS).await);
    timeout(WAIT, bob.connection.on_close()).await.unwrap().unwrap_err();
    assert!(matches!(sends.send(command(LISTENS, "one")).await.unwrap(), Outcome::Accepted(_)));
    gateway.end().await;
}

#[tokio::test]
async fn a_bearer_token_opens_the_links_of_its_roles() {
    let (gateway, directory) = gateway(None).await;
    let mut device = gateway.amqp_dev1().await;
    let mut listens = device.receiver(LISTENS).await.unwrap();
    for kind in ["jwt", "bearer"] {
        let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
        let mut cbs = amqp.cbs().await;
        assert_eq!(cbs.put_as(kind, "amqps://localhost:5671/", &token(&directory, "alice")).await, 200);
        let line = gateway.log.last();
        assert!(line.contains("who=\"user alice\"") && line.contains("code=\"admitted\""), "{line}");
        let mut sends = amqp.sender("amqps://localhost/messages/devicebound").await.unwrap();
        assert!(matches!(sends.send(command(LISTENS, kind)).await.unwrap(), Outcome::Accepted(_)));
        let (delivery, text) = received(&mut listens).await;
        listens.accept(&delivery).await.unwrap();
        assert_eq!(text, kind);
        assert!(!amqp.sends(SENDS).await, "a user is not a device");
        assert!(gateway.log.has("code=\"device-endpoint\""));
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_bearer_token_of_a_forger_or_without_roles_opens_nothing() {
    let (gateway, directory) = gateway(None).await;
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    let (forged, alice) = (token(&Directory::new(), "alice"), token(&directory, "alice"));
    assert_eq!(cbs.put_as("jwt", "localhost", &forged).await, 401);
    assert!(gateway.log.last().contains("code=\"bearer-refused\""));
    assert_eq!(cbs.put_as("jwt", "localhost", &token_until(&directory, "alice", now() - 1)).await, 401);
    assert_eq!(cbs.put_as("jwt", "localhost/devices/dev1", &alice).await, 400);
    assert_eq!(cbs.put_as("jwt", "other.example", &alice).await, 401);
    assert_eq!(cbs.put_as("servicebus.windows.net:sastoken", "localhost", &alice).await, 400);
    assert!(!amqp.sends(COMMANDS).await);
    assert_eq!(cbs.put_as("jwt", "localhost", &token(&directory, "bob")).await, 200);
    assert!(!amqp.sends(COMMANDS).await, "bob has no role");
    gateway.end().await;
}

#[tokio::test]
async fn the_links_of_a_user_end_with_its_token() {
    let (gateway, directory) = gateway(None).await;
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    assert_eq!(cbs.put("localhost/devices/dev1", &gateway.token()).await, 200);
    assert_eq!(cbs.put_as("jwt", "localhost", &token_until(&directory, "alice", now() + 2)).await, 200);
    let mut stays = amqp.sender(SENDS).await.unwrap();
    let mut ends = amqp.sender(COMMANDS).await.unwrap();
    let _ = ends.on_detach().await;
    assert!(matches!(stays.send("hello").await, Ok(Outcome::Accepted(_))));

    let mut alone = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = alone.cbs().await;
    assert_eq!(cbs.put_as("jwt", "localhost", &token_until(&directory, "alice", now() + 2)).await, 200);
    alone.connection.on_close().await.unwrap_err();
    gateway.end().await;
}

#[tokio::test]
async fn a_service_that_receives_events_is_redirected() {
    let (gateway, _) = gateway(Some("amqps://ns.example/hub-events")).await;
    for (address, target) in [
        ("/messages/events", "amqps://ns.example:5671/hub-events"),
        (EVENTS, "amqps://ns.example:5671/hub-events"),
        ("/messages/events/", "amqps://ns.example:5671/hub-events"),
        ("/messages/events/$management", "amqps://ns.example:5671/hub-events/$management"),
    ] {
        let error = refusal(gateway.amqp_service().await.receiver(address).await);
        assert_eq!(error.condition, ErrorCondition::LinkError(LinkError::Redirect), "{address}");
        let info = error.info.unwrap();
        let text = |name: &str| info.get(&Symbol::from(name)).cloned().unwrap();
        assert_eq!(text("address"), Value::String(target.to_owned()), "{address}");
        assert_eq!(text("hostname"), Value::String("ns.example".to_owned()));
        assert_eq!(text("network-host"), Value::String("ns.example".to_owned()));
        assert_eq!(text("port"), Value::Uint(5671));
    }
    gateway.end().await;
}

#[tokio::test]
async fn only_an_authorized_service_learns_where_the_events_are() {
    let (configured, _) = gateway(Some("amqps://ns.example/hub-events")).await;
    let mut device = configured.amqp_dev1().await;
    let error = refusal(device.receiver(EVENTS).await);
    assert_eq!(error.condition, ErrorCondition::AmqpError(AmqpError::UnauthorizedAccess));
    assert!(error.info.is_none());
    let other =
        refusal(configured.amqp_service().await.receiver("amqps://other.example/messages/events").await);
    assert_eq!(other.condition, ErrorCondition::AmqpError(AmqpError::UnauthorizedAccess));
    configured.end().await;

    let (unconfigured, _) = gateway(None).await;
    let error = refusal(unconfigured.amqp_service().await.receiver(EVENTS).await);
    assert_eq!(error.condition, ErrorCondition::AmqpError(AmqpError::NotImplemented));
    match unconfigured.amqp_service().await.sender("/messages/events/$management").await {
        Err(SenderAttachError::RemoteClosedWithError(error)) => {
            assert_eq!(error.condition, ErrorCondition::AmqpError(AmqpError::NotImplemented));
        }
        other => panic!("{other:?}"),
    }
    unconfigured.end().await;
}

#[test]
fn an_events_endpoint_is_a_uri_with_host_and_name() {
    let parsed = |text: &str| text.parse::<EventsEndpoint>().map(|endpoint| endpoint.to_string()).ok();
    assert_eq!(parsed("amqps://ns.example/a/b"), Some("amqps://ns.example:5671/a/b".to_owned()));
    assert_eq!(parsed("amqps://ns.example:5672/a"), Some("amqps://ns.example:5672/a".to_owned()));
    for text in [
        "",
        "ns.example/a",
        "https://ns.example/a",
        "amqps://ns.example",
        "amqps://ns.example/",
        "amqps:///a",
        "amqps://user@ns.example/a",
        "amqps://ns.example:0x1/a",
        "amqps://ns.example:/a",
        "amqps://ns.example/a?b",
        "amqps://ns.example/a b",
        "amqps://ns.example:70000/a",
    ] {
        assert_eq!(parsed(text), None, "{text}");
    }
}
