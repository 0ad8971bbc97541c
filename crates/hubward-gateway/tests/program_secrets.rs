//! The program never prints a secret from its arguments, its environment or its files.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use clap::CommandFactory;
use hubward_gateway::{Arguments, Dev};
use hubward_testkit::echo::Program;
use serde_json::json;

#[test]
fn no_secret_is_printed() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("echo");
    let _ = fs::remove_dir_all(&folder);
    let files = folder.join("files");
    fs::create_dir_all(&files).unwrap();
    let dev = Dev::create().unwrap();
    for name in ["devices.jsonl", "policies.json", "server.pem", "server.key", "ca.pem"] {
        fs::copy(dev.file(name), files.join(name)).unwrap();
    }
    let users = json!({
        "hub": "/hub", "issuer": "https://issuer.example", "keys": [],
        "assignments": [{ "principal": "a-user", "role": "Contributor" }],
    });
    fs::write(files.join("users.json"), users.to_string()).unwrap();
    // the last address is in use: every run does all steps before serving, and then fails
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let own = "--registry devices.jsonl --policies policies.json --cert server.pem --key server.key";
    let own_file = |name: &str| files.join(name).display().to_string();
    let settings = format!(
        "hub = \"h.example\"\nregistry = {:?}\npolicies = {:?}\ncert = {:?}\nkey = {:?}\nmqtt = \"127.0.0.1:0\"\n",
        own_file("devices.jsonl"),
        own_file("policies.json"),
        own_file("server.pem"),
        own_file("server.key"),
    );
    fs::write(files.join("gateway.toml"), settings).unwrap();
    let (client_ca, users) = ("--client-ca ca.pem", "--users users.json");
    let addresses = format!("--mqtt 127.0.0.1:0 --https 127.0.0.1:0 --amqps {address}");
    let lines = [
        format!("serve --hub h.example --alias hub {own} {client_ca} {users} {addresses}"),
        "check gateway.toml".to_owned(),
        format!("serve --config gateway.toml {addresses}"),
        format!("serve --dev --hub h.example --alias hub --max-connections 1 {addresses}"),
    ];
    Program {
        binary: Path::new(env!("CARGO_BIN_EXE_hubward-gateway")),
        tree: Arguments::command(),
        lines: &lines.each_ref().map(String::as_str),
        // `check` has nothing to tell
        works: |status, text| match status {
            0 => text.is_empty(),
            status => status == 2 && text.contains("cannot listen on 127.0.0.1:"),
        },
        environment: &[("RUST_LOG", "trace")],
        variables: &["RUST_LOG"],
        files: &files,
        artefacts: &[],
    }
    .repeats_no_secret();
    drop(taken);
}
