//! Users of a directory: bearer tokens that are verified with its keys, and roles.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
#[path = "common/directory.rs"]
mod directory;

use core::time::Duration;

use common::*;
use directory::*;
use hubward_gateway::{Dev, Server, StoreConfig, StorePlace};
use serde_json::{Value, json};

const HUB: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/contoso";
const ISSUER: &str = "https://login.example/tenant";
const AUDIENCE: &str = "https://iothubs.azure.net";

/// Returns the file of users, with these keys of the issuer.
fn users(keys: &Value) -> String {
    let users = json!({
        "hub": HUB,
        "issuer": ISSUER,
        "keys": keys,
        "assignments": [{ "principal": "operators", "role": "IoT Hub Data Reader" }],
    });
    users.to_string()
}

/// Starts a gateway that accepts the tokens of a directory.
async fn gateway() -> (Gateway, Directory) {
    with_unauthenticated(2_000).await
}

/// Starts a gateway with at most so many connections that are not authenticated.
async fn with_unauthenticated(most: usize) -> (Gateway, Directory) {
    let directory = Directory::new();
    let gateway = Gateway::with(|dev, config| {
        std::fs::write(dev.file("users.json"), users(&directory.keys())).unwrap();
        config.users = Some(dev.file("users.json"));
        config.limits.refusal_delay = Duration::ZERO;
        config.limits.max_unproven = most;
    })
    .await;
    (gateway, directory)
}

