//! Gateway processes that share a database.
#![allow(dead_code, reason = "each test uses a part")]

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Instant, SystemTime};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use crate::common::Gateway;
use crate::common::client::{dial, tls};
use crate::history::Seen;
use crate::postgres::free_port;
use crate::postgres::proxy::Proxy;

/// The feed's times under chaos.
pub const TIMEOUT: Duration = Duration::from_secs(2);
pub const GRACE: Duration = Duration::from_secs(6);
/// The library that steps a process's clock, of Debian's package `libfaketime`.
const CLOCK: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// Returns a program of this build, or of the folder `HUBWARD_PROGRAMS`: a test may run those of a release.
pub fn program(name: &str) -> PathBuf {
    let own = || Path::new(env!("CARGO_BIN_EXE_hubward-gateway")).parent().unwrap().to_path_buf();
    std::env::var_os("HUBWARD_PROGRAMS").map_or_else(own, PathBuf::from).join(name)
}

/// A random sequence.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// Three processes, each behind a proxy to the database.
pub struct Fleet {
    pub folder: PathBuf,
    arguments: Vec<String>,
    /// The last one is that of SQL and of the program.
    pub proxies: Vec<Proxy>,
    /// The ports of MQTT and HTTPS.
    pub ports: Vec<(u16, u16)>,
    processes: Mutex<Vec<Option<Child>>>,
    pub tls: TlsConnector,
    owner: String,
    start: Instant,
    pub started: SystemTime,
    stopped: AtomicBool,
    clock: AtomicI64,
    /// The observations of writers and devices.
    pub seen: Mutex<Seen>,
}

impl Fleet {
    /// Starts three processes with these times of the feed, which are whole seconds.
    pub async fn start(gateway: &Gateway, database: u16, timeout: Duration, grace: Duration) -> Self {
        let file = |name: &str| gateway.dev.file(name).to_str().unwrap().to_owned();
        let (cert, own, seal) = (file("server.pem"), file("server.key"), file("registry.key"));
        let (timeout, grace) = (timeout.as_secs().to_string(), grace.as_secs().to_string());
        let words = ["serve", "--hub", "localhost", "--feed-timeout", &timeout, "--feed-grace", &grace];
        let files = ["--cert", &cert, "--key", &own, "--registry-key-file", &seal];
        let mut fleet = Self {
            folder: gateway.dev.file("").to_path_buf(),
            arguments: words.iter().chain(&files).map(|word| (*word).to_owned()).collect(),
            proxies: (0..4).map(|_| Proxy::start(database)).collect(),
            ports: (0..3).map(|_| (free_port(), free_port())).collect(),
            processes: Mutex::new(vec![None, None, None]),
            tls: tls(&gateway.dev.file("ca.pem"), None),
            owner: gateway.policy_token("iothubowner"),
            start: Instant::now(),
            started: SystemTime::now(),
            stopped: AtomicBool::new(false),
            clock: AtomicI64::new(0),
            seen: Mutex::default(),
        };
        std::fs::write(fleet.folder.join("clock"), "+0\n").unwrap();
        (0..3).for_each(|at| fleet.spawn(at));
        fleet.ready().await;
        // the time begins when all serve
        (fleet.start, fleet.started) = (Instant::now(), SystemTime::now());
        fleet
    }

    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Starts a process; the clock of the last one can be stepped.
    pub fn spawn(&self, at: usize) {
        let (mqtt, https) = self.ports[at];
        let mut command = Command::new(program("hubward-gateway"));
        let registry = format!("postgres://hub@127.0.0.1:{}/hub", self.proxies[at].port);
        command.args(&self.arguments).args(["--registry", &registry]);
        command.args(["--mqtt", &format!("127.0.0.1:{mqtt}"), "--https", &format!("127.0.0.1:{https}")]);
        if at == 2 && Path::new(CLOCK).exists() {
            command.env("LD_PRELOAD", CLOCK).env("FAKETIME_TIMESTAMP_FILE", self.folder.join("clock"));
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_CACHE_DURATION", "1");
        }
        let quiet =
            command.env("RUST_LOG", "off").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // one that does not start, because its database is away, is started again when it is needed
        self.processes.lock().unwrap()[at] = Some(quiet.spawn().unwrap());
    }

    /// Kills a process, by SIGKILL.
    pub fn kill(&self, at: usize) {
        if let Some(mut process) = self.processes.lock().unwrap()[at].take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Steps the clock of the last process, to at most 20 minutes off. Returns whether it has such a clock.
    pub fn step_clock(&self, to: u64) -> bool {
        let offset = i64::try_from(to).unwrap() - 1200;
        self.clock.store(offset, Ordering::SeqCst);
        std::fs::write(self.folder.join("clock"), format!("{offset:+}\n")).unwrap();
        Path::new(CLOCK).exists()
    }

    pub fn mend(&self, database: u16) {
        self.proxies.iter().for_each(|proxy| proxy.mend(database));
        // a gateway does not start without its database
        for at in 0..3 {
            let mut processes = self.processes.lock().unwrap();
            let ended = processes[at].as_mut().is_some_and(|process| process.try_wait().unwrap().is_some());
            drop(processes);
            if ended {
                self.spawn(at);
            }
        }
    }

    /// Ends the clients.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Waits until all gateways admit.
    pub async fn ready(&self) {
        for at in 0..3 {
            let start = Instant::now();
            while self.http(at, "GET /readyz", "", "").await.0 != 200 {
                assert!(start.elapsed() < Duration::from_secs(60), "gateway {at} does not come back");
                tokio::time::sleep(Duration::from_millis(100)).await;
                self.mend_process(at);
            }
        }
    }

    fn mend_process(&self, at: usize) {
        let mut processes = self.processes.lock().unwrap();
        let ended = processes[at].as_mut().is_none_or(|process| process.try_wait().unwrap().is_some());
        drop(processes);
        if ended {
            self.spawn(at);
        }
    }

    /// Sends a request; the status is 0 without an answer.
    pub async fn http(&self, at: usize, request: &str, headers: &str, body: &str) -> (u16, String) {
        let exchange = async {
            let address: SocketAddr = ([127, 0, 0, 1], self.ports[at].1).into();
            let mut stream = dial(&self.tls, address).await.ok()?;
            let head = format!(
                "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {}\r\n\
                 Content-Length: {}\r\n{headers}\r\n",
                self.owner,
                body.len()
            );
            stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.ok()?;
            stream.flush().await.ok()?;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            let answer = String::from_utf8(answer).ok()?;
            let (head, body) = answer.split_once("\r\n\r\n")?;
            Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
        };
        let answer = tokio::time::timeout(Duration::from_secs(20), exchange).await;
        answer.ok().flatten().unwrap_or_default()
    }

    /// Returns the etag and the status of each device, as a gateway has them.
    pub async fn records(&self, at: usize) -> BTreeMap<String, (String, bool)> {
        let (status, body) = self.http(at, "GET /devices?top=1000", "", "").await;
        assert_eq!(status, 200, "{body}");
        let records: Vec<Value> = serde_json::from_str(&body).unwrap();
        let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
        records
            .iter()
            .map(|record| (text(record, "deviceId"), (text(record, "etag"), record["status"] == "enabled")))
            .collect()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        (0..3).for_each(|at| self.kill(at));
    }
}
