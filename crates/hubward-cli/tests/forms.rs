//! The forms of output: `--json` and `--color` with every command, and the terminal as an input.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use common::{Folder, SEAL, outcome};
use serde_json::Value;

fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.write("lines", "{\"id\":\"pump\",\"status\":\"enabled\"}\n");
    folder.write("key", SEAL);
    folder.well("registry import hub lines --plain");
    folder.write(
        "token",
        folder.well("token sign --host h.example --device pump --key-file key --expiry 2030-01-01"),
    );
    folder.write(
        "string",
        format!("HostName=localhost:8443;SharedAccessKeyName=iothubowner;SharedAccessKey={SEAL}"),
    );
    folder
}

/// Returns the objects of the output.
fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn every_command_prints_json() {
    let folder = folder("forms-json");
    for (words, status) in [
        ("token inspect token --now 2029-01-01", 0),
        ("token verify token --key-file key --now 2029-01-01", 0),
        ("token verify token --key-file key --now 2031-01-01", 1),
        ("token sign --host h --device d --key-file key", 0),
        ("connection-string inspect string", 0),
        ("credentials http string --now 2029-01-01", 0),
        ("credentials amqp string --now 2029-01-01", 0),
        ("policy tls", 0),
        ("policy table --provisioning", 0),
        ("policy explain --device d http GET /devices/d", 1),
        ("explain token-expired", 0),
        ("registry show hub --device pump", 0),
        ("registry show hub --device other", 1),
        ("registry lists hub show", 0),
        ("registry export hub", 0),
        ("registry rotate hub --device pump --swap", 0),
        ("demo", 0),
        ("bench --seconds 1", 0),
    ] {
        for words in [format!("{words} --json"), format!("--json {words}")] {
            let output = outcome(&mut folder.command(&words), "");
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(status), "{words}: {text}");
            let is_table = serde_json::from_str::<Value>(&text).is_ok();
            assert!(!text.is_empty() && (is_table || !objects(&text).is_empty()), "{words}: {text}");
        }
    }
    let (_, text) = folder.hubward("token verify token --key-file key --now 2031-01-01 --json");
    let verdict = &objects(&text)[0];
    assert_eq!((&verdict["verdict"], &verdict["code"]), (&"refused".into(), &"token-expired".into()));
    assert_eq!(verdict["status"], 1);
    let (status, text) = folder.hubward("token inspect missing --json");
    assert_eq!((status, &objects(&text)[0]["status"]), (3, &3.into()), "{text}");
}

#[test]
fn colours_are_for_terminals_or_on_request() {
    let folder = folder("forms-color");
    let words = "token verify token --key-file key --now 2031-01-01";
    assert!(!folder.hubward(words).1.contains('\u{1b}'));
    assert!(!folder.hubward(&format!("{words} --color never")).1.contains('\u{1b}'));
    let (status, text) = folder.hubward(&format!("{words} --color always"));
    assert_eq!((status, text.starts_with("\u{1b}[1;31mrefused\u{1b}[0m: expired")), (1, true), "{text}");
    let plain = folder.hubward(words).1;
    assert_eq!(plain, text.replace("\u{1b}[1;31m", "").replace("\u{1b}[0m", ""));
}

/// Runs the program in a terminal of `script`, types `input` when the program waits, and returns what the terminal shows.
fn in_terminal(folder: &Folder, words: &str, input: &str) -> String {
    let program = env!("CARGO_BIN_EXE_hubward");
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{program} {words}"), "/dev/null"]).current_dir(folder.path(""));
    command.env_remove("NO_COLOR").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let (mut typed, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut shown, mut byte) = (Vec::new(), [0]);
    while !shown.ends_with(b"ends it") && screen.read(&mut byte).unwrap() == 1 {
        shown.extend(byte);
    }
    typed.write_all(input.as_bytes()).unwrap();
    screen.read_to_end(&mut shown).unwrap();
    assert!(child.wait().unwrap().success());
    String::from_utf8(shown).unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_is_told_that_the_program_waits_and_shows_no_secret() {
    let folder = folder("forms-terminal");
    let token = folder.text("token");
    let shown = in_terminal(&folder, "token inspect --now 2029-01-01", &format!("{token}\n\n"));
    assert!(shown.contains("from the terminal; it is not shown"), "{shown}");
    assert!(shown.contains("h.example/devices/pump"), "{shown}");
    let signature = token.split("sig=").nth(1).unwrap().get(..20).unwrap();
    assert!(!shown.contains(signature), "{shown}");
    assert!(shown.contains('\u{1b}'), "colours: {shown}");
}

#[test]
fn the_string_that_the_gateway_prints_is_accepted() {
    let folder = folder("forms-dev");
    let text = folder.well("connection-string inspect string");
    assert!(text.contains("HostName = localhost:8443") && !text.contains("hint"), "{text}");
    let text = folder.well("credentials http string --now 2029-01-01");
    assert!(text.starts_with("Authorization: SharedAccessSignature sr=localhost&"), "{text}");
}

#[test]
fn the_version_names_features_and_providers() {
    let text = Folder::new("forms-version").well("--version");
    assert!(
        text.contains("features: ") && text.contains("providers: RustCrypto") && text.contains("ring"),
        "{text}"
    );
}
