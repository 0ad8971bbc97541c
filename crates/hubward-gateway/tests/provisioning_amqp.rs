//! Devices register over AMQP by a key or by a certificate, and connect to the hub of the gateway. Impostors are refused.
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
#[path = "common/registration_link.rs"]
#[allow(dead_code, reason = "each test uses a part")]
mod link;

use common::amqp::*;
use common::websocket::tunnel;
use common::*;
use dps::{
    Ca, SCOPE, client, file, group, hub_code, individual, keys, member, own_certificate, provisioning,
    secret, service, token, with,
};
use fe2o3_amqp::types::definitions::{AmqpError, ErrorCondition};
use fe2o3_amqp::types::messaging::Data;
use link::*;
use serde_json::json;

async fn start() -> Gateway {
    Gateway::with(|dev, config| {
        let named = with(individual("sn-1", &keys(1)), "deviceId", json!("pump-1"));
        let off = with(individual("off", &keys(3)), "provisioningStatus", json!("disabled"));
        provisioning(dev, config, &file(&[named, off], &[group("pumps", &keys(10))]));
        config.amqps = Some("127.0.0.1:0".into());
    })
    .await
}

fn microsoft(name: &str) -> ErrorCondition {
    ErrorCondition::Custom(format!("com.microsoft:{name}").into())
}

#[tokio::test]
async fn a_device_registers_by_a_key_and_connects_by_it() {
    let gateway = start().await;
    for (id, key, device) in
        [("sn-1", secret(1), "pump-1"), ("SN-1", secret(2), "pump-1"), ("sn-7", member(10, "sn-7"), "sn-7")]
    {
        let state = Device::by_key(&gateway, id, &key).await.unwrap().registered().await.unwrap();
        assert_eq!((&state["deviceId"], &state["assignedHub"]), (&json!(device), &json!("localhost")));
        assert_eq!(hub_code(&gateway, device, &key).await, 0);
    }
    assert!(gateway.log.has("registration sn-7") && gateway.log.has("rule=\"register\""));
    gateway.end().await;
}

#[tokio::test]
async fn a_device_registers_over_a_websocket() {
    let gateway = start().await;
    let wrong = sasl("sn-1", &token("sn-1", &secret(9)));
    let stream = tunnel(gateway.https_stream().await, "AMQPWSB10", 1).await;
    assert!(Amqp::open(stream, Some(wrong)).await.is_err());
    let stream = tunnel(gateway.https_stream().await, "AMQPWSB10", 1).await;
    let amqp = Amqp::open(stream, Some(sasl("sn-1", &token("sn-1", &secret(1))))).await.unwrap();
    let state = Device::attach(amqp, &address("sn-1")).await.unwrap().registered().await.unwrap();
    assert_eq!(state["deviceId"], "pump-1");
    gateway.end().await;
}

