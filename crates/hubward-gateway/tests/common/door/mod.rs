//! A gateway process with every listener, and the knowledge of a test of chaos about it: its true state, its admissions, and each
//! answer that was wrong.

pub mod claims;
pub mod honest;
pub mod hostile;
pub mod http;
pub mod probes;
pub mod streams;

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use hubward::Client;
use hubward::types::{DeviceId, PolicyName};
use hubward_rustcrypto::HmacKey;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::common::process::Process;
use crate::common::{at, host, key, key_of, now};
use crate::dps;

/// The part of the addresses of hostile peers; honest clients have 127.0.0.1 and some after it.
pub const HOSTILE: u8 = 66;
/// The address of the device that has a valid key, and asks for what is not its own.
pub const INSIDER: [u8; 4] = [127, HOSTILE, 255, 1];
/// Devices, each with its own key: those of the honest clients, and those that hostile peers claim to be.
pub const DEVICES: [(&str, u8); 9] = [
    ("h-mqtt", 31),
    ("h-mqtt-ws", 32),
    ("h-amqp", 33),
    ("h-amqp-ws", 34),
    ("h-https", 35),
    ("h-held", 36),
    ("insider", 37),
    ("victim", 38),
    ("disabled", 39),
];
/// The key of a device that was deleted, and the former key of `victim`.
pub const FORMER: u8 = 90;

/// The state that a test has brought the gateway into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Every honest client is admitted, and `/readyz` answers 200.
    Healthy,
    /// Between two states: nothing is required of admissions.
    Changing,
    /// The store is gone: no client is admitted, and `/readyz` answers 503.
    Lost,
    /// The gateway is about to stop, and serves: `/readyz` answers 503.
    Draining,
}

/// The process and its record.
pub struct Door {
    pub process: Process,
    pub console: SocketAddr,
    pub metrics: SocketAddr,
    phase: Mutex<(Phase, u64)>,
    stopped: AtomicBool,
    record: Arc<Record>,
}

/// The events of a run.
#[derive(Default)]
pub struct Record {
    /// Answers that were wrong, by their text.
    pub faults: Mutex<BTreeMap<String, u64>>,
    /// Numbers of attempts and answers, by name.
    pub counts: Mutex<BTreeMap<String, u64>>,
}

impl Record {
    pub fn count(&self, name: &str) {
        *self.counts.lock().unwrap().entry(name.to_owned()).or_default() += 1;
    }

    pub fn fault(&self, text: String) {
        *self.faults.lock().unwrap().entry(text).or_default() += 1;
    }

    /// Reads a line of the gateway's log: a permitted decision must be about an honest client or about the insider itself.
    fn line(&self, line: &str) {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            return self.fault(format!("not a line of the log: {line}"));
        };
        if line["level"] == "ERROR" {
            let message = format!("{} {}", line["message"], line["error"]);
            // a table that is gone, and admissions and sessions without it
            let expected = ["no such table", "the registry may be out of date", "the registry is lost"];
            if !expected.iter().any(|part| message.contains(part)) {
                self.fault(format!("an error in the log: {message}"));
            }
        }
        let (Some(verdict), Some(peer), Some(who)) =
            (line["verdict"].as_str(), line["peer"].as_str(), line["who"].as_str())
        else {
            return;
        };
        let honest = peer.starts_with("127.0.0.");
        let insider = peer.starts_with(&format!("127.{HOSTILE}.255.1:")) && who == "device insider";
        self.count(&format!("decisions: {verdict}, {}", if honest { "honest" } else { "hostile" }));
        if verdict == "allow" && !honest && !insider {
            self.fault(format!("let in: {who}, {}, {}", line["what"], line["rule"]));
        }
    }
}

impl Door {
    /// Starts the program with every listener, and creates the devices.
    pub async fn start(program: &str, arguments: &[&str]) -> Arc<Self> {
        let file = std::env::temp_dir().join(format!("hubward-door-{}.json", std::process::id()));
        fs::write(&file, enrollments().to_string()).unwrap();
        let (console, metrics) = (free().await, free().await);
        let (console_text, metrics_text) = (console.to_string(), metrics.to_string());
        let own = [
            "--provisioning",
            file.to_str().unwrap(),
            "--console",
            &console_text,
            "--metrics",
            &metrics_text,
            "--log-format",
            "json",
        ];
        let record = Arc::new(Record::default());
        let log = Arc::clone(&record);
        let filter = "error,hubward_gateway::decision=info";
        let process =
            Process::start_with_log(program, &[&own[..], arguments].concat(), filter, move |line| {
                log.line(line)
            });
        fs::remove_file(&file).unwrap();
        let phase = Mutex::new((Phase::Healthy, 0));
        let door = Self { process, console, metrics, phase, stopped: AtomicBool::new(false), record };
        door.create_devices().await;
        Arc::new(door)
    }

