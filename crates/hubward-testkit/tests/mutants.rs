//! The lists of mutation testing are about the code of today: the files that are mutated, and the mutants that survive.
#![allow(clippy::panic, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_survivor_has_its_line_and_a_reason() {
    let list = read("testkit/mutants/survivors.txt");
    let mut wrong = Vec::new();
    for block in list.split("\n\n").skip(1) {
        let lines: Vec<&str> = block.trim().lines().collect();
        let [mutant, line, reason, rest @ ..] = &lines[..] else {
            wrong.push(format!("not three lines: {block}"));
            continue;
        };
        let file = mutant.split(": ").next().unwrap_or_default();
        let source = fs::read_to_string(root().join(file)).unwrap_or_default();
        let Some(line) = line.strip_prefix("line: ") else {
            wrong.push(format!("no line: {mutant}"));
            continue;
        };
        if !source.lines().any(|own| own.trim() == line.trim()) {
            wrong.push(format!("{file} has no such line any more: {line}"));
        }
        // a reason is a sentence, not a word
        if reason.strip_prefix("because: ").is_none_or(|reason| reason.split(' ').count() <= 4) {
            wrong.push(format!("no reason: {mutant}"));
        }
        if !rest.is_empty() {
            wrong.push(format!("more than three lines: {mutant}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mutated_file_exists() {
    let config = read(".cargo/mutants.toml");
    let paths: Vec<&str> =
        config.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",")).collect();
    assert!(paths.len() > 20, "{} paths were read", paths.len());
    for path in paths {
        match path.strip_suffix("*.rs") {
            Some(folder) => assert!(root().join(folder).is_dir(), "{path}"),
            None => assert!(root().join(path).is_file(), "{path}"),
        }
    }
}
