//! Changes of records end the connections that depend on them, and no others.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::client::*;
use common::*;
use rustls::HandshakeKind;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

/// Connects `dev1`, and a second device that no change affects.
async fn connected(gateway: &Gateway) -> (Stream, Stream) {
    let device = gateway.dev1().await;
    let mut bystander = gateway.mqtt_with("dev-x509").await;
    let connect = connect("dev-x509", "localhost/dev-x509/?api-version=2021-04-12", None, None);
    assert_eq!(ask(&mut bystander, &connect).await, connack(0));
    (device, bystander)
}

async fn assert_ended(gateway: &Gateway, mut device: Stream, mut bystander: Stream, code: &str) {
    assert_eq!(answer(&mut device).await, None, "the connection ends without a packet");
    assert_eq!(ask(&mut bystander, &PINGREQ).await, Some(PINGRESP));
    let expected = format!(
        "who=\"device dev1\" what=\"MQTT connect\" verdict=\"deny\" rule=\"session\" code=\"{code}\""
    );
    assert!(gateway.log.has(&expected), "{:#?}", gateway.log.lines());
}

/// Changes the record of `dev1`.
async fn put(gateway: &Gateway, change: impl FnOnce(&mut Value)) {
    let (status, body) = gateway.owner("GET /devices/dev1", "", "").await;
    assert_eq!(status, 200);
    let mut record: Value = serde_json::from_str(&body).unwrap();
    change(&mut record);
    let (status, body) = gateway.owner("PUT /devices/dev1", "If-Match: *\r\n", &record.to_string()).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn a_rotated_key_ends_the_connection() {
    let gateway = Gateway::start().await;
    let (device, bystander) = connected(&gateway).await;
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    put(&gateway, |record| record["authentication"]["symmetricKey"]["primaryKey"] = json!(key)).await;
    assert_ended(&gateway, device, bystander, "keys-replaced").await;
    let mut stream = gateway.mqtt().await;
    let token = dev1_token(&common::key(key), now() + 60);
    assert_eq!(ask(&mut stream, &connect("dev1", USERNAME, Some(&token), None)).await, connack(0));
    gateway.end().await;
}

#[tokio::test]
async fn deleting_a_device_ends_its_connection() {
    let gateway = Gateway::start().await;
    let (device, bystander) = connected(&gateway).await;
    assert_eq!(gateway.owner("DELETE /devices/dev1", "If-Match: *\r\n", "").await.0, 204);
    assert_ended(&gateway, device, bystander, "deleted").await;
    gateway.end().await;
}

#[tokio::test]
async fn disabling_a_device_ends_its_connection_and_its_module_s() {
    let gateway = Gateway::start().await;
    let (device, bystander) = connected(&gateway).await;
    let mut module = gateway.mqtt().await;
    let username = "localhost/dev1/mod1/?api-version=2021-04-12";
    let connect = connect("dev1/mod1", username, Some(&gateway.module_token()), None);
    assert_eq!(ask(&mut module, &connect).await, connack(0));
    put(&gateway, |record| {
        record["status"] = json!("disabled");
        record.as_object_mut().unwrap().remove("authentication");
    })
    .await;
    assert_ended(&gateway, device, bystander, "disabled").await;
    assert_eq!(answer(&mut module).await, None);
    gateway.end().await;
}

#[tokio::test]
async fn changes_of_reread_files_end_connections() {
    let gateway = Gateway::start().await;
    let (mut device, bystander) = connected(&gateway).await;
    assert_eq!(gateway.server.reload().unwrap(), Default::default(), "nothing changed");
    assert_eq!(ask(&mut device, &PINGREQ).await, Some(PINGRESP));
    let registry = gateway.dev.file("devices.jsonl");
    let before = std::fs::read_to_string(&registry).unwrap();
    let without_dev1 =
        before.lines().filter(|line| !line.contains("\"dev1\"")).collect::<Vec<_>>().join("\n");

    // a file that is wrong anywhere is not applied at all
    std::fs::write(&registry, format!("{without_dev1}\n{{\"id\":\"dev2\"}}\n")).unwrap();
    assert!(
        gateway
            .server
            .reload()
            .unwrap_err()
            .to_string()
            .ends_with("line 2: `status` is missing, or neither `enabled` nor `disabled`")
    );
    assert_eq!(ask(&mut device, &PINGREQ).await, Some(PINGRESP));

    std::fs::write(&registry, without_dev1).unwrap();
    let applied = gateway.server.reload().unwrap();
    assert_eq!((applied.set, applied.deleted), (0, 1), "the module is deleted with its device");
    assert_ended(&gateway, device, bystander, "deleted").await;

    std::fs::write(&registry, before).unwrap();
    assert_eq!(gateway.server.reload().unwrap().set, 2);
    drop(gateway.dev1().await);
    gateway.end().await;
}

#[tokio::test]
async fn changing_a_policy_ends_the_connections_that_it_authenticated() {
    let gateway = Gateway::start().await;
    let (own, bystander) = connected(&gateway).await;
    drop(own);
    let mut device = gateway.mqtt().await;
    let password = gateway.policy_token("device");
    assert_eq!(ask(&mut device, &connect("dev1", USERNAME, Some(&password), None)).await, connack(0));
    let policies = gateway.dev.file("policies.json");
    let text = std::fs::read_to_string(&policies).unwrap();
    std::fs::write(&policies, text.replace("\"DeviceConnect\"", "\"ServiceConnect\"")).unwrap();
    assert_eq!(gateway.server.reload().unwrap().set, 1);
    assert_ended(&gateway, device, bystander, "recreated").await;
    gateway.end().await;
}

#[tokio::test]
async fn an_expired_token_ends_the_connection() {
    let gateway = Gateway::with(|_, config| config.strict = true).await;
    let mut device = gateway.mqtt().await;
    let token = gateway.token_until(now() + 1);
    assert_eq!(ask(&mut device, &connect("dev1", USERNAME, Some(&token), None)).await, connack(0));
    assert_eq!(answer(&mut device).await, None);
    assert!(gateway.log.last().contains("rule=\"session\" code=\"expired\""));
    gateway.end().await;
}

#[tokio::test]
async fn a_resumed_tls_session_is_authenticated_again() {
    let gateway = Gateway::start().await;
    let file = |ending| gateway.dev.file(&format!("dev-x509.{ending}"));
    let (cert, key) = (file("pem"), file("key"));
    let tls = tls(&gateway.dev.file("ca.pem"), Some((&cert, &key)));
    let username = "localhost/dev-x509/?api-version=2021-04-12";
    let connect = connect("dev-x509", username, None, None);
    for (kind, code) in [(HandshakeKind::Full, 0), (HandshakeKind::Resumed, 0), (HandshakeKind::Resumed, 5)] {
        if code == 5 {
            let disabled =
                json!({ "status": "disabled", "authentication": { "type": "certificateAuthority" } });
            let (status, _) =
                gateway.owner("PUT /devices/dev-x509", "If-Match: *\r\n", &disabled.to_string()).await;
            assert_eq!(status, 200);
        }
        let mut stream = dial(&tls, gateway.mqtt_address()).await.unwrap();
        assert_eq!(ask(&mut stream, &connect).await, connack(code));
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
        let _ = stream.write_all(&DISCONNECT).await;
    }
    assert!(gateway.log.last().contains("code=\"disabled\""), "{:#?}", gateway.log.lines());
    gateway.end().await;
}
