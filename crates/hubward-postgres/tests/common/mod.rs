//! A PostgreSQL server for a test, in a temporary folder.
#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

pub mod disk;
pub mod proxy;

use core::sync::atomic::{AtomicUsize, Ordering};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hubward_postgres::{PostgresConfig, PostgresStore};
use hubward_store::{Kind, Row, RowKey};

/// A running server. It is stopped and removed when dropped.
pub struct Server {
    folder: PathBuf,
    programs: PathBuf,
    /// The user and the group that the server runs as, if the test runs as root.
    user: Option<(u32, u32)>,
    /// The folder is a small file system of its own.
    small: bool,
    pub port: u16,
}

impl Server {
    /// Starts a server. Returns `None` if PostgreSQL is not installed; `.ci/run` installs it.
    pub fn start() -> Option<Self> {
        Self::start_in(None)
    }

    /// Starts a server in a file system of this size, if the test may mount one: [`Server::fill`] fills it.
    pub fn start_on_small_disk(megabytes: u32) -> Option<Self> {
        Self::start_in(Some(megabytes))
    }

    fn start_in(megabytes: Option<u32>) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let Some(programs) = programs() else {
            eprintln!("PostgreSQL is not installed: not tested");
            return None;
        };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("hubward-pg-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let small = megabytes.is_some_and(|megabytes| disk::mount(&folder, megabytes));
        let user = user();
        if let Some((user, group)) = user {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let port = free_port();
        let server = Self { folder, programs, user, small, port };
        let data = server.data();
        let arguments = [
            "-D",
            data.to_str().unwrap(),
            "-A",
            "trust",
            "-U",
            "hub",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            // a full disk stops the log soon
            "--wal-segsize=1",
        ];
        let arguments = arguments.split_at(arguments.len() - usize::from(!small)).0;
        server.run("initdb", arguments);
        server.up();
        Some(server)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the server anew with this certificate and this key, in PEM.
    pub fn use_tls(&self, certificate: &str, key: &str) {
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let file = self.folder.join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            if let Some((user, group)) = self.user {
                chown(&file, Some(user), Some(group)).unwrap();
            }
        }
        self.down();
        self.up();
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command.current_dir(&self.folder).env("LC_ALL", "C");
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let log = fs::File::create(self.folder.join(format!("{program}.log"))).unwrap();
        let status = self
            .command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        let text = || fs::read_to_string(self.folder.join(format!("{program}.log"))).unwrap();
        assert!(status.success(), "{program} {arguments:?}: {}", text());
    }

    /// Starts the server, on another port than before if that is set.
    pub fn up(&self) {
        let mut options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c max_connections=60",
            self.port,
            self.folder.display()
        );
        if self.folder.join("server.key").exists() {
            let file = |name: &str| self.folder.join(name).display().to_string();
            let (certificate, key) = (file("server.crt"), file("server.key"));
            options.push_str(&format!(" -c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}"));
        }
        if self.small {
            options.push_str(" -c min_wal_size=2MB -c max_wal_size=16MB");
        }
        let log = self.folder.join("server.log");
        let (data, log) = (self.data(), log);
        self.run(
            "pg_ctl",
            &["-D", data.to_str().unwrap(), "-w", "-o", &options, "-l", log.to_str().unwrap(), "start"],
        );
    }

    /// Kills the processes of the server, as a crash does.
    pub fn kill(&self) {
        let file = self.data().join("postmaster.pid");
        let text = fs::read_to_string(&file).unwrap();
        let main = text.lines().next().unwrap().to_owned();
        let kill = |signal: &str, process: &str| {
            let _ = Command::new("kill").args([signal, process]).stderr(Stdio::null()).status().unwrap();
        };
        // it starts no others meanwhile
        kill("-STOP", &main);
        let children = fs::read_to_string(format!("/proc/{main}/task/{main}/children")).unwrap_or_default();
        let all = || children.split_whitespace().chain([&*main]);
        all().for_each(|process| kill("-9", process));
        while all().any(is_running) {
            std::thread::sleep(core::time::Duration::from_millis(5));
        }
        // a process that is never collected would count as a running server
        fs::remove_file(file).unwrap();
        let _ = fs::remove_file(self.folder.join(format!(".s.PGSQL.{}.lock", self.port)));
    }

