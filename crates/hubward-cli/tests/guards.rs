//! The demonstration must fail if a check is missing. Each check is removed from a copy of the sources in turn; the
//! demonstration of that copy must end with status 1.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name of a check, its file, its text, and the text without the check.
const GUARDS: [(&str, &str, &str, &str); 24] = [
    (
        "the signature",
        "hubward-core/src/mac.rs",
        "constant_time_eq_32(&self.0, received)",
        "self.0 != [0; 32] || received != &[0; 32]",
    ),
    (
        "the expiry",
        "hubward-sas/src/rules.rs",
        "self.last_second(expiry) < now",
        "expiry == now.wrapping_add(77)",
    ),
    ("the signed text", "hubward-sas/src/verify.rs", "self.expiry_text.as_bytes()", "b\"\""),
    (
        "unique fields",
        "hubward-sas/src/fields.rs",
        "if self.seen & bit(field) != 0 {",
        "if self.seen & bit(field) > 8 {",
    ),
    (
        "the scheme",
        "hubward-sas/src/parse.rs",
        "_ => Err(TokenParseError::new(0, ParseProblem::Scheme)),",
        "_ => Ok(()),",
    ),
    (
        "whole names",
        "hubward-core/src/segment.rs",
        "Ordering::Greater => self.bytes().eq(name.bytes()),",
        "Ordering::Greater => self.bytes().zip(name.bytes()).all(|(a, b)| a == b),",
    ),
    (
        "decoding once",
        "hubward-sas/src/token.rs",
        "received.eq_decoded(known) ||",
        "received.eq_decoded(known) || received.eq_decoded_twice(known) ||",
    ),
    ("no empty key", "hubward-core/src/key.rs", "const MIN: usize = 16;", "const MIN: usize = 0;"),
    (
        "a signer",
        "hubward-sas/src/parse.rs",
        "(_, None) => Err(ParseProblem::NoSigner),",
        "(_, None) => Ok(()),",
    ),
    (
        "the token's identity",
        "hubward/src/authentication/token.rs",
        "if !covered && !token.is_for(identity, config.token()) {",
        "if !covered && identity.device().is_none() {",
    ),
    (
        "the hub's name",
        "hubward/src/config/hub.rs",
        "host.eq_decoded_ignore_ascii_case(&self.hub)\n",
        "!host.eq_decoded(\"\")\n",
    ),
    (
        "the client id",
        "hubward/src/transport/mqtt.rs",
        "parsed.is_client(client_id)",
        "!client_id.is_empty()",
    ),
    (
        "the status",
        "hubward/src/authentication/step.rs",
        "Status::Disabled => Err(AuthError::Disabled),",
        "Status::Disabled => Ok(()),",
    ),
    (
        "the right",
        "hubward-policy/src/decide.rs",
        "if !granted.contains(right) {",
        "if !granted.contains(right) && granted.bits() > 16 {",
    ),
    (
        "the caller's own endpoints",
        "hubward-policy/src/decide.rs",
        "_ if !is_about(endpoint.caller(), identity, operation.ids()) => {",
        "_ if !is_about(endpoint.caller(), identity, operation.ids()) && granted.is_empty() => {",
    ),
    (
        "the host",
        "hubward/src/authentication/state_machine.rs",
        "if hub.is_some_and(|hub| !rules.is_named(hub)) {",
        "if hub.is_some_and(|hub| !rules.is_named(hub) && token.is_none()) {",
    ),
    (
        "one credential",
        "hubward/src/credentials.rs",
        "BothCredentials::Refuse => Err(AuthError::BothCredentials),",
        "BothCredentials::Refuse => Ok(Self::Token(token.0)),",
    ),
    (
        "the credentials of the record",
        "hubward/src/authentication/evidence.rs",
        "Ok(Credential::CertificateAuthority) => match path() {",
        "Ok(Credential::CertificateAuthority | Credential::Keys(_)) => match path() {",
    ),
    (
        "the thumbprint",
        "hubward-x509/src/thumbprint.rs",
        "pin.is_some_and(|pin| pin.matches(&found))",
        "pin.is_some_and(|_| !found.as_bytes().is_empty())",
    ),
    (
        "the certificate's name",
        "hubward-x509/src/identity/mod.rs",
        "Ok(name) => name == device.as_str(),",
        "Ok(name) => !name.is_empty(),",
    ),
    (
        "no CA certificate for a device",
        "hubward-x509/src/path/validate.rs",
        "if basic.ca && !profile.ca_leaf {",
        "if basic.ca && !profile.ca_leaf && now.as_secs() == 0 {",
    ),
    (
        "the certificate's dates",
        "hubward-x509/src/path/validate.rs",
        "}\n    certificate.validity().check(now)?;\n    //",
        "}\n    let _ = now;\n    //",
    ),
    (
        "no device certificate for a CA",
        "hubward-x509/src/path/validate.rs",
        "if certificate.version() != Version::V3 || !basic.ca {",
        "if certificate.version() != Version::V3 {",
    ),
    (
        "the certificate's signature",
        "hubward-x509/src/path/signature.rs",
        "Err(bad) => problem = Some(bad),",
        "Err(_) => return Ok(()),",
    ),
];

#[test]
fn the_demonstration_fails_without_each_check() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("guards");
    let _ = fs::remove_dir_all(copy.join("crates"));
    copy_sources(&workspace, &copy);

    assert_eq!(demo(&copy), Some(0), "with every guard in place");
    let mut unseen = Vec::new();
    for (guarded, file, guard, without) in GUARDS {
        let path = copy.join("crates").join(file);
        let source = fs::read_to_string(&path).unwrap();
        assert_eq!(source.matches(guard).count(), 1, "{guarded}: the guard is in {file} once");
        fs::write(&path, source.replace(guard, without)).unwrap();
        match demo(&copy) {
            Some(1) => {}
            status => unseen.push((guarded, status)),
        }
        fs::write(&path, source).unwrap();
    }
    assert!(unseen.is_empty(), "the demonstration passes without: {unseen:?}");
}

/// Returns the exit status of the demonstration, or 101 if the copy does not build.
fn demo(workspace: &Path) -> Option<i32> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--package", "hubward-cli", "--", "demo"])
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", workspace.join("target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    if output.status.code() != Some(0) && output.status.code() != Some(1) {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.code()
}

/// Copies the workspace without its build output.
fn copy_sources(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if ["target", ".git", "fuzz"].iter().any(|skipped| name == *skipped) {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            copy_sources(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
