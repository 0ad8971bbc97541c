//! The file of settings, `check`, and the program under a service manager.
#![cfg(unix)]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use hubward_gateway::{Dev, check};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hubward-gateway");

/// Writes a file of settings for a folder of `--dev`, with further lines.
fn settings(dev: &Dev, more: &str) -> PathBuf {
    let file = |name: &str| dev.file(name).display().to_string();
    let text = format!(
        "# a hub\nhub = \"localhost\"\nregistry = {:?}\npolicies = {:?}\ncert = {:?}\nkey = {:?}\nclient-ca = {:?}\n\
         mqtt = \"127.0.0.1:1\"\nconnect-timeout = 5\nlog-format = \"json\"\n{more}",
        file("devices.jsonl"),
        file("policies.json"),
        file("server.pem"),
        file("server.key"),
        file("ca.pem"),
    );
    fs::write(dev.file("gateway.toml"), text).unwrap();
    dev.file("gateway.toml")
}

#[test]
fn a_good_file_has_no_problem() {
    let dev = Dev::create().unwrap();
    fs::write(dev.file("dps.json"), r#"{"idScope":"0ne00000A0A","host":"localhost"}"#).unwrap();
    let (crls, dps) = (dev.file("."), dev.file("dps.json"));
    check(&settings(
        &dev,
        &format!(
            "strict = true\nalias = [\"localhost:8443\"]\nevents = \"amqps://ns.example/events\"\n\
             crls = {crls:?}\ncrl-unknown = \"allow\"\nprovisioning = {dps:?}\nconsole = 9080\n"
        ),
    ))
    .unwrap();
    let output = Command::new(PROGRAM).arg("check").arg(dev.file("gateway.toml")).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn each_problem_is_told_with_its_line() {
    let dev = Dev::create().unwrap();
    let file = settings(&dev, "");
    let good = fs::read_to_string(&file).unwrap();
    for (from, to, line, part) in [
        ("hub = \"localhost\"", "hub = \"not a host\"", "line 2", "`hub`: "),
        ("devices.jsonl", "none.jsonl", "line 3", "`registry`: "),
        ("policies.json", "devices.jsonl", "line 4", "`policies`: "),
        ("server.pem", "none.pem", "line 5", "`cert`: "),
        ("server.key", "dev-x509.key", "line 5", "`cert`: "),
        ("server.key", "ca.pem", "line 6", "`key`: "),
        ("ca.pem", "policies.json", "line 7", "`client-ca`: "),
        ("127.0.0.1:1", "127.0.0.1", "line 8", "`mqtt`: not HOST:PORT"),
        ("connect-timeout", "conect-timeout", "line 9", "not a setting"),
        ("= 5", "= \"soon\"", "line 9", "`connect-timeout` does not take that value"),
        ("\"json\"", "\"xml\"", "line 10", "`log-format` does not take that value"),
        ("mqtt = \"127.0.0.1:1\"\n", "", "gateway.toml: nothing to listen on", ""),
        ("hub = \"localhost\"\n", "", "these settings are missing: `hub`", ""),
        ("client-ca = ", "strict-ca = true # ", "these settings are missing: `client-ca`", ""),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let told = check(&file).unwrap_err().to_string();
        assert!(told.contains(line) && told.contains(part), "{to}: {told}");
    }
    for (more, part) in [
        ("crls = \"none/crls\"", "`crls`: "),
        ("provisioning = \"none.json\"", "`provisioning`: "),
        ("events = \"ns.example\"", "`events` does not take that value"),
        ("console = \"0.0.0.0:9080\"", "`console` does not take that value"),
    ] {
        fs::write(&file, format!("{good}{more}\n")).unwrap();
        let told = check(&file).unwrap_err().to_string();
        assert!(told.contains("line 11") && told.contains(part), "{more}: {told}");
    }
    // two problems at once, by the program
    fs::write(&file, good.replace("localhost", "not a host").replace("server.pem", "none.pem")).unwrap();
    let output = Command::new(PROGRAM).arg("check").arg(&file).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("line 2") && told.contains("line 5"), "{told}");
    assert!(check(&dev.file("none.toml")).unwrap_err().to_string().contains("none.toml"));
}

#[test]
fn a_key_in_a_wrong_place_is_not_repeated() {
    let dev = Dev::create().unwrap();
    let key = dev.device().split_once("SharedAccessKey=").unwrap().1.to_owned();
    for line in [
        format!("alias = [\"{key}\"]"),
        format!("users = \"{key}\""),
        format!("{key} = 1"),
        format!("a {key}"),
    ] {
        let told = check(&settings(&dev, &format!("{line}\n"))).unwrap_err();
        let told = format!("{told} {told:?}");
        assert!(!told.contains(key.get(..20).unwrap()), "{told}");
    }
}

/// A process that is killed when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_program_serves_by_a_file_and_tells_its_service_manager() {
    let dev = Dev::create().unwrap();
    // port 1 cannot be bound by most users, and the command line overrides it
    let file = settings(&dev, "");
    let path = dev.file("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let next = || {
        let mut bytes = [0; 512];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].into()).unwrap()
    };
    let mut child = Command::new(PROGRAM)
        .arg("serve")
        .arg("--config")
        .arg(&file)
        .args(["--mqtt", "127.0.0.1:0"])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut child = Running(child);
    let mut until = |part: &str| {
        let mut line = String::new();
        while !line.contains(part) {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "no {part}");
        }
        serde_json::from_str::<Value>(&line).unwrap()
    };
    let served = until("mqtt is served");
    assert_eq!(served["level"], "INFO");
    assert!(served["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{served}");
    assert_eq!(next(), "READY=1\n");
    let signal = |name: &str| {
        let pid = child.0.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    let skip = |expected: &str| {
        // signs of life are sent in between
        let told = loop {
            let told = next();
            if told != "WATCHDOG=1\n" {
                break told;
            }
        };
        assert!(told.starts_with(expected), "{told}");
    };
    assert_eq!(next(), "WATCHDOG=1\n");
    signal("-HUP");
    skip("RELOADING=1\nMONOTONIC_USEC=");
    skip("READY=1");
    assert_eq!(until("files read again")["level"], "INFO");
    // what can change is changed, and the rest is named; the command line still overrides the file
    let text = fs::read_to_string(&file).unwrap();
    let changed =
        text.replace("connect-timeout = 5", "connect-timeout = 6").replace("127.0.0.1:1", "127.0.0.1:2");
    let live = "alias = [\"other.example\"]\nmax-connections = 500\nevents = \"amqps://ns.example/events\"\n";
    fs::write(&file, format!("{changed}{live}")).unwrap();
    for _ in 0..2 {
        signal("-HUP");
        skip("RELOADING=1");
        skip("READY=1");
    }
    assert_eq!(until("settings changed")["settings"], "alias, max-connections");
    let told = until("need a restart");
    assert_eq!((&told["settings"], &told["level"]), (&"connect-timeout, events".into(), &"WARN".into()));
    until("files read again");
    // the second time only what still differs is named
    let told = until("settings");
    assert_eq!(told["message"], "these settings need a restart; they are as before");
    until("files read again");
    fs::write(&file, changed.replace("hub = \"localhost\"", "hub = 5 5")).unwrap();
    signal("-HUP");
    skip("RELOADING=1");
    skip("READY=1");
    let told = until("files not applied");
    assert!(told["error"].as_str().unwrap().contains("line 2: not TOML"), "{told}");
    signal("-TERM");
    skip("STOPPING=1");
    assert!(child.0.wait().unwrap().success());
}
