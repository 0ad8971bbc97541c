//! Each claim of docs/THREATS.md, and each invariant of docs/AUDIT.md, names the tests that fail if it is false.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn each_row_names_tests_that_exist() {
    let text = ["docs/THREATS.md", "docs/AUDIT.md"]
        .map(|document| fs::read_to_string(root().join(document)).unwrap())
        .join("\n");
    let rows = rows(&text);
    assert!(rows.len() > 80, "only {} rows were read", rows.len());
    let mut sources = BTreeMap::new();
    let wrong: Vec<String> =
        rows.iter().flat_map(|(claim, tests)| problems(claim, tests, &mut sources)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_check_finds_what_is_missing() {
    let table = "| attack | tests |\n|---|---|\n| a | |\n| b | `crates/x.rs::no_file` |\n\
                 | c | `crates/hubward-testkit/tests/threats.rs::rows`, `::no_test` |\n| d | `testkit/no-std/src` |\n\
                 | e | `::first` |\n| f | `crates/hubward-testkit/tests/threats.rs::the_check_finds_what_is_missing` |\n";
    let mut sources = BTreeMap::new();
    let wrong: Vec<String> =
        rows(table).iter().flat_map(|(claim, tests)| problems(claim, tests, &mut sources)).collect();
    let claims: Vec<&str> = wrong.iter().filter_map(|problem| problem.split(':').next()).collect();
    // `rows` is a function and no test
    assert_eq!(claims, ["a", "b", "c", "c", "d", "e"], "{wrong:?}");
}

/// Returns the first and the last cell of each row of the tables whose last column has the name "tests".
fn rows(text: &str) -> Vec<(&str, &str)> {
    let mut rows = Vec::new();
    let mut in_table = false;
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, first, .., last, _] = cells.as_slice() else {
            in_table = false;
            continue;
        };
        if *last == "tests" {
            in_table = true;
        } else if in_table && !first.starts_with("---") {
            rows.push((*first, *last));
        }
    }
    rows
}

/// Returns what is wrong with the tests of a row, each problem with the claim before it.
fn problems(claim: &str, tests: &str, sources: &mut BTreeMap<PathBuf, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut file = "";
    let mut count = 0;
    for cited in tests.split('`').skip(1).step_by(2) {
        count += 1;
        let exists = match cited.split_once("::") {
            Some((path, name)) => {
                file = if path.is_empty() { file } else { path };
                let source = sources
                    .entry(root().join(file))
                    .or_insert_with_key(|path| fs::read_to_string(path).unwrap_or_default());
                is_test(source, name)
            }
            None => is_run_by_ci(cited),
        };
        if !exists {
            wrong.push(format!("{claim}: {cited}"));
        }
    }
    if count == 0 {
        wrong.push(format!("{claim}: no test"));
    }
    wrong
}

/// Returns whether a function of this name has an attribute that makes it a test.
fn is_test(source: &str, name: &str) -> bool {
    let heads = [format!("fn {name}("), format!("async fn {name}(")];
    let mut attributes = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            attributes = true;
        } else if attributes && heads.iter().any(|head| line.starts_with(head)) {
            return true;
        } else if !line.starts_with("#[") {
            attributes = false;
        }
    }
    false
}

fn is_run_by_ci(script: &str) -> bool {
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap_or_default();
    root().join(script).is_file() && ci.lines().any(|line| line.trim() == script)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}
