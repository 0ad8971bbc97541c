//! The suite for stores, and the rules of the tables.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;

use core::time::Duration;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write as _};

use common::{Server, device, key};
use hubward_postgres::{PostgresError, PostgresStore};
use hubward_store::{Commit, Expected, Seats, Store, Write, suite};

#[test]
fn the_suite_passes() {
    let Some(server) = Server::start() else { return };
    let mut databases = BTreeSet::new();
    suite::run(|name| {
        let database = format!("suite_{name}");
        if databases.insert(database.clone()) {
            server.create(&database);
        }
        server.open(&database)
    })
    .unwrap();
}

fn names(store: &PostgresStore, after: u64) -> (Vec<(String, bool)>, u64) {
    let mut rows = Vec::new();
    let place =
        store.changes(Some(after), &mut |row| rows.push((row.name.to_string(), row.deleted))).unwrap();
    rows.sort();
    (rows, place.change)
}

#[test]
fn changes_by_sql_are_numbered_and_get_another_etag() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let store = server.open("hub");
    let writes = ["a", "a/1", "b"].map(|name| Write::Put(device(name, 7), Expected::Absent));
    assert_eq!(store.commit(&writes).unwrap(), Commit::Done(3));
    let row = |name: &str, deleted| (name.to_owned(), deleted);
    server.sql("hub", "UPDATE hubward.record SET enabled = false WHERE name = 'b'");
    assert_eq!(names(&store, 3), (vec![row("b", false)], 4));
    let stale = Write::Put(device("b", 8), Expected::Etag(7));
    assert_eq!(store.commit(&[stale]).unwrap(), Commit::Conflict);
    server.sql("hub", "INSERT INTO hubward.record (kind, name) VALUES (0, 'c')");
    assert_eq!(names(&store, 4).0, [row("c", false)]);
    let last = store.position().unwrap().change;
    server.sql("hub", "DELETE FROM hubward.record WHERE name = 'a'");
    assert_eq!(names(&store, last).0, [row("a", true), row("a/1", true)]);
    let last = store.position().unwrap().change;
    server.sql("hub", "DELETE FROM hubward.record");
    assert_eq!(names(&store, last).0, [row("b", true), row("c", true)]);
    let mut left = 0;
    store.read(&[key("a"), key("b"), key("c")], &mut |_| left += 1).unwrap();
    assert_eq!(left, 0);
    // the start checks what the tables need
    let open = || PostgresStore::open(&server.config("hub"), "hub.example");
    assert!(matches!(
        PostgresStore::open(&server.config("hub"), "other.example"),
        Err(PostgresError::OtherHub { .. })
    ));
    open().unwrap();
    server.sql("hub", "ALTER TABLE hubward.record DISABLE TRIGGER a_in_order");
    assert!(matches!(open(), Err(PostgresError::Guard(_))));
    server.sql(
        "hub",
        "ALTER TABLE hubward.record ENABLE TRIGGER a_in_order; UPDATE hubward.hub SET format = 3",
    );
    assert!(matches!(open(), Err(PostgresError::Newer { found: 3, known: 2 })));
    // tables of the first format are migrated
    server.sql("hub", "DROP TABLE hubward.seat; DROP SEQUENCE hubward.seat_number");
    server.sql("hub", "UPDATE hubward.hub SET format = 1");
    assert_eq!(open().unwrap().claim(&["a"]).unwrap().len(), 1);
    assert_eq!(server.sql("hub", "SELECT format FROM hubward.hub"), "2");
}

#[test]
fn claims_of_seats_are_ordered_and_loss_is_visible() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let (one, two) = (server.open("hub"), server.open("hub"));
    let start = one.claims(None, &mut |_| {}).unwrap();
    let first = one.claim(&["a", "b", "a"]).unwrap();
    assert_eq!(first.first(), first.last(), "a name is claimed once");
    let second = two.claim(&["a"]).unwrap();
    assert!(second.first() > first.iter().max());
    let seen = |store: &PostgresStore, after: u64| {
        let mut seen = Vec::new();
        let place = store
            .claims(Some(after), &mut |claim| seen.push((claim.name.to_owned(), claim.number, claim.rivals)));
        seen.sort();
        (seen, place.unwrap())
    };
    let row = |name: &str, number: &u64, rivals| (name.to_owned(), *number, rivals);
    let (claims, place) = seen(&one, start.last);
    let (a, b) = (second.first().unwrap(), first.get(1).unwrap());
    assert_eq!(claims, [row("a", a, 1), row("b", b, 0)], "the newest of each");
    assert_eq!(seen(&one, place.last).0, []);
    // a crash empties the table; an older claim that is entered again later does not replace a newer one
    server.kill();
    server.up();
    let lost = (0..50).find_map(|_| {
        let seen = one.claims(Some(0), &mut |_| {});
        if seen.is_err() {
            std::thread::sleep(Duration::from_millis(100));
        }
        seen.ok()
    });
    assert_ne!(lost.unwrap().life, place.life);
    one.restore(&[("a", *a)]).unwrap();
    let _ = two.claims(None, &mut |_| {});
    two.restore(&[("a", first.first().copied().unwrap()), ("b", *b)]).unwrap();
    let (claims, again) = seen(&one, 0);
    assert_eq!(claims, [row("a", a, 0), row("b", b, 0)]);
    assert!(again.life != place.life && two.claim(&["b"]).unwrap().first() > Some(a));
    // a deleted device has no seat after its tombstone is removed
    one.commit(&[Write::Put(device("a", 7), Expected::Absent)]).unwrap();
    server.sql("hub", "DELETE FROM hubward.record WHERE name = 'a'");
    one.purge(one.position().unwrap().change).unwrap();
    assert_eq!(server.sql("hub", "SELECT name FROM hubward.seat WHERE name <> ''"), "b");
    // and a new epoch empties the table
    one.renew_epoch().unwrap();
    assert_eq!(seen(&one, 0).0, []);
}

