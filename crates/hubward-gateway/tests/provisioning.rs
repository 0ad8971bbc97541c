//! Devices register at the provisioning service of a gateway, and connect to its hub. Impostors are refused.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
#[path = "common/provisioning.rs"]
#[allow(dead_code, reason = "each test uses a part")]
mod dps;

use common::client::*;
use common::websocket::tunnel;
use common::*;
use dps::*;
use serde_json::{Value, json};

fn content() -> Value {
    let named = with(individual("SN-1", &keys(1)), "deviceId", json!("pump-1"));
    let off = with(individual("off", &keys(3)), "provisioningStatus", json!("disabled"));
    let closed = with(group("closed", &keys(30)), "provisioningStatus", json!("disabled"));
    file(&[named, off], &[group("pumps", &keys(10)), closed])
}

async fn start() -> Gateway {
    Gateway::with(|dev, config| provisioning(dev, config, &content())).await
}

#[tokio::test]
async fn a_device_registers_by_its_own_key_and_connects_by_it() {
    let gateway = start().await;
    assert_eq!(hub_code(&gateway, "pump-1", &secret(1)).await, 5, "it did not register");
    // ids have no case
    let state = register(&gateway, "sn-1", &secret(1)).await.unwrap();
    assert_eq!(state["assignedHub"], "localhost");
    assert_eq!((&state["deviceId"], &state["registrationId"]), (&json!("pump-1"), &json!("sn-1")));
    assert_eq!((&state["status"], &state["substatus"]), (&json!("assigned"), &json!("initialAssignment")));
    assert_eq!(hub_code(&gateway, "pump-1", &secret(1)).await, 0);
    assert_eq!(hub_code(&gateway, "pump-1", &secret(2)).await, 0, "the secondary key");
    let (_, device) = gateway.owner("GET /devices/pump-1", "", "").await;
    let device: Value = serde_json::from_str(&device).unwrap();
    assert_eq!(device["authentication"]["symmetricKey"]["primaryKey"], base64(1));
    // again: nothing changes, and the session of the device stays
    let etag = device["etag"].clone();
    let again = register(&gateway, "SN-1", &secret(2)).await.unwrap();
    assert_eq!(
        (&again["createdDateTimeUtc"], &again["deviceId"]),
        (&state["createdDateTimeUtc"], &json!("pump-1"))
    );
    let (_, device) = gateway.owner("GET /devices/pump-1", "", "").await;
    assert_eq!(serde_json::from_str::<Value>(&device).unwrap()["etag"], etag);
    assert!(gateway.log.has("registration SN-1") && gateway.log.has("rule=\"register\""));
    gateway.end().await;
}

