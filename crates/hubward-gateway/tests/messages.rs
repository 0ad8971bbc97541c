//! Messages from services to devices: stored, delivered with a lock, settled, and fed back.
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
use std::sync::{Arc, Mutex};

use common::amqp::*;
use common::*;
use fe2o3_amqp::types::definitions::{AmqpError, ErrorCondition};
use fe2o3_amqp::types::messaging::{Data, Message, Outcome};
use hubward::types::UnixTime;
use hubward_gateway::{CloudMessage, CloudMessages, Delivery, Ended, LockLost, QueueFull, Settlement};
use serde_json::Value;

const RECEIVE: &str = "GET /devices/dev1/messages/deviceBound";
const FEEDBACK: &str = "/messages/serviceBound/feedback";

async fn gateway() -> Gateway {
    Gateway::with(|_, config| config.amqps = Some("127.0.0.1:0".into())).await
}

/// Sends messages of a service.
async fn send(gateway: &Gateway, messages: Vec<Message<Data>>) -> Vec<Outcome> {
    let mut service = gateway.amqp_service().await;
    let mut link = service.sender(COMMANDS).await.unwrap();
    let mut outcomes = Vec::new();
    for message in messages {
        outcomes.push(link.send(message).await.unwrap());
    }
    link.close().await.unwrap();
    let _ = service.connection.close().await;
    outcomes
}

/// Sends a request of `dev1`, and returns the status, the head's lines in lower case, and the body.
async fn device(gateway: &Gateway, request: &str) -> (u16, String, String) {
    raw(gateway, request, &gateway.token()).await
}

async fn raw(gateway: &Gateway, request: &str, token: &str) -> (u16, String, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = gateway.https_stream().await;
    let head = format!(
        "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\nAuthorization: {token}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_lowercase(), body.into())
}

/// Returns the lock of an answer.
fn lock(head: &str) -> String {
    head.split_once("etag: \"").unwrap().1.split('"').next().unwrap().to_owned()
}

/// Receives and completes the feedback of a service over HTTPS; returns the ids of the messages and the outcomes.
async fn feedback(gateway: &Gateway) -> Vec<(String, String)> {
    let token = gateway.policy_token("service");
    let mut all = Vec::new();
    loop {
        let (status, head, body) = raw(gateway, &format!("GET {FEEDBACK}"), &token).await;
        if status == 204 {
            return all;
        }
        assert_eq!(status, 200);
        let records: Value = serde_json::from_str(&body).unwrap();
        for record in records.as_array().unwrap() {
            assert_eq!(record["deviceId"], "dev1");
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            assert!(text("enqueuedTimeUtc").starts_with("20"), "{record}");
            all.push((text("originalMessageId"), text("statusCode")));
        }
        let complete = format!("DELETE {FEEDBACK}/{}", lock(&head));
        assert_eq!(raw(gateway, &complete, &token).await.0, 204);
    }
}

#[tokio::test]
async fn messages_wait_for_their_device_and_their_outcomes_are_fed_back() {
    let gateway = gateway().await;
    let expired = i64::try_from(now()).unwrap() * 1000 - 1;
    let messages = vec![
        command_with(LISTENS, "one", "full", None),
        command_with(LISTENS, "two", "negative", None),
        command_with(LISTENS, "three", "positive", None),
        command_with(LISTENS, "four", "none", None),
        command_with(LISTENS, "five", "full", Some(expired)),
    ];
    let outcomes = send(&gateway, messages).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted(_))), "{outcomes:?}");
    let mut amqp = gateway.amqp_dev1().await;
    let mut link = amqp.receiver(LISTENS).await.unwrap();
    let (one, text) = received(&mut link).await;
    assert_eq!(text, "one");
    link.release(&one).await.unwrap();
    // again, since it was released
    for (expected, reject) in [("one", false), ("two", true), ("three", true), ("four", false)] {
        let (delivery, text) = received(&mut link).await;
        assert_eq!(text, expected);
        if reject {
            link.reject(&delivery, None).await.unwrap();
        } else {
            link.accept(&delivery).await.unwrap();
        }
    }
    link.close().await.unwrap();
    let mut told = Vec::new();
    // the gateway settles after the device
    while told.len() < 3 {
        told.extend(feedback(&gateway).await);
    }
    told.sort();
    let expected = [("five", "Expired"), ("one", "Success"), ("two", "Rejected")];
    let told: Vec<_> = told.iter().map(|(id, status)| (id.as_str(), status.as_str())).collect();
    assert_eq!(
        told,
        expected
            .map(|(text, status)| (format!("id of {text}"), status))
            .each_ref()
            .map(|(id, status)| (id.as_str(), *status))
    );
    gateway.end().await;
}

#[tokio::test]
async fn feedback_is_received_over_amqp() {
    let gateway = gateway().await;
    let mut service = gateway.amqp_service().await;
    let mut link = service.receiver(FEEDBACK).await.unwrap();
    send(&gateway, vec![command_with(LISTENS, "one", "positive", None)]).await;
    let (_, head, _) = device(&gateway, RECEIVE).await;
    let settle = format!("DELETE /devices/dev1/messages/deviceBound/{}", lock(&head));
    assert_eq!(device(&gateway, &settle).await.0, 204);
    let (delivery, text) = received(&mut link).await;
    assert!(text.contains("\"originalMessageId\":\"id of one\""), "{text}");
    link.accept(&delivery).await.unwrap();
    // a device may not receive it
    assert!(!gateway.amqp_dev1().await.listens(FEEDBACK).await);
    assert_eq!(raw(&gateway, &format!("GET {FEEDBACK}"), &gateway.token()).await.0, 403);
    gateway.end().await;
}

