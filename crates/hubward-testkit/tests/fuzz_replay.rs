//! Feeds the seeds of the fuzz targets, and the inputs that once crashed one, to the same functions, without libFuzzer.
//!
//! The targets are modules of this test: `fuzz_target!` of this file takes the place of libFuzzer's.
#![allow(
    clippy::all,
    clippy::restriction,
    clippy::pedantic,
    dead_code,
    unreachable_pub,
    unused_attributes,
    unused_imports,
    reason = "the targets are a workspace of their own with other lints"
)]

extern crate self as libfuzzer_sys;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Makes a function of a target's body.
#[macro_export]
macro_rules! fuzz_target {
    (|$input:ident: &[u8]| $body:expr) => {
        pub fn run($input: &[u8]) {
            $body;
        }
    };
    (|$input:ident: &str| $body:expr) => {
        pub fn run(bytes: &[u8]) {
            let Ok($input) = core::str::from_utf8(bytes) else { return };
            $body;
        }
    };
    (|$input:ident: $type:ty| $body:expr) => {
        pub fn run(bytes: &[u8]) {
            let bytes = arbitrary::Unstructured::new(bytes);
            let Ok($input) = <$type as arbitrary::Arbitrary>::arbitrary_take_rest(bytes) else { return };
            $body;
        }
    };
}

#[path = "../../../fuzz/fuzz_targets/amqp_guard.rs"]
mod amqp_guard;
#[path = "../../../fuzz/fuzz_targets/auth_chain.rs"]
mod auth_chain;
#[path = "../../../fuzz/fuzz_targets/cbs_request.rs"]
mod cbs_request;
#[path = "../../../fuzz/fuzz_targets/cloud_cosmos.rs"]
mod cloud_cosmos;
#[path = "../../../fuzz/fuzz_targets/cloud_shared_key.rs"]
mod cloud_shared_key;
#[path = "../../../fuzz/fuzz_targets/cloud_storage.rs"]
mod cloud_storage;
#[path = "../../../fuzz/fuzz_targets/cloud_tokens.rs"]
mod cloud_tokens;
#[path = "../../../fuzz/fuzz_targets/cloud_web.rs"]
mod cloud_web;
#[path = "../../../fuzz/fuzz_targets/connection_string.rs"]
mod connection_string;
#[path = "../../../fuzz/fuzz_targets/crl_judge.rs"]
mod crl_judge;
#[path = "../../../fuzz/fuzz_targets/crl_parse.rs"]
mod crl_parse;
#[path = "../../../fuzz/fuzz_targets/dps_request.rs"]
mod dps_request;
#[path = "../../../fuzz/fuzz_targets/enrollment_row.rs"]
mod enrollment_row;
#[path = "../../../fuzz/fuzz_targets/http_request.rs"]
mod http_request;
#[path = "../../../fuzz/fuzz_targets/import_lines.rs"]
mod import_lines;
#[path = "../../../fuzz/fuzz_targets/link_address.rs"]
mod link_address;
#[path = "../../../fuzz/fuzz_targets/mqtt_connect.rs"]
mod mqtt_connect;
#[path = "../../../fuzz/fuzz_targets/mqtt_session.rs"]
mod mqtt_session;
#[path = "../../../fuzz/fuzz_targets/pem.rs"]
mod pem;
#[path = "../../../fuzz/fuzz_targets/policy_json.rs"]
mod policy_json;
#[path = "../../../fuzz/fuzz_targets/provisioning_username.rs"]
mod provisioning_username;
#[path = "../../../fuzz/fuzz_targets/roles.rs"]
mod roles;
#[path = "../../../fuzz/fuzz_targets/sas_parse.rs"]
mod sas_parse;
#[path = "../../../fuzz/fuzz_targets/sas_roundtrip.rs"]
mod sas_roundtrip;
#[path = "../../../fuzz/fuzz_targets/sasl_username.rs"]
mod sasl_username;
#[path = "../../../fuzz/fuzz_targets/snapshot.rs"]
mod snapshot;
#[path = "../../../fuzz/fuzz_targets/statements.rs"]
mod statements;
#[path = "../../../fuzz/fuzz_targets/trust_bundle.rs"]
mod trust_bundle;
#[path = "../../../fuzz/fuzz_targets/trust_update.rs"]
mod trust_update;
#[path = "../../../fuzz/fuzz_targets/websocket_frames.rs"]
mod websocket_frames;
#[path = "../../../fuzz/fuzz_targets/x509_parse.rs"]
mod x509_parse;
#[path = "../../../fuzz/fuzz_targets/x509_paths.rs"]
mod x509_paths;
#[path = "../../../fuzz/fuzz_targets/x509_second_reading.rs"]
mod x509_second_reading;
#[path = "../../../fuzz/fuzz_targets/x509_webpki.rs"]
mod x509_webpki;

