//! Three gateway processes and one PostgreSQL: a change by SQL, over HTTPS and by the program ends the sessions that it is about on every
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
#[path = "common/fleet.rs"]
mod fleet;
#[path = "common/history.rs"]
mod history;
#[path = "common/nodes.rs"]
mod nodes;
#[path = "../../hubward-postgres/tests/common/mod.rs"]
mod postgres;

use core::time::Duration;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use common::client::*;
use common::*;
use fleet::{Fleet, program};
use history::Way;
use hubward::Client;
use hubward::types::DeviceId;
use nodes::KEY;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinHandle;

/// A session: the task returns the time at which its connection ended.
async fn session(fleet: &Fleet, at: usize, id: &str) -> JoinHandle<SystemTime> {
    let device = Client::device(host(), DeviceId::parse(id).unwrap());
    let token = device.token(crate::at(now() + 3600)).sign(&key(KEY)).to_string();
    let username = format!("localhost/{id}/?api-version=2021-04-12");
    let address = ([127, 0, 0, 1], fleet.ports[at].0).into();
    let mut stream = dial(&fleet.tls, address).await.unwrap();
    assert_eq!(ask(&mut stream, &connect(id, &username, Some(&token), None)).await, connack(0), "{id}");
    tokio::spawn(async move {
        loop {
            match tokio::time::timeout(Duration::from_secs(20), answer(&mut stream)).await {
                Ok(None) => return SystemTime::now(),
                Ok(Some(packet)) => assert_eq!(packet, PINGRESP),
                // keeps the connection alive
                Err(_) => _ = stream.write_all(&PINGREQ).await,
            }
        }
    })
}

/// Waits until each gateway admits, or none does.
async fn until(fleet: &Fleet, admits: bool) {
    for at in 0..3 {
        while (fleet.http(at, "GET /readyz", "", "").await.0 == 200) != admits {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Disables or enables devices.
async fn set(way: Way, enabled: bool, ids: &[String], fleet: &Fleet, database: &postgres::Server) {
    match way {
        Way::Sql => {
            let names = ids.join("', '");
            let sql = "UPDATE hubward.record SET enabled =";
            database.sql("hub", &format!("{sql} {enabled} WHERE kind = 0 AND name IN ('{names}')"));
        }
        Way::Https => {
            let body = format!("{{\"status\":\"{}\"}}", if enabled { "enabled" } else { "disabled" });
            for (at, id) in ids.iter().enumerate() {
                // on another gateway than the session's
                let done =
                    fleet.http((at + 1) % 3, &format!("PUT /devices/{id}"), "If-Match: *\r\n", &body).await;
                assert_eq!(done.0, 200, "{id}: {}", done.1);
            }
        }
        Way::Program => {
            for id in ids {
                let what = if enabled { "enable" } else { "disable" };
                let mut command = Command::new(program("hubward"));
                command.args(["registry", what, &format!("postgres://hub@127.0.0.1:{}/hub", database.port)]);
                command.args(["--device", id, "--registry-key-file"]).arg(fleet.folder.join("registry.key"));
                let done = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
                assert!(done.status.success(), "{done:?}");
            }
        }
    }
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
    // in memory, where the test may: the time of a commit by the database has not the wait for its disk
    let Some(mut database) = postgres::Server::start_on_small_disk(2000) else { return };
    database.create("hub");
    database.sql("hub", "ALTER SYSTEM SET track_commit_timestamp = on");
    database.down();
    database.up();
    let long = std::env::var_os("HUBWARD_LONG").is_some();
    let (devices, sessions) = if long { (100_000, 1000) } else { (300, 30) };
    // the folder has the files and the certificates; its own gateway is not used
    let gateway = Gateway::start().await;
    for node in nodes::nodes(&gateway, &database, 1, devices, |_| {}).await {
        assert!(node.server.shutdown().await);
    }
    let fleet = Fleet::start(&gateway, database.port, Duration::from_secs(3), Duration::from_secs(600)).await;
    // one device has a session on each gateway; the others are bystanders
    let mut open = Vec::new();
    for number in 0..sessions {
        open.push(session(&fleet, number % 3, &format!("d{number}")).await);
    }
    let (mut round, mut slow) = (0, false);
    // each run of the program reads the whole registry
    for (way, name, changes) in
        [(Way::Sql, "SQL", 100), (Way::Https, "HTTPS", 100), (Way::Program, "program", 12)]
    {
        if matches!(way, Way::Program) && !program("hubward").exists() {
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
            for (at, id) in ids.iter().enumerate() {
                ends.push(session(&fleet, at, id).await);
            }
            set(way, false, &ids, &fleet, &database).await;
            for (end, id) in ends.into_iter().zip(&ids) {
                let end = end.await.unwrap();
                times.push(end.duration_since(committed(&database, id)).unwrap_or_default());
            }
            // 50 rounds before one of these devices is used again
            set(way, true, &ids, &fleet, &database).await;
        }
        times.sort();
        let (median, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!(
            "{name}: {devices} devices, {sessions} sessions, {} ends: median {median:?}, p99 {p99:?}, longest {:?}",
            times.len(),
            times[times.len() - 1]
        );
        slow |= median > Duration::from_millis(20) || p99 > Duration::from_millis(250);
    }
    assert!(open.iter().all(|session| !session.is_finished()), "bystanders stay connected");
    // the database crashes: sessions stay for the grace, and no session is admitted
    database.down();
    until(&fleet, false).await;
    assert!(open.iter().all(|session| !session.is_finished()), "within the grace sessions stay");
    database.port = postgres::free_port();
    database.up();
    let back = Instant::now();
    fleet.mend(database.port);
    until(&fleet, true).await;
    let admits = back.elapsed();
    println!("admissions {admits:?} after the database was back");
    // a busy machine misses them
    assert!(!long || !slow && admits <= Duration::from_secs(2), "the bars are 20 ms, 250 ms and 2 s");
    for at in 0..3 {
        session(&fleet, at, "d0").await;
    }
    gateway.end().await;
}
