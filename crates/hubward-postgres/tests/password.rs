//! The password is read from the environment of a process, which the test starts: its own program again.
#![cfg(unix)]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test"
)]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use hubward_postgres::PostgresConfig;

const PASSWORD: &str = "HUBWARD_REGISTRY_PASSWORD";
const FILE: &str = "HUBWARD_REGISTRY_PASSWORD_FILE";

/// Runs [`in_a_process`] with one variable, and returns what it printed.
fn read_with(variable: &str, value: &OsStr) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "in_a_process", "--ignored", "--nocapture"])
        .env_remove(PASSWORD)
        .env_remove(FILE)
        .env(variable, value)
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "the other test starts it"]
fn in_a_process() {
    let config = PostgresConfig::parse("postgres://hub@127.0.0.1/hub").unwrap();
    match config.with_environment_password() {
        Ok(_) => println!("a password was set"),
        Err(error) => println!("error: {error}"),
    }
}

#[test]
fn a_password_that_is_not_text_or_is_not_there_is_an_error() {
    let set = |printed: String| printed.contains("a password was set");
    let refused = |printed: String, cause: &str| {
        assert!(printed.contains("error: ") && printed.contains(cause), "{printed}");
        assert!(!printed.contains("s3cret"), "{printed}");
    };
    assert!(set(read_with(PASSWORD, OsStr::new("s3cret-é"))));
    refused(read_with(PASSWORD, OsStr::from_bytes(b"s3cret-\xe9")), "HUBWARD_REGISTRY_PASSWORD is not UTF-8");
    let folder = std::env::temp_dir().join(format!("hubward-password-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, content: &[u8]| -> OsString {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        path.into()
    };
    assert!(set(read_with(FILE, &file("good", b"s3cret\nmore"))));
    refused(read_with(FILE, &file("latin", b"s3cret-\xe9\n")), FILE);
    for empty in [&b""[..], b"\n", b"\r\ns3cret"] {
        refused(read_with(FILE, &file("empty", empty)), "its first line is empty");
    }
    refused(read_with(FILE, folder.join("missing").as_os_str()), FILE);
    std::fs::remove_dir_all(&folder).unwrap();
}
