//! A gateway on loopback, its clients, and its log.
#![allow(dead_code, reason = "each test uses a part")]

pub mod amqp;
pub mod ca;
pub mod client;
pub mod frames;
pub mod process;
pub mod unauthenticated;
pub mod websocket;

use core::fmt::Write as _;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once};
use std::time::{SystemTime, UNIX_EPOCH};

use client::{Stream, dial, tls};
use hubward::Client;
use hubward::types::{Authority, DeviceId, ModuleId, PolicyName, SymmetricKey, UnixTime};
use hubward_gateway::{Config, Dev, Server};
use hubward_rustcrypto::HmacKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// A gateway with a folder of its own. Its tasks and its log run on the test's thread.
pub struct Gateway {
    pub dev: Dev,
    pub server: Server,
    pub log: Log,
    _guard: DefaultGuard,
}

impl Gateway {
    pub async fn start() -> Self {
        Self::with(|_, _| {}).await
    }

    /// Starts a gateway with a changed configuration or changed files.
    pub async fn with(change: impl FnOnce(&Dev, &mut Config)) -> Self {
        count_panics();
        let log = Log::default();
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
        let dev = Dev::create().unwrap();
        let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
        change(&dev, &mut config);
        let server = Server::start(config).await.unwrap();
        Self { dev, server, log, _guard: guard }
    }

    pub fn mqtt_address(&self) -> SocketAddr {
        self.server.mqtt().unwrap()
    }

    pub async fn mqtt(&self) -> Stream {
        dial(&tls(&self.dev.file("ca.pem"), None), self.mqtt_address()).await.unwrap()
    }

    /// Connects with a certificate of the folder, by the name of its file.
    pub async fn mqtt_with(&self, name: &str) -> Stream {
        let (cert, key) = (self.file(name, "pem"), self.file(name, "key"));
        let tls = tls(&self.dev.file("ca.pem"), Some((&cert, &key)));
        dial(&tls, self.mqtt_address()).await.unwrap()
    }

    pub async fn https_stream(&self) -> Stream {
        dial(&tls(&self.dev.file("ca.pem"), None), self.server.https().unwrap()).await.unwrap()
    }

    /// Connects with a certificate of the folder, by the name of its file.
    pub async fn https_stream_with(&self, name: &str) -> Stream {
        let (cert, key) = (self.file(name, "pem"), self.file(name, "key"));
        dial(&tls(&self.dev.file("ca.pem"), Some((&cert, &key))), self.server.https().unwrap()).await.unwrap()
    }

    /// Opens a WebSocket.
    pub async fn websocket(&self, protocol: &str) -> Stream {
        let mut stream = self.https_stream().await;
        let answer = websocket::open(&mut stream, &websocket::request(protocol, "")).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        stream
    }

    fn file(&self, name: &str, ending: &str) -> PathBuf {
        self.dev.file(&format!("{name}.{ending}"))
    }

    /// Connects `dev1`.
    pub async fn dev1(&self) -> Stream {
        let mut stream = self.mqtt().await;
        let connect = client::connect("dev1", USERNAME, Some(&self.token()), None);
        assert_eq!(client::ask(&mut stream, &connect).await, client::connack(0));
        stream
    }

    /// Returns a token of `dev1`.
    pub fn token(&self) -> String {
        self.token_until(now() + 3600)
    }

    pub fn token_until(&self, expires: u64) -> String {
        dev1_token(&key_of(&self.dev.device()), expires)
    }

    /// Returns a token of `mod1`.
    pub fn module_token(&self) -> String {
        self.module_token_until(now() + 3600)
    }

    pub fn module_token_until(&self, expires: u64) -> String {
        mod1_token(&key_of(&self.dev.module()), expires)
    }

    /// Returns a token of a policy, for the whole hub.
    pub fn policy_token(&self, name: &str) -> String {
        let policies = std::fs::read(self.dev.file("policies.json")).unwrap();
        let policies: serde_json::Value = serde_json::from_slice(&policies).unwrap();
        let policy = policies.as_array().unwrap().iter().find(|policy| policy["keyName"] == name).unwrap();
        let client = Client::service(host(), PolicyName::parse(name).unwrap());
        client.token(at(now() + 3600)).sign(&key(policy["primaryKey"].as_str().unwrap())).to_string()
    }

    /// Sends an HTTP request with a token of `iothubowner`; returns the status and the body.
    pub async fn owner(&self, request: &str, headers: &str, body: &str) -> (u16, String) {
        let authorization = format!("Authorization: {}\r\n{headers}", self.policy_token("iothubowner"));
        self.http(request, &authorization, body).await
    }

