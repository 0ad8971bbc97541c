//! Users of a directory: a bearer token that its keys verify, and roles.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::*;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::KeyPair;
use serde_json::{Value, json};

const HUB: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/contoso";
const ISSUER: &str = "https://login.example/tenant";
const AUDIENCE: &str = "https://iothubs.azure.net";

/// A gateway that takes the tokens of a directory with one key, and the key.
async fn gateway() -> (Gateway, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let point = key.public_key_raw();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    let users = json!({
        "hub": HUB,
        "issuer": ISSUER,
        "keys": [{ "kty": "EC", "crv": "P-256", "kid": "k1", "x": x, "y": y }],
        "assignments": [{ "principal": "operators", "role": "IoT Hub Data Reader" }],
    });
    let gateway = Gateway::with(|dev, config| {
        std::fs::write(dev.file("users.json"), users.to_string()).unwrap();
        config.users = Some(dev.file("users.json"));
    })
    .await;
    (gateway, key)
}

fn claims() -> Value {
    json!({ "oid": "alice", "groups": ["operators"], "aud": AUDIENCE, "iss": ISSUER, "exp": now() + 600 })
}

fn signed(key: &KeyPair, kid: &str, claims: &Value) -> String {
    let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::ES256) };
    let token = encode(&header, claims, &EncodingKey::from_ec_der(&key.serialize_der())).unwrap();
    format!("Authorization: Bearer {token}\r\n")
}

#[tokio::test]
async fn a_role_decides() {
    let (gateway, key) = gateway().await;
    let alice = signed(&key, "k1", &claims());
    assert_eq!(gateway.http("GET /devices/dev1", &alice, "").await.0, 200);
    assert!(gateway.log.last().contains("who=\"user alice\""));
    assert_eq!(gateway.http("DELETE /devices/dev1", &alice, "").await.0, 403);
    assert_eq!(
        gateway.http("POST /devices/dev1/messages/events", &alice, "x").await.0,
        403,
        "no user is a device"
    );
    assert_eq!(gateway.http("GET /no/such/thing", &alice, "").await.0, 501);
    let mut bob = claims();
    bob["groups"] = json!([]);
    assert_eq!(gateway.http("GET /devices/dev1", &signed(&key, "k1", &bob), "").await.0, 403);
    gateway.end().await;
}

#[tokio::test]
async fn what_the_directory_did_not_say_is_refused() {
    let (gateway, key) = gateway().await;
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        signed(&key, "k1", &claims)
    };
    // HS256 with what everybody can read as the secret
    let point = key.public_key_raw();
    let header = Header { kid: Some("k1".into()), ..Header::new(Algorithm::HS256) };
    let confused = encode(&header, &claims(), &EncodingKey::from_secret(point)).unwrap();
    let none = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let unsigned = format!("{}.{}.AA", none(&json!({ "alg": "none" })), none(&claims()));
    for (authorization, code) in [
        (signed(&KeyPair::generate().unwrap(), "k1", &claims()), "bearer-refused"),
        (signed(&key, "k2", &claims()), "bearer-refused"),
        (format!("Authorization: Bearer {confused}\r\n"), "bearer-refused"),
        (format!("Authorization: Bearer {unsigned}\r\n"), "bearer-refused"),
        (with("iss", json!("https://login.example/another")), "bearer-refused"),
        (with("nbf", json!(now() + 3600)), "bearer-refused"),
        (with("aud", json!("https://management.azure.com")), "another-audience"),
        (with("exp", json!(now() - 1)), "bearer-expired"),
        (with("oid", json!("")), "bearer-refused"),
        ("Authorization: Bearer abc\r\n".into(), "bearer"),
    ] {
        assert_eq!(gateway.http("GET /devices/dev1", &authorization, "").await.0, 401, "{code}");
        let line = gateway.log.last();
        assert!(
            line.contains(&format!("code=\"{code}\"")) && line.contains("who=\"nobody known\""),
            "{line}"
        );
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_certificate_beside_a_user_s_token_is_one_credential_too_many() {
    let (gateway, key) = gateway().await;
    let alice = signed(&key, "k1", &claims());
    let file = |ending| gateway.dev.file(&format!("dev-x509.{ending}"));
    let tls = client::tls(&gateway.dev.file("ca.pem"), Some((&file("pem"), &file("key"))));
    assert_eq!(gateway.http_over(&tls, "GET /devices/dev1", &alice, "").await.0, 401);
    assert!(gateway.log.last().contains("code=\"both-credentials\""), "{}", gateway.log.last());
    gateway.end().await;
}
