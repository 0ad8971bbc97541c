//! The program as a process of its own, which a test may measure and signal.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::client::{Stream, dial, tls};

/// A process of `serve --dev`, killed when this is dropped.
pub struct Process {
    child: Child,
    pub mqtt: SocketAddr,
    pub https: SocketAddr,
    pub amqps: SocketAddr,
    pub tls: tokio_rustls::TlsConnector,
    /// The folder of the hub.
    pub folder: PathBuf,
    /// The connection string of `dev1`.
    pub device: String,
    /// The connection string of `mod1`.
    pub module: String,
    /// The connection string of `iothubowner`.
    pub service: String,
}

impl Process {
    /// Starts the program with these arguments and waits until it serves.
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        Self::start_with_log(program, arguments, "off", |_| {})
    }

    /// Starts the program, and passes the lines of its log by this filter to `line`.
    pub fn start_with_log(
        program: &str,
        arguments: &[&str],
        filter: &str,
        mut line_of_log: impl FnMut(&str) + Send + 'static,
    ) -> Self {
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
            .env("RUST_LOG", filter)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(|line| line_of_log(&line)));
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
            folder: Path::new(&word("server's CA")).parent().unwrap().to_path_buf(),
            device: word("\ndevice "),
            module: word("\nmodule "),
            service: word("\nservice "),
            child,
        }
    }

    pub async fn dial(&self, address: SocketAddr) -> Stream {
        dial(&self.tls, address).await.unwrap()
    }

    /// Returns the number of open files.
    pub fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Returns the resident memory in KiB.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Sends SIGTERM, and returns whether the process ended by itself within this time.
    pub async fn terminate(mut self, within: Duration) -> bool {
        self.signal("TERM");
        let pid = self.child.id().to_string();
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