#[tokio::test]
async fn a_member_of_a_group_registers_by_a_derived_key_of_either_spelling() {
    let gateway = start().await;
    for (id, spelled) in [("sn-7", "sn-7"), ("SN-8", "SN-8"), ("SN-9", "sn-9")] {
        let state = register(&gateway, id, &member(10, spelled)).await.unwrap();
        assert_eq!((&state["enrollmentGroupId"], &state["registrationId"]), (&json!("pumps"), &json!(id)));
        let device = id.to_lowercase();
        assert_eq!(state["deviceId"], device);
        assert_eq!(hub_code(&gateway, &device, &member(10, spelled)).await, 0, "{id}");
        assert_eq!(hub_code(&gateway, &device, &member(11, spelled)).await, 0, "{id}: the secondary key");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_device_registers_over_a_websocket() {
    let gateway = start().await;
    let mut impostor = tunnel(gateway.https_stream().await, "mqtt", 1).await;
    let connect = register_connect("sn-1", Some(&token("sn-1", &member(10, "sn-1"))));
    assert_eq!(ask(&mut impostor, &connect).await, connack(5));
    let mut device = tunnel(gateway.https_stream().await, "mqtt", 1).await;
    let connect = register_connect("sn-1", Some(&token("sn-1", &secret(1))));
    assert_eq!(ask(&mut device, &connect).await, connack(0));
    assert_eq!(registered(&mut device).await.unwrap()["deviceId"], "pump-1");
    assert_eq!(hub_code(&gateway, "pump-1", &secret(1)).await, 0);
    gateway.end().await;
}

#[tokio::test]
async fn impostors_are_refused_with_one_answer() {
    let gateway = start().await;
    let old = client(SCOPE, "sn-7").token(at(now() - 4000)).sign(&member(10, "sn-7")).to_string();
    let other_scope = |id: &str, key| {
        let client = client("0ne00000B0B", id);
        let token = client.token(at(now() + 600)).sign(key).to_string();
        connect(id, &client.mqtt_username().to_string(), Some(&token), None)
    };
    let name = client(SCOPE, "sn-7").mqtt_username().to_string();
    let good = token("sn-7", &member(10, "sn-7"));
    for (what, packet) in [
        ("another group's key", register_connect("sn-7", Some(&token("sn-7", &member(50, "sn-7"))))),
        ("the group's own key", register_connect("sn-7", Some(&token("sn-7", &secret(10))))),
        ("the key of another member", register_connect("sn-7", Some(&token("sn-7", &member(10, "sn-8"))))),
        ("a disabled group", register_connect("sn-7", Some(&token("sn-7", &member(30, "sn-7"))))),
        (
            "a group's key for an individual",
            register_connect("sn-1", Some(&token("sn-1", &member(10, "sn-1")))),
        ),
        ("a disabled enrollment", register_connect("off", Some(&token("off", &secret(3))))),
        ("another id scope", other_scope("sn-7", &member(10, "sn-7"))),
        ("a token of another registration", register_connect("sn-8", Some(&good))),
        ("an expired token", register_connect("sn-7", Some(&old))),
        ("a will", connect("sn-7", &name, Some(&good), Some("devices/sn-7/messages/events/"))),
    ] {
        let mut stream = gateway.mqtt().await;
        assert_eq!(ask(&mut stream, &packet).await, connack(5), "{what}");
        assert_eq!(answer(&mut stream).await, None, "{what}");
    }
    // the client id and the username name two devices; no credential is malformed
    for (packet, code) in
        [(connect("sn-8", &name, Some(&good), None), 5), (register_connect("sn-7", None), 4)]
    {
        assert_eq!(ask(&mut gateway.mqtt().await, &packet).await, connack(code));
    }
    for id in ["sn-1", "sn-7", "sn-8", "off"] {
        assert_eq!(gateway.owner(&format!("GET /devices/{id}"), "", "").await.0, 404, "{id}");
    }
    // a token for the provisioning service opens no hub, and one for the hub no provisioning
    assert_eq!(register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap()["deviceId"], "sn-7");
    let mut stream = gateway.mqtt().await;
    let hub = "localhost/sn-7/?api-version=2021-04-12";
    assert_eq!(ask(&mut stream, &connect("sn-7", hub, Some(&good), None)).await, connack(5));
    gateway.end().await;
}

#[tokio::test]
async fn a_registering_device_has_its_own_topics_only() {
    let gateway = start().await;
    let mut other = gateway.mqtt().await;
    let connect_other = register_connect("sn-8", Some(&token("sn-8", &member(10, "sn-8"))));
    assert_eq!(ask(&mut other, &connect_other).await, connack(0));
    assert!(registered(&mut other).await.is_ok());
    let connect = register_connect("sn-7", Some(&token("sn-7", &member(10, "sn-7"))));
    for topic in [
        "devices/sn-7/messages/events/",
        "$iothub/twin/GET/?$rid=1",
        "$dps/registrations/PUT/iotdps-register",
        "$dps/registrations/DELETE/iotdps-register/?$rid=1",
    ] {
        let mut stream = gateway.mqtt().await;
        assert_eq!(ask(&mut stream, &connect).await, connack(0));
        assert_eq!(ask(&mut stream, &publish(topic, 1, b"")).await, None, "{topic}");
    }
    let mut stream = gateway.mqtt().await;
    assert_eq!(ask(&mut stream, &connect).await, connack(0));
    let filters = [RESPONSES, "#", "$dps/#", "devices/sn-7/messages/devicebound/#"];
    assert_eq!(ask(&mut stream, &subscribe(&filters)).await, Some((0x90, vec![0, 9, 1, 0x80, 0x80, 0x80])));
    for (request_topic, body, status) in [
        (REGISTER, r#"{"registrationId":"sn-8"}"#, 400),
        (REGISTER, "{", 400),
        ("$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1", "", 400),
        ("$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId=5.0", "", 404),
    ] {
        let (topic, body) = request(&mut stream, request_topic, body).await.unwrap();
        assert_eq!(topic, format!("$dps/registrations/res/{status}/?$rid=1"), "{body}");
        assert_eq!(body["errorCode"].as_u64().unwrap() / 1000, status);
    }
    let (_, accepted) =
        request(&mut stream, REGISTER, r#"{"registrationId":"SN-7","payload":[1]}"#).await.unwrap();
    // the operation of another registration
    let operation = accepted["operationId"].as_str().unwrap();
    let status = format!("$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId={operation}");
    assert_eq!(request(&mut other, &status, "").await.unwrap().0, "$dps/registrations/res/404/?$rid=1");
    assert_eq!(request(&mut stream, &status, "").await.unwrap().0, "$dps/registrations/res/200/?$rid=1");
    assert_eq!(ask(&mut stream, &PINGREQ).await, Some(PINGRESP));
    gateway.end().await;
}

#[tokio::test]
async fn a_device_that_did_not_register_is_not_taken_over() {
    let gateway = start().await;
    // the members of a group know its key, or a factory does: it signs for any id
    let (topic, body) = register(&gateway, "dev1", &member(10, "dev1")).await.unwrap_err();
    assert_eq!((&*topic, &body["errorCode"]), ("$dps/registrations/res/409/?$rid=1", &json!(409_001)));
    let (again, _) = register(&gateway, "dev1", &member(10, "dev1")).await.unwrap_err();
    assert_eq!(again, topic, "the refusal left nothing behind");
    gateway.dev1().await;
    assert_eq!(hub_code(&gateway, "dev1", &member(10, "dev1")).await, 5);
    // a disabled device stays disabled when it registers again
    register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    let disabled = json!({ "status": "disabled" }).to_string();
    assert_eq!(gateway.owner("PUT /devices/sn-7", "If-Match: *\r\n", &disabled).await.0, 200);
    register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    assert_eq!(hub_code(&gateway, "sn-7", &member(10, "sn-7")).await, 5);
    // a deleted one is created again
    assert_eq!(gateway.owner("DELETE /devices/sn-7", "If-Match: *\r\n", "").await.0, 204);
    register(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    assert_eq!(hub_code(&gateway, "sn-7", &member(10, "sn-7")).await, 0);
    gateway.end().await;
}

#[tokio::test]
async fn certificates_register_by_their_own_enrollment_or_their_issuers() {
    let (factory, other) = (Ca::new("Factory CA"), Ca::new("Other CA"));
    let gateway = Gateway::with(|dev, config| {
        let own = other.issue(dev, "own-cert", "own-cert");
        let off = other.issue(dev, "off-cert", "off-cert");
        for id in ["sn-1", "sn-2"] {
            factory.issue(dev, id, id);
        }
        other.issue(dev, "sn-3", "sn-3");
        // a certificate of the factory with the id of another enrollment
        factory.issue(dev, "own-cert", "own-cert-2");
        let individuals = [
            individual("own-cert", &own_certificate(&own)),
            with(individual("off-cert", &own_certificate(&off)), "provisioningStatus", json!("disabled")),
        ];
        provisioning(dev, config, &file(&individuals, &[group("factory", &factory.signing())]));
        // both issuers are trusted, and only one of them has a group
        let ca = std::fs::read_to_string(dev.file("ca.pem")).unwrap();
        std::fs::write(dev.file("client-ca.pem"), [&*ca, &factory.pem, &other.pem].concat()).unwrap();
        config.client_ca = Some(dev.file("client-ca.pem"));
    })
    .await;
    for (id, group) in [("own-cert", json!(null)), ("sn-1", json!("factory")), ("sn-2", json!("factory"))] {
        let mut stream = gateway.mqtt_with(id).await;
        assert_eq!(ask(&mut stream, &register_connect(id, None)).await, connack(0), "{id}");
        let state = registered(&mut stream).await.unwrap();
        assert_eq!((&state["deviceId"], &state["enrollmentGroupId"]), (&json!(id), &group));
        let mut stream = gateway.mqtt_with(id).await;
        let username = format!("localhost/{id}/?api-version=2021-04-12");
        assert_eq!(ask(&mut stream, &connect(id, &username, None, None)).await, connack(0), "{id}");
    }
    for (what, certificate, id) in [
        ("another issuer", "sn-3", "sn-3"),
        ("the certificate of another device", "sn-1", "sn-2"),
        ("another certificate with the id of an enrollment", "own-cert-2", "own-cert"),
        ("a disabled enrollment", "off-cert", "off-cert"),
    ] {
        let mut stream = gateway.mqtt_with(certificate).await;
        assert_eq!(ask(&mut stream, &register_connect(id, None)).await, connack(5), "{what}");
    }
    // a certificate and a token
    let mut stream = gateway.mqtt_with("sn-1").await;
    let both = register_connect("sn-1", Some(&token("sn-1", &secret(1))));
    assert_eq!(ask(&mut stream, &both).await, connack(5));
    gateway.end().await;
}

#[tokio::test]
async fn a_revoked_certificate_does_not_register_again() {
    let factory = ca::Ca::new("Factory CA");
    let gateway = Gateway::with(|dev, config| {
        factory.issue(|name| dev.file(name), "sn-1");
        factory.issue(|name| dev.file(name), "sn-2");
        let primary = json!({ "certificate": factory.pem });
        let signing = json!({ "type": "x509", "x509": { "signingCertificates": { "primary": primary } } });
        provisioning(dev, config, &file(&[], &[group("factory", &signing)]));
        config.client_ca = Some(dev.file("client-ca.pem"));
        ca::trust(&dev.file("client-ca.pem"), &[&factory]);
        std::fs::create_dir(dev.file("crls")).unwrap();
        std::fs::write(dev.file("crls/factory.crl"), factory.list(1, &[])).unwrap();
        config.crls = Some(hubward_gateway::CrlConfig {
            path: dev.file("crls"),
            unknown: hubward::x509::crl::UnknownStatus::Deny,
            interval: core::time::Duration::from_secs(86_400),
        });
    })
    .await;
    let verdict = async |id: &str| {
        let mut stream = gateway.mqtt_with(id).await;
        ask(&mut stream, &register_connect(id, None)).await
    };
    assert_eq!((verdict("sn-1").await, verdict("sn-2").await), (connack(0), connack(0)));
    std::fs::write(gateway.dev.file("crls/factory.crl"), factory.list(2, &["sn-1"])).unwrap();
    gateway.server.reload().unwrap();
    assert_eq!((verdict("sn-1").await, verdict("sn-2").await), (connack(5), connack(0)));
    gateway.end().await;
}

#[tokio::test]
async fn the_start_warns_of_revocation_lists_and_groups_by_certificate() {
    for (attestation, warned) in [(Ca::new("Factory CA").signing(), true), (keys(10), false)] {
        let gateway = Gateway::with(|dev, config| {
            provisioning(dev, config, &file(&[], &[group("factory", &attestation)]));
            std::fs::create_dir(dev.file("crls")).unwrap();
            config.crls = Some(hubward_gateway::CrlConfig {
                path: dev.file("crls"),
                unknown: hubward::x509::crl::UnknownStatus::Deny,
                interval: core::time::Duration::from_secs(86_400),
            });
        })
        .await;
        assert_eq!(gateway.log.has_about_lists(&["by its thumbprint"]), warned);
        gateway.end().await;
    }
}

#[tokio::test]
async fn a_device_registers_over_https() {
    let gateway = start().await;
    let authorization =
        |id: &str, key: &hubward_rustcrypto::HmacKey| format!("Authorization: {}\r\n", token(id, key));
    let own = authorization("sn-7", &member(10, "sn-7"));
    let path = format!("/{SCOPE}/registrations/sn-7");
    let (lookup, put) = (
        format!("POST {path}?api-version=2019-03-31"),
        format!("PUT {path}/register?api-version=2019-03-31"),
    );
    assert_eq!(gateway.http(&lookup, &own, "{}").await.0, 404, "it did not register");
    let (status, body) = gateway.http(&put, &own, r#"{"registrationId":"sn-7"}"#).await;
    assert_eq!(status, 202, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let operation = format!("GET {path}/operations/{}", body["operationId"].as_str().unwrap());
    let (status, body) = gateway.http(&operation, &own, "").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["registrationState"]["assignedHub"]), (200, &json!("localhost")));
    let (status, state) = gateway.http(&lookup, &own, "{}").await;
    assert_eq!(
        (status, serde_json::from_str::<Value>(&state).unwrap()),
        (200, body["registrationState"].clone())
    );
    assert_eq!(hub_code(&gateway, "sn-7", &member(10, "sn-7")).await, 0);
    let other = authorization("sn-8", &member(10, "sn-8"));
    let foreign = format!(
        "Authorization: {}\r\n",
        client("0ne00000B0B", "sn-7").token(at(now() + 600)).sign(&member(10, "sn-7"))
    );
    let mut answers = Vec::new();
    for (what, request, headers) in [
        ("another registration's token", &*put, &*other),
        ("another registration's operation", &*operation, &*other),
        ("no token", &*put, ""),
        ("another scheme", &*put, "Authorization: Bearer a.b.c\r\n"),
        ("two tokens", &*put, &*[&*own, &*own].concat()),
        ("another host", &*put, &*format!("Host: other.example\r\n{own}")),
        ("another id scope's token", &*put, &*foreign),
        ("another id scope", &put.replace(SCOPE, "0ne00000B0B"), &*foreign),
        ("a group's own key", &*put, &*authorization("sn-7", &secret(10))),
        ("a disabled enrollment", &put.replace("sn-7", "off"), &*authorization("off", &secret(3))),
    ] {
        let (status, body) = gateway.http(request, headers, "").await;
        assert_eq!(status, 401, "{what}: {body}");
        answers.push(body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(gateway.http(&format!("DELETE {path}"), &own, "").await.0, 501);
    assert_eq!(gateway.http(&operation.replace("/5.", "/5.0"), &own, "").await.0, 404);
    gateway.end().await;
}

#[tokio::test]
async fn an_address_has_a_budget_of_verifications() {
    let gateway = start().await;
    let path = format!("POST /{SCOPE}/registrations/sn-7");
    let own = format!("Authorization: {}\r\n", token("sn-7", &member(10, "sn-7")));
    let mut answered = std::collections::BTreeMap::new();
    let mut stream =
        dial(&tls(&gateway.dev.file("ca.pem"), None), gateway.server.https().unwrap()).await.unwrap();
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let request = format!("{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{own}\r\n");
    without_time(async {
        for _ in 0..402 {
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            let status = String::from_utf8_lossy(&buffer[..read][9..12]).into_owned();
            *answered.entry(status).or_insert(0_u32) += 1;
        }
    })
    .await;
    assert_eq!((answered["404"], answered["429"]), (400, 2), "{answered:?}");
    assert!(gateway.log.has("code=\"over-budget\""));
    gateway.end().await;
}
