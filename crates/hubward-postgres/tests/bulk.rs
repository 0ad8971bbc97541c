//! Many new rows in one transaction, as an import and the first content of a registry write them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;

use std::collections::BTreeMap;

use common::{Server, device, key};
use hubward_postgres::{PostgresConfig, PostgresStore};
use hubward_store::{Commit, Expected, Row, Store, Write};

/// Devices of a batch; each third has a module.
const DEVICES: u64 = 900;

fn new(name: &str, etag: u64) -> Write {
    Write::Put(device(name, etag), Expected::Absent)
}

/// Returns new devices, each third with a module after it.
fn batch(prefix: &str) -> Vec<Write> {
    let mut writes = Vec::new();
    for number in 0..DEVICES {
        let name = format!("{prefix}{number}");
        let mut row = device(&name, number + 1);
        row.primary = Some(vec![number.to_le_bytes()[0], 0, 255].into());
        row.detail = "{\"statusReason\":\"a\\tb\\\\\"}".into();
        writes.push(Write::Put(row, Expected::Absent));
        if number % 3 == 0 {
            writes.push(new(&format!("{name}/m"), number + 1));
        }
    }
    writes
}

fn rows(store: &PostgresStore, after: u64) -> (BTreeMap<String, Row<'static>>, u64) {
    let mut rows = BTreeMap::new();
    let place =
        store.changes(Some(after), &mut |row| _ = rows.insert(row.name.to_string(), row.into_owned()));
    (rows, place.unwrap().change)
}

/// Checks batches of this store, which belongs to a database without rows.
fn check(store: &PostgresStore) {
    // one row was deleted before: the batch creates it again
    store.commit(&[new("a7", 1), new("other", 1)]).unwrap();
    store.commit(&[Write::Delete(key("a7"), Expected::Present)]).unwrap();
    let before = store.position().unwrap().change;
    let writes = batch("a");
    let Commit::Done(last) = store.commit(&writes).unwrap() else { panic!("a conflict") };
    let (found, place) = rows(store, before);
    assert_eq!((place, found.len()), (last, writes.len()));
    for write in &writes {
        let Write::Put(row, _) = write else { continue };
        let own = &found[&*row.name];
        assert_eq!(*own, Row { change: own.change, ..row.clone() });
        let device = row.device().map_or(0, |device| found[device].change);
        assert!(own.change > before.max(device) && own.change <= last);
    }
    // a conflict in the middle, a module without a device and a module before its device leave nothing
    let mut conflict = batch("b");
    conflict.push(new("other", 2));
    conflict.extend(batch("c"));
    let mut orphan = batch("b");
    orphan.push(new("none/m", 1));
    let mut early = batch("b");
    early.extend([new("late/m", 1), new("late", 1)]);
    for writes in [conflict, orphan, early] {
        assert_eq!(store.commit(&writes).unwrap(), Commit::Conflict);
        assert_eq!(rows(store, last), (BTreeMap::new(), last));
    }
    // other writes between two batches of one transaction
    let mut mixed = batch("b");
    mixed.push(Write::Delete(key("a0"), Expected::Etag(1)));
    mixed.extend(batch("c"));
    assert!(matches!(store.commit(&mixed).unwrap(), Commit::Done(_)));
    let (found, _) = rows(store, last);
    assert_eq!(found.len(), 2 * writes.len() + 2);
    assert!(found["a0"].deleted && found["a0/m"].deleted);
}

#[test]
fn a_batch_is_written_as_a_whole_or_not_at_all() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    check(&server.open("hub"));
}

#[test]
fn a_role_without_temporary_tables_writes_the_same() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    server.sql(
        "hub",
        "REVOKE TEMPORARY ON DATABASE hub FROM PUBLIC; CREATE ROLE gate LOGIN; GRANT CREATE ON DATABASE hub TO gate",
    );
    let address = format!("postgres://gate@127.0.0.1:{}/hub", server.port);
    check(&PostgresStore::open(&PostgresConfig::parse(&address).unwrap(), "hub.example").unwrap());
}

#[test]
fn a_reader_misses_no_row_of_batches_that_are_written_at_once() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let stores = [server.open("hub"), server.open("hub")];
    let reader = server.open("hub");
    let (mut seen, mut last) = (BTreeMap::new(), reader.position().unwrap().change);
    std::thread::scope(|scope| {
        let writers: Vec<_> = stores
            .iter()
            .zip(["x", "y"])
            .map(|(store, own)| {
                scope.spawn(move || {
                    for round in 0..5 {
                        let done = store.commit(&batch(&format!("{own}{round}-"))).unwrap();
                        assert!(matches!(done, Commit::Done(_)));
                        store.commit(&[new(&format!("{own}{round}"), 1)]).unwrap();
                    }
                })
            })
            .collect();
        let mut finished = false;
        while !finished {
            finished = writers.iter().all(std::thread::ScopedJoinHandle::is_finished);
            let (rows, place) = rows(&reader, last);
            assert!(rows.values().all(|row| row.change > last && row.change <= place));
            seen.extend(rows);
            last = place;
        }
    });
    assert_eq!(seen, rows(&reader, 0).0, "each row was seen as it is");
    assert_eq!(seen.len(), 10 * (batch("x").len() + 1));
}