    async fn create_devices(&self) {
        let mut devices: Vec<(&str, u8, &str, u16)> =
            DEVICES.iter().map(|(id, key)| (*id, *key, "enabled", 200)).collect();
        devices.push(("deleted", FORMER, "enabled", 200));
        for device in &mut devices {
            match device.0 {
                // its key is rolled below
                "victim" => device.1 = FORMER,
                "disabled" => device.2 = "disabled",
                _ => {}
            }
        }
        for (id, byte, status, expected) in devices {
            let body = device_body(id, byte, status);
            let answer = self.owner(&format!("PUT /devices/{id}"), "", &body).await;
            assert_eq!(answer.as_ref().map(|answer| answer.0), Some(expected), "{id}: {answer:?}");
        }
        let all = "If-Match: *\r\n";
        let rolled = device_body("victim", device_key("victim"), "enabled");
        assert_eq!(self.owner("PUT /devices/victim", all, &rolled).await.unwrap().0, 200);
        assert_eq!(self.owner("DELETE /devices/deleted", all, "").await.unwrap().0, 204);
    }

    /// Returns the state, with the number of changes to it.
    pub fn phase(&self) -> (Phase, u64) {
        *self.phase.lock().unwrap()
    }

    pub fn set_phase(&self, phase: Phase) {
        let mut now = self.phase.lock().unwrap();
        *now = (phase, now.1 + 1);
    }

    pub fn record(&self) -> &Record {
        &self.record
    }

    pub fn stop(&self) {
        self.stopped.store(true, SeqCst);
    }

    pub fn stopped(&self) -> bool {
        self.stopped.load(SeqCst)
    }

    /// Changes the registry's file.
    pub fn sql(&self, sql: &str) {
        let file: PathBuf = self.process.folder.join("hub.db");
        let connection = rusqlite::Connection::open(file).unwrap();
        connection.busy_timeout(Duration::from_secs(20)).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// Returns a token of `iothubowner`.
    pub fn owner_token(&self) -> String {
        let client = Client::service(host(), PolicyName::parse("iothubowner").unwrap());
        client.token(at(now() + 600)).sign(&key_of(&self.process.service)).to_string()
    }

    /// Returns a token of another policy.
    pub fn policy_token(&self, name: &str) -> String {
        let policies = fs::read(self.process.folder.join("policies.json")).unwrap();
        let policies: Vec<Value> = serde_json::from_slice(&policies).unwrap();
        let policy = policies.iter().find(|policy| policy["keyName"] == name).unwrap();
        let client = Client::service(host(), PolicyName::parse(name).unwrap());
        client.token(at(now() + 600)).sign(&key(policy["primaryKey"].as_str().unwrap())).to_string()
    }

    /// Sends a request of `iothubowner`.
    pub async fn owner(&self, request: &str, headers: &str, body: &str) -> Option<(u16, String)> {
        let headers = format!("Authorization: {}\r\n{headers}", self.owner_token());
        http::send(streams::honest(self, self.process.https).await.ok()?, request, &headers, body).await
    }
}

async fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Returns the enrollments: one device of its own, one that is disabled, and a group.
fn enrollments() -> Value {
    let off = dps::with(dps::individual("off", &dps::keys(3)), "provisioningStatus", json!("disabled"));
    let own = dps::with(dps::individual("sn-own", &dps::keys(1)), "deviceId", json!("pump-own"));
    dps::file(&[own, off], &[dps::group("pumps", &dps::keys(10))])
}

fn device_body(id: &str, byte: u8, status: &str) -> String {
    let keys =
        json!({ "primaryKey": dps::base64(byte), "secondaryKey": dps::base64(byte.wrapping_add(100)) });
    let authentication = json!({ "type": "sas", "symmetricKey": keys });
    json!({ "deviceId": id, "status": status, "authentication": authentication }).to_string()
}

/// Returns the number of a device's key.
pub fn device_key(id: &str) -> u8 {
    DEVICES.iter().find(|(device, _)| *device == id).unwrap().1
}

/// Returns a token of a device for this many seconds.
pub fn device_token(id: &str, key: &HmacKey, seconds: u64) -> String {
    let client = Client::device(host(), DeviceId::parse(id).unwrap());
    client.token(at(now() + seconds)).sign(key).to_string()
}

/// Returns a valid token of a device.
pub fn own_token(id: &str) -> String {
    device_token(id, &dps::secret(device_key(id)), 600)
}

/// A random sequence.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(below.max(1)).unwrap()).unwrap()
    }

    pub fn byte(&mut self) -> u8 {
        u8::try_from(self.roll(256)).unwrap()
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.byte()).collect()
    }
}
