//! Three gateway processes and one database under chaos: gateways and the database are killed and come back, the database on
//! another port, gateways are cut off, and the clock of one of them steps. Meanwhile devices connect anywhere, two of them as
//! rivals, and their records change over HTTPS and by SQL. Then a checker reads the history. With HUBWARD_LONG it takes 30 minutes.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;
#[path = "common/fleet.rs"]
mod fleet;
#[path = "common/nodes.rs"]
mod nodes;
#[path = "../../hubward-postgres/tests/common/mod.rs"]
mod postgres;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use common::*;
use fleet::{Dice, Fleet, GRACE, TIMEOUT, Writing};

/// Devices whose records change over HTTPS, by two writers.
const WRITTEN: usize = 12;
/// Devices whose records change by SQL.
const SQL: usize = 4;
/// The time that a busy machine may take for what should take none.
const SLACK: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_lose_nothing_and_admit_no_session_wrongly() {
    let Some(mut database) = postgres::Server::start() else { return };
    database.create("hub");
    let gateway = Gateway::start().await;
    // the first content
    for node in nodes::nodes(&gateway, &database, 1, WRITTEN + SQL, |_| {}).await {
        assert!(node.server.shutdown().await);
    }
    let long = std::env::var_os("HUBWARD_LONG").is_some();
    let minutes = std::env::var("HUBWARD_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    let time = Duration::from_secs(if long { 60 * minutes.unwrap_or(30) } else { 8 });
    let longest = if long { 9000 } else { 2500 };
    let fleet = Arc::new(Fleet::start(&gateway, database.port).await);
    let mut tasks = Vec::new();
    for number in 0..WRITTEN + SQL {
        // two connections of the first devices: rivals
        for rival in 0..if number < 2 { 2 } else { 1 } {
            tasks.push(tokio::spawn(fleet::connect_again(Arc::clone(&fleet), number, rival)));
        }
    }
    for own in 0..2 {
        tasks.push(tokio::spawn(fleet::write(Arc::clone(&fleet), own, WRITTEN)));
    }
    let (mut dice, mut kills, mut crashes, mut cuts, mut steps) = (Dice(9), 0, 0, 0, 0);
    // each fault once, then any
    let mut first = 0..5;
    while fleet.now() < time || !first.is_empty() {
        tokio::time::sleep(Duration::from_millis(300 + dice.roll(1200))).await;
        let at = usize::try_from(dice.roll(3)).unwrap();
        match first.next().unwrap_or_else(|| dice.roll(5)) {
            0 => {
                kills += 1;
                fleet.kill(at);
                tokio::time::sleep(Duration::from_millis(dice.roll(1500))).await;
                fleet.spawn(at);
            }
            1 => {
                crashes += 1;
                database.kill();
                tokio::time::sleep(Duration::from_millis(dice.roll(3000))).await;
                database.port = postgres::free_port();
                database.up();
                fleet.mend(database.port);
            }
            2 => {
                cuts += 1;
                fleet.proxies[at].cut();
                tokio::time::sleep(Duration::from_millis(dice.roll(longest))).await;
                fleet.proxies[at].mend(database.port);
            }
            3 => steps += u32::from(fleet.step_clock(dice.roll(2400))),
            _ => {
                let device = WRITTEN + usize::try_from(dice.roll(u64::try_from(SQL).unwrap())).unwrap();
                let sql = "UPDATE hubward.record SET enabled = NOT enabled WHERE kind = 0 AND name = ";
                database.sql("hub", &format!("{sql}'d{device}'"));
            }
        }
    }
    fleet.stop();
    for task in tasks.drain(..) {
        task.await.unwrap();
    }
    fleet.mend(database.port);
    fleet.ready().await;

    let summary = check(&fleet, &database).await;
    println!(
        "{time:?}: {summary}, {kills} gateways killed, {crashes} databases killed, {cuts} cuts, {steps} clock steps"
    );
    gateway.end().await;
}

/// Checks the history, and returns a summary.
async fn check(fleet: &Fleet, database: &postgres::Server) -> String {
    // every gateway has what the table has
    let rows = database.sql("hub", "SELECT name, enabled FROM hubward.record WHERE kind = 0 AND NOT deleted");
    let table: BTreeMap<String, bool> =
        rows.lines().map(|row| row.split_once('|').unwrap()).map(|(id, on)| (id.into(), on == "t")).collect();
    assert_eq!(table.len(), WRITTEN + SQL);
    let mut lists = Vec::new();
    for at in 0..3 {
        lists.push(fleet.records(at).await);
    }
    assert!(lists.iter().all(|list| *list == lists[0]), "{lists:#?}");
    let enabled: BTreeMap<_, _> = lists[0].iter().map(|(id, (_, on))| (id.clone(), *on)).collect();
    assert_eq!(enabled, table);

    let (mut acknowledged, mut admitted) = (0, 0);
    let (writes, sessions) = (fleet.writes.lock().unwrap(), fleet.sessions.lock().unwrap());
    for (id, writes) in writes.iter() {
        acknowledged += writes.iter().filter(|write| write.etag.is_some()).count();
        // nothing acknowledged is lost; a write without an answer may have been made
        if let Some(Writing { etag: Some(etag), enabled, .. }) = writes.last() {
            assert_eq!(lists[0][id], (etag.clone(), *enabled), "{id}: the last acknowledged write is lost");
        }
        for (at, write) in writes.iter().enumerate() {
            if write.etag.is_none() || write.enabled {
                continue;
            }
            let enabled_again = writes.get(at + 1).map_or(Duration::MAX, |next| next.asked);
            for session in sessions.iter().filter(|session| session.id == *id) {
                assert!(
                    session.asked <= write.answered + TIMEOUT || session.admitted >= enabled_again,
                    "{id} is admitted {session:?} while it is disabled from {:?} to {enabled_again:?}",
                    write.answered
                );
                assert!(
                    session.admitted >= enabled_again
                        || session.ended
                            <= enabled_again.min(write.answered + GRACE + SLACK).max(session.asked + SLACK)
                        || enabled_again <= write.answered + GRACE + SLACK,
                    "{id} is disabled at {:?}, and has a session {session:?}",
                    write.answered
                );
            }
        }
    }
    admitted += sessions.len();
    assert!(acknowledged > 10 && admitted > 20, "the test does something: {acknowledged}, {admitted}");
    // of rivals, one connection is left at most
    assert_eq!(fleet.doubles(), 0, "an identity has two connections");
    format!("{acknowledged} acknowledged writes, {admitted} admissions")
}
