//! Three gateway processes and one database under chaos: gateways and the database are killed and come back, the database on
//! another port, gateways are cut off, the clock of one of them steps, the database's disk does not answer, or is full. Meanwhile
//! devices connect anywhere, two of them as rivals, some with a key that was replaced, and their records change over HTTPS, by SQL
//! and by the program. Then a checker reads the history. With HUBWARD_LONG it takes 30 minutes, in which official clients stay
//! connected too.
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

#[path = "common/clients.rs"]
mod clients;
mod common;
#[path = "common/fleet.rs"]
mod fleet;
#[path = "common/history.rs"]
mod history;
#[path = "common/nodes.rs"]
mod nodes;
#[path = "common/official.rs"]
mod official;
#[path = "../../hubward-postgres/tests/common/mod.rs"]
mod postgres;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use common::*;
use fleet::{Dice, Fleet};
use history::{History, Summary, Way};
use official::Official;

/// Devices whose records change.
const DEVICES: usize = 16;
/// Kinds of faults: see [`fail`].
const FAULTS: u64 = 6;

/// Starts three gateways on a database that notes each change, with one more device for an official client on each.
async fn fleet(gateway: &Gateway, database: &postgres::Server) -> Arc<Fleet> {
    database.create("hub");
    // the first content
    for node in nodes::nodes(gateway, database, 1, DEVICES + 3, |_| {}).await {
        assert!(node.server.shutdown().await);
    }
    history::note(database);
    let fleet = Fleet::start(gateway, database.port, fleet::TIMEOUT, fleet::GRACE).await;
    let first = history::read(database, fleet.started, &[]);
    let key = |changes: Vec<history::Change>| vec![(changes[0].etag, nodes::KEY.to_owned())];
    fleet.seen.lock().unwrap().keys = first.into_iter().map(|(id, changes)| (id, key(changes))).collect();
    Arc::new(fleet)
}

