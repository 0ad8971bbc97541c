//! What crates.io and docs.rs need from each published crate. RELEASING.md has the steps.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Returns the members that `cargo publish` would publish.
fn published() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    // `"publish": null` is the default; `publish = false` is an empty list
    packages.iter().filter(|package| package["publish"].is_null()).cloned().collect()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

fn folder(package: &Value) -> PathBuf {
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

#[test]
fn every_published_crate_has_what_its_page_shows() {
    let packages = published();
    assert!(packages.len() >= 11, "{} published crates", packages.len());
    let mut descriptions = std::collections::BTreeSet::new();
    for package in &packages {
        let name = name(package);
        let text = |field: &str| package[field].as_str().unwrap_or_else(|| panic!("{name}: no {field}"));
        assert!(descriptions.insert(text("description").to_owned()), "{name}: a description twice");
        assert_eq!(text("readme"), "README.md", "{name}");
        assert_eq!(text("license"), "MIT OR Apache-2.0", "{name}");
        assert_eq!(text("documentation"), format!("https://docs.rs/{name}"));
        assert!(!package["rust_version"].is_null(), "{name}: no rust-version");
        let keywords = package["keywords"].as_array().unwrap();
        assert!((3..=5).contains(&keywords.len()), "{name}: crates.io shows at most five keywords");
        let short = |keyword: &Value| keyword.as_str().unwrap().len() <= 20;
        assert!(keywords.iter().all(short), "{name}: crates.io takes keywords of at most 20 characters");
        assert!(!package["categories"].as_array().unwrap().is_empty(), "{name}: no category");
    }
}

#[test]
fn every_published_crate_inherits_the_addresses() {
    for package in published() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        for field in ["version", "repository", "homepage", "license"] {
            let line = format!("\n{field}.workspace = true\n");
            assert!(manifest.contains(&line), "{}: {field} is not inherited", name(&package));
        }
    }
}

#[test]
fn every_published_crate_forbids_unsafe() {
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
    for package in published() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "{}: lints", name(&package));
    }
}

#[test]
fn every_package_carries_both_licences() {
    for package in published() {
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let original = std::fs::read(root().join(licence)).unwrap();
            let packed = std::fs::read(folder(&package).join(licence)).unwrap();
            assert_eq!(packed, original, "{}: {licence}", name(&package));
        }
    }
}

#[test]
fn docs_rs_builds_every_feature_and_marks_it() {
    for package in published() {
        let settings = &package["metadata"]["docs"]["rs"];
        assert_eq!(settings["all-features"], true, "{}", name(&package));
        assert_eq!(settings["rustdoc-args"][1], "docsrs", "{}", name(&package));
        let lib = std::fs::read_to_string(folder(&package).join("src/lib.rs")).unwrap();
        let marked = lib.contains("#![cfg_attr(docsrs, feature(doc_cfg))]");
        // the program's library is no interface, and has no feature
        assert!(marked || name(&package) == "hubward-cli", "{}: no doc_cfg", name(&package));
    }
}

#[test]
fn ci_and_the_release_package_the_same_crates() {
    let line = "cargo package --locked --workspace --exclude hubward-gateway --exclude hubward-testkit --exclude hubward-benches";
    for file in [".ci/run", "RELEASING.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        assert!(text.contains(line), "{file} does not have `{line}`");
    }
}
