//! A process is killed at random points of its writes: each write that it acknowledged is there, and no write is there in
//! part. Other processes write and read meanwhile.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use common::{Folder, device, key};
use hubward_sqlite::SqliteStore;
use hubward_store::{Commit, Expected, Row, Store, Write};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

const FILE: &str = "HUBWARD_CRASH_FILE";
const WRITER: &str = "HUBWARD_CRASH_WRITER";

/// Runs in the processes that are killed: writes three rows in each transaction and prints each acknowledged one.
#[test]
fn writer() {
    let (Ok(file), Ok(own)) = (std::env::var(FILE), std::env::var(WRITER)) else { return };
    let store = SqliteStore::create(file.as_ref(), "hub.example").unwrap();
    let own: u64 = own.parse().unwrap();
    let mut out = std::io::stdout();
    for step in 1.. {
        let etag = own * 1_000_000 + step;
        let name = format!("w{own}-{}", step % 17);
        let rows = [name.clone(), format!("{name}/a"), format!("{name}/b")];
        let writes = if step % 5 == 4 {
            vec![Write::Delete(key(&name), Expected::Any)]
        } else {
            rows.iter().map(|row| Write::Put(device(row, etag), Expected::Any)).collect()
        };
        assert!(matches!(store.commit(&writes).unwrap(), Commit::Done(_)));
        writeln!(out, "ack {step}").unwrap();
        out.flush().unwrap();
    }
}

fn start(file: &std::path::Path, own: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .env(WRITER, own.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Returns the acknowledged steps of a writer.
fn steps(child: &mut Child) -> impl Iterator<Item = u64> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter_map(|line| {
        line.trim_start_matches("test writer ... ").strip_prefix("ack ").and_then(|step| step.parse().ok())
    })
}

fn rows(store: &SqliteStore) -> BTreeMap<String, Row<'static>> {
    let mut rows = BTreeMap::new();
    store
        .changes(Some(0), &mut |row| {
            rows.insert(row.name.to_string(), row.into_owned());
        })
        .unwrap();
    rows
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = Folder::new("crash");
    let file = folder.file("hub.db");
    let store = SqliteStore::create(&file, "hub.example").unwrap();
    // HUBWARD_LONG has `.ci/long` run for longer
    let rounds = if std::env::var_os("HUBWARD_LONG").is_some() { 100 } else { 10 };
    let (mut acknowledged, mut random) = (0, 88_172_645_463_325_252_u64);
    for round in 1..=rounds {
        let mut writers = [start(&file, round * 2), start(&file, round * 2 + 1)];
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let other = store.commit(&[Write::Put(device("other", round), Expected::Any)]).unwrap();
        assert!(matches!(other, Commit::Done(_)));
        // the kill follows a random write, and hits any part of the next ones: of this writer, and of the other
        let mut acknowledgements = writers.each_mut().map(steps);
        let mut last = [acknowledgements[0].nth(usize::try_from(random % 60).unwrap()).unwrap_or(0), 0];
        for writer in &mut writers {
            writer.kill().unwrap();
        }
        for (last, steps) in last.iter_mut().zip(&mut acknowledgements) {
            *last = steps.last().unwrap_or(*last);
        }
        for ((writer, last), own) in writers.iter_mut().zip(last).zip([round * 2, round * 2 + 1]) {
            writer.wait().unwrap();
            acknowledged += last;
            let found = rows(&store);
            check(&found, own, last);
        }
    }
    assert!(acknowledged > 100, "{acknowledged} writes");
    let integrity: String = rusqlite::Connection::open(&file)
        .unwrap()
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .unwrap();
    assert_eq!(integrity, "ok");
    println!("{acknowledged} acknowledged writes, {rounds} rounds");
}

/// Compares the rows of a writer with its steps up to `last`; the step after that may be there or not.
fn check(found: &BTreeMap<String, Row<'static>>, own: u64, last: u64) {
    for slot in 0..17 {
        let state = |up_to: u64| (1..=up_to).rev().find(|step| step % 17 == slot);
        let name = format!("w{own}-{slot}");
        let names = [name.clone(), format!("{name}/a"), format!("{name}/b")];
        let seen: Vec<_> =
            names.iter().map(|name| found.get(name).filter(|row| !row.deleted).map(|row| row.etag)).collect();
        let expected = |up_to| {
            let step = state(up_to).filter(|step| step % 5 != 4);
            vec![step.map(|step| own * 1_000_000 + step); 3]
        };
        assert!(seen == expected(last) || seen == expected(last + 1), "{name} after {last}: {seen:?}");
    }
}
