//! The documents cite what exists: paths, functions of files, and tests.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders at the root whose paths the documents cite.
const FOLDERS: [&str; 6] = ["benches/", "crates/", "docs/", "examples/", "fuzz/", "testkit/"];

#[test]
fn every_cited_path_exists() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (document, text) in documents() {
        for path in quoted(&text).flat_map(str::split_whitespace).filter(|word| is_path(word)) {
            checked += 1;
            if !root().join(path).exists() {
                wrong.push(format!("{document}: {path}"));
            }
        }
    }
    assert!(checked > 100, "only {checked} paths were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let mut wrong = Vec::new();
    for (document, text) in documents().into_iter().chain(readmes()) {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if target.contains("://") {
                continue;
            }
            let folder = Path::new(&document).parent().unwrap();
            let path = if file.is_empty() { root().join(&document) } else { root().join(folder).join(file) };
            let is_there = match fs::read_to_string(&path) {
                Ok(linked) => anchor.is_empty() || headings(&linked).contains(anchor),
                Err(_) => path.is_dir() && anchor.is_empty(),
            };
            if !is_there {
                wrong.push(format!("{document}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rows of docs/ARCHITECTURE.md, `| question | file | functions |`: each function is in its file.
#[test]
fn every_function_of_the_map_is_in_its_file() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let mut checked = 0;
    let mut wrong = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [question, file, functions] = cells.as_slice() else { continue };
        let Some(file) = quoted(file).next().filter(|_| question.ends_with('?')) else { continue };
        checked += 1;
        let Ok(source) = fs::read_to_string(root().join(file)) else {
            wrong.push(file.to_owned());
            continue;
        };
        let is_missing = |name: &&str| {
            !source.contains(&format!("fn {name}(")) && !source.contains(&format!("fn {name}<"))
        };
        wrong.extend(quoted(functions).filter(is_missing).map(|name| format!("{file}: {name}")));
    }
    assert!(checked >= 25, "only {checked} questions were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names in backticks that have the form of a test's, with at least two underscores, and files of tests.
#[test]
fn every_cited_test_exists() {
    let names = names();
    let mut wrong = Vec::new();
    for (document, text) in documents() {
        let missing = quoted(&text).filter(|name| is_test(name) && !names.contains(*name));
        wrong.extend(missing.map(|name| format!("{document}: {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words in backticks that begin with a capital, such as the types of `registry.find(&Lookup::Device(id))`.
#[test]
fn every_cited_type_exists() {
    let names = names();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (document, text) in documents() {
        for word in quoted(&text).flat_map(identifiers).filter(|word| is_type(word)) {
            checked += 1;
            if !names.contains(word) {
                wrong.push(format!("{document}: {word}"));
            }
        }
    }
    assert!(checked > 100, "only {checked} types were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ratios and nanoseconds of the front page's table are in the record.
#[test]
fn figures_of_the_front_page_are_those_of_the_record() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let record = fs::read_to_string(root().join("benches/record/ratios.txt")).unwrap();
    let recorded: BTreeSet<&str> = record.split([' ', '(', ')', '\n']).collect();
    let results = page.split("## Results").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let date = results.split("Measured on ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(record.starts_with(&format!("# {date}")), "the record is not of {date}");
    let mut checked = 0;
    for cell in results.lines().flat_map(|line| line.split('|')).map(str::trim) {
        let time = cell.strip_suffix(" ns").and_then(|figure| figure.rsplit(' ').next());
        let ratio = Some(cell).filter(|cell| cell.len() == 4 && cell.contains('.'));
        if let Some(figure) = time.or(ratio) {
            checked += 1;
            assert!(recorded.contains(&*figure.replace(',', "")), "{figure} is not in the record");
        }
    }
    assert!(checked > 10, "only {checked} figures were read");
}

#[test]
fn citations_are_recognised() {
    assert!(
        is_path("crates/hubward/src/session.rs") && is_path("docs/DESIGN.md") && is_path("benches/record")
    );
    assert!(!is_path("crates/{name}") && !is_path("devices/pump-7") && !is_path("fuzz/corpus/sas_parse"));
    assert!(is_test("every_order_of_fields") && is_test("names.rs"));
    assert!(!is_test("id_case") && !is_test("a text") && !is_test("MAX_LEN_OF_IT"));
    assert!(is_type("PendingAuthentication") && !is_type("STRICT") && !is_type("find"));
    assert!(headings("## The walk of one CONNECT\n").contains("the-walk-of-one-connect"));
    assert!(headings("### `a` and: b's (c)\n").contains("a-and-bs-c"));
}

fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|char| char.is_ascii_alphanumeric() || "/._-".contains(char));
    // what fuzzing writes is not in the tree
    plain && FOLDERS.iter().any(|folder| word.starts_with(folder)) && !word.starts_with("fuzz/corpus")
}

fn is_test(name: &str) -> bool {
    let letters = name.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_');
    let file = name.strip_suffix(".rs").is_some_and(|stem| !stem.contains('/') && !stem.contains(' '));
    file || letters && name.matches('_').count() >= 2
}

fn is_type(word: &str) -> bool {
    word.starts_with(|char: char| char.is_ascii_uppercase())
        && word.contains(|char: char| char.is_ascii_lowercase())
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).filter(|word| !word.is_empty())
}

/// Returns the texts between backticks, blocks of code aside.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2))
}

/// Returns the anchors of a document's headings, as GitHub makes them.
fn headings(text: &str) -> BTreeSet<String> {
    let heading =
        |line: &str| line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_lowercase());
    let anchor = |heading: String| {
        let kept = |char: &char| char.is_alphanumeric() || *char == '-' || *char == '_' || *char == ' ';
        heading.chars().filter(kept).map(|char| if char == ' ' { '-' } else { char }).collect()
    };
    text.lines().filter_map(heading).map(anchor).collect()
}

/// Returns the documents at the root and in docs, each with its path.
fn documents() -> Vec<(String, String)> {
    let mut names: Vec<String> =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(String::from).into();
    names.extend(fs::read_dir(root().join("docs")).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        name.ends_with(".md").then(|| format!("docs/{name}"))
    }));
    names
        .into_iter()
        .map(|name| {
            let text = fs::read_to_string(root().join(&name)).unwrap();
            (name, text)
        })
        .collect()
}

/// Returns the README of each crate. Its paths in backticks are relative to the crate, and are not checked.
fn readmes() -> Vec<(String, String)> {
    let crates = fs::read_dir(root().join("crates")).unwrap();
    let names =
        crates.map(|entry| format!("crates/{}/README.md", entry.unwrap().file_name().to_string_lossy()));
    names.filter_map(|name| Some((name.clone(), fs::read_to_string(root().join(&name)).ok()?))).collect()
}

/// Returns the identifiers of all sources, and the names of their files, but for those of this file.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders: Vec<PathBuf> =
        ["benches", "crates", "fuzz/fuzz_targets"].map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("docs_cite.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                names.extend(identifiers(&text).map(str::to_owned));
                names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
            }
        }
    }
    names
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}
