//! The glossary names types that exist: every path of the last column of docs/GLOSSARY.md is a public item.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// The first segment of a path, and the crate that it means.
const CRATES: [(&str, &str); 8] = [
    ("cloud", "hubward-cloud"),
    ("connection_string", "hubward-connection-string"),
    ("hubward", "hubward"),
    ("policy", "hubward-policy"),
    ("registry", "hubward-registry"),
    ("sas", "hubward-sas"),
    ("types", "hubward-core"),
    ("x509", "hubward-x509"),
];

#[test]
fn every_type_of_the_glossary_exists() {
    let text = fs::read_to_string(root().join("docs/GLOSSARY.md")).unwrap();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for path in text.lines().filter_map(last_cell).flat_map(quoted) {
        checked += 1;
        if let Err(problem) = check(path) {
            wrong.push(format!("{path}: {problem}"));
        }
    }
    assert!(checked > 40, "only {checked} paths were read: the table has another form");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_check_finds_what_is_missing() {
    assert_eq!(check("hubward::Session::recheck"), Ok(()));
    assert_eq!(check("policy::roles::Role"), Ok(()));
    for missing in [
        "hubward::Sesion",
        "hubward::Session::rechek",
        "policy::rolls",
        "nothing::Session",
        "hubward::tokens",
    ] {
        assert!(check(missing).is_err(), "{missing}");
    }
}

/// Checks one path, `crate::module::Type::function`.
fn check(path: &str) -> Result<(), String> {
    let mut segments = path.split("::");
    let first = segments.next().unwrap_or_default();
    let (_, package) =
        CRATES.iter().find(|(name, _)| *name == first).ok_or_else(|| format!("`{first}` is no crate"))?;
    let src = root().join("crates").join(package).join("src");
    let (source, root_module) = (source(&src), fs::read_to_string(src.join("lib.rs")).unwrap());
    for segment in segments {
        let starts_in_upper_case = segment.starts_with(|char: char| char.is_ascii_uppercase());
        let declared = if starts_in_upper_case {
            ["struct", "enum", "trait", "type"]
                .iter()
                .any(|kind| has(&source, &format!("pub {kind} {segment}")))
                || root_module.lines().any(|line| line.starts_with("pub use") && has(line, segment))
        } else {
            has(&root_module, &format!("pub mod {segment}"))
                || ["pub fn", "pub const fn"].iter().any(|kind| has(&source, &format!("{kind} {segment}")))
        };
        if !declared {
            return Err(format!("`{segment}` is not a public item of {package}"));
        }
    }
    Ok(())
}

/// Returns `true` if `text` has `words`, and the last word ends there.
fn has(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let rest = text.split_at(at).1.strip_prefix(words).unwrap_or_default();
        !rest.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '_')
    })
}

/// Returns the last cell of a row of a table, but not of its head.
fn last_cell(line: &str) -> Option<&str> {
    line.strip_prefix('|')?.trim_end().strip_suffix('|')?.rsplit('|').next()
}

/// Returns the texts between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Returns the text of all files of a crate.
fn source(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&source(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
    text
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