/// Starts the devices.
fn devices(fleet: &Arc<Fleet>) -> Vec<tokio::task::JoinHandle<()>> {
    let mut tasks = Vec::new();
    for number in 0..DEVICES {
        // two connections of the first devices: rivals
        for rival in 0..if number < 2 { 2 } else { 1 } {
            tasks.push(tokio::spawn(clients::connect_again(Arc::clone(fleet), number, rival)));
        }
    }
    tasks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_lose_nothing_and_admit_no_session_wrongly() {
    let Some(mut database) = postgres::Server::start_on_small_disk(600) else { return };
    let gateway = Gateway::start().await;
    let long = std::env::var_os("HUBWARD_LONG").is_some();
    let minutes =
        std::env::var("HUBWARD_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(30);
    let time = Duration::from_secs(if long { 60 * minutes } else { 8 });
    let fleet = fleet(&gateway, &database).await;
    let official = long.then(|| Official::start(&fleet, DEVICES)).flatten();
    let mut tasks = devices(&fleet);
    let mut writer = |way, seed, pause| {
        tasks.push(tokio::spawn(clients::write(Arc::clone(&fleet), way, seed, DEVICES, pause)));
    };
    writer(Way::Https, 77, 70);
    writer(Way::Https, 78, 70);
    writer(Way::Sql, 79, 200);
    if fleet::program("hubward").exists() {
        // it is not built with this test
        writer(Way::Program, 80, 200);
    }
    let mut dice = Dice(9);
    let mut counts = [0_u32; 6];
    // each fault once, then any
    let mut first = 0..FAULTS;
    let mut next_quiet = Duration::from_secs(40);
    while fleet.now() < time || !first.is_empty() {
        if fleet.now() > next_quiet {
            quiet(&fleet, &database).await;
            next_quiet = fleet.now() + Duration::from_secs(40);
        }
        tokio::time::sleep(Duration::from_millis(300 + dice.roll(1200))).await;
        let fault = first.next().unwrap_or_else(|| dice.roll(FAULTS));
        counts[usize::try_from(fault).unwrap()] +=
            u32::from(fail(fault, &mut dice, long, &fleet, &mut database).await);
    }
    fleet.stop();
    for task in tasks.drain(..) {
        task.await.unwrap();
    }
    fleet.mend(database.port);
    fleet.ready().await;
    let clients = official.map(Official::end);

    let summary = check(&fleet, &database).await.unwrap();
    let (failed, refused) = {
        let seen = fleet.seen.lock().unwrap();
        (seen.failed, seen.refused)
    };
    let [kills, crashes, cuts, steps, pauses, full] = counts;
    println!(
        "{time:?}: {summary:?}, {failed} failed writes, {refused} refused connections, 0 lost, 0 wrong\n\
         {kills} gateways killed, {crashes} databases killed, {cuts} cuts, {steps} clock steps, {pauses} slow disks, {full} full disks",
    );
    if let Some(clients) = clients {
        println!("official clients: {clients:#?}");
        for client in clients {
            assert!(client.connected && client.connections > 1 && client.messages > 0, "{client:?}");
        }
    }
    let by_way = |way| summary.by_way.get(&way).copied().unwrap_or_default();
    let acknowledged: usize = summary.by_way.values().sum();
    assert!(acknowledged > 10 && summary.admissions > 20, "the test does something: {summary:?}");
    if long && minutes >= 30 {
        assert!(
            acknowledged >= 10_000 && by_way(Way::Sql) > 1000 && by_way(Way::Program) > 1000,
            "{summary:?}"
        );
    }
    gateway.end().await;
}

/// Lets all recover, and then be for a while.
async fn quiet(fleet: &Fleet, database: &postgres::Server) {
    fleet.mend(database.port);
    fleet.ready().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let from = fleet.now();
    tokio::time::sleep(Duration::from_secs(10)).await;
    fleet.seen.lock().unwrap().quiet.push((from, fleet.now()));
}

/// Does one fault, and mends it. Returns whether this machine has it.
async fn fail(
    fault: u64,
    dice: &mut Dice,
    long: bool,
    fleet: &Fleet,
    database: &mut postgres::Server,
) -> bool {
    let at = usize::try_from(dice.roll(3)).unwrap();
    let longest = if long { 9000 } else { 2500 };
    let mut pause = |most| tokio::time::sleep(Duration::from_millis(dice.roll(most)));
    match fault {
        0 => {
            fleet.kill(at);
            pause(1500).await;
            fleet.spawn(at);
        }
        1 => {
            database.kill();
            pause(3000).await;
            database.port = postgres::free_port();
            database.up();
            fleet.mend(database.port);
        }
        2 => {
            fleet.proxies[at].cut();
            pause(longest).await;
            fleet.proxies[at].mend(database.port);
        }
        3 => return fleet.step_clock(dice.roll(2400)),
        4 => {
            let from = fleet.now();
            database.pause(true);
            pause(longest).await;
            database.pause(false);
            fleet.seen.lock().unwrap().paused.push((from, fleet.now()));
        }
        _ => {
            let full = database.fill();
            pause(longest).await;
            database.free();
            fleet.mend(database.port);
            return full;
        }
    }
    true
}

/// Checks that every gateway has what the table has, and the history.
async fn check(fleet: &Fleet, database: &postgres::Server) -> Result<Summary, String> {
    let rows =
        database.sql("hub", "SELECT name, etag, enabled FROM hubward.record WHERE kind = 0 AND NOT deleted");
    let mut table = BTreeMap::new();
    for row in rows.lines() {
        let fields: Vec<&str> = row.split('|').collect();
        let etag = format!("{:016x}", fields[1].parse::<u64>().unwrap());
        table.insert(fields[0].to_owned(), (etag, fields[2] == "t"));
    }
    for at in 0..3 {
        let index = fleet.records(at).await;
        if index != table {
            return Err(format!("the index of gateway {at} differs: {index:#?} {table:#?}"));
        }
    }
    let seen = fleet.seen.lock().unwrap();
    let history: History = history::read(database, fleet.started, &seen.paused);
    for (id, changes) in &history {
        let last = changes.last().map(|change| (format!("{:016x}", change.etag), change.enabled));
        if last.as_ref() != table.get(id) {
            return Err(format!("{id} is {:?}, not {last:?}", table.get(id)));
        }
    }
    // of rivals, one connection is left at most
    if let Some(id) = seen.open.iter().find(|(_, count)| **count > 1) {
        return Err(format!("an identity has two connections: {id:?}"));
    }
    history::check(&history, &seen)
}

/// Without the guard a gateway misses a change that commits late, and its session lives on: the checker says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checker_fails_without_the_guard_on_the_order_of_commits() {
    let Some(database) = postgres::Server::start() else { return };
    let gateway = Gateway::start().await;
    let fleet = fleet(&gateway, &database).await;
    // after the start, which would refuse it
    database.sql("hub", "DROP TRIGGER a_in_order ON hubward.record");
    let mut late = database.session("hub");
    let mut input = late.stdin.take().unwrap();
    let begin = "BEGIN; UPDATE hubward.record SET enabled = false WHERE kind = 0 AND name = 'd3' RETURNING 'begun';\n";
    std::io::Write::write_all(&mut input, begin.as_bytes()).unwrap();
    let mut output = std::io::BufReader::new(late.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut String::new()).unwrap();
    database.sql("hub", "UPDATE hubward.record SET enabled = true WHERE kind = 0 AND name = 'd4'");
    let newer = history::read(&database, fleet.started, &[])["d4"].last().unwrap().etag;
    for at in 0..3 {
        while fleet.records(at).await["d4"].0 != format!("{newer:016x}") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    std::io::Write::write_all(&mut input, b"COMMIT;\n").unwrap();
    drop(input);
    assert!(late.wait().unwrap().success());
    let wrong = check(&fleet, &database).await.unwrap_err();
    assert!(wrong.contains("differs"), "{wrong}");
    gateway.end().await;
}

#[test]
fn the_checker_finds_each_wrong_history() {
    use history::{Acknowledged, Change, Seen, Session, check};
    let second = Duration::from_secs;
    let change = |number, at, enabled, version| Change {
        number,
        at: second(at),
        seen_by: second(at),
        enabled,
        etag: number,
        version,
    };
    // disabled at 100, enabled at 200, another key at 300
    let changes = vec![
        change(1, 0, true, 7),
        change(2, 100, false, 7),
        change(3, 200, true, 7),
        change(4, 300, true, 8),
    ];
    let history = History::from([("d1".to_owned(), changes)]);
    let session = |etag, admitted, ended, by_gateway| Session {
        id: "d1".into(),
        etag,
        asked: second(admitted),
        admitted: second(admitted),
        ended: second(ended),
        by_gateway,
    };
    let wrong = |sessions: &[Session]| {
        let quiet = vec![(second(0), second(90)), (second(295), second(1000))];
        check(&history, &Seen { sessions: sessions.to_vec(), quiet, ..Seen::default() }).err()
    };
    let contains = |sessions: &[Session], text: &str| {
        let error = wrong(sessions).unwrap_or_default();
        assert!(error.starts_with(text), "{error}");
    };
    assert_eq!(
        wrong(&[session(1, 10, 100, true), session(1, 201, 301, true), session(4, 400, 500, false)]),
        None
    );
    // a gateway may be behind for a while
    assert_eq!(wrong(&[session(1, 101, 105, true)]), None);
    contains(&[session(1, 150, 151, true)], "admitted wrongly");
    contains(&[session(1, 310, 311, true)], "admitted wrongly");
    contains(&[session(9, 310, 311, true)], "a key that no write set");
    contains(&[session(1, 10, 150, true)], "lives on after change 2");
    contains(&[session(1, 250, 305, true)], "lives on after change 4");
    contains(&[session(1, 10, 50, true)], "ended without a cause");
    // its rival took its seat
    assert_eq!(wrong(&[session(1, 10, 50, true), session(1, 50, 60, false)]), None);
    let acknowledged = vec![Acknowledged { way: Way::Sql, id: "d1".into(), etag: 5 }];
    let lost = check(&history, &Seen { acknowledged, ..Seen::default() }).unwrap_err();
    assert!(lost.starts_with("lost"), "{lost}");
}
