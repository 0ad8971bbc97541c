//! The program as a process of its own, which a test may measure and signal.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use super::client::{Stream, dial, tls};

/// A process of `serve --dev`, killed when this is dropped.
pub struct Process {
    child: Child,
    pub mqtt: SocketAddr,
    pub https: SocketAddr,
    pub amqps: SocketAddr,
    tls: tokio_rustls::TlsConnector,
    /// The connection string of `dev1`.
    pub device: String,
    /// The connection string of `mod1`.
    pub module: String,
}

impl Process {
    /// Starts the program with these arguments and waits until it serves.
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args([
                "serve",
                "--dev",
                "--mqtt",
                "127.0.0.1:0",
                "--https",
                "127.0.0.1:0",
                "--amqps",
                "127.0.0.1:0",
            ])
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (mut text, mut line) = (String::new(), String::new());
        while !text.contains("AMQP is served at") && out.read_line(&mut line).unwrap() > 0 {
            text.push_str(&line);
            line.clear();
        }
        let after = |label: &str| text.split_once(label).unwrap().1;
        let word = |label: &str| {
            let word = after(label).split_whitespace().next().unwrap();
            word.trim_end_matches(['.', ';']).to_owned()
        };
        let port: u16 = after("https://localhost:").split('/').next().unwrap().parse().unwrap();
        // keep the pipe open
        std::thread::spawn(move || out.read_to_end(&mut Vec::new()));
        Self {
            mqtt: word("MQTT is served at").parse().unwrap(),
            https: ([127, 0, 0, 1], port).into(),
            amqps: word("AMQP is served at").parse().unwrap(),
            tls: tls(word("server's CA").as_ref(), None),
            device: word("\ndevice "),
            module: word("\nmodule "),
            child,
        }
    }

    pub async fn dial(&self, address: SocketAddr) -> Stream {
        dial(&self.tls, address).await.unwrap()
    }

    /// Returns the resident memory in KiB.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends SIGTERM, and returns whether the process ended by itself within this time.
    pub async fn terminate(mut self, within: Duration) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let ended = tokio::task::spawn_blocking(move || {
            // the other branch kills it after the time
            let status = self.child.wait();
            status.is_ok_and(|status| status.success())
        });
        let killer = async {
            tokio::time::sleep(within).await;
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
        };
        tokio::pin!(ended);
        tokio::select! {
            ended = &mut ended => ended.unwrap(),
            () = killer => ended.await.unwrap(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
