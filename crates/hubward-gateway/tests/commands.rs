//! Cloud-to-device messages across transports, and the feedback about them.
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
use common::client::*;
use common::*;
use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Body, Message, Outcome, Properties};
use fe2o3_amqp::types::primitives::Value;
use serde_json::Value as Json;

const FEEDBACK: &str = "amqps://localhost/messages/servicebound/feedback";

async fn gateway() -> Gateway {
    Gateway::with(|_, config| config.amqps = Some("127.0.0.1:0".into())).await
}

/// Returns a message to `dev1` with an id, whose sender asks for feedback.
fn with_feedback(ack: &str) -> Message<AmqpValue<String>> {
    Message::builder()
        .properties(Properties {
            message_id: Some("m 1".to_owned().into()),
            to: Some(LISTENS.into()),
            content_type: Some("text/plain".into()),
            ..Properties::default()
        })
        .application_properties(
            ApplicationProperties::builder()
                .insert("iothub-ack", ack.to_owned())
                .insert("a&b", "c=d".to_owned())
                .build(),
        )
        .value("hello".to_owned())
        .build()
}

#[tokio::test]
async fn a_subscribed_device_gets_messages_with_their_properties_in_the_topic() {
    let gateway = gateway().await;
    let mut service = gateway.amqp_service().await;
    let mut sends = service.sender(COMMANDS).await.unwrap();
    let mut device = gateway.dev1().await;
    // the first message waits for the subscription
    assert!(matches!(sends.send(with_feedback("none")).await.unwrap(), Outcome::Accepted(_)));
    for (at, filter) in
        ["devices/dev1/messages/devicebound/#", "devices/+/messages/devicebound/#"].iter().enumerate()
    {
        assert_eq!(ask(&mut device, &subscribe(&[filter])).await, Some((0x90, vec![0, 9, 1])));
        if at > 0 {
            assert!(matches!(sends.send(with_feedback("none")).await.unwrap(), Outcome::Accepted(_)));
        }
        let (first, body) = answer(&mut device).await.unwrap();
        let topic = "devices/dev1/messages/devicebound/%24.mid=m%201\
            &%24.to=%2Fdevices%2Fdev1%2Fmessages%2Fdevicebound&%24.ct=text%2Fplain&iothub-ack=none&a%26b=c%3Dd";
        assert_eq!((first, str::from_utf8(&body[2..]).unwrap()), (0x30, format!("{topic}hello").as_str()));
    }
    // after UNSUBSCRIBE a message waits again
    let filter = "devices/+/messages/devicebound/#";
    let unsubscribe = packet(0xa2, &[&[0, 7, 0, 32], filter.as_bytes()].concat());
    assert_eq!(ask(&mut device, &unsubscribe).await, Some((0xb0, vec![0, 7])));
    assert!(matches!(sends.send(with_feedback("none")).await.unwrap(), Outcome::Accepted(_)));
    assert_eq!(ask(&mut device, &PINGREQ).await, Some(PINGRESP));
    let mut device = gateway.dev1().await;
    let filter = "devices/dev1/messages/devicebound/#";
    assert_eq!(ask(&mut device, &subscribe(&[filter])).await, Some((0x90, vec![0, 9, 1])));
    assert_eq!(answer(&mut device).await.unwrap().0, 0x30);
    gateway.end().await;
}

#[tokio::test]
async fn only_the_device_that_is_named_gets_a_message() {
    let gateway = gateway().await;
    let mut sender = gateway.amqp_service().await;
    let mut sends = sender.sender(COMMANDS).await.unwrap();
    let mut module = gateway.mqtt().await;
    let username = "localhost/dev1/mod1/?api-version=2021-04-12";
    let connect = connect("dev1/mod1", username, Some(&gateway.module_token()), None);
    assert_eq!(ask(&mut module, &connect).await, connack(0));
    let own = subscribe(&["devices/dev1/modules/mod1/messages/devicebound/#"]);
    assert_eq!(ask(&mut module, &own).await, Some((0x90, vec![0, 9, 1])));
    assert!(matches!(sends.send(command(LISTENS, "hello")).await.unwrap(), Outcome::Accepted(_)));
    assert_eq!(ask(&mut module, &PINGREQ).await, Some(PINGRESP), "nothing came to its module");
    gateway.end().await;
}

#[tokio::test]
async fn a_delivery_over_mqtt_completes_a_message() {
    let gateway = gateway().await;
    let mut service = gateway.amqp_service().await;
    let mut feedback = service.receiver(FEEDBACK).await.unwrap();
    let mut sends = service.sender(COMMANDS).await.unwrap();
    let mut device = gateway.dev1().await;
    let filter = "devices/dev1/messages/devicebound/#";
    assert_eq!(ask(&mut device, &subscribe(&[filter])).await, Some((0x90, vec![0, 9, 1])));
    // its properties do not fit in a topic
    let mut long = with_feedback("full");
    long.application_properties.as_mut().unwrap().0.insert("long".into(), "%".repeat(30_000).into());
    for (message, outcome) in [(long, "Rejected"), (with_feedback("positive"), "Success")] {
        assert!(matches!(sends.send(message).await.unwrap(), Outcome::Accepted(_)));
        let (delivery, text) = received(&mut feedback).await;
        feedback.accept(&delivery).await.unwrap();
        assert!(text.contains(&format!("\"statusCode\":\"{outcome}\"")), "{text}");
    }
    assert_eq!(answer(&mut device).await.unwrap().0, 0x30);
    assert_eq!(ask(&mut device, &PINGREQ).await, Some(PINGRESP), "one message was sent");
    gateway.end().await;
}

#[tokio::test]
async fn a_service_gets_feedback_about_a_delivered_message() {
    let gateway = gateway().await;
    let mut service = gateway.amqp_service().await;
    let mut feedback = service.receiver(FEEDBACK).await.unwrap();
    let mut sends = service.sender(COMMANDS).await.unwrap();
    let mut device = gateway.amqp_dev1().await;
    let mut listens = device.receiver(LISTENS).await.unwrap();
    for ack in ["none", "negative", "full"] {
        assert!(matches!(sends.send(with_feedback(ack)).await.unwrap(), Outcome::Accepted(_)));
        let (delivery, text) = received(&mut listens).await;
        assert_eq!(text, "hello");
        listens.accept(&delivery).await.unwrap();
    }
    // one record: for the message that asked for it
    let received = feedback.recv::<Body<Value>>().await.unwrap();
    feedback.accept(&received).await.unwrap();
    let Body::Data(sections) = received.into_message().body else { panic!("no data") };
    let records: Json = serde_json::from_slice(&sections.first().unwrap().0).unwrap();
    let (_, body) = gateway.owner("GET /devices/dev1", "", "").await;
    let dev1: Json = serde_json::from_str(&body).unwrap();
    assert_eq!(records.as_array().unwrap().len(), 1);
    assert_eq!(records[0]["originalMessageId"], "m 1");
    assert_eq!(records[0]["deviceId"], "dev1");
    assert_eq!(records[0]["deviceGenerationId"], dev1["generationId"]);
    assert_eq!(records[0]["statusCode"], "Success");
    assert!(!device.listens(FEEDBACK).await, "a device is no service");
    gateway.end().await;
}