type Run = fn(&[u8]);

/// Each target by its name.
const TARGETS: &[(&str, Run)] = &[
    ("amqp_guard", amqp_guard::run),
    ("auth_chain", auth_chain::run),
    ("cbs_request", cbs_request::run),
    ("cloud_cosmos", cloud_cosmos::run),
    ("cloud_shared_key", cloud_shared_key::run),
    ("cloud_storage", cloud_storage::run),
    ("cloud_tokens", cloud_tokens::run),
    ("cloud_web", cloud_web::run),
    ("connection_string", connection_string::run),
    ("crl_judge", crl_judge::run),
    ("crl_parse", crl_parse::run),
    ("dps_request", dps_request::run),
    ("enrollment_row", enrollment_row::run),
    ("http_request", http_request::run),
    ("import_lines", import_lines::run),
    ("link_address", link_address::run),
    ("mqtt_connect", mqtt_connect::run),
    ("mqtt_session", mqtt_session::run),
    ("pem", pem::run),
    ("policy_json", policy_json::run),
    ("provisioning_username", provisioning_username::run),
    ("roles", roles::run),
    ("sas_parse", sas_parse::run),
    ("sas_roundtrip", sas_roundtrip::run),
    ("sasl_username", sasl_username::run),
    ("snapshot", snapshot::run),
    ("statements", statements::run),
    ("trust_bundle", trust_bundle::run),
    ("trust_update", trust_update::run),
    ("websocket_frames", websocket_frames::run),
    ("x509_parse", x509_parse::run),
    ("x509_paths", x509_paths::run),
    ("x509_second_reading", x509_second_reading::run),
    ("x509_webpki", x509_webpki::run),
];

#[test]
fn no_kept_input_fails() {
    let mut failed = Vec::new();
    let mut count = 0;
    for (name, run) in TARGETS {
        // the second reading has the seeds of the first
        let seeds = if *name == "x509_second_reading" { "x509_parse" } else { name };
        for folder in [format!("seeds/{seeds}"), format!("crashes/{name}")] {
            for input in files(&fuzz().join(folder)) {
                count += 1;
                let bytes = fs::read(&input).unwrap();
                if catch_unwind(AssertUnwindSafe(|| run(&bytes))).is_err() {
                    failed.push(format!("{name}: {}", input.display()));
                }
            }
        }
    }
    assert!(count > 100, "only {count} inputs were read");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn each_target_is_here_in_the_manifest_and_in_the_readme() {
    let here: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    let folder: BTreeSet<String> = files(&fuzz().join("fuzz_targets")).iter().map(stem).collect();
    assert_eq!(here, folder);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let readme = fs::read_to_string(fuzz().join("README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let described: BTreeSet<String> = rows.map(|(name, _)| name.to_owned()).collect();
    assert_eq!(here, described);
    let missing: Vec<&String> =
        here.iter().filter(|name| !manifest.contains(&format!("[[bin]]\nname = \"{name}\"\n"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn seeds_and_crashes_are_of_targets() {
    let known: BTreeSet<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    for kind in ["seeds", "crashes"] {
        for folder in fs::read_dir(fuzz().join(kind)).into_iter().flatten() {
            let folder = folder.unwrap().file_name();
            assert!(known.contains(&*folder.to_string_lossy()), "fuzz/{kind}/{}", folder.display());
        }
    }
}

/// Returns the files of a folder in the order of their names; none if there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").canonicalize().unwrap()
}
