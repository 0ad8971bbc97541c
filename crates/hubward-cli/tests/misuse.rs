//! The errors of a wrong command line name the argument and the remedy, and never repeat its text.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

mod common;

use std::process::Command;

use common::{Folder, run};

const KEY: &str = "85HnC13EiB+ibtk3sEz6FXvhli3IUw6aZKnyPYHOVxo=";
const STRING: &str =
    "HostName=h.example;DeviceId=pump-7;SharedAccessKey=85HnC13EiB+ibtk3sEz6FXvhli3IUw6aZKnyPYHOVxo=";
const TOKEN: &str = "SharedAccessSignature \
    sr=h.example%2Fdevices%2Fpump-7&sig=85HnC13EiB%2Bibtk3sEz6FXvhli3IUw6aZKnyPYHOVxo%3D&se=1893456000";
const GUID: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";

/// Returns the status and the output for arguments in which `_` is replaced by `typed`.
fn of(folder: &Folder, words: &str, typed: &str) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubward"));
    command.args(words.split(' ').map(|word| if word == "_" { typed } else { word }));
    command.current_dir(folder.path("")).env("HUBWARD_KEY", common::SEAL);
    run(&mut command, "")
}

#[test]
fn a_typed_secret_is_not_repeated() {
    let folder = Folder::new("misuse");
    for (words, typed, said) in [
        ("connection-string inspect _", STRING, "looks like a connection string"),
        ("credentials mqtt _", STRING, "[FILE] looks like a connection string, not the name"),
        ("token verify _", TOKEN, "looks like a token"),
        ("enrollment select f --token-file _", TOKEN, "--token-file <FILE> looks like a token, not the name"),
        (
            "token sign --host h --device d --ttl _",
            KEY,
            "--ttl <DURATION> does not take that value: not a duration such as 1h30m or 7d, nor seconds. Expected: ",
        ),
        ("token sign --host h --device d --key _", KEY, "did you mean --key-file?"),
        ("registry show _", KEY, "<REGISTRY> looks like a key, not the name of a file"),
        ("cert verify --ca _", KEY, "--ca <FILE> looks like a key"),
        ("policy explain --device _ mqtt-connect", STRING, "--device <ID> looks like a connection string"),
        ("policy explain --device _ mqtt-connect", KEY, "allowed: device [looks like a key, not shown] may"),
        (
            "policy explain --role _ mqtt-connect",
            KEY,
            "[looks like a key, not shown]` is not a built-in role",
        ),
        ("policy explain --device d http _ /devices/d", KEY, "may not HTTP [looks like"),
        ("_", KEY, "`hubward` takes one of these commands: explain, "),
    ] {
        let (status, text) = of(&folder, words, typed);
        assert!(!text.contains("85HnC13E"), "{words}: {text}");
        assert!(text.contains(said), "{words}: {text}");
        assert_eq!(status, if text.starts_with("allowed") { 0 } else { status.max(1) }, "{words}: {text}");
    }
}

#[test]
fn a_name_is_shown() {
    let folder = Folder::new("misuse-names");
    folder.write("lines", format!("{{\"id\":\"{GUID}\",\"status\":\"enabled\"}}\n"));
    folder.well("registry import hub lines");
    for (words, typed, said) in [
        ("cert inspect _", "/no/such/devices.pem", "hubward: /no/such/devices.pem: "),
        ("registry show hub --seal-key-file _", "/no/such/key.txt", "/no/such/key.txt: "),
        ("policy explain --device _ mqtt-connect", GUID, GUID),
        ("policy explain --device _ mqtt-connect", "pump-7", "device `pump-7`"),
    ] {
        let (_, text) = of(&folder, words, typed);
        assert!(text.contains(said), "{words}: {text}");
    }
    assert!(folder.well(&format!("registry show hub --device {GUID}")).contains(GUID));
}

#[test]
fn a_folder_may_look_like_a_key() {
    let folder = Folder::new("misuse-6d2f0f5dd2b1ab0d5bb2dbb1a5d94d1c");
    folder.write("key", KEY);
    let file = folder.path("key");
    let words = format!("token sign --host h --device d --key-file {}", file.display());
    assert!(folder.well(&words).starts_with("SharedAccessSignature "));
    let (status, text) = folder.hubward(&format!("{words}s"));
    assert_eq!((status, text.contains("6d2f0f5d")), (3, false), "{text}");
}

#[test]
fn errors_name_the_arguments_of_the_program() {
    let folder = Folder::new("misuse-words");
    for (words, said) in [
        ("token sgin", "`hubward token` takes one of these commands: sign, verify, inspect"),
        ("token", "Usage: hubward token [OPTIONS] <COMMAND>"),
        ("token sign --hots h", "did you mean --host?"),
        (
            "token verify --rules strikt",
            "--rules <RULES> takes one of: strict, hub-compat; did you mean strict?",
        ),
        ("token sign --ttl 1 --expiry 2", "--ttl <DURATION> cannot be given together with --expiry <TIME>"),
        ("policy explain mqtt-connect", "missing arguments: "),
        ("policy explain --device", "--device <ID> needs a value"),
        (
            "cert inspect --now soon",
            "--now <TIME> does not take that value: not a time such as 2026-06-30 or",
        ),
        (
            "roots build --threshold 99999999999",
            "--threshold <NUMBER> does not take that value. Expected: The number",
        ),
        ("token sign --ttl 60x", "Usage: hubward token sign [OPTIONS]"),
    ] {
        let (status, text) = folder.hubward(words);
        assert_eq!((status, text.contains(said)), (2, true), "{words}: {text}");
    }
    for words in ["--help", "token sign --help", "--version"] {
        assert!(folder.well(words).contains("hubward"), "{words}");
    }
}
