//! Plain language: no words of the project's first dialect in any text file, and doc comments that begin with a verb.
//!
//! Words are counted in whole files: comments, documentation, messages and identifiers (split at `_` and at capitals).
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const WORDS: [&str; 21] = [
    "whom",
    "whoever",
    "whatever",
    "whichever",
    "whosever",
    "nobody",
    "somebody",
    "anybody",
    "everybody",
    "beside",
    "vouch",
    "vouches",
    "vouched",
    "vouching",
    "stands",
    "hear",
    "hears",
    "heard",
    "speak",
    "speaks",
    "speaking",
];

const PHRASES: [&str; 8] =
    ["is none", "are none", "was none", "lets be", "let go", "lets go", "letting go", "no one"];

/// First words of a doc comment that hide its subject.
const OPENINGS: [&str; 6] = ["What", "Who", "Whose", "Whom", "Whether", "How"];

/// Parts of the tree that are not rewritten yet, and the words that are left in each. A part with fewer is a failure
/// too, so that the list only shrinks.
const LEFT: &[(&str, usize)] = &[];

/// Doc comments that may begin with one of [`OPENINGS`], in per cent of all.
const OPENINGS_ALLOWED: usize = 3;

#[test]
fn words_of_the_old_dialect_are_at_zero() {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let hits = hits(&text);
        if !hits.is_empty() {
            let name = relative(&file);
            let part = part(&name).to_owned();
            found.entry(part).or_default().extend(hits.into_iter().map(|hit| format!("{name}: {hit}")));
        }
    }
    let left: BTreeMap<&str, usize> = LEFT.iter().copied().collect();
    let mut wrong = Vec::new();
    for (part, hits) in &found {
        let allowed = left.get(part.as_str()).copied().unwrap_or_default();
        if hits.len() != allowed {
            wrong.push(format!("{part}: {} words, {allowed} are listed as left", hits.len()));
            wrong.extend(hits.iter().take(40).cloned());
        }
    }
    wrong.extend(
        left.keys()
            .filter(|part| !found.contains_key(**part))
            .map(|part| format!("{part}: no words are left: take it off the list")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn doc_comments_begin_with_their_subject_or_a_verb() {
    let (mut all, mut openings) = (0, Vec::new());
    for file in files().into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let text = fs::read_to_string(&file).unwrap();
        let mut inside = false;
        for (at, line) in text.lines().enumerate() {
            let doc = line.trim_start().strip_prefix("///");
            if let (Some(doc), false) = (doc, inside) {
                all += 1;
                let first = doc.split_whitespace().next().unwrap_or_default();
                if OPENINGS.contains(&first) {
                    openings.push(format!("{}:{}: {}", relative(&file), at + 1, doc.trim()));
                }
            }
            inside = doc.is_some();
        }
    }
    assert!(
        openings.len() * 100 <= all * OPENINGS_ALLOWED,
        "{} of {all} doc comments:\n{}",
        openings.len(),
        openings.join("\n")
    );
}

#[test]
fn the_count_finds_words_in_comments_identifiers_and_across_lines() {
    assert_eq!(hits("/// Whom it names"), ["whom"]);
    assert_eq!(hits("fn known_to_nobody() { Vouched::Pin }"), ["nobody", "vouched"]);
    assert_eq!(hits("//! there is\n//! none of them"), ["is none"]);
    assert!(hits("understands besides; whomever_else").is_empty());
}

/// The words and phrases of the lists that a text has.
fn hits(text: &str) -> Vec<&'static str> {
    // the method of `Option` is no phrase
    let words = words(&text.replace("is_none", ""));
    let single = words.iter().filter_map(|word| WORDS.iter().find(|listed| *listed == word)).copied();
    let flat = format!(" {} ", words.join(" "));
    let phrases = PHRASES.iter().flat_map(|phrase| {
        let count = flat.matches(&format!(" {phrase} ")).count();
        core::iter::repeat_n(*phrase, count)
    });
    single.chain(phrases).collect()
}

/// The words of a text in lower case, identifiers taken apart.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for char in text.chars() {
        if !char.is_ascii_alphabetic() || (lower && char.is_ascii_uppercase()) {
            words.push(String::new());
        }
        lower = char.is_ascii_lowercase();
        if char.is_ascii_alphabetic() {
            let last = words.len() - 1;
            words[last].push(char.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A crate's folder, or the first folder of a path.
fn part(name: &str) -> &str {
    let mut ends = name.match_indices('/').map(|(at, _)| at);
    let end = if name.starts_with("crates/") { ends.nth(1) } else { ends.next() };
    end.and_then(|end| name.get(..end)).unwrap_or(name)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn relative(file: &Path) -> String {
    file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

/// Every text file of the tree, but for this one, build output and what fuzzing found.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                let skipped = name.starts_with('.')
                    || ["target", "corpus", "artifacts", "seeds", "node_modules"].contains(&name.as_str());
                if !skipped {
                    folders.push(path);
                }
            } else if [".rs", ".md", ".toml"].iter().any(|end| name.ends_with(end))
                && !path.ends_with("tests/language.rs")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
