//! Enrollments that name the certificate authorities of `--client-ca` (`caReferences`).
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
use common::*;
use dps::*;
use serde_json::{Value, json};

fn named(primary: &str, secondary: Option<&str>) -> Value {
    let references = json!({ "primary": primary, "secondary": secondary });
    json!({ "type": "x509", "x509": { "caReferences": references } })
}

/// The authorities `Factory CA`, `Other CA`, and two with the name `Twice CA`; `sn-1` may be of the factory only.
async fn start() -> Gateway {
    let [factory, other] = [Ca::new("Factory CA"), Ca::new("Other CA")];
    let twice = [Ca::new("Twice CA"), Ca::new("Twice CA")];
    Gateway::with(|dev, config| {
        for id in ["sn-1", "sn-2", "sn-3", "sn-off"] {
            factory.issue(dev, id, id);
        }
        other.issue(dev, "sn-1", "other-1");
        other.issue(dev, "sn-2", "other-2");
        let ca = std::fs::read_to_string(dev.file("ca.pem")).unwrap();
        let all = [&*ca, &factory.pem, &other.pem, &twice[0].pem, &twice[1].pem].concat();
        std::fs::write(dev.file("client-ca.pem"), all).unwrap();
        config.client_ca = Some(dev.file("client-ca.pem"));
        let individuals = [
            with(individual("sn-1", &named("Factory CA", None)), "deviceId", json!("pump-1")),
            with(individual("sn-off", &named("Factory CA", None)), "provisioningStatus", json!("disabled")),
        ];
        let groups = [group("all", &named("Factory CA", Some("Other CA")))];
        provisioning(dev, config, &file(&individuals, &groups));
    })
    .await
}

/// Registers by the certificate of a file. Returns the code of the CONNACK, or the state of the registration.
async fn by_certificate(gateway: &Gateway, file: &str, id: &str) -> Result<Value, u8> {
    let mut stream = gateway.mqtt_with(file).await;
    match ask(&mut stream, &register_connect(id, None)).await.unwrap().1[1] {
        0 => Ok(registered(&mut stream).await.unwrap()),
        code => Err(code),
    }
}

#[tokio::test]
async fn an_individual_and_a_group_name_their_issuers() {
    let gateway = start().await;
    let state = by_certificate(&gateway, "sn-1", "sn-1").await.unwrap();
    assert_eq!((&state["deviceId"], &state["enrollmentGroupId"]), (&json!("pump-1"), &Value::Null));
    for file in ["sn-2", "other-2"] {
        let state = by_certificate(&gateway, file, "sn-2").await;
        // the same id with another certificate is another device
        assert!(state.is_ok_and(|state| state["enrollmentGroupId"] == "all"), "{file}");
        assert_eq!(gateway.owner("DELETE /devices/sn-2", "If-Match: *\r\n", "").await.0, 204);
    }
    for (what, file, id) in [
        ("an issuer that the individual does not name", "other-1", "sn-1"),
        ("a disabled enrollment", "sn-off", "sn-off"),
        ("the certificate of another device", "sn-3", "sn-1"),
    ] {
        assert_eq!(by_certificate(&gateway, file, id).await, Err(5), "{what}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn services_write_and_read_the_names() {
    let gateway = start().await;
    let owner = service("owner", 200);
    let put = async |attestation: &Value| {
        let one = individual("sn-9", attestation).to_string();
        let headers = format!("{owner}If-Match: *\r\n");
        let created = gateway.http("PUT /enrollments/sn-9", &owner, &one).await;
        if created.0 == 409 { gateway.http("PUT /enrollments/sn-9", &headers, &one).await } else { created }
    };
    let (status, body) = put(&named("Other CA", Some("Factory CA"))).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["attestation"], named("Other CA", Some("Factory CA")));
    let both = json!({ "type": "x509", "x509": { "caReferences": { "primary": "Other CA" }, "clientCertificates": {} } });
    for (attestation, told) in [
        (named("Unknown CA", None), "no certificate authority"),
        (named("factory ca", None), "no certificate authority"),
        (named("Twice CA", None), "several"),
        (named("", None), "one or two"),
        (both, "no certificates"),
    ] {
        let (status, body) = put(&attestation).await;
        assert!(status == 400 && body.contains(told), "{attestation}: {status} {body}");
    }
    gateway.end().await;
}
