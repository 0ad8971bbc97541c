//! A feed through Debian's `pgbouncer`, which pools transactions and passes on no notification: the feed polls. It passes where
//! PostgreSQL or the pooler is not installed; `.ci/run` installs both.
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
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use common::{Server, device, free_port, user};
use hubward_postgres::PostgresStore;
use hubward_store::{Commit, Expected, Seats, Store, Write, suite};

/// Long enough for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pooler in front of a server; it is stopped when dropped.
struct Pooler {
    process: Child,
    port: u16,
}

impl Pooler {
    fn start(server: &Server) -> Option<Self> {
        let program =
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|it| Path::new(it).exists());
        let Some(program) = program else {
            eprintln!("pgbouncer is not installed: not tested");
            return None;
        };
        let port = free_port();
        let file = server.folder().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=hub\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 10\nlogfile = {}\n",
            server.port,
            server.folder().join("pgbouncer.log").display()
        );
        fs::write(&file, text).unwrap();
        let mut command = Command::new(program);
        if let Some((user, group)) = user() {
            chown(&file, Some(user), Some(group)).unwrap();
            command.uid(user).gid(group);
        }
        let process = command
            .arg(&file)
            .current_dir(server.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "the pooler does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { process, port })
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_suite_passes_through_a_pooler() {
    let Some(server) = Server::start() else { return };
    let Some(pooler) = Pooler::start(&server) else { return };
    let mut databases = std::collections::BTreeSet::new();
    suite::run(|name| {
        let database = format!("suite_{name}");
        if databases.insert(database.clone()) {
            server.create(&database);
        }
        PostgresStore::open(&server.config_at(pooler.port, &database), "hub.example").unwrap()
    })
    .unwrap();
    // a batch has a table of its own until its transaction ends
    server.create("batch");
    let open = || PostgresStore::open(&server.config_at(pooler.port, "batch"), "hub.example").unwrap();
    let (one, two) = (open(), open());
    for (round, store) in [&one, &two, &one].into_iter().enumerate() {
        let rows = (0..700).map(|at| Write::Put(device(&format!("{round}-{at}"), 1), Expected::Absent));
        assert!(matches!(store.commit(&rows.collect::<Vec<_>>()).unwrap(), Commit::Done(_)));
    }
}

#[test]
fn a_feed_polls_where_no_notification_comes_through() {
    let Some(server) = Server::start() else { return };
    let Some(pooler) = Pooler::start(&server) else { return };
    server.create("hub");
    let through = PostgresStore::open(&server.config_at(pooler.port, "hub"), "hub.example").unwrap();
    let direct = server.open("hub");
    // long after a listener would have been believed
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        through.wait(Duration::from_millis(100)).unwrap();
    }
    let mut last = through.position().unwrap().change;
    for etag in 1..20 {
        let done = direct.commit(&[Write::Put(device("a", etag), Expected::Any)]).unwrap();
        let start = Instant::now();
        while through.position().unwrap().change == last {
            // an answer long before the end of the wait, if it polls
            through.wait(PATIENCE).unwrap();
            assert!(start.elapsed() < PATIENCE, "it waits for a notification");
        }
        last = through.position().unwrap().change;
        assert_eq!(done, Commit::Done(last));
    }
    let before = through.claims(None, &mut |_| {}).unwrap();
    let numbers = direct.claim(&["a"]).unwrap();
    let mut seen = Vec::new();
    through.claims(Some(before.last), &mut |claim| seen.push((claim.name.to_owned(), claim.number))).unwrap();
    assert_eq!(seen, [("a".to_owned(), numbers.first().copied().unwrap())]);
}
