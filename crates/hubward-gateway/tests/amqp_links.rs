//! AMQP links: the gateway decides on each message, delivers commands to their device, and ends links after changes.
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
use common::amqp::*;
use common::*;
use fe2o3_amqp::types::definitions::{AmqpError, ErrorCondition};
use fe2o3_amqp::types::messaging::annotations::OwnedKey;
use fe2o3_amqp::types::messaging::{Body, Message, MessageAnnotations, Outcome, Properties};
use fe2o3_amqp::types::primitives::{Binary, Value};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn gateway() -> Gateway {
    Gateway::with(|_, config| config.amqps = Some("127.0.0.1:0".into())).await
}

async fn disable(gateway: &Gateway, device: &str) {
    let (status, body) = gateway.owner(&format!("GET /devices/{device}"), "", "").await;
    assert_eq!(status, 200);
    let mut record: Json = serde_json::from_str(&body).unwrap();
    record["status"] = json!("disabled");
    record.as_object_mut().unwrap().remove("authentication");
    let request = format!("PUT /devices/{device}");
    let (status, body) = gateway.owner(&request, "If-Match: *\r\n", &record.to_string()).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn a_service_s_message_is_delivered_or_rejected() {
    let gateway = gateway().await;
    let mut service = gateway.amqp_service().await;
    let mut sends = service.sender(COMMANDS).await.unwrap();
    let not_found = ErrorCondition::AmqpError(AmqpError::NotFound);
    for (to, why) in [
        ("/devices/ghost/messages/devicebound", &not_found),
        ("/devices/dev1/messages/events", &not_found),
        ("", &not_found),
    ] {
        let outcome = sends.send(command(to, "hello")).await.unwrap();
        assert_eq!(rejection(outcome).as_ref(), Some(why), "{to}");
    }

    let mut device = gateway.amqp_dev1().await;
    let mut listens = device.receiver(LISTENS).await.unwrap();
    for text in ["one", "two"] {
        assert!(matches!(sends.send(command(LISTENS, text)).await.unwrap(), Outcome::Accepted(_)));
        let (delivery, got) = received(&mut listens).await;
        listens.accept(&delivery).await.unwrap();
        assert_eq!(got, text);
    }
    listens.close().await.unwrap();
    gateway.end().await;
}

#[tokio::test]
async fn the_links_of_cbs_may_be_attached_again() {
    let gateway = gateway().await;
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    for _ in 0..3 {
        let mut cbs = amqp.cbs().await;
        assert_eq!(cbs.put("localhost/devices/dev1", &gateway.token()).await, 200);
        cbs.answers.close().await.unwrap();
        cbs.puts.close().await.unwrap();
    }
    assert!(amqp.sends(SENDS).await);
    gateway.end().await;
}

#[tokio::test]
async fn an_operation_that_is_not_implemented_is_refused() {
    let gateway = gateway().await;
    let mut device = gateway.amqp_dev1().await;
    assert!(!device.sends("/devices/dev1/twin").await);
    assert!(gateway.log.last().contains("verdict=\"allow\" rule=\"twin.request\""), "{}", gateway.log.last());
    // the connection stays open
    assert!(device.sends(SENDS).await);
    gateway.end().await;
}

#[tokio::test]
async fn a_twin_is_empty_if_the_hub_is_for_development() {
    let gateway = Gateway::with(|_, config| {
        config.amqps = Some("127.0.0.1:0".into());
        config.empty_twins = true;
    })
    .await;
    let mut device = gateway.amqp_dev1().await;
    let twin = "/devices/dev1/twin";
    let mut requests = device.sender(twin).await.unwrap();
    let request = |operation: &str| {
        let mut annotations = MessageAnnotations::default();
        annotations.0.insert(OwnedKey::Symbol("operation".into()), Value::String(operation.into()));
        let properties =
            Properties { correlation_id: Some(operation.to_owned().into()), ..Properties::default() };
        Message::builder()
            .message_annotations(annotations)
            .properties(properties)
            .data(Binary::from(Vec::new()))
            .build()
    };
    // no link for the answer yet
    assert!(rejection(requests.send(request("GET")).await.unwrap()).is_some());
    let mut answers = device.receiver(twin).await.unwrap();
    for (operation, body) in
        [("GET", r#"{"desired":{"$version":1},"reported":{"$version":1}}"#), ("PATCH", "")]
    {
        assert!(matches!(requests.send(request(operation)).await.unwrap(), Outcome::Accepted(_)));
        let (answer, text) = received(&mut answers).await;
        answers.accept(&answer).await.unwrap();
        assert_eq!(text, body);
        let answer = answer.into_message();
        assert_eq!(answer.properties.unwrap().correlation_id, Some(operation.to_owned().into()));
        let annotations = answer.message_annotations.unwrap().0;
        assert_eq!(annotations.get(&OwnedKey::Symbol("status".into())), Some(&Value::Int(200)));
    }
    // another device's twin
    assert!(!device.sends("/devices/dev2/twin").await);
    gateway.end().await;
}

#[tokio::test]
async fn a_large_message_is_accepted_and_one_that_is_too_large_ends_its_link() {
    let gateway = gateway().await;
    let mut device = gateway.amqp_dev1().await;
    let mut link = device.sender(SENDS).await.unwrap();
    assert!(matches!(link.send("x".repeat(200 * 1024)).await, Ok(Outcome::Accepted(_))));
    assert!(link.send("x".repeat(300 * 1024)).await.is_err());
    assert!(device.sends(SENDS).await);
    gateway.end().await;
}

#[tokio::test]
async fn disabling_a_device_ends_its_connection() {
    let gateway = gateway().await;
    let mut plain = gateway.amqp_dev1().await;
    let mut link = plain.sender(SENDS).await.unwrap();
    link.send("hello").await.unwrap();
    disable(&gateway, "dev1").await;
    plain.connection.on_close().await.unwrap_err();
    assert!(link.send("hello").await.is_err());
    let expected = "who=\"device dev1\" what=\"AMQP send connection\" verdict=\"deny\" rule=\"session\" code=\"disabled\"";
    assert!(gateway.log.has(expected), "{:#?}", gateway.log.lines());
    assert!(gateway.amqp_plain("dev1@sas.localhost", &gateway.token()).await.is_err());
    gateway.end().await;
}

#[tokio::test]
async fn an_expired_token_ends_its_links_and_a_renewed_one_does_not() {
    let gateway = Gateway::with(|_, config| {
        config.amqps = Some("127.0.0.1:0".into());
        config.strict = true;
    })
    .await;
    let short = || gateway.token_until(now() + 2);
    let mut plain = gateway.amqp_plain("dev1@sas.localhost", &short()).await.unwrap();
    plain.connection.on_close().await.unwrap_err();

    // the module's token expires, the device's is renewed before
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    assert_eq!(
        cbs.put("localhost/devices/dev1/modules/mod1", &gateway.module_token_until(now() + 2)).await,
        200
    );
    assert_eq!(cbs.put("localhost/devices/dev1", &short()).await, 200);
    let mut renewed = amqp.sender(SENDS).await.unwrap();
    let mut ends = amqp.sender("/devices/dev1/modules/mod1/messages/events").await.unwrap();
    assert_eq!(cbs.put("localhost/devices/dev1", &gateway.token()).await, 200);
    let _ = ends.on_detach().await;
    assert!(matches!(renewed.send("hello").await, Ok(Outcome::Accepted(_))));
    gateway.end().await;
}

#[tokio::test]
async fn disabling_one_of_two_identities_ends_only_its_links() {
    let gateway = gateway().await;
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    assert_eq!(cbs.put("localhost/messages/devicebound", &gateway.policy_token("service")).await, 200);
    assert_eq!(cbs.put("localhost/devices/dev1", &gateway.token()).await, 200);
    let mut link = amqp.sender(SENDS).await.unwrap();
    let mut commands = amqp.sender(COMMANDS).await.unwrap();
    link.send("hello").await.unwrap();
    disable(&gateway, "dev1").await;
    // the gateway detaches the link
    let _ = link.on_detach().await;
    assert!(!amqp.sends(SENDS).await);
    assert!(
        rejection(commands.send(command("/devices/ghost/messages/devicebound", "hello")).await.unwrap())
            .is_some()
    );
    gateway.end().await;
}

#[tokio::test]
async fn a_newer_connection_evicts_the_older_one_across_transports() {
    let gateway = gateway().await;
    let mut older = gateway.amqp_dev1().await;
    let _newer = gateway.dev1().await;
    older.connection.on_close().await.unwrap_err();
    let mut newest = gateway.amqp_dev1().await;
    assert!(newest.sends(SENDS).await);
    assert_eq!(gateway.counter("hubward_connections_evicted_total"), 2);
    gateway.end().await;
}

#[tokio::test]
async fn a_second_receiver_gets_the_later_messages() {
    let gateway = gateway().await;
    let mut device = gateway.amqp_dev1().await;
    let mut first = device.receiver(LISTENS).await.unwrap();
    let mut second = device.receiver(LISTENS).await.unwrap();
    first.recv::<Body<Value>>().await.unwrap_err();
    let mut service = gateway.amqp_service().await;
    let mut sends = service.sender(COMMANDS).await.unwrap();
    assert!(matches!(sends.send(command(LISTENS, "hello")).await.unwrap(), Outcome::Accepted(_)));
    assert_eq!(received(&mut second).await.1, "hello");
    gateway.end().await;
}

#[tokio::test]
async fn a_gateway_that_stops_closes_its_connections() {
    let gateway = gateway().await;
    let mut device = gateway.amqp_dev1().await;
    let _link = device.sender(SENDS).await.unwrap();
    // a client that never answers
    let mut silent = gateway.amqp_stream().await;
    silent
        .write_all(b"AMQP\x00\x01\x00\x00\x00\x00\x00\x12\x02\x00\x00\x00\x00\x53\x10\xc0\x05\x01\xa1\x02hi")
        .await
        .unwrap();
    // wait until the connection is open
    let mut header = [0; 12];
    silent.read_exact(&mut header).await.unwrap();
    gateway.end().await;
    device.connection.on_close().await.unwrap_err();
}
