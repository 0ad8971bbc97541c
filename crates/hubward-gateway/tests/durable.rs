//! A durable registry: changes survive a restart, reach other gateways, and end the sessions that they are about.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;
#[path = "common/provisioning.rs"]
#[allow(dead_code, reason = "each test uses a part")]
mod dps;
use core::time::Duration;
use std::time::Instant;

use common::client::*;
use common::*;
use hubward_gateway::{Config, Dev, Server, StartError, StoreConfig, StoreError, StorePlace};
use serde_json::{Value, json};

/// Sets a durable registry in the folder, whose first content is that of the files.
fn durable(dev: &Dev, config: &mut Config) {
    let place = StorePlace::Sqlite(dev.file("hub.db"));
    config.store = Some(StoreConfig { place, key_file: None, authorities: None });
}

async fn start() -> Gateway {
    Gateway::with(durable).await
}

fn config(dev: &Dev) -> Config {
    let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
    durable(dev, &mut config);
    config
}

fn sql(dev: &Dev, sql: &str) {
    rusqlite::Connection::open(dev.file("hub.db")).unwrap().execute_batch(sql).unwrap();
}

/// Connects `dev1` to a gateway of the folder.
async fn dev1(gateway: &Gateway, server: &Server) -> Stream {
    let mut stream = dial(&tls(&gateway.dev.file("ca.pem"), None), server.mqtt().unwrap()).await.unwrap();
    let answer = ask(&mut stream, &connect("dev1", USERNAME, Some(&gateway.token()), None)).await;
    assert_eq!(answer, connack(0));
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_device_stays_deleted_after_a_restart() {
    let mut gateway = start().await;
    let created = json!({ "deviceId": "new", "status": "enabled" }).to_string();
    let (status, record) = gateway.owner("PUT /devices/new", "", &created).await;
    assert_eq!(status, 200, "{record}");
    let record: Value = serde_json::from_str(&record).unwrap();
    let key = record["authentication"]["symmetricKey"]["primaryKey"].as_str().unwrap();
    assert_eq!(gateway.owner("DELETE /devices/dev1", "If-Match: *\r\n", "").await.0, 204);
    assert_eq!(gateway.owner("GET /devices/dev1", "", "").await.0, 404);
    // the store has no usable key
    let file = [gateway.dev.file("hub.db"), gateway.dev.file("hub.db-wal")];
    for bytes in file.iter().filter_map(|file| std::fs::read(file).ok()) {
        let raw = hubward::types::SymmetricKey::from_base64(key).unwrap();
        assert!(!bytes.windows(16).any(|part| *part == raw.expose()[..16] || part == &key.as_bytes()[..16]));
    }
    // the files are as before, and are the first content only
    let server = Server::start(config(&gateway.dev)).await.unwrap();
    let old = core::mem::replace(&mut gateway.server, server);
    assert!(old.shutdown().await);
    assert_eq!(gateway.owner("GET /devices/dev1", "", "").await.0, 404);
    let (status, again) = gateway.owner("GET /devices/new", "", "").await;
    assert_eq!((status, serde_json::from_str::<Value>(&again).unwrap()), (200, record.clone()));
    // an etag of before the restart counts
    let etag = format!("If-Match: \"{}\"\r\n", record["etag"].as_str().unwrap());
    assert_eq!(gateway.owner("PUT /devices/new", &etag, &created).await.0, 200);
    assert_eq!(gateway.owner("PUT /devices/new", &etag, &created).await.0, 412);
    assert!(gateway.server.shutdown().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_answered_with_its_own_record() {
    let gateway = start().await;
    let write = async |writer: u32| {
        for round in 0..20 {
            let reason = format!("{writer} {round}");
            let body = json!({ "status": "enabled", "statusReason": reason }).to_string();
            let (status, body) = gateway.owner("PUT /devices/dev1", "If-Match: *\r\n", &body).await;
            assert_eq!(status, 200, "{body}");
            let record: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(record["statusReason"], json!(reason), "not the record of the other writer");
        }
    };
    tokio::join!(write(1), write(2), write(3));
    assert!(gateway.server.shutdown().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_of_an_enrollment_is_answered_with_its_own_etag() {
    let gateway = Gateway::with(|dev, config| {
        durable(dev, config);
        dps::provisioning(dev, config, &dps::file(&[dps::individual("sn-1", &dps::keys(1))], &[]));
    })
    .await;
    let write = async |writer: u32| {
        let mut etags = Vec::new();
        for round in 0..10 {
            let twin = json!({ "tags": { "by": format!("{writer} {round}") } });
            let body = dps::with(dps::individual("sn-1", &dps::keys(1)), "initialTwin", twin.clone());
            let headers = format!("{}If-Match: *\r\n", dps::service("owner", 200));
            let (status, body) = gateway.http("PUT /enrollments/sn-1", &headers, &body.to_string()).await;
            assert_eq!(status, 200, "{body}");
            let written: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(written["initialTwin"]["tags"], twin["tags"], "not that of another writer");
            etags.push(written["etag"].as_str().unwrap().to_owned());
        }
        etags
    };
    let (one, two, three) = tokio::join!(write(1), write(2), write(3));
    let last = gateway.http("GET /enrollments/sn-1", &dps::service("owner", 200), "").await.1;
    let all: std::collections::BTreeSet<_> = [one, two, three].concat().into_iter().collect();
    assert_eq!(all.len(), 30, "each write has its own etag");
    let last: Value = serde_json::from_str(&last).unwrap();
    assert!(all.contains(last["etag"].as_str().unwrap()), "{last}");
    assert!(gateway.server.shutdown().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_by_any_way_ends_the_sessions_on_every_gateway_and_no_others() {
    let gateway = start().await;
    let other = Server::start(config(&gateway.dev)).await.unwrap();
    let mut bystander = gateway.mqtt_with("dev-x509").await;
    let username = "localhost/dev-x509/?api-version=2021-04-12";
    assert_eq!(ask(&mut bystander, &connect("dev-x509", username, None, None)).await, connack(0));
    // by HTTPS on one gateway, for a session on the other
    let mut far = dev1(&gateway, &other).await;
    let mut near = dev1(&gateway, &gateway.server).await;
    let disabled = json!({ "status": "disabled" }).to_string();
    let (status, body) = gateway.owner("PUT /devices/dev1", "If-Match: *\r\n", &disabled).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!((answer(&mut far).await, answer(&mut near).await), (None, None));
    // by SQL
    sql(&gateway.dev, "UPDATE record SET enabled = 1 WHERE kind = 0 AND name = 'dev1'");
    let mut near = loop {
        let mut stream = gateway.mqtt().await;
        let connect = connect("dev1", USERNAME, Some(&gateway.token()), None);
        if ask(&mut stream, &connect).await == connack(0) {
            break stream;
        }
    };
    sql(&gateway.dev, "DELETE FROM record WHERE kind = 0 AND name = 'dev1'");
    assert_eq!(answer(&mut near).await, None);
    assert_eq!(ask(&mut bystander, &PINGREQ).await, Some(PINGRESP));
    assert!(gateway.server.shutdown().await && other.shutdown().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_the_first_content_and_no_second_truth() {
    let gateway = start().await;
    assert!(gateway.server.shutdown().await);
    let dev = &gateway.dev;
    let file = dev.file("policies.json");
    let text = std::fs::read_to_string(&file).unwrap();
    // other permissions, another key, one policy fewer
    let mut policies: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut changed = vec![policies.clone(), policies.clone()];
    changed[0][0]["rights"] = json!("RegistryRead");
    changed[1][0]["secondaryKey"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    policies.pop();
    changed.push(policies);
    for changed in changed {
        std::fs::write(&file, json!(changed).to_string()).unwrap();
        let refused = Server::start(config(dev)).await.unwrap_err();
        assert!(matches!(refused, StartError::Store(StoreError::PoliciesDiffer(_))), "{refused}");
    }
    let without = Config { policies: None, registry: None, ..config(dev) };
    assert!(Server::start(without).await.unwrap().shutdown().await);
    // without its key file the registry is not opened
    std::fs::remove_file(dev.file("hub.db.key")).unwrap();
    let refused = Server::start(config(dev)).await.unwrap_err();
    assert!(matches!(refused, StartError::Store(StoreError::NoKeyFile(_))), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_answer_stops_admissions_and_then_ends_sessions() {
    let gateway = Gateway::with(|dev, config| {
        durable(dev, config);
        config.feed.timeout = Duration::from_millis(300);
        config.feed.grace = Duration::from_millis(900);
    })
    .await;
    let ready = async || gateway.http("GET /readyz", "", "").await.0;
    let connect = connect("dev1", USERNAME, Some(&gateway.token()), None);
    assert_eq!(ready().await, 200);
    let mut session = gateway.dev1().await;
    // a table that is gone is a store that fails
    sql(&gateway.dev, "ALTER TABLE hub RENAME TO gone");
    while ready().await != 503 {}
    assert_eq!(gateway.http("GET /healthz", "", "").await.0, 200);
    let mut refused = gateway.mqtt().await;
    assert_eq!(ask(&mut refused, &connect).await, connack(3));
    assert_eq!(gateway.owner("GET /devices/dev1", "", "").await.0, 503);
    assert_eq!(answer(&mut session).await, None, "after the grace the session ends");
    sql(&gateway.dev, "ALTER TABLE gone RENAME TO hub");
    let back = Instant::now();
    while ready().await != 200 {}
    let mut stream = gateway.mqtt().await;
    assert_eq!(ask(&mut stream, &connect).await, connack(0));
    assert!(back.elapsed() < Duration::from_secs(2), "{:?}", back.elapsed());
    assert!(gateway.server.shutdown().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_soon_after_the_commit() {
    let gateway = start().await;
    let mut times = Vec::new();
    for _ in 0..20 {
        let mut session = dev1(&gateway, &gateway.server).await;
        sql(&gateway.dev, "UPDATE record SET enabled = 0 WHERE kind = 0 AND name = 'dev1'");
        let committed = Instant::now();
        assert_eq!(answer(&mut session).await, None);
        times.push(committed.elapsed());
        let enabled = json!({ "status": "enabled" }).to_string();
        assert_eq!(gateway.owner("PUT /devices/dev1", "If-Match: *\r\n", &enabled).await.0, 200);
    }
    times.sort();
    println!("from commit to end: median {:?}, longest {:?}", times[10], times[19]);
    assert!(times[10] < Duration::from_millis(250), "{times:?}");
    assert!(gateway.server.shutdown().await);
}