#[test]
fn a_claim_from_before_a_restored_backup_does_not_replace_a_newer_one() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let (one, two) = (server.open("hub"), server.open("hub"));
    let backup = server.sql("hub", "SELECT last_value FROM hubward.seat_number");
    let former = (0..20).filter_map(|_| one.claim(&["a"]).unwrap().pop()).last().unwrap();
    // the numbers of the backup, whose unlogged table is empty
    server.sql("hub", &format!("TRUNCATE hubward.seat; SELECT setval('hubward.seat_number', {backup})"));
    one.renew_epoch().unwrap();
    // the device connects to another gateway before the first one enters its claims again
    let newer = two.claim(&["a"]).unwrap();
    assert!(newer.first() > Some(&former), "{newer:?} is after {former}");
    one.restore(&[("a", former)]).unwrap();
    let mut seen = Vec::new();
    one.claims(Some(0), &mut |claim| seen.push(claim.number)).unwrap();
    assert_eq!(seen, newer);
    // a second restored backup is one step further
    one.renew_epoch().unwrap();
    let last = one.claim(&["a"]).unwrap();
    assert!(last.first().zip(newer.first()).is_some_and(|(last, newer)| last - newer >= 1 << 32), "{last:?}");
}

#[test]
fn an_epoch_differs_after_a_restore_and_a_restart() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let store = server.open("hub");
    store.commit(&[Write::Put(device("a", 7), Expected::Absent)]).unwrap();
    let mut seen = vec![store.position().unwrap().epoch];
    assert_eq!(seen, [server.open("hub").position().unwrap().epoch], "one for all gateways");
    store.renew_epoch().unwrap();
    seen.push(store.position().unwrap().epoch);
    drop(store);
    server.sql("postgres", "CREATE DATABASE copy TEMPLATE hub");
    seen.push(server.open("copy").position().unwrap().epoch);
    server.down();
    server.up();
    seen.push(server.open("hub").position().unwrap().epoch);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 4);
}

/// Begins a transaction by SQL that writes a row, commits another row, and then commits the first. Returns the names
/// that a reader sees which reads after each commit.
fn late_commit(server: &Server, store: &PostgresStore, round: u8) -> Vec<String> {
    let mut late = server.session("hub");
    let (mut input, output) = (late.stdin.take().unwrap(), late.stdout.take().unwrap());
    let mut output = BufReader::new(output).lines();
    let insert = |name| format!("INSERT INTO hubward.record (kind, name) VALUES (0, '{name}{round}');");
    writeln!(input, "BEGIN; {} SELECT 'written';", insert("late")).unwrap();
    assert_eq!(output.next().unwrap().unwrap(), "written");
    let (mut seen, mut last) = (BTreeSet::new(), store.position().unwrap().change);
    let mut read = || {
        let place = store.changes(Some(last), &mut |row| _ = seen.insert(row.name.to_string())).unwrap();
        last = place.change;
    };
    std::thread::scope(|scope| {
        let early = scope.spawn(|| server.sql("hub", &insert("early")));
        // with the guard the other transaction waits for the first one; without it, it commits
        for _ in 0..50 {
            if early.is_finished() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        read();
        writeln!(input, "COMMIT; SELECT 'committed';").unwrap();
        assert_eq!(output.next().unwrap().unwrap(), "committed");
        early.join().unwrap();
    });
    read();
    drop(input);
    late.wait().unwrap();
    seen.into_iter().collect()
}

#[test]
fn a_late_commit_is_seen_and_without_the_guard_it_is_not() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let store = server.open("hub");
    assert_eq!(late_commit(&server, &store, 1), ["early1", "late1"]);
    server.sql("hub", "DROP TRIGGER a_in_order ON hubward.record");
    assert_eq!(late_commit(&server, &store, 2), ["early2"], "the guard is what closes the gap");
}

#[test]
fn waiting_ends_with_a_change_of_another_gateway() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let (one, two) = (server.open("hub"), server.open("hub"));
    // until it listens, it polls
    for _ in 0..100 {
        one.wait(Duration::from_millis(50)).unwrap();
    }
    let mut slowest = Duration::ZERO;
    for etag in 1..20 {
        // before the commit, which may be done before the other thread runs
        let last = one.position().unwrap().change;
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let start = std::time::Instant::now();
                while one.position().unwrap().change == last {
                    one.wait(Duration::from_secs(5)).unwrap();
                }
                start.elapsed()
            });
            two.commit(&[Write::Put(device("a", etag), Expected::Any)]).unwrap();
            slowest = slowest.max(waiting.join().unwrap());
        });
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
}
