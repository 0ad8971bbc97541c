//! The WebAssembly of the page is the one that `testkit/page/build.sh` built, and it is not older than what it says.
//!
//! `crates/hubward-cli/page/SOURCES` has three digests: of the inspector and the page's own crate, which each run compares; of all
//! crates below it, which only a run with `HUBWARD_LONG` compares, since any change of a library would need a build with
//! Debian's compiler; and of the file itself. The live test compares the page's answers with the program's.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use core::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hubward::types::Digest;
use hubward_rustcrypto::Digests;

/// The sources that decide what the page says.
const OWN: [&str; 6] = [
    "crates/hubward-inspect/src",
    "testkit/page/Cargo.lock",
    "testkit/page/Cargo.toml",
    "testkit/page/build.sh",
    "testkit/page/rustc.sh",
    "testkit/page/src",
];

/// The libraries that are built into the page.
const BELOW: [&str; 9] = [
    "crates/hubward-cloud/src",
    "crates/hubward-connection-string/src",
    "crates/hubward-core/src",
    "crates/hubward-policy/src",
    "crates/hubward-registry/src",
    "crates/hubward-rustcrypto/src",
    "crates/hubward-sas/src",
    "crates/hubward-x509/src",
    "crates/hubward/src",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the files of a path, in an order that does not depend on the file system.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}

/// Returns the digest over names and contents.
fn digest(paths: &[&str]) -> String {
    let mut all = Vec::new();
    for path in paths {
        for file in files(&root().join(path)) {
            let content = fs::read(&file).unwrap();
            let name = file.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            all.extend_from_slice(format!("{name} {}\n", content.len()).as_bytes());
            all.extend_from_slice(&content);
        }
    }
    hexadecimal(&Digests.sha256(&all))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn the_page_is_built_from_these_sources() {
    let page = root().join("crates/hubward-cli/page");
    let wasm = fs::read(page.join("hubward.wasm")).unwrap();
    assert!(wasm.starts_with(b"\0asm"), "no WebAssembly");
    let all: Vec<&str> = OWN.iter().chain(&BELOW).copied().collect();
    let now = [("own", digest(&OWN)), ("all", digest(&all)), ("wasm", hexadecimal(&Digests.sha256(&wasm)))];
    let record = page.join("SOURCES");
    if std::env::var_os("HUBWARD_WRITE_PAGES").is_some() {
        let lines: String = now.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect();
        fs::write(&record, lines).unwrap();
    }
    let recorded = fs::read_to_string(&record).unwrap();
    for (name, digest) in now {
        let is_compared = name != "all" || std::env::var_os("HUBWARD_LONG").is_some();
        let line = format!("{name} {digest}");
        assert!(
            !is_compared || recorded.lines().any(|recorded| recorded == line),
            "{name}: hubward.wasm is not built from these sources: run testkit/page/build.sh"
        );
    }
}

/// The most bytes of the page's files, each compressed by `gzip -9`.
const MOST_BYTES: usize = 150 * 1024;

#[test]
fn the_page_is_small() {
    let page = root().join("crates/hubward-cli/page");
    let sizes = ["hubward.wasm", "index.html", "page.js", "style.css"].map(|name| {
        let file = fs::File::open(page.join(name)).unwrap();
        let gzip = Command::new("gzip").arg("-9c").stdin(file).stderr(Stdio::inherit()).output().unwrap();
        assert!(gzip.status.success());
        gzip.stdout.len()
    });
    let size: usize = sizes.iter().sum();
    assert!(size <= MOST_BYTES, "the page has {size} bytes with gzip: {sizes:?}");
}