    /// Sends an HTTP request on a connection of its own; `request` is a method and a path.
    pub async fn http(&self, request: &str, headers: &str, body: &str) -> (u16, String) {
        let tls = tls(&self.dev.file("ca.pem"), None);
        self.http_over(&tls, request, headers, body).await
    }

    pub async fn http_over(
        &self,
        tls: &tokio_rustls::TlsConnector,
        request: &str,
        headers: &str,
        body: &str,
    ) -> (u16, String) {
        let address = self.server.https().unwrap();
        let mut stream = dial(tls, address).await.unwrap();
        let host = if headers.contains("Host:") { String::new() } else { "Host: localhost\r\n".into() };
        let head = format!(
            "{request} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = Vec::new();
        // the server may close without a close_notify; the bytes before it count
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        (head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0), body.into())
    }

    /// Returns the sum of a counter over its labels.
    pub fn counter(&self, name: &str) -> u64 {
        let metrics = self.server.metrics();
        let lines = metrics.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// Shuts the gateway down: every decision must have its line, no line a secret, and every task must end in time.
    pub async fn end(self) {
        let decisions = self.counter("hubward_decisions_total");
        let lines = self.log.lines();
        assert_eq!(u64::try_from(lines.len()).unwrap(), decisions, "{lines:#?}");
        for secret in ["SharedAccessSignature sr", "sig="] {
            assert!(!lines.iter().any(|line| line.contains(secret)), "{secret} in {lines:#?}");
        }
        assert!(self.server.shutdown().await, "a task is stuck");
        assert_eq!(PANICS.load(SeqCst), 0, "a task panicked");
    }
}

pub const USERNAME: &str = "localhost/dev1/?api-version=2021-04-12";
pub const EVENTS: &str = "devices/dev1/messages/events/";

pub fn host() -> Authority<'static> {
    Authority::parse("localhost").unwrap()
}

pub fn dev1_token(key: &HmacKey, expires: u64) -> String {
    Client::device(host(), DeviceId::parse("dev1").unwrap()).token(at(expires)).sign(key).to_string()
}

pub fn mod1_token(key: &HmacKey, expires: u64) -> String {
    let (device, module) = (DeviceId::parse("dev1").unwrap(), ModuleId::parse("mod1").unwrap());
    Client::module(host(), device, module).token(at(expires)).sign(key).to_string()
}

pub fn key(base64: &str) -> HmacKey {
    HmacKey::new(&SymmetricKey::from_base64(base64).unwrap())
}

/// Returns the key of a connection string.
pub fn key_of(connection_string: &str) -> HmacKey {
    key(connection_string.split_once("SharedAccessKey=").unwrap().1)
}

#[expect(clippy::disallowed_methods, reason = "a token is for the gateway's clock")]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Stops the clock of the runtime while `run` runs: no budget comes back meanwhile, however slow the machine is.
pub async fn without_time<T>(run: impl Future<Output = T>) -> T {
    let (end, wait) = std::sync::mpsc::channel::<()>();
    // a blocking task keeps the runtime from advancing the clock when all its tasks wait
    let blocking = tokio::task::spawn_blocking(move || _ = wait.recv());
    tokio::time::pause();
    let done = run.await;
    tokio::time::resume();
    drop(end);
    blocking.await.unwrap();
    done
}

/// The logged decisions, each as a line of its fields.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn last(&self) -> String {
        self.lines().pop().unwrap_or_default()
    }

    pub fn has(&self, part: &str) -> bool {
        self.lines().iter().any(|line| line.contains(part))
    }

    /// Returns whether a line about files of revocation lists has all of these parts.
    pub fn has_about_lists(&self, parts: &[&str]) -> bool {
        self.1.lock().unwrap().iter().any(|line| parts.iter().all(|part| line.contains(part)))
    }
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        let lines = match event.metadata().target() {
            "hubward_gateway::decision" => &self.0,
            "hubward_gateway::crl_files" | "hubward_gateway::revocation" => &self.1,
            _ => return,
        };
        let mut line = Line::default();
        event.record(&mut line);
        lines.lock().unwrap().push(line.0);
    }
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn core::fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts the panics of the gateway's tasks, which tokio would catch.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_some_and(|location| !location.file().contains("tests/")) {
                PANICS.fetch_add(1, SeqCst);
            }
            hook(panic);
        }));
    });
}