fn claims() -> Value {
    json!({ "oid": "alice", "groups": ["operators"], "aud": AUDIENCE, "iss": ISSUER, "exp": now() + 600 })
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// Returns a header with a token signed by the key `ec`.
fn signed(directory: &Directory, claims: &Value) -> String {
    bearer(&directory.token(&json!({ "alg": "ES256", "kid": "ec" }), claims, "ES256"))
}

/// Returns whether the token is accepted; a refused one must have this code.
async fn is_accepted(gateway: &Gateway, authorization: &str, code: &str) -> bool {
    let status = gateway.http("GET /devices/dev1", authorization, "").await.0;
    if status == 200 {
        return true;
    }
    assert_eq!(status, 401, "{code}");
    let line = gateway.log.last();
    assert!(line.contains(&format!("code=\"{code}\"")) && line.contains("who=\"unknown peer\""), "{line}");
    false
}

#[tokio::test]
async fn a_role_authorizes_its_operations() {
    let (gateway, directory) = gateway().await;
    let alice = signed(&directory, &claims());
    assert_eq!(gateway.http("GET /devices/dev1", &alice, "").await.0, 200);
    assert!(gateway.log.last().contains("who=\"user alice\""));
    assert_eq!(gateway.http("DELETE /devices/dev1", &alice, "").await.0, 403);
    assert_eq!(
        gateway.http("POST /devices/dev1/messages/events", &alice, "x").await.0,
        403,
        "a user is not a device"
    );
    assert_eq!(gateway.http("GET /no/such/thing", &alice, "").await.0, 501);
    let mut bob = claims();
    bob["groups"] = json!([]);
    assert_eq!(gateway.http("GET /devices/dev1", &signed(&directory, &bob), "").await.0, 403);
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_not_answered_from_a_registry_that_may_be_outdated() {
    let directory = Directory::new();
    let gateway = Gateway::with(|dev, config| {
        std::fs::write(dev.file("users.json"), users(&directory.keys())).unwrap();
        config.users = Some(dev.file("users.json"));
        let place = StorePlace::Sqlite(dev.file("hub.db"));
        config.store = Some(StoreConfig { place, key_file: None, authorities: None });
        config.feed.timeout = Duration::from_millis(300);
    })
    .await;
    let alice = signed(&directory, &claims());
    assert_eq!(gateway.http("GET /devices/dev1", &alice, "").await.0, 200);
    let store = rusqlite::Connection::open(gateway.dev.file("hub.db")).unwrap();
    store.execute_batch("ALTER TABLE hub RENAME TO gone").unwrap();
    while gateway.http("GET /readyz", "", "").await.0 != 503 {}
    assert_eq!(gateway.http("GET /devices/dev1", &alice, "").await.0, 503);
    assert!(gateway.server.shutdown().await);
}

#[tokio::test]
async fn tokens_with_wrong_claims_are_refused() {
    let (gateway, directory) = gateway().await;
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        signed(&directory, &claims)
    };
    let without = |name: &str| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        signed(&directory, &claims)
    };
    assert!(is_accepted(&gateway, &with("nbf", json!(now() - 1)), "").await);
    assert!(is_accepted(&gateway, &with("nbf", json!(now() + 50)), "").await, "clock skew");
    for (authorization, code) in [
        (signed(&Directory::new(), &claims()), "bearer-refused"),
        (with("iss", json!("https://login.example/another")), "bearer-refused"),
        (with("iss", json!([ISSUER])), "bearer-refused"),
        (without("iss"), "bearer-refused"),
        (with("nbf", json!(now() + 3600)), "bearer-refused"),
        (with("aud", json!("https://management.azure.com")), "audience-mismatch"),
        (without("aud"), "bearer-refused"),
        (with("exp", json!(now() - 1)), "bearer-expired"),
        (without("exp"), "bearer-refused"),
        (with("oid", json!("")), "bearer-refused"),
        (bearer("abc"), "bearer"),
    ] {
        assert!(!is_accepted(&gateway, &authorization, code).await, "{code}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_key_verifies_its_own_algorithm_only() {
    let (gateway, directory) = gateway().await;
    let algorithms = ["ES256", "RS256", "RS512", "PS256", "EdDSA"];
    for kid in [json!("ec"), json!("rsa"), json!("ed"), json!("another"), Value::Null] {
        for named in algorithms.into_iter().chain(["ES384", "HS256", "none", "es256"]) {
            for signed_by in algorithms {
                let header = json!({ "alg": named, "kid": kid });
                let token = bearer(&directory.token(&header, &claims(), signed_by));
                let own = [("ec", "ES256"), ("rsa", "RS256"), ("ed", "EdDSA")];
                // without `kid`, any key with that algorithm
                let agree = own.iter().any(|(id, of)| (kid.is_null() || kid == *id) && named == *of);
                let agree = agree && named == signed_by;
                assert_eq!(
                    is_accepted(&gateway, &token, "bearer-refused").await,
                    agree,
                    "{kid} {named} {signed_by}"
                );
            }
        }
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_public_key_used_as_an_hmac_secret_is_refused() {
    let (gateway, directory) = gateway().await;
    let (n, e) = directory.modulus_and_exponent();
    let keys = directory.keys();
    for (kid, secret) in [
        ("ec", directory.point().to_vec()),
        ("ec", keys[0].to_string().into()),
        ("ec", keys[0]["x"].to_string().into()),
        ("rsa", n.clone()),
        ("rsa", [n, e].concat()),
        ("rsa", keys[1].to_string().into()),
        ("ed", keys[2]["x"].to_string().into()),
        ("ec", vec![]),
    ] {
        for alg in ["HS256", "ES256", "RS256", "EdDSA"] {
            let token = by_secret(&json!({ "alg": alg, "kid": kid }), &claims(), &secret);
            assert!(!is_accepted(&gateway, &bearer(&token), "bearer-refused").await, "{alg} {kid}");
        }
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_changed_token_is_refused() {
    let (gateway, directory) = gateway().await;
    let header = json!({ "alg": "RS256", "kid": "rsa" });
    let token = directory.token(&header, &claims(), "RS256");
    assert!(is_accepted(&gateway, &bearer(&token), "").await);
    let [head, body, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut other = claims();
    other["oid"] = json!("bob");
    let long = text([0; 1100]);
    for (changed, code) in [
        (format!("{head}.{}.{signature}", text(other.to_string())), "bearer-refused"),
        (format!("{}.{body}.{signature}", text(r#"{"kid":"rsa","alg":"RS256"}"#)), "bearer-refused"),
        (format!("{head}.{body}.{}", &signature[..signature.len() - 4]), "bearer-refused"),
        (format!("{head}.{body}.AAAA{signature}"), "bearer-refused"),
        (format!("{head}.{body}.{long}"), "bearer-refused"),
        (format!("{head}.{body}.A"), "bearer-refused"),
        (format!("{head}.{body}."), "bearer"),
    ] {
        assert!(!is_accepted(&gateway, &bearer(&changed), code).await, "{changed}");
    }
    // a critical extension
    let critical = json!({ "alg": "RS256", "kid": "rsa", "crit": ["exp"], "exp": 1 });
    let token = directory.token(&critical, &claims(), "RS256");
    assert!(!is_accepted(&gateway, &bearer(&token), "bearer-refused").await);
    // a key in the token's header is ignored
    let with_key = json!({ "alg": "ES256", "jwk": Directory::new().keys()[0] });
    let token = Directory::new().token(&with_key, &claims(), "ES256");
    assert!(!is_accepted(&gateway, &bearer(&token), "bearer-refused").await);
    gateway.end().await;
}

#[tokio::test]
async fn keys_that_are_not_public_signature_keys_are_refused() {
    let directory = Directory::new();
    let keys = directory.keys();
    let with = |at: usize, name: &str, value: Value| {
        let mut key = keys[at].clone();
        key[name] = value;
        key
    };
    for (key, problem) in [
        (json!({ "kty": "oct", "kid": "s", "k": text([7; 32]) }), "is not a public key"),
        (with(0, "crv", json!("P-521")), "is on a curve that is not P-256 or P-384"),
        (with(0, "crv", json!("P-384")), "is not a point of its curve"),
        (with(0, "alg", json!("ES384")), "has an `alg` that is not its curve's"),
        (with(0, "alg", json!("RS256")), "has an `alg` that is not its curve's"),
        (with(0, "x", json!("!")), "is not base64url"),
        (with(1, "alg", json!("HS256")), "has an `alg` that is not RSA's"),
        (with(1, "use", json!("enc")), "is for encryption"),
        (with(1, "n", json!(text([0xff; 128]))), "has fewer than 2048"),
        (with(2, "crv", json!("P-256")), "is not a public key"),
        (with(2, "x", json!(text([1; 31]))), "is not a point of its curve"),
    ] {
        let dev = Dev::create().unwrap();
        let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
        std::fs::write(dev.file("users.json"), users(&json!([keys[0], key]))).unwrap();
        config.users = Some(dev.file("users.json"));
        let error = Server::start(config).await.err().unwrap().to_string();
        assert!(error.contains("the key at position 2 ") && error.contains(problem), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_together_with_a_bearer_token_is_refused() {
    let (gateway, directory) = gateway().await;
    let alice = signed(&directory, &claims());
    let file = |ending| gateway.dev.file(&format!("dev-x509.{ending}"));
    let tls = client::tls(&gateway.dev.file("ca.pem"), Some((&file("pem"), &file("key"))));
    assert_eq!(gateway.http_over(&tls, "GET /devices/dev1", &alice, "").await.0, 401);
    assert!(gateway.log.last().contains("code=\"both-credentials\""), "{}", gateway.log.last());
    gateway.end().await;
}

#[tokio::test]
async fn the_connection_of_a_user_without_a_role_is_unauthenticated() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (gateway, directory) = with_unauthenticated(1).await;
    for (groups, status, stays) in [(json!(["operators"]), "200", true), (json!([]), "403", false)] {
        let mut claims = claims();
        claims["groups"] = groups;
        let header = signed(&directory, &claims);
        let mut stream = gateway.https_stream().await;
        let request = format!("GET /devices/dev1 HTTP/1.1\r\nHost: localhost\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = [0; 4096];
        let read = stream.read(&mut answer).await.unwrap();
        assert_eq!(&answer[9..12], status.as_bytes(), "{}", String::from_utf8_lossy(&answer[..read]));
        // another connection takes the place of the oldest one that is not authenticated
        drop(gateway.https_stream().await);
        stream.write_all(request.as_bytes()).await.ok();
        stream.flush().await.ok();
        let again = stream.read(&mut answer).await;
        assert_eq!(again.is_ok_and(|read| read > 0), stays, "{status}");
    }
    gateway.end().await;
}
