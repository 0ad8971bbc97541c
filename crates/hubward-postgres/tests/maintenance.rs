//! Maintenance while gateways run: no two transactions wait for each other, a restored backup makes no claim lower, and dead
//! connections are given up.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use common::proxy::Proxy;
use common::{Server, device, key};
use hubward_postgres::PostgresStore;
use hubward_store::{Expected, Seats, Store, Write};

/// Names in an order that is not that of their claims.
fn names() -> Vec<String> {
    (0..20).map(|number| format!("d{}", number * 7 % 20)).collect()
}

#[test]
fn a_purge_a_new_epoch_and_claims_do_not_wait_for_each_other() {
    // its many commits do not wait for a disk
    let Some(server) = Server::start_on_small_disk(300) else { return };
    server.create("hub");
    let (one, two, three) = (server.open("hub"), server.open("hub"), server.open("hub"));
    // the others go on until the purges are done, or have failed
    let done = AtomicBool::new(false);
    let rounds = |call: &dyn Fn()| {
        while !done.load(Ordering::SeqCst) {
            call();
        }
    };
    std::thread::scope(|scope| {
        let purges = scope.spawn(|| {
            for etag in 1..=12 {
                let names = names();
                let put = names.iter().map(|name| Write::Put(device(name, etag), Expected::Any));
                let delete = names.iter().map(|name| Write::Delete(key(name), Expected::Any));
                one.commit(&put.collect::<Vec<_>>()).unwrap();
                one.commit(&delete.collect::<Vec<_>>()).unwrap();
                one.purge(one.position().unwrap().change).unwrap();
            }
        });
        scope.spawn(|| rounds(&|| two.renew_epoch().unwrap()));
        scope.spawn(|| {
            rounds(&|| {
                let names = names();
                let claims = three.claim(&names.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
                let entered: Vec<(&str, u64)> = names.iter().map(String::as_str).zip(claims).collect();
                three.restore(&entered).unwrap();
            });
        });
        let purged = purges.join();
        done.store(true, Ordering::SeqCst);
        purged.unwrap();
    });
    let log = std::fs::read_to_string(server.folder().join("server.log")).unwrap();
    assert!(!log.contains("deadlock detected"), "{log}");
}

#[test]
fn a_gateway_that_ran_before_a_restored_backup_makes_no_lower_claim_and_reads_all_again() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let (one, two) = (server.open("hub"), server.open("hub"));
    let backup = server.sql("hub", "SELECT last_value FROM hubward.seat_number");
    let start = one.claims(None, &mut |_| {}).unwrap();
    for _ in 0..20 {
        one.claim(&["a"]).unwrap();
    }
    let claims = |after: u64| {
        let mut numbers = Vec::new();
        let place = two.claims(Some(after), &mut |claim| numbers.push(claim.number)).unwrap();
        (place, numbers)
    };
    let (before, numbers) = claims(start.last);
    let former = numbers[0];
    // a dump has the seats of its time; the epoch is not renewed yet
    server
        .sql("hub", &format!("UPDATE hubward.seat SET number = {backup}, place = {backup} WHERE name = 'a'"));
    server.sql("hub", &format!("SELECT setval('hubward.seat_number', {backup})"));
    // a gateway that starts after it knows of no other claim
    server.open("hub").claim(&["a"]).unwrap();
    let (lost, _) = claims(before.last);
    assert_ne!(lost.life, before.life, "the seats are lost: the gateway enters its own, and reads all again");
    // so does the next claim by a gateway that knows the numbers
    let next = two.claim(&["b"]).unwrap()[0];
    assert!(next > former, "{next} after {former}");
    one.restore(&[("a", former)]).unwrap();
    let (again, numbers) = claims(0);
    assert_eq!((again.life, numbers), (before.life, vec![next, former]));
}

#[test]
fn connections_that_are_dead_without_a_word_cost_one_call() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    let proxy = Proxy::start(server.port);
    let config =
        server.config_at(proxy.port, "hub").with_answer_within(Duration::from_secs(1)).with_polling();
    let store = PostgresStore::open(&config, "hub.example").unwrap();
    // several connections in the pool
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| store.claim(&["a"]).unwrap());
        }
    });
    proxy.stall();
    let failed = (0..6).take_while(|_| store.position().is_err()).count();
    assert_eq!(failed, 1);
}

/// Returns how often the table was read whole, by the database's own count.
fn whole_reads(server: &Server) -> u64 {
    server.sql("hub", "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'record'").parse().unwrap()
}

#[test]
fn a_change_of_a_table_that_was_never_analyzed_is_not_found_by_reading_it_whole() {
    let Some(server) = Server::start_on_small_disk(300) else { return };
    server.sql("postgres", "ALTER SYSTEM SET autovacuum = off");
    server.down();
    server.up();
    server.create("hub");
    let rows: Vec<String> = (0..50_000).map(|number| format!("d{number}")).collect();
    let writes: Vec<Write> = rows.iter().map(|name| Write::Put(device(name, 1), Expected::Any)).collect();
    let store = server.open("hub");
    store.commit(&writes).unwrap();
    let mut last = store.changes(None, &mut |_| ()).unwrap().change;
    drop(store);
    let before = whole_reads(&server);
    let store = server.open("hub");
    for number in 0..20 {
        store.commit(&[Write::Put(device(&format!("d{number}"), 2), Expected::Any)]).unwrap();
        let mut found = 0;
        last = store.changes(Some(last), &mut |_| found += 1).unwrap().change;
        assert_eq!(found, 1);
    }
    // a connection reports its counts when it is closed
    drop(store);
    let mut reads = whole_reads(&server) - before;
    assert_eq!(reads, 0);
    // the count does count
    server.sql("hub", "SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT count(*) FROM hubward.record WHERE change > 0");
    reads = whole_reads(&server) - before;
    assert!(reads > 0);
}