#[tokio::test]
async fn impostors_are_refused_by_sasl_with_one_outcome() {
    let gateway = start().await;
    let old = client(SCOPE, "sn-7").token(at(now() - 4000)).sign(&member(10, "sn-7")).to_string();
    let foreign = client("0ne00000B0B", "sn-7");
    let mut outcomes = std::collections::BTreeSet::new();
    for (what, username, password) in [
        ("another group's key", address("sn-7"), token("sn-7", &member(50, "sn-7"))),
        ("the group's own key", address("sn-7"), token("sn-7", &secret(10))),
        ("the key of another member", address("sn-7"), token("sn-7", &member(10, "sn-8"))),
        ("a group's key for an individual", address("sn-1"), token("sn-1", &member(10, "sn-1"))),
        ("a disabled enrollment", address("off"), token("off", &secret(3))),
        ("a token of another registration", address("sn-8"), token("sn-7", &member(10, "sn-7"))),
        ("an expired token", address("sn-7"), old),
        ("a token of the hub", address("dev1"), gateway.token()),
        (
            "another id scope",
            foreign.address().to_string(),
            foreign.token(at(now() + 600)).sign(&member(10, "sn-7")).to_string(),
        ),
    ] {
        let refused = gateway.amqp_plain(&username, &password).await.map(drop).unwrap_err();
        outcomes.insert(format!("{refused:?}"));
        assert!(gateway.log.last().contains("what=\"AMQP send sasl\" verdict=\"deny\""), "{what}");
    }
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    for id in ["sn-1", "sn-7", "sn-8", "off"] {
        assert_eq!(gateway.owner(&format!("GET /devices/{id}"), "", "").await.0, 404, "{id}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_registering_device_has_its_own_links_only() {
    let gateway = start().await;
    let own = token("sn-7", &member(10, "sn-7"));
    for other in [&*address("sn-8"), SENDS, COMMANDS, "/devices/sn-7/messages/events"] {
        let mut amqp = Amqp::open(gateway.amqp_stream().await, Some(sasl("sn-7", &own))).await.unwrap();
        assert!(!amqp.sends(other).await && !amqp.listens(other).await, "{other}");
    }
    // a device of the hub does not register, nor does a peer that is not authenticated
    assert!(!gateway.amqp_dev1().await.listens(&address("dev1")).await);
    let mut unknown = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    assert!(!unknown.listens(&address("sn-7")).await && !unknown.sends(&address("sn-7")).await);
    // the address may have a slash, or be a URI of the service
    for address in [format!("/{}", address("sn-7")), format!("amqps://localhost/{}", address("sn-7"))] {
        let amqp = Amqp::open(gateway.amqp_stream().await, Some(sasl("sn-7", &own))).await.unwrap();
        assert!(Device::attach(amqp, &address).await.unwrap().registered().await.is_ok(), "{address}");
    }
    let mut amqp = Amqp::open(gateway.amqp_stream().await, Some(sasl("sn-7", &own))).await.unwrap();
    assert!(!amqp.listens(&format!("amqps://other.example/{}", address("sn-7"))).await);
    gateway.end().await;
}

#[tokio::test]
async fn a_request_that_is_not_carried_out_is_rejected_with_its_reason() {
    let gateway = start().await;
    let mut other = Device::by_key(&gateway, "sn-8", &member(10, "sn-8")).await.unwrap();
    let (accepted, _) = other.ask(REGISTER, "", "").await.unwrap();
    let operation = accepted["operationId"].as_str().unwrap();
    let mut device = Device::by_key(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    let not_found = ErrorCondition::AmqpError(AmqpError::NotFound);
    for (kind, id, body, error) in [
        (REGISTER, "", r#"{"registrationId":"sn-8"}"#, microsoft("argument-error")),
        (REGISTER, "", "{", microsoft("argument-error")),
        ("iotdps-delete", "", "", microsoft("argument-error")),
        (STATUS, "5.0", "", not_found.clone()),
        // the operation of another registration
        (STATUS, operation, "", not_found),
    ] {
        assert_eq!(device.ask(kind, id, body).await.unwrap_err(), error, "{kind} {id} {body}");
    }
    assert!(device.registered().await.is_ok(), "the link is still there");
    // a device that did not register is not taken over
    let mut taken = Device::by_key(&gateway, "dev1", &member(10, "dev1")).await.unwrap();
    assert_eq!(taken.registered().await.unwrap_err(), microsoft("device-already-exists"));
    gateway.dev1().await;
    gateway.end().await;
}

#[tokio::test]
async fn a_disabled_enrollment_ends_the_links_of_its_device() {
    let gateway = start().await;
    let mut device = Device::by_key(&gateway, "sn-1", &secret(1)).await.unwrap();
    assert!(device.registered().await.is_ok());
    let off = with(individual("sn-1", &keys(1)), "provisioningStatus", json!("disabled"));
    let headers = format!("{}If-Match: *\r\n", service("owner", 200));
    assert_eq!(gateway.http("PUT /enrollments/sn-1", &headers, &off.to_string()).await.0, 200);
    assert!(device.answers.recv::<Data>().await.is_err(), "the gateway closed the link");
    assert!(Device::by_key(&gateway, "sn-1", &secret(1)).await.is_none());
    gateway.end().await;
}

#[tokio::test]
async fn certificates_register_by_their_own_enrollment_or_their_issuers() {
    let (factory, other) = (Ca::new("Factory CA"), Ca::new("Other CA"));
    let gateway = Gateway::with(|dev, config| {
        let own = other.issue(dev, "own-cert", "own-cert");
        let off = other.issue(dev, "off-cert", "off-cert");
        factory.issue(dev, "sn-1", "sn-1");
        other.issue(dev, "sn-3", "sn-3");
        let individuals = [
            individual("own-cert", &own_certificate(&own)),
            with(individual("off-cert", &own_certificate(&off)), "provisioningStatus", json!("disabled")),
        ];
        provisioning(dev, config, &file(&individuals, &[group("factory", &factory.signing())]));
        let ca = std::fs::read_to_string(dev.file("ca.pem")).unwrap();
        std::fs::write(dev.file("client-ca.pem"), [&*ca, &factory.pem, &other.pem].concat()).unwrap();
        config.client_ca = Some(dev.file("client-ca.pem"));
        config.amqps = Some("127.0.0.1:0".into());
    })
    .await;
    for (id, group) in [("own-cert", json!(null)), ("sn-1", json!("factory"))] {
        // with a second registration the device is in the registry, and its certificate opens a session of the hub too
        for _ in 0..2 {
            let amqp = Amqp::open(gateway.amqp_stream_with(id).await, None).await.unwrap();
            let state = Device::attach(amqp, &address(id)).await.unwrap().registered().await.unwrap();
            assert_eq!((&state["deviceId"], &state["enrollmentGroupId"]), (&json!(id), &group));
        }
        let mut amqp = Amqp::open(gateway.amqp_stream_with(id).await, None).await.unwrap();
        assert!(amqp.sends(&format!("/devices/{id}/messages/events")).await, "{id}");
    }
    for (what, certificate, id) in [
        ("another issuer", "sn-3", "sn-3"),
        ("the certificate of another device", "sn-1", "own-cert"),
        ("a disabled enrollment", "off-cert", "off-cert"),
    ] {
        let mut amqp = Amqp::open(gateway.amqp_stream_with(certificate).await, None).await.unwrap();
        assert!(!amqp.listens(&address(id)).await && !amqp.sends(&address(id)).await, "{what}");
    }
    // a certificate that the hub does not know has no links of it, and the log has the reason
    let mut amqp = Amqp::open(gateway.amqp_stream_with("sn-3").await, None).await.unwrap();
    assert!(!amqp.sends("/devices/sn-3/messages/events").await);
    assert!(gateway.log.last().contains("code=\"unknown\""), "{}", gateway.log.last());
    // nor does a token help
    assert!(!amqp.listens("$cbs").await && !amqp.sends("$cbs").await);
    // a certificate and a token
    let both = sasl("sn-1", &token("sn-1", &secret(1)));
    assert!(Amqp::open(gateway.amqp_stream_with("sn-1").await, Some(both)).await.is_err());
    gateway.end().await;
}

#[tokio::test]
async fn an_address_has_a_budget_of_verifications() {
    let gateway = start().await;
    let mut device = Device::by_key(&gateway, "sn-7", &member(10, "sn-7")).await.unwrap();
    let mut answered = 0;
    let error = without_time(async {
        loop {
            match device.ask(STATUS, "5.0", "").await.unwrap_err() {
                ErrorCondition::AmqpError(AmqpError::NotFound) if answered < 1000 => answered += 1,
                error => break error,
            }
        }
    })
    .await;
    // the device itself took a few of them, some of which may have come back before the clock stopped
    assert!((380..=400).contains(&answered), "{answered}");
    assert_eq!(error, microsoft("device-container-throttled"));
    gateway.end().await;
}
