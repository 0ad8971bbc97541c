//! Three gateways' feeds and one database: it is killed and comes back on another port, its disk does not answer or is full, gateways
//! are cut off, and their clocks step, while devices are created, changed and deleted by two writers and by SQL. A checker of the history finds what is wrong, and
//! finds it when the guard on the order of commits is taken out.
#![allow(
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::as_conversions,
    clippy::type_complexity,
    reason = "a test"
)]

mod common;
#[path = "common/history.rs"]
mod history;

use core::sync::atomic::Ordering;
use core::time::Duration;

use common::{Server, free_port, proxy::Proxy};
use history::{DEVICES, Dice, History, check, gateway, id, writer};
use hubward_postgres::PostgresStore;

/// Starts stores, each behind a proxy: three of gateways and two of writers.
fn stores(server: &Server) -> (Vec<Proxy>, Vec<PostgresStore>) {
    let proxies: Vec<Proxy> = (0..5).map(|_| Proxy::start(server.port)).collect();
    let open = |proxy: &Proxy| {
        let config = server.config_at(proxy.port, "hub").with_answer_within(Duration::from_secs(2));
        PostgresStore::open(&config, "hub.example").unwrap()
    };
    let stores = proxies.iter().map(open).collect();
    (proxies, stores)
}

/// A transaction by SQL that commits long after its change has a number.
fn late(server: &Server, sql: &str) {
    server.sql("hub", &format!("BEGIN; {sql}; SELECT pg_sleep(0.05); COMMIT"));
}

#[test]
fn nothing_is_lost_and_no_session_lives_on() {
    let Some(mut server) = Server::start_on_small_disk(600) else { return };
    server.create("hub");
    drop(server.open("hub"));
    let long = std::env::var_os("HUBWARD_LONG").is_some();
    let minutes = std::env::var("HUBWARD_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    let time = Duration::from_secs(if long { 60 * minutes.unwrap_or(30) } else { 18 });
    let history = History::new();
    let (proxies, stores) = stores(&server);
    let (mut kills, mut stops, mut cuts, mut pauses, mut full, mut dice) = (0, 0, 0, 0, 0, Dice(5));
    let gateways = std::thread::scope(|scope| {
        let (history, stores) = (&history, &stores);
        let gateways: Vec<_> =
            (0..3).map(|at| scope.spawn(move || gateway(history, at, &stores[at]))).collect();
        for own in 0..2 {
            scope.spawn(move || writer(history, own, &stores[3 + own as usize]));
        }
        while history.now() < time {
            std::thread::sleep(Duration::from_millis(500 + dice.roll(1500)));
            match dice.roll(6) {
                stop @ (0 | 1) => {
                    if stop == 0 {
                        stops += 1;
                        server.down();
                    } else {
                        kills += 1;
                        server.kill();
                    }
                    server.port = free_port();
                    server.up();
                    proxies.iter().for_each(|proxy| proxy.mend(server.port));
                }
                2 => {
                    cuts += 1;
                    let proxy = &proxies[dice.roll(5) as usize];
                    proxy.cut();
                    std::thread::sleep(Duration::from_millis(dice.roll(7000)));
                    proxy.mend(server.port);
                }
                3 => {
                    pauses += 1;
                    server.pause(true);
                    std::thread::sleep(Duration::from_millis(dice.roll(5000)));
                    server.pause(false);
                }
                4 => {
                    full += u32::from(server.fill());
                    std::thread::sleep(Duration::from_millis(dice.roll(5000)));
                    server.free();
                }
                _ => {
                    let sql = "UPDATE hubward.record SET enabled = NOT enabled WHERE kind = 0 AND name = ";
                    late(&server, &format!("{sql} '{}'", id(dice.roll(DEVICES))));
                }
            }
        }
        // no more writes, and time to come back
        std::thread::sleep(Duration::from_millis(100));
        history.stop.store(true, Ordering::SeqCst);
        gateways.into_iter().map(|gateway| gateway.join().unwrap()).collect::<Vec<_>>()
    });
    check(&history, gateways, &stores).unwrap();
    let (writes, admissions) = (history.writes.lock().unwrap(), history.admissions.lock().unwrap());
    let writes = writes.values().map(Vec::len).sum::<usize>();
    println!(
        "{time:?}: {writes} acknowledged writes, {} admissions, {} ended, {kills} kills, {stops} stops, {cuts} cuts, \
         {pauses} slow disks, {full} full disks, {} failed calls, 0 lost, 0 wrong",
        admissions.len(),
        history.ended.load(Ordering::SeqCst),
        history.failed.load(Ordering::SeqCst)
    );
    assert!(writes > 100 && admissions.len() > 100, "the test does something");
}

/// Runs gateways and writers without a fault, while transactions by SQL commit late. With `remove`, the guard is taken out after the
/// start, which would refuse it.
fn with_late_commits(server: &Server, remove: Option<&str>) -> Result<(), String> {
    let history = History::new();
    let (_, stores) = stores(server);
    remove.map(|sql| server.sql("hub", sql));
    let gateways = std::thread::scope(|scope| {
        let (history, stores) = (&history, &stores);
        let gateways: Vec<_> =
            (0..3).map(|at| scope.spawn(move || gateway(history, at, &stores[at]))).collect();
        for own in 0..2 {
            scope.spawn(move || writer(history, own, &stores[3 + own as usize]));
        }
        let round = u8::from(remove.is_some());
        for number in 0..20 {
            let name = format!("late-{round}-{number}");
            late(server, &format!("INSERT INTO hubward.record (kind, name) VALUES (0, '{name}')"));
        }
        history.stop.store(true, Ordering::SeqCst);
        gateways.into_iter().map(|gateway| gateway.join().unwrap()).collect::<Vec<_>>()
    });
    check(&history, gateways, &stores)
}

#[test]
fn the_checker_fails_without_the_guard_on_the_order_of_commits() {
    let Some(server) = Server::start() else { return };
    server.create("hub");
    drop(server.open("hub"));
    with_late_commits(&server, None).unwrap();
    let wrong = with_late_commits(&server, Some("DROP TRIGGER a_in_order ON hubward.record")).unwrap_err();
    assert!(wrong.contains("differs"), "{wrong}");
}
