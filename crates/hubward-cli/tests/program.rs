//! The program as a user runs it: output, exit status, and no secrets.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

use std::io::Write;
use std::process::{Command, Stdio};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// Returns the status, standard output and standard error.
fn hubward(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hubward"))
        .args(arguments)
        .env("HUBWARD_KEY", KEY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // a program that does not read its input may end before it is written
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_token_is_signed_verified_and_inspected() {
    let sign = ["token", "sign", "--host", "h.example", "--device", "pump-7", "--expiry", "1893456000"];
    let (status, token, _) = hubward(&sign, "");
    assert_eq!(status, 0);
    assert!(token.starts_with("SharedAccessSignature sr=h.example%2Fdevices%2Fpump-7&sig="), "{token}");
    let now = ["--now", "1893455000"];

    let verify = [&["token", "verify", "--device", "pump-7"][..], &now].concat();
    let (status, out, _) = hubward(&verify, &token);
    assert_eq!((status, out.starts_with("authentic: for h.example/devices/pump-7")), (0, true), "{out}");
    let another = [&["token", "verify", "--device", "pump-8"][..], &now].concat();
    let (status, out, _) = hubward(&another, &token);
    assert_eq!(
        (
            status,
            out.starts_with("refused: authentic, but for h.example/devices/pump-7, not for device pump-8")
        ),
        (1, true),
        "{out}"
    );
    let late = ["token", "verify", "--now", "1893456001"];
    let (status, out, _) = hubward(&late, &token);
    assert_eq!((status, out.contains("(token-expired)")), (1, true), "{out}");

    let inspect = [&["token", "inspect"][..], &now].concat();
    let (status, out, _) = hubward(&inspect, &token);
    assert_eq!((status, out.contains("expires   2030-01-01T00:00:00Z, in 16 min 40 s")), (0, true), "{out}");
    let sig = token.split("sig=").nth(1).unwrap();
    assert!(!out.contains(&sig[..4]), "the signature is not shown");
}

#[test]
fn an_expired_token_is_signed_with_a_warning() {
    let sign = ["token", "sign", "--host", "h.example", "--device", "pump-7", "--expiry", "1"];
    let (status, token, err) = hubward(&sign, "");
    assert_eq!(
        (
            status,
            token.lines().count(),
            err.contains("the token is expired: its expiry is 1970-01-01T00:00:01Z")
        ),
        (0, 1, true),
        "{err}"
    );
}

#[test]
fn an_input_that_is_not_a_certificate_is_described() {
    let (status, _, err) = hubward(
        &["cert", "inspect", "-"],
        "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n",
    );
    assert_eq!(
        (status, err.contains("the file has a certificate request, not a certificate")),
        (3, true),
        "{err}"
    );
}

#[test]
fn a_caret_marks_the_error() {
    let token = "SharedAccessSignature sr=h.example%2Fdevices%2Fd&sig=abcdefgh&se=1";
    let (status, out, _) = hubward(&["token", "inspect"], token);
    assert_eq!(status, 1);
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].contains("token-signature-text"), "{out}");
    assert!(!out.contains("abcd"), "{out}");
    let caret = lines.iter().position(|line| line.trim() == "^").unwrap_or_default();
    assert_eq!(lines[caret].find('^').map(|at| &lines[caret - 1][at - 1..at]), Some("*"), "{out}");
}

#[test]
fn secrets_are_not_taken_from_the_command_line_or_shown() {
    let (status, _, err) = hubward(&["token", "sign", "--host", "h", "--device", "d", "--key", KEY], "");
    assert_eq!(status, 2);
    assert!(!err.contains("MDEyM"), "{err}");
    let (status, _, err) =
        hubward(&["token", "sign", "--host", "h", "--device", "d", "--key-file", "-"], "not a key");
    assert_eq!((status, err.contains("not canonical base64")), (3, true), "{err}");
    let (status, _, err) = hubward(&["token", "verify", "/no/such/file"], "");
    assert_eq!((status, err.contains("/no/such/file")), (3, true), "{err}");
}

#[test]
fn a_decision_is_explained() {
    let explain = |who: &[&str], what: &[&str]| hubward(&[&["policy", "explain"], who, what].concat(), "");
    let (status, out, _) = explain(&["--policy", "device"], &["http", "GET", "/devices/d"]);
    assert_eq!((status, out.contains("policies with this right: registryRead")), (1, true), "{out}");
    let (status, out, _) =
        explain(&["--policy", "mine", "--rights", "RegistryRead"], &["http", "GET", "/devices/d"]);
    assert_eq!((status, out.starts_with("allowed")), (0, true), "{out}");
    let (status, _, err) = explain(&["--policy", "mine"], &["http", "GET", "/devices/d"]);
    assert_eq!((status, err.contains("--rights")), (2, true), "{err}");
    let (status, out, _) = explain(&["--device", "d", "--json"], &["mqtt-connect"]);
    assert_eq!((status, out.contains("\"decision\": \"allow\"")), (0, true), "{out}");
    let (status, out, _) = hubward(&["policy", "table", "--json"], "");
    assert_eq!((status, out.contains("\"right\": \"DeviceConnect\"")), (0, true));
}
