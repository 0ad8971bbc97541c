//! Types the command blocks of README.md, as they are written, and compares their exit statuses.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Folder, SEAL, run};

/// The expectation for a block.
enum Block {
    /// It runs, and ends with this status.
    Ends(i32),
    /// It is not run here, for this reason.
    NotHere(&'static str),
}
use Block::{Ends, NotHere};

/// Each block by the beginning of its first line.
const BLOCKS: [(&str, Block); 7] = [
    ("cargo test --workspace", NotHere("it runs this test")),
    ("cargo run --release -p hubward-cli -- demo", Ends(0)),
    ("cargo install --path crates/hubward-cli", Ends(0)),
    ("hubward token sign", Ends(0)),
    ("hubward ca init root", Ends(0)),
    (
        "hubward ca issue issuing --host localhost",
        NotHere("it starts a gateway: `tests/cli.rs` of hubward-gateway does"),
    ),
    ("hubward ca revoke issuing", Ends(1)),
];

fn page(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// Returns the blocks of shell commands of a page.
fn blocks(page: &str) -> Vec<String> {
    page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_blocks_of_the_front_page_work_as_written() {
    let folder = Folder::new("readme");
    let program = PathBuf::from(env!("CARGO_BIN_EXE_hubward"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let blocks = blocks(&page("README.md"));
    assert_eq!(blocks.len(), BLOCKS.len(), "each block of README.md needs its line here");
    for (block, (start, expected)) in blocks.iter().zip(BLOCKS) {
        assert!(block.starts_with(start), "{block}");
        let expected = match expected {
            Ends(status) => status,
            NotHere(reason) => {
                assert!(!reason.is_empty());
                continue;
            }
        };
        // the program of this test in the place of the one that cargo would build or install
        let lines: Vec<String> = block
            .lines()
            .filter(|line| !line.starts_with("cargo install"))
            .map(|line| line.replace("cargo run --release -p hubward-cli --", "hubward"))
            .collect();
        let mut shell = Command::new("sh");
        shell
            .args(["-e", "-c", &lines.join("\n")])
            .current_dir(folder.path(""))
            .env("PATH", &path)
            .env("HUBWARD_KEY", SEAL);
        let (status, text) = run(&mut shell, "");
        assert_eq!(status, expected, "{block}\n{text}");
    }
    assert!(!folder.names().is_empty());
}

#[test]
fn each_command_that_the_documents_name_exists() {
    let mut root = hubward_cli::command();
    root.build();
    let mut checked = 0;
    for path in [
        "README.md",
        "docs/COOKBOOK.md",
        "docs/CODES.md",
        "docs/PAINS.md",
        "docs/CHOOSING.md",
        "crates/hubward-cli/README.md",
    ] {
        let page = page(path);
        for start in page.split("hubward ").skip(1) {
            let mut command = &root;
            let words = start.split([' ', '`', '\n', ',', ')', '|']).take(3);
            for word in words {
                let known = command.find_subcommand(word);
                match known {
                    Some(known) => command = known,
                    None => break,
                }
                checked += 1;
            }
            let first = start.split([' ', '`', '\n']).next().unwrap();
            let is_command = page
                .split(&format!("`hubward {first}"))
                .nth(1)
                .is_none_or(|_| root.find_subcommand(first).is_some() || first.starts_with('-'));
            assert!(is_command, "{path}: hubward {first}");
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn each_block_of_the_book_is_typed() {
    let mut counted = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "md") {
            continue;
        }
        let page = std::fs::read_to_string(&path).unwrap();
        counted += 1;
        // commands of the other pages are in tables and sentences, which other tests type; a block needs its line above
        for fence in ["```sh\n", "```bash", "```console", "```shell"] {
            assert!(!page.contains(fence), "{}: type its block here, as README.md's are", path.display());
        }
    }
    assert!(counted > 10, "{counted}");
}
