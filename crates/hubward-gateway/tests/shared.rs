//! Three gateways and one PostgreSQL: a change ends the sessions that it is about on every gateway, and the gateways come
//! back after the database was gone. With HUBWARD_LONG there are 100,000 devices and 1,000 sessions.
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
#[path = "common/nodes.rs"]
mod nodes;
#[path = "../../hubward-postgres/tests/common/mod.rs"]
mod postgres;

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use common::client::*;
use common::*;
use hubward::Client;
use hubward::registry::{Change, NoEntropy, Precondition};
use hubward::types::{DeviceId, Identity, Status};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_store::{RowKey, Sealer, change};
use nodes::{KEY, Node, nodes};
use tokio::task::JoinHandle;

fn entropy(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    getrandom::fill(buffer).map_err(|_| NoEntropy)
}

/// The sessions of one change: each task returns the time at which its connection ended.
async fn session(gateway: &Gateway, node: &Node, id: &str) -> JoinHandle<Instant> {
    let device = Client::device(host(), DeviceId::parse(id).unwrap());
    let token = device.token(at(now() + 3600)).sign(&key(KEY)).to_string();
    let username = format!("localhost/{id}/?api-version=2021-04-12");
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let mut stream = dial(&tls, node.server.mqtt().unwrap()).await.unwrap();
    assert_eq!(ask(&mut stream, &connect(id, &username, Some(&token), None)).await, connack(0), "{id}");
    tokio::spawn(async move {
        assert_eq!(answer(&mut stream).await, None);
        Instant::now()
    })
}

fn ready(node: &Node, gateway: &Gateway) -> impl Future<Output = u16> {
    let (tls, address) = (tls(&gateway.dev.file("ca.pem"), None), node.server.https().unwrap());
    async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = dial(&tls, address).await.unwrap();
        let request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_share_a_database() {
    let Some(mut database) = postgres::Server::start() else { return };
    database.create("hub");
    let (devices, sessions, changes) =
        if std::env::var_os("HUBWARD_LONG").is_some() { (100_000, 1000, 200) } else { (300, 30, 30) };
    // the folder has the files and the certificates; its own gateway is not used
    let gateway = Gateway::start().await;
    let nodes = nodes(&gateway, &database, 3, devices, |_| {}).await;
    let raw: [u8; 32] = core::array::from_fn(|at| u8::try_from(at).unwrap());
    let sealer = Arc::new(Sealer::new("localhost", Box::new(AeadKey::new(&raw)), entropy));
    let address = database.config("hub");
    let opened = move || hubward_postgres::PostgresStore::open(&address, "localhost").unwrap();
    let store = Arc::new(tokio::task::spawn_blocking(opened).await.unwrap());
    // one device has a session on each gateway; the others are bystanders
    let mut open = Vec::new();
    for number in 0..sessions {
        open.push(session(&gateway, &nodes[number % 3], &format!("d{number}")).await);
    }
    let mut times = Vec::new();
    for round in 0..changes {
        // one device on each gateway: a device has one connection
        let ids: Vec<String> =
            (0..3).map(|node| format!("d{}", devices - 1 - (3 * round + node) % 150)).collect();
        let mut ends = Vec::new();
        for (node, id) in nodes.iter().zip(&ids) {
            ends.push(session(&gateway, node, id).await);
        }
        for status in [Status::Disabled, Status::Enabled] {
            let (store, sealer, ids) = (Arc::clone(&store), Arc::clone(&sealer), ids.clone());
            let committed = tokio::task::spawn_blocking(move || {
                let devices: Vec<_> =
                    ids.iter().map(|id| Identity::Device(DeviceId::parse(id).unwrap())).collect();
                let keys: Vec<_> = devices.iter().filter_map(RowKey::of).collect();
                change(&*store, &sealer, HmacKey::new, &keys, |registry| {
                    for device in &devices {
                        let change = Change::new().with_status(status);
                        registry.update(*device, change, Precondition::Any).unwrap();
                    }
                })
                .unwrap();
                Instant::now()
            })
            .await
            .unwrap();
            for end in ends.drain(..) {
                times.push(end.await.unwrap().saturating_duration_since(committed));
            }
        }
        // the next round may use the device again, so each gateway must have it enabled
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    times.sort();
    let (median, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!(
        "{devices} devices, {sessions} sessions, {} ends: median {median:?}, p99 {p99:?}, longest {:?}",
        times.len(),
        times[times.len() - 1]
    );
    assert!(median < Duration::from_millis(100), "{times:?}");
    assert!(open.iter().all(|session| !session.is_finished()), "bystanders stay connected");
    // the database crashes: sessions stay for the grace, and no session is admitted
    database.down();
    for node in &nodes {
        while ready(node, &gateway).await != 503 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert!(open.iter().all(|session| !session.is_finished()), "within the grace sessions stay");
    database.port = postgres::free_port();
    database.up();
    let back = Instant::now();
    nodes.iter().for_each(|node| node.proxy.mend(database.port));
    for node in &nodes {
        while ready(node, &gateway).await != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    println!("admissions {:?} after the database was back", back.elapsed());
    for node in &nodes {
        session(&gateway, node, "d0").await;
    }
    for node in nodes {
        assert!(node.server.shutdown().await);
    }
    gateway.end().await;
}