#[tokio::test]
async fn over_https_a_message_is_locked_and_settled_by_its_lock() {
    let gateway = gateway().await;
    assert_eq!(device(&gateway, RECEIVE).await.0, 204);
    send(&gateway, vec![command(LISTENS, "one"), command(LISTENS, "two")]).await;
    let (status, head, body) = device(&gateway, RECEIVE).await;
    assert_eq!((status, &*body), (200, "one"));
    for line in
        ["iothub-messageid: id of one", "iothub-deliverycount: 1", "iothub-app-colour: red", "iothub-to: "]
    {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(!head.contains("set-cookie"), "{head}");
    let first = lock(&head);
    let (_, head, body) = device(&gateway, RECEIVE).await;
    assert_eq!(body, "two", "the first one is locked");
    let second = lock(&head);
    assert_eq!(device(&gateway, RECEIVE).await.0, 204);
    let path = "/devices/dev1/messages/deviceBound";
    // a guess, and another device
    let guess = "0".repeat(32);
    assert_eq!(device(&gateway, &format!("DELETE {path}/{guess}")).await.0, 412);
    let other = format!("DELETE /devices/dev2/messages/deviceBound/{first}");
    assert!([401, 403].contains(&device(&gateway, &other).await.0));
    let module = raw(&gateway, &format!("DELETE {path}/{first}"), &gateway.module_token()).await.0;
    assert!([401, 403].contains(&module), "{module}");
    assert_eq!(device(&gateway, &format!("POST {path}/{first}/abandon")).await.0, 204);
    assert_eq!(device(&gateway, &format!("DELETE {path}/{first}")).await.0, 412);
    let (_, head, body) = device(&gateway, RECEIVE).await;
    assert!(body == "one" && head.contains("iothub-deliverycount: 2"), "{head}");
    assert_eq!(device(&gateway, &format!("DELETE {path}/{}?reject", lock(&head))).await.0, 204);
    assert_eq!(device(&gateway, &format!("DELETE {path}/{second}?api-version=2021-04-12")).await.0, 204);
    assert_eq!(device(&gateway, RECEIVE).await.0, 204);
    gateway.end().await;
}

#[tokio::test]
async fn a_device_that_is_created_again_gets_no_message_of_the_former_one() {
    let gateway = gateway().await;
    let device = "{\"deviceId\":\"again\",\"status\":\"enabled\",\"authentication\":{\"type\":\"sas\"}}";
    for expected in [1, 0] {
        let (status, body) = gateway.owner("PUT /devices/again", "", device).await;
        assert_eq!(status, 200, "{body}");
        if expected == 1 {
            send(&gateway, vec![command("/devices/again/messages/deviceBound", "secret")]).await;
        }
        let record: Value = serde_json::from_str(&body).unwrap();
        let key = key(record["authentication"]["symmetricKey"]["primaryKey"].as_str().unwrap());
        let id = hubward::types::DeviceId::parse("again").unwrap();
        let token = hubward::Client::device(host(), id).token(at(now() + 600)).sign(&key).to_string();
        let request = "GET /devices/again/messages/deviceBound";
        let (status, ..) = raw(&gateway, request, &token).await;
        assert_eq!(status, if expected == 1 { 200 } else { 204 });
        let (status, body) = gateway.owner("DELETE /devices/again", "If-Match: *\r\n", "").await;
        assert_eq!(status, 204, "{body}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_full_queue_takes_no_more() {
    let gateway = gateway().await;
    let outcomes = send(&gateway, (0..52).map(|n| command(LISTENS, &n.to_string())).collect()).await;
    let full = Some(ErrorCondition::AmqpError(AmqpError::ResourceLimitExceeded));
    let rejected: Vec<_> = outcomes.into_iter().map(rejection).collect();
    assert!(rejected[..50].iter().all(Option::is_none) && rejected[50..].iter().all(|error| *error == full));
    gateway.end().await;
}

/// A store of a caller, which has one message for everyone and keeps what it is told.
#[derive(Debug, Default)]
struct Own(Mutex<Vec<String>>);

impl CloudMessages for Own {
    fn put(&self, recipient: &str, message: CloudMessage, _now: UnixTime) -> Result<(), QueueFull> {
        let text = String::from_utf8(message.body).unwrap();
        self.0.lock().unwrap().push(format!("{} gets {text}", recipient.split('#').next().unwrap()));
        Ok(())
    }

    fn next(&self, _recipient: &str, now: UnixTime, _until: UnixTime) -> (Option<Delivery>, Vec<Ended>) {
        let mut message = CloudMessage::expiring(now);
        message.body = b"of the store".to_vec();
        (Some(Delivery::new("a-lock".into(), 3, message)), Vec::new())
    }

    fn settle(
        &self,
        _recipient: &str,
        lock: &str,
        settlement: Settlement,
        _now: UnixTime,
    ) -> Result<Option<Ended>, LockLost> {
        self.0.lock().unwrap().push(format!("{lock} {settlement:?}"));
        Ok(None)
    }
}

#[tokio::test]
async fn a_caller_stores_messages_itself() {
    let own = Arc::new(Own::default());
    let store = Arc::clone(&own);
    let gateway = Gateway::with(|_, config| {
        config.amqps = Some("127.0.0.1:0".into());
        config.messages = Some(store);
    })
    .await;
    send(&gateway, vec![command(LISTENS, "one")]).await;
    let (_, head, body) = device(&gateway, RECEIVE).await;
    assert_eq!((lock(&head).as_str(), &*body), ("a-lock", "of the store"));
    assert_eq!(device(&gateway, "DELETE /devices/dev1/messages/deviceBound/a-lock").await.0, 204);
    let told = own.0.lock().unwrap().clone();
    assert!(told[0].ends_with("gets one") && told[1] == "a-lock Complete", "{told:?}");
    gateway.end().await;
}
