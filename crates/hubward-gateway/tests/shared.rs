//! Three gateways and one PostgreSQL: a change by SQL, over HTTPS and by the program ends the sessions that it is about on every
//! gateway, and the gateways come back after the database was gone. With HUBWARD_LONG there are 100,000 devices and 1,000 sessions,
//! and the times have bars.
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
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use common::client::*;
use common::*;
use hubward::Client;
use hubward::types::DeviceId;
use nodes::{KEY, Node, nodes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

/// A session: the task returns the time at which its connection ended.
async fn session(gateway: &Gateway, node: &Node, id: &str) -> JoinHandle<SystemTime> {
    let device = Client::device(host(), DeviceId::parse(id).unwrap());
    let token = device.token(at(now() + 3600)).sign(&key(KEY)).to_string();
    let username = format!("localhost/{id}/?api-version=2021-04-12");
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let mut stream = dial(&tls, node.server.mqtt().unwrap()).await.unwrap();
    assert_eq!(ask(&mut stream, &connect(id, &username, Some(&token), None)).await, connack(0), "{id}");
    tokio::spawn(async move {
        assert_eq!(answer(&mut stream).await, None);
        SystemTime::now()
    })
}

/// Returns the status of a request to one of the gateways.
async fn status(gateway: &Gateway, node: &Node, request: &str, body: &str) -> u16 {
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let mut stream = dial(&tls, node.server.https().unwrap()).await.unwrap();
    let request = format!(
        "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {}\r\nIf-Match: *\r\n\
         Content-Length: {}\r\n\r\n{body}",
        gateway.policy_token("iothubowner"),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// The way of a change.
#[derive(Clone, Copy)]
enum Way {
    Sql,
    Https,
    /// `hubward registry`, if it is built beside the gateway.
    Program,
}

/// Disables or enables devices.
async fn set(
    way: Way,
    enabled: bool,
    ids: &[String],
    gateway: &Gateway,
    nodes: &[Node],
    database: &postgres::Server,
) {
    match way {
        Way::Sql => {
            let names = ids.join("', '");
            let sql = "UPDATE hubward.record SET enabled =";
            database.sql("hub", &format!("{sql} {enabled} WHERE kind = 0 AND name IN ('{names}')"));
        }
        Way::Https => {
            let body = format!("{{\"status\":\"{}\"}}", if enabled { "enabled" } else { "disabled" });
            for (node, id) in nodes.iter().zip(ids) {
                assert_eq!(status(gateway, node, &format!("PUT /devices/{id}"), &body).await, 200, "{id}");
            }
        }
        Way::Program => {
            for id in ids {
                let what = if enabled { "enable" } else { "disable" };
                let mut command = Command::new(program());
                command.args(["registry", what, &format!("postgres://hub@127.0.0.1:{}/hub", database.port)]);
                command.args(["--device", id, "--registry-key-file"]).arg(gateway.dev.file("registry.key"));
                let done = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
                assert!(done.status.success(), "{done:?}");
            }
        }
    }
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_hubward-gateway")).with_file_name("hubward")
}

/// Returns the time at which the last change of a device was committed, by the database.
fn committed(database: &postgres::Server, id: &str) -> SystemTime {
    let sql =
        "SELECT (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM hubward.record";
    let micros = database.sql("hub", &format!("{sql} WHERE kind = 0 AND name = '{id}'"));
    UNIX_EPOCH + Duration::from_micros(micros.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_share_a_database() {
    let Some(mut database) = postgres::Server::start() else { return };
    database.create("hub");
    database.sql("hub", "ALTER SYSTEM SET track_commit_timestamp = on");
    database.down();
    database.up();
    let long = std::env::var_os("HUBWARD_LONG").is_some();
    let (devices, sessions) = if long { (100_000, 1000) } else { (300, 30) };
    // the folder has the files and the certificates; its own gateway is not used
    let gateway = Gateway::start().await;
    let nodes = nodes(&gateway, &database, 3, devices, |_| {}).await;
    // one device has a session on each gateway; the others are bystanders
    let mut open = Vec::new();
    for number in 0..sessions {
        open.push(session(&gateway, &nodes[number % 3], &format!("d{number}")).await);
    }
    let mut round = 0;
    // each run of the program reads the whole registry
    for (way, name, changes) in
        [(Way::Sql, "SQL", 100), (Way::Https, "HTTPS", 100), (Way::Program, "program", 12)]
    {
        if matches!(way, Way::Program) && !program().exists() {
            println!("the program is not built: not tested");
            continue;
        }
        let mut times = Vec::new();
        for _ in 0..if long { changes } else { 5 } {
            round += 1;
            // one device on each gateway: a device has one connection
            let ids: Vec<String> =
                (0..3).map(|node| format!("d{}", devices - 1 - (3 * round + node) % 150)).collect();
            let mut ends = Vec::new();
            for (node, id) in nodes.iter().zip(&ids) {
                ends.push(session(&gateway, node, id).await);
            }
            set(way, false, &ids, &gateway, &nodes, &database).await;
            for (end, id) in ends.into_iter().zip(&ids) {
                let end = end.await.unwrap();
                times.push(end.duration_since(committed(&database, id)).unwrap_or_default());
            }
            // 50 rounds before one of these devices is used again
            set(way, true, &ids, &gateway, &nodes, &database).await;
        }
        times.sort();
        let (median, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!(
            "{name}: {devices} devices, {sessions} sessions, {} ends: median {median:?}, p99 {p99:?}, longest {:?}",
            times.len(),
            times[times.len() - 1]
        );
        if long {
            assert!(median <= Duration::from_millis(20) && p99 <= Duration::from_millis(250), "{times:?}");
        }
    }
    assert!(open.iter().all(|session| !session.is_finished()), "bystanders stay connected");
    // the database crashes: sessions stay for the grace, and no session is admitted
    database.down();
    for node in &nodes {
        while status(&gateway, node, "GET /readyz", "").await != 503 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert!(open.iter().all(|session| !session.is_finished()), "within the grace sessions stay");
    database.port = postgres::free_port();
    database.up();
    let back = Instant::now();
    nodes.iter().for_each(|node| node.proxy.mend(database.port));
    for node in &nodes {
        while status(&gateway, node, "GET /readyz", "").await != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let admits = back.elapsed();
    println!("admissions {admits:?} after the database was back");
    assert!(!long || admits <= Duration::from_secs(2));
    for node in &nodes {
        session(&gateway, node, "d0").await;
    }
    for node in nodes {
        assert!(node.server.shutdown().await);
    }
    gateway.end().await;
}
