//! Snapshots: the help and two failures of every command, and outputs for people and as JSON.
//!
//! After an intended change: `INSTA_UPDATE=always cargo test -p hubward-cli --test snapshots`.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use clap::Command;
use common::{Folder, SEAL, run};

/// Adds the help of a command, and what it prints without arguments and with an unknown one.
fn collect(folder: &Folder, command: &Command, path: &str, text: &mut String) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        collect(folder, sub, &format!("{path} {}", sub.get_name()), text);
    }
    let help = command.clone().render_long_help().to_string();
    text.push_str(&format!("$ hubward{path} --help\n{}\n", help.trim_end()));
    if command.has_subcommands() {
        return;
    }
    for words in [path.trim().to_owned(), format!("{} --no-such-option", path.trim())] {
        let mut program = folder.command(&words);
        for name in ["HUBWARD_SEAL_KEY", "HUBWARD_KEY", "HUBWARD_CONNECTION_STRING", "HUBWARD_UPDATE_KEY"] {
            program.env_remove(name);
        }
        // these print much, and other tests hold what they print
        if ["explain", "demo", "bench", "policy table", "policy tls"].contains(&words.as_str()) {
            continue;
        }
        let (status, output) = run(&mut program, "");
        text.push_str(&format!("\n$ hubward {words}\n{}\n[{status}]\n", output.trim_end()));
    }
    text.push('\n');
}

#[test]
fn help_and_failures_of_every_command() {
    let folder = Folder::new("snapshots");
    let mut root = hubward_cli::command();
    root.build();
    let mut count = 0;
    for command in root.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let mut text = String::new();
        collect(&folder, command, &format!(" {}", command.get_name()), &mut text);
        insta::assert_snapshot!(command.get_name(), text);
        count += 1;
    }
    assert!(count > 12, "{count}");
}

#[test]
fn outputs_for_people_and_as_json() {
    let folder = Folder::new("snapshots-outputs");
    folder.write("key", SEAL);
    folder.write("string", format!("HostName=h.example;DeviceId=pump;SharedAccessKey={SEAL}"));
    let sign = "token sign --host h.example --device pump --key-file key --expiry 2030-01-01";
    folder.write("token", folder.well(sign));
    folder.write("quoted", format!("'{}'", folder.text("string")));
    let mut text = String::new();
    for words in [
        "inspect token --now 2029-01-01",
        "inspect quoted --now 2029-01-01",
        "token verify token --key-file key --host h.example --now 2029-01-01",
        "token verify token --key-file key --host h.example --now 2031-01-01",
        "connection-string inspect string",
        "credentials mqtt string --now 2029-01-01",
        "diagnose mqtt string --client-id pump --username h.example/pump/?api-version=2021-04-12 --password-file token --now 2029-01-01",
        "diagnose mqtt string --client-id pump --username h.example/pump/?api-version=2021-04-12 --password-file token --now 2031-01-01",
        "doctor token --now 2029-12-15",
        "explain token-expired",
        "policy explain --device pump http GET /devices/pump",
    ] {
        for words in [words.to_owned(), format!("{words} --json")] {
            let (status, output) = folder.hubward(&words);
            text.push_str(&format!("$ hubward {words}\n{}\n[{status}]\n\n", output.trim_end()));
        }
    }
    insta::assert_snapshot!("outputs", text);
}
