//! Official clients that stay connected, one on each gateway: `live/steady.py`.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use crate::fleet::Fleet;
use crate::nodes::KEY;

/// The process of the clients.
pub struct Official(Child);

/// The observations of one client.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "a message shows it")]
pub struct Client {
    pub device: String,
    /// It is connected at the end.
    pub connected: bool,
    pub connections: usize,
    /// Messages that the gateway acknowledged.
    pub messages: usize,
}

impl Official {
    /// Starts a client for each gateway, with the devices from this number on. Returns `None` if `live/venv.sh` has not installed
    /// the client.
    pub fn start(fleet: &Fleet, first: usize) -> Option<Self> {
        let target = Path::new(env!("CARGO_BIN_EXE_hubward-gateway")).ancestors().nth(2).unwrap();
        let python = target.join("live/venv/bin/python");
        if !python.exists() {
            println!("live/venv.sh was not run: no official client");
            return None;
        }
        let mut command = Command::new(python);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("live/steady.py"));
        command.arg(fleet.folder.join("ca.pem"));
        for (at, (mqtt, _)) in fleet.ports.iter().enumerate() {
            let device = first + at;
            command.arg(mqtt.to_string());
            command.arg(format!("HostName=localhost;DeviceId=d{device};SharedAccessKey={KEY}"));
        }
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONWARNINGS", "ignore");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Some(Self(command.spawn().unwrap()))
    }

    /// Lets the clients come back, ends them, and returns what they saw.
    pub fn end(mut self) -> Vec<Client> {
        // a client tries again every 2 s
        std::thread::sleep(core::time::Duration::from_secs(15));
        drop(self.0.stdin.take());
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let _ = self.0.wait();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}
