//! docs/CODES.md, the table of the program and the functions `code()` of all sources agree.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use common::Folder;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the Rust files below `folder` whose path has one of these parts.
fn sources(part: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, all: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                walk(&path, all);
            } else if path.extension().is_some_and(|end| end == "rs") {
                all.push(path);
            }
        }
    }
    let mut all = Vec::new();
    walk(&root().join("crates"), &mut all);
    all.sort();
    all.retain(|path| path.to_string_lossy().contains(part));
    all.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// Returns the text from the first `{` to its `}`.
fn block(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == '}' && depth == 0 {
            return &text[..at];
        }
    }
    text
}

fn is_code(text: &str) -> bool {
    text.len() > 2 && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Returns every literal that a function `code` or `.._code` of the sources returns.
fn codes_of_sources() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (path, text) in sources("/src/") {
        // the demonstration prints `allow` in the place of a code
        if path.ends_with("demo/client.rs") {
            continue;
        }
        for (at, _) in text.match_indices("code(") {
            let name = text[..at].rsplit(char::is_whitespace).next().unwrap();
            if !text[..at - name.len()].ends_with("fn ") || !(name.is_empty() || name.ends_with('_')) {
                continue;
            }
            for arm in block(&text[at..]).split("=>").skip(1) {
                let value = arm.trim_start().trim_start_matches(['{', ' ', '\n']);
                let literal = value.strip_prefix('"').and_then(|value| value.split('"').next());
                codes.extend(literal.filter(|literal| is_code(literal)).map(str::to_owned));
                let number: String = value.chars().take(7).filter(char::is_ascii_digit).collect();
                codes.extend((number.len() == 6).then_some(number));
            }
        }
    }
    codes
}

fn table() -> Vec<Value> {
    let listed = Folder::new("codes-table").well("explain --json");
    listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'v>(entry: &'v Value, name: &str) -> &'v str {
    entry[name].as_str().unwrap()
}

#[test]
fn the_table_has_each_code_of_the_sources_and_no_other() {
    let listed: BTreeSet<String> = table().iter().map(|entry| text(entry, "code").to_owned()).collect();
    let made = codes_of_sources();
    let missing: Vec<_> = made.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&made).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing {missing:?}, unknown {unknown:?}");
    assert!(made.len() > 200, "{}", made.len());
}

/// Returns the text with `..` in the place of values, and without the line breaks of string literals and comments.
fn plain(text: &str) -> String {
    let words = text.replace("///", " ").replace("\\\n", " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let mut plain = String::new();
    let mut rest = words.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        match after.split_once('}') {
            Some((value, after)) if value.len() < 40 && !value.contains('"') => {
                plain.push_str("..");
                rest = after;
            }
            _ => {
                plain.push('{');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain.replace('\u{1}', "{").replace('\u{2}', "}")
}

#[test]
fn the_sentences_are_those_of_the_sources() {
    let sources: Vec<(String, String)> = sources("/src/")
        .into_iter()
        .map(|(path, text)| (path.to_string_lossy().into_owned(), plain(&text)))
        .collect();
    for entry in table() {
        let (variant, says) = (text(&entry, "variant"), text(&entry, "says"));
        let (_, name) = variant.split_once("::").unwrap();
        assert!(
            sources.iter().any(|(_, source)| source.contains(says) && source.contains(name)),
            "{variant}: {says}"
        );
        for field in ["cause", "cure", "peer"] {
            assert!(text(&entry, field).len() > 3, "{variant}: {field}");
        }
    }
}

#[test]
fn the_peer_is_told_one_of_two_words() {
    let authentication = root().join("crates/hubward/src/error/authentication.rs");
    let source = fs::read_to_string(authentication).unwrap();
    let (_, public) = source.split_once("pub const fn public").unwrap();
    let (malformed, _) = public.split_once("PublicError::Malformed").unwrap();
    for entry in table() {
        let Some((_, variant)) = text(&entry, "variant").split_once(" AuthError::") else { continue };
        let is_malformed = malformed.split(|c: char| !c.is_alphanumeric()).any(|word| word == variant);
        let word = if is_malformed { "malformed" } else { "unauthorized" };
        assert_eq!(text(&entry, "peer"), word, "{variant}");
    }
}

#[test]
fn each_code_has_a_test_that_makes_it() {
    for entry in table() {
        let (file, name) = text(&entry, "test").split_once(' ').unwrap();
        let source = fs::read_to_string(root().join(file)).unwrap();
        let (_, body) = source.split_once(&format!("fn {name}(")).unwrap_or_else(|| panic!("{file}: {name}"));
        let (code, variant) = (text(&entry, "code"), text(&entry, "variant"));
        let (_, variant) = variant.split_once(' ').unwrap();
        let quoted = [format!("\"{code}\""), format!("({code})"), variant.to_owned()];
        let body = block(body);
        assert!(quoted.iter().any(|quoted| body.contains(quoted)), "{file}: {name} does not make {code}");
    }
}

#[test]
fn docs_codes_is_what_the_program_prints() {
    let page = Folder::new("codes-page").well("explain --markdown");
    let file = root().join("docs/CODES.md");
    if std::env::var_os("HUBWARD_WRITE_PAGES").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert!(
        fs::read_to_string(file).unwrap() == page,
        "docs/CODES.md is old: run `HUBWARD_WRITE_PAGES=1 cargo test -p hubward-cli --test codes`"
    );
}

#[test]
fn a_code_is_explained_as_a_log_writes_it() {
    let folder = Folder::new("codes-explain");
    for words in ["explain token-expired", "explain code=token-expired", "explain (token-expired)"] {
        let text = folder.well(words);
        assert!(text.contains("cause     The expiry is before the hub's time"), "{text}");
        assert!(text.contains("the peer  is told: unauthorized"), "{text}");
    }
    let text = folder.well("explain white-space");
    assert_eq!(text.matches("code      white-space").count(), 2, "{text}");
    let (status, text) = folder.hubward("explain expired-token");
    assert_eq!((status, text.contains("did you mean `token-expired`?")), (1, true), "{text}");
}