    /// Stops the processes of the server, as a disk that does not answer does, or lets them go on.
    pub fn pause(&self, paused: bool) {
        let Ok(text) = fs::read_to_string(self.data().join("postmaster.pid")) else { return };
        let main = text.lines().next().unwrap_or_default();
        let children = fs::read_to_string(format!("/proc/{main}/task/{main}/children")).unwrap_or_default();
        let signal = if paused { "-STOP" } else { "-CONT" };
        // it starts no others meanwhile, and goes on last
        let mut all: Vec<&str> = core::iter::once(main).chain(children.split_whitespace()).collect();
        if !paused {
            all.rotate_left(1);
        }
        for process in all {
            let _ = Command::new("kill").args([signal, process]).stderr(Stdio::null()).status().unwrap();
        }
    }

    /// Fills the small disk. Returns whether there is one.
    pub fn fill(&self) -> bool {
        if self.small {
            disk::fill(&self.folder.join("filler"));
        }
        self.small
    }

    /// Frees the small disk, and starts the server again if the full disk ended it.
    pub fn free(&self) {
        let _ = fs::remove_file(self.folder.join("filler"));
        for _ in 0..600 {
            if psql(self.port, "postgres", "SELECT 1").is_some() {
                return;
            }
            let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
            if !file.lines().next().is_some_and(is_running) {
                let _ = fs::remove_file(self.data().join("postmaster.pid"));
                let _ = fs::remove_file(self.folder.join(format!(".s.PGSQL.{}.lock", self.port)));
                self.up();
            }
            std::thread::sleep(core::time::Duration::from_millis(50));
        }
        panic!("the server does not come back after a full disk");
    }

    /// Stops the server at once, with recovery at the next start.
    pub fn down(&self) {
        let data = self.data();
        self.run("pg_ctl", &["-D", data.to_str().unwrap(), "-m", "immediate", "-w", "stop"]);
    }

    /// Runs SQL in a database, and returns the output.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let output = self
            .command("psql")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "hub", "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-X", "-A", "-t", "-q", "-c", sql])
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Starts `psql` with a session that stays open.
    pub fn session(&self, database: &str) -> std::process::Child {
        self.command("psql")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "hub", "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-X", "-A", "-t", "-q"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub fn create(&self, database: &str) {
        self.sql("postgres", &format!("CREATE DATABASE {database}"));
    }

    pub fn config(&self, database: &str) -> PostgresConfig {
        self.config_at(self.port, database)
    }

    pub fn config_at(&self, port: u16, database: &str) -> PostgresConfig {
        PostgresConfig::parse(&format!("postgres://hub@127.0.0.1:{port}/{database}")).unwrap()
    }

    pub fn open(&self, database: &str) -> PostgresStore {
        PostgresStore::open(&self.config(database), "hub.example").unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.pause(false);
        let data = self.data();
        let _ = self
            .command("pg_ctl")
            .args(["-D", data.to_str().unwrap_or("."), "-m", "immediate", "stop"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if self.small {
            disk::unmount(&self.folder);
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Runs SQL on a server that may be away or full. Returns the output.
pub fn psql(port: u16, database: &str, sql: &str) -> Option<String> {
    let output = Command::new(programs()?.join("psql"))
        .env("PGCONNECT_TIMEOUT", "5")
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "hub", "-d", database])
        .args(["-v", "ON_ERROR_STOP=1", "-X", "-A", "-t", "-q", "-c", sql])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Returns whether a process runs; one that waits to be collected does not.
fn is_running(process: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Returns the folder of the server's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.into_iter().rev().find(|folder| folder.join("initdb").exists())
}

/// Returns a user for the server, which refuses to run as root.
pub fn user() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let found =
        ["postgres:", "daemon:"].iter().find_map(|name| users.lines().find(|line| line.starts_with(name)));
    let fields: Vec<&str> = found.unwrap().split(':').collect();
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn device(name: &str, etag: u64) -> Row<'static> {
    Row { etag, generation: 1, ..Row::new(Kind::Identity, name) }.into_owned()
}

pub fn key(name: &str) -> RowKey {
    RowKey { kind: Kind::Identity, name: name.into() }
}
