//! Dependencies between the crates, as docs/ARCHITECTURE.md has them. A new edge is a decision: change both.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The crates of the workspace and the workspace crates that each may depend on, without dev-dependencies.
const LAYERS: [(&str, &[&str]); 20] = [
    ("hubward-core", &[]),
    ("hubward-rustcrypto", &["hubward-core"]),
    ("hubward-ring", &["hubward-core"]),
    ("hubward-sas", &["hubward-core"]),
    ("hubward-connection-string", &["hubward-core"]),
    ("hubward-cloud", &["hubward-core"]),
    ("hubward-x509", &["hubward-core"]),
    ("hubward-registry", &["hubward-core"]),
    ("hubward-policy", &["hubward-core"]),
    (
        "hubward",
        &[
            "hubward-cloud",
            "hubward-core",
            "hubward-policy",
            "hubward-registry",
            "hubward-sas",
            "hubward-x509",
        ],
    ),
    ("hubward-axum", &["hubward"]),
    ("hubward-rustls", &["hubward-core", "hubward-ring", "hubward-x509"]),
    ("hubward-inspect", &["hubward", "hubward-cloud", "hubward-connection-string"]),
    ("hubward-store", &["hubward"]),
    ("hubward-sqlite", &["hubward-store"]),
    ("hubward-postgres", &["hubward-store"]),
    (
        "hubward-cli",
        &[
            "hubward",
            "hubward-cloud",
            "hubward-connection-string",
            "hubward-inspect",
            "hubward-postgres",
            "hubward-registry",
            "hubward-ring",
            "hubward-rustcrypto",
            "hubward-sqlite",
            "hubward-store",
            "hubward-x509",
        ],
    ),
    (
        "hubward-gateway",
        &[
            "hubward",
            "hubward-postgres",
            "hubward-registry",
            "hubward-ring",
            "hubward-rustcrypto",
            "hubward-rustls",
            "hubward-sqlite",
            "hubward-store",
        ],
    ),
    (
        "hubward-testkit",
        &[
            "hubward",
            "hubward-cloud",
            "hubward-connection-string",
            "hubward-core",
            "hubward-ring",
            "hubward-rustcrypto",
            "hubward-sas",
            "hubward-x509",
        ],
    ),
    (
        "hubward-benches",
        &[
            "hubward",
            "hubward-cloud",
            "hubward-connection-string",
            "hubward-core",
            "hubward-policy",
            "hubward-registry",
            "hubward-ring",
            "hubward-rustcrypto",
            "hubward-sas",
            "hubward-store",
            "hubward-x509",
        ],
    ),
];

/// Crates that no library depends on: a clock, entropy, a runtime, a log.
const OUTSIDE: [&str; 8] = ["tokio", "log", "tracing", "getrandom", "rand", "time", "chrono", "jiff"];

/// Adapters above the facade: they have an engine's client with its run time, and rows in JSON. No crate below them
/// depends on one.
const ADAPTERS: [&str; 3] = ["hubward-store", "hubward-sqlite", "hubward-postgres"];

/// Above the facade too: JSON is one of the forms that it reads.
const READS_JSON: &str = "hubward-inspect";

/// Programs, which need the time and generate keys.
const PROGRAMS: [&str; 3] = ["hubward-cli", "hubward-gateway", "hubward-benches"];

#[test]
fn crates_depend_on_lower_layers_only() {
    let metadata = metadata();
    let allowed: BTreeMap<_, BTreeSet<&str>> =
        LAYERS.iter().map(|(name, on)| (*name, on.iter().copied().collect())).collect();
    let packages = metadata["packages"].as_array().unwrap();
    let mut seen = BTreeSet::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let allowed = allowed.get(name).unwrap_or_else(|| panic!("{name} is in no layer"));
        seen.insert(name);
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["kind"] == "dev" {
                continue;
            }
            let on = dependency["name"].as_str().unwrap();
            assert!(!on.starts_with("hubward") || allowed.contains(on), "{name} must not depend on {on}");
            let runtime = name == "hubward-postgres" && on == "tokio";
            assert!(
                PROGRAMS.contains(&name) || runtime || !OUTSIDE.contains(&on),
                "{name} must not depend on {on}"
            );
            let serde = on.starts_with("serde") && dependency["optional"] == false;
            let serde = serde && name != READS_JSON && !PROGRAMS.contains(&name) && !ADAPTERS.contains(&name);
            let unpublished = package["publish"].as_array().is_some_and(Vec::is_empty);
            assert!(!serde || unpublished, "{name}: serde is optional");
        }
    }
    assert_eq!(seen, allowed.keys().copied().collect(), "every crate of the layers is in the workspace");
}

#[test]
fn the_document_has_the_same_layers() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ARCHITECTURE.md")).unwrap();
    let mut documented = BTreeMap::new();
    for row in text.lines().filter(|line| line.starts_with("| ") && line.contains(", ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [layer, crates, on] = cells.as_slice() else { continue };
        if !layer.starts_with(|char: char| char.is_ascii_digit()) {
            continue;
        }
        let full = |name: &str| if name == "hubward" { name.to_owned() } else { format!("hubward-{name}") };
        let on: BTreeSet<String> = on.split(", ").filter(|name| *name != "none").map(full).collect();
        documented.extend(crates.split('`').skip(1).step_by(2).map(|name| (name.to_owned(), on.clone())));
    }
    for (name, allowed) in LAYERS {
        let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(documented.remove(name), Some(allowed), "{name}");
    }
    assert!(documented.is_empty(), "{documented:?}");
}

#[test]
fn library_files_are_small() {
    // a reviewer reads a file in one sitting; 450 lines exceed the project's 400 by a margin
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut long = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let lines = std::fs::read_to_string(&path).unwrap().lines().count();
                if lines > 450 {
                    long.push((path, lines));
                }
            }
        }
    }
    assert!(long.is_empty(), "{long:?}");
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}
