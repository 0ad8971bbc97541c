//! Devices with a TPM register over HTTPS and AMQP: only the enrolled TPM decrypts the key for the token.
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

use core::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::client::Stream;
use common::*;
use dps::*;
use hubward::registry::{TpmKeys, TpmWrapper};
use hubward::types::SymmetricKey;
use hubward_gateway::{Config, Server, StoreConfig, StorePlace};
use hubward_rustcrypto::HmacKey;
use serde_json::{Value, json};
use std::sync::{Arc, Condvar, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// In place of a TPM library: a wrapped key is of the size of a real one, and names the TPM that it is for.
#[derive(Debug)]
struct Wrapper;

const ROOT: &[u8] = b"the owner's";

impl TpmWrapper for Wrapper {
    fn wrap(&self, tpm: TpmKeys<'_>, key: &SymmetricKey) -> Option<Box<[u8]>> {
        let mut wrapped = [key.expose(), tpm.endorsement, b"/", tpm.storage_root].concat();
        wrapped.resize(900, 0);
        (!tpm.storage_root.is_empty()).then(|| wrapped.into())
    }
}

/// Returns the key that the TPM decrypts.
fn activated(wrapped: &[u8], endorsement: &[u8]) -> HmacKey {
    assert!(wrapped[32..].starts_with(&[endorsement, b"/", ROOT].concat()), "it is for another TPM");
    HmacKey::new(&SymmetricKey::from_bytes(&wrapped[..32]).unwrap())
}

fn by_tpm(endorsement: &[u8]) -> Value {
    json!({ "type": "tpm", "tpm": { "endorsementKey": STANDARD.encode(endorsement) } })
}

async fn start(wrapper: bool) -> Gateway {
    Gateway::with(|dev, config| {
        let gate = with(individual("gate", &by_tpm(b"ek-1")), "deviceId", json!("gate-1"));
        let off = with(individual("off", &by_tpm(b"ek-2")), "provisioningStatus", json!("disabled"));
        let file = file(&[gate, off, individual("sn-1", &keys(1))], &[group("pumps", &keys(10))]);
        provisioning(dev, config, &file);
        config.amqps = Some("127.0.0.1:0".into());
        let tpm: Arc<dyn TpmWrapper> = Arc::new(Wrapper);
        config.tpm = wrapper.then_some(tpm);
    })
    .await
}

fn body(id: &str, endorsement: &[u8]) -> String {
    let keys =
        json!({ "endorsementKey": STANDARD.encode(endorsement), "storageRootKey": STANDARD.encode(ROOT) });
    json!({ "registrationId": id, "tpm": keys }).to_string()
}

async fn put(gateway: &Gateway, id: &str, headers: &str, body: &str) -> (u16, Value) {
    let request = format!("PUT /{SCOPE}/registrations/{id}/register?api-version=2019-03-31");
    let (status, text) = gateway.http(&request, headers, body).await;
    (status, serde_json::from_str(&text).unwrap())
}

fn authorization(id: &str, key: &HmacKey) -> String {
    format!("Authorization: {}\r\n", token(id, key))
}

#[tokio::test]
async fn the_enrolled_tpm_registers_over_https_and_connects_by_its_key() {
    let gateway = start(true).await;
    let (status, nonce) = put(&gateway, "gate", "", &body("gate", b"ek-1")).await;
    assert_eq!((status, &nonce["keyName"]), (401, &json!("registration")));
    let nonce = STANDARD.decode(nonce["authenticationKey"].as_str().unwrap()).unwrap();
    let key = activated(&nonce, b"ek-1");
    let own = authorization("gate", &key);
    let (status, accepted) = put(&gateway, "gate", &own, &body("gate", b"ek-1")).await;
    assert_eq!(status, 202, "{accepted}");
    let operation = accepted["operationId"].as_str().unwrap();
    let request = format!("GET /{SCOPE}/registrations/gate/operations/{operation}");
    let (status, result) = gateway.http(&request, &own, "").await;
    let result: Value = serde_json::from_str(&result).unwrap();
    assert_eq!((status, &result["registrationState"]["deviceId"]), (200, &json!("gate-1")));
    let wrapped = result["registrationState"]["tpm"]["authenticationKey"].as_str().unwrap();
    let hub = activated(&STANDARD.decode(wrapped).unwrap(), b"ek-1");
    assert_eq!(hub_code(&gateway, "gate-1", &hub).await, 0);
    assert_eq!(hub_code(&gateway, "gate-1", &key).await, 5, "the key of the registration");
    // the key of the hub registers no device
    assert_eq!(put(&gateway, "gate", &authorization("gate", &hub), "").await.0, 401);
    // a request that names no storage root key, which the enrollment does not have either
    assert_eq!(put(&gateway, "gate", &own, "").await.0, 501);
    gateway.end().await;
}

/// Returns the key of an answer, as the TPM decrypts it.
fn given(answer: &Value) -> HmacKey {
    activated(&STANDARD.decode(answer["authenticationKey"].as_str().unwrap()).unwrap(), b"ek-1")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_is_continued_at_another_gateway_and_after_a_restart() {
    let mut given_config = None;
    let mut gateway = Gateway::with(|dev, config| {
        let gate = with(individual("gate", &by_tpm(b"ek-1")), "deviceId", json!("gate-1"));
        provisioning(dev, config, &file(&[gate], &[]));
        let place = StorePlace::Sqlite(dev.file("hub.db"));
        config.store = Some(StoreConfig { place, key_file: None, authorities: None });
        config.tpm = Some(Arc::new(Wrapper));
        given_config = Some(config.clone());
    })
    .await;
    let mut others = Vec::new();
    let (status, nonce) = put(&gateway, "gate", "", &body("gate", b"ek-1")).await;
    assert_eq!(status, 401);
    let own = authorization("gate", &given(&nonce));
    // another gateway takes the token for the challenge of the first
    others.push(next(&mut gateway, given_config.as_ref().unwrap()).await);
    let (status, accepted) = put(&gateway, "gate", &own, &body("gate", b"ek-1")).await;
    assert_eq!(status, 202, "{accepted}");
    // a third one has the result, and the key that the device has at the hub
    others.push(next(&mut gateway, given_config.as_ref().unwrap()).await);
    for server in others {
        assert!(server.shutdown().await);
    }
    let operation = accepted["operationId"].as_str().unwrap();
    let request = format!("GET /{SCOPE}/registrations/gate/operations/{operation}");
    let (status, result) = gateway.http(&request, &own, "").await;
    let result: Value = serde_json::from_str(&result).unwrap();
    assert_eq!(status, 200, "{result}");
    assert_eq!(hub_code(&gateway, "gate-1", &given(&result["registrationState"]["tpm"])).await, 0);
    // with a new key in its file a gateway refuses the token, and the device begins again
    let file = gateway.dev.file("hub.db.key");
    let former = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{}\n{former}", base64(77))).unwrap();
    let last = next(&mut gateway, given_config.as_ref().unwrap()).await;
    assert_eq!(put(&gateway, "gate", &own, &body("gate", b"ek-1")).await.0, 401);
    let (_, nonce) = put(&gateway, "gate", "", &body("gate", b"ek-1")).await;
    let own = authorization("gate", &given(&nonce));
    assert_eq!(put(&gateway, "gate", &own, &body("gate", b"ek-1")).await.0, 202);
    assert!(last.shutdown().await && gateway.server.shutdown().await);
}

/// Starts one more gateway, to which the next requests go. Returns the former one.
async fn next(gateway: &mut Gateway, config: &Config) -> Server {
    let server = Server::start(config.clone()).await.unwrap();
    core::mem::replace(&mut gateway.server, server)
}

#[tokio::test]
async fn impostors_get_no_key_and_one_answer() {
    let gateway = start(true).await;
    let (_, nonce) = put(&gateway, "gate", "", &body("gate", b"ek-1")).await;
    let nonce = STANDARD.decode(nonce["authenticationKey"].as_str().unwrap()).unwrap();
    let key = activated(&nonce, b"ek-1");
    let mut answers = std::collections::BTreeSet::new();
    for (what, id, headers, body) in [
        ("another TPM", "gate", String::new(), body("gate", b"ek-9")),
        ("a disabled enrollment", "off", String::new(), body("off", b"ek-2")),
        ("an unknown registration", "ghost", String::new(), body("ghost", b"ek-1")),
        ("an enrollment by keys", "sn-1", String::new(), body("sn-1", b"ek-1")),
        ("no credential", "gate", String::new(), "{}".into()),
        ("a key that was not given", "gate", authorization("gate", &secret(1)), body("gate", b"ek-1")),
        ("a group's key", "gate", authorization("gate", &member(10, "gate")), body("gate", b"ek-1")),
        ("the key of another device", "off", authorization("off", &key), body("off", b"ek-2")),
    ] {
        let (status, answer) = put(&gateway, id, &headers, &body).await;
        assert_eq!((status, &answer["authenticationKey"]), (401, &Value::Null), "{what}");
        answers.insert(answer.to_string());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let long = "x".repeat(5000);
    let request = format!("PUT /{SCOPE}/registrations/gate/register");
    assert_eq!(gateway.http(&request, "", &long).await.0, 413);
    gateway.end().await;
}

#[tokio::test]
async fn without_a_wrapper_a_tpm_is_refused_by_name() {
    let gateway = start(false).await;
    for (id, endorsement) in [("gate", b"ek-1"), ("ghost", b"ek-9")] {
        let (status, answer) = put(&gateway, id, "", &body(id, endorsement)).await;
        assert_eq!(
            (status, &answer["message"]),
            (501, &json!("Attestation by a TPM is not configured.")),
            "{id}"
        );
    }
    assert!(gateway.log.has("code=\"tpm-not-configured\""));
    gateway.end().await;
}

/// A wrapper that does not return while it is closed.
#[derive(Debug, Default)]
struct Slow {
    inside: AtomicUsize,
    closed: Mutex<bool>,
    opened: Condvar,
}

impl TpmWrapper for Slow {
    fn wrap(&self, tpm: TpmKeys<'_>, key: &SymmetricKey) -> Option<Box<[u8]>> {
        self.inside.fetch_add(1, Ordering::SeqCst);
        let closed = self.closed.lock().unwrap();
        drop(self.opened.wait_while(closed, |closed| *closed).unwrap());
        self.inside.fetch_sub(1, Ordering::SeqCst);
        Wrapper.wrap(tpm, key)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_wrapper_has_as_many_threads_as_there_are_processors() {
    let slow = Arc::new(Slow::default());
    let gateway = Gateway::with(|dev, config| {
        provisioning(dev, config, &file(&[individual("gate", &by_tpm(b"ek-1"))], &[]));
        let tpm: Arc<dyn TpmWrapper> = slow.clone();
        config.tpm = Some(tpm);
    })
    .await;
    let (_, nonce) = put(&gateway, "gate", "", &body("gate", b"ek-1")).await;
    let own = authorization("gate", &given(&nonce));
    let (_, accepted) = put(&gateway, "gate", &own, &body("gate", b"ek-1")).await;
    let operation = accepted["operationId"].as_str().unwrap();
    let request = format!("GET /{SCOPE}/registrations/gate/operations/{operation}");
    let threads = std::thread::available_parallelism().unwrap().get();
    *slow.closed.lock().unwrap() = true;
    let gateway = Arc::new(gateway);
    let asks: Vec<_> = (0..threads + 2)
        .map(|_| {
            let (gateway, request, own) = (Arc::clone(&gateway), request.clone(), own.clone());
            tokio::spawn(async move { gateway.http(&request, &own, "").await })
        })
        .collect();
    let (mut served, mut most) = (0, 0);
    // as long as others are served, in which the rest would have come too
    while served < 100 || most == 0 {
        served += usize::from(gateway.http("GET /healthz", "", "").await.0 == 200);
        most = most.max(slow.inside.load(Ordering::SeqCst));
    }
    *slow.closed.lock().unwrap() = false;
    slow.opened.notify_all();
    for ask in asks {
        let (status, text) = ask.await.unwrap();
        assert!(status == 200 && text.contains("authenticationKey"), "{status} {text}");
    }
    assert!(most <= threads, "{most} of {threads}");
    assert!(Arc::into_inner(gateway).unwrap().server.shutdown().await);
}

/// Sends a frame of SASL: a descriptor and its fields.
async fn send(stream: &mut Stream, descriptor: u8, fields: &[&[u8]]) {
    let body: Vec<u8> = fields.concat();
    let list = [
        &u32::try_from(body.len() + 4).unwrap().to_be_bytes()[..],
        &u32::try_from(fields.len()).unwrap().to_be_bytes(),
        &body,
    ]
    .concat();
    let frame = [&[2, 1, 0, 0, 0, 0x53, descriptor, 0xd0][..], &list].concat();
    stream.write_all(&u32::try_from(frame.len() + 4).unwrap().to_be_bytes()).await.unwrap();
    stream.write_all(&frame).await.unwrap();
    stream.flush().await.unwrap();
}

fn binary(bytes: &[u8]) -> Vec<u8> {
    [&[0xb0][..], &u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// Reads a frame of SASL: its descriptor, and what follows its list's head and a short or long binary's.
async fn read(stream: &mut Stream) -> (u8, Vec<u8>) {
    let size = stream.read_u32().await.unwrap();
    let mut frame = vec![0; usize::try_from(size).unwrap() - 4];
    stream.read_exact(&mut frame).await.unwrap();
    assert!(size <= 512, "{size}");
    let list = if frame[7] == 0xc0 { 10 } else { 16 };
    let head = match frame[list] {
        0xa0 => 2,
        0xb0 => 5,
        _ => 0,
    };
    (frame[6], frame[list + head..].to_vec())
}

/// Runs SASL TPM up to the outcome's code; `sign` returns the token for the wrapped key.
async fn sasl(gateway: &Gateway, id: &str, endorsement: &[u8], sign: impl Fn(&[u8]) -> String) -> u8 {
    let mut stream = gateway.amqp_stream().await;
    stream.write_all(b"AMQP\x03\x01\x00\x00").await.unwrap();
    let mut header = [0; 8];
    stream.read_exact(&mut header).await.unwrap();
    let (_, mechanisms) = read(&mut stream).await;
    assert!(mechanisms.windows(3).any(|part| part == b"TPM"));
    let initial = [&[0][..], SCOPE.as_bytes(), &[0], id.as_bytes(), &[0], endorsement].concat();
    send(&mut stream, 0x41, &[b"\xa3\x03TPM", &binary(&initial)]).await;
    assert_eq!(read(&mut stream).await, (0x42, vec![0]));
    send(&mut stream, 0x43, &[&binary(&[&[0], ROOT].concat())]).await;
    let mut wrapped = Vec::new();
    loop {
        let (kind, frame) = read(&mut stream).await;
        if kind == 0x44 {
            // ubyte 0x50
            return frame[1];
        }
        let (control, segment) = frame.split_first().unwrap();
        assert_eq!(usize::from(control & 0x3f), wrapped.len() / 400);
        wrapped.extend_from_slice(segment);
        let last = control & 0xc0 == 0xc0;
        let answer = if last { sign(&wrapped) } else { String::new() };
        send(&mut stream, 0x43, &[&binary(&[&[0], answer.as_bytes()].concat())]).await;
    }
}

#[tokio::test]
async fn the_enrolled_tpm_is_authenticated_by_sasl() {
    let gateway = start(true).await;
    let own = |wrapped: &[u8]| token("gate", &activated(wrapped, b"ek-1"));
    assert_eq!(sasl(&gateway, "gate", b"ek-1", own).await, 0);
    for (what, id, endorsement, key) in [
        ("a key that was not given", "gate", &b"ek-1"[..], Some(secret(1))),
        ("another TPM", "gate", b"ek-9", None),
        ("a disabled enrollment", "off", b"ek-2", None),
        ("an unknown registration", "ghost", b"ek-1", None),
    ] {
        let signed = |_: &[u8]| token(id, key.as_ref().unwrap());
        assert_eq!(sasl(&gateway, id, endorsement, signed).await, 1, "{what}");
        assert!(gateway.log.last().contains("what=\"AMQP send sasl\" verdict=\"deny\""), "{what}");
    }
    gateway.end().await;
}
