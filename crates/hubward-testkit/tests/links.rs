//! The links of the documents: each relative link names a file of the tree, and each anchor a heading of its page.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hubward::types::Digest;
use hubward_rustcrypto::Digests;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Returns the pages of the tree: at its root, in `docs` and below it, and the first page of each crate.
fn pages() -> Vec<PathBuf> {
    let markdown = |folder: &Path| -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
    };
    let mut all = markdown(&root());
    all.extend(markdown(&root().join("docs")));
    all.extend(markdown(&root().join("docs/book")));
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        all.extend(markdown(&entry.unwrap().path()));
    }
    all.sort();
    all
}

/// Returns the lines of a page that are not code.
fn prose(page: &str) -> String {
    let mut is_code = false;
    let mut text = String::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Returns the anchors of a page, as GitHub and mdBook make them: lower case, without punctuation, spaces as hyphens.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in prose(page).lines().filter(|line| line.starts_with('#')) {
        let text = line.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let mut unique = anchor.clone();
        let mut count = 0;
        while !anchors.insert(unique.clone()) {
            count += 1;
            unique = format!("{anchor}-{count}");
        }
    }
    anchors
}

/// Returns the targets of the links and pictures of a page, and of its reference definitions.
fn targets(page: &str) -> Vec<String> {
    let prose = prose(page);
    let mut targets: Vec<String> = Vec::new();
    for part in prose.split("](").skip(1) {
        targets.extend(part.split(')').next().map(str::to_owned));
    }
    for line in prose.lines().filter(|line| line.starts_with('[')) {
        if let Some((_, target)) = line.split_once("]: ") {
            targets.push(target.trim().to_owned());
        }
    }
    targets
}

/// Checks the links of a page, and returns their number.
fn check(path: &Path, page: &str, wrong: &mut Vec<String>) -> usize {
    let name = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    let mut count = 0;
    for target in targets(page) {
        if target.contains("://") || target.starts_with("mailto:") || target.contains("::") {
            continue;
        }
        count += 1;
        let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
        let linked = if file.is_empty() { path.to_owned() } else { path.parent().unwrap().join(file) };
        if !file.is_empty() && !linked.exists() {
            wrong.push(format!("{name}: no file {target}"));
        } else if !anchor.is_empty() {
            let text = if file.is_empty() { page.to_owned() } else { fs::read_to_string(&linked).unwrap() };
            // a line of a source file is no heading
            if !anchors(&text).contains(anchor) {
                wrong.push(format!("{name}: no heading {target}"));
            }
        }
    }
    count
}

#[test]
fn each_link_of_the_documents_has_its_target() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        count += check(&path, &page, &mut wrong);
    }
    assert!(count > 100, "only {count} links were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_check_finds_what_is_missing() {
    let path = root().join("docs/PAGE.md");
    for (page, expected) in [
        ("# A heading, with `code`\n[good](#a-heading-with-code) [good](GLOSSARY.md)", 0),
        ("[no heading](#another)", 1),
        ("[no file](NOTHING.md)", 1),
        ("[elsewhere](https://example.com/nothing)", 0),
        ("```\n[in code](NOTHING.md)\n```", 0),
        ("[defined]\n\n[defined]: NOTHING.md", 1),
        ("# Twice\n# Twice\n[second](#twice-1) [third](#twice-2)", 1),
    ] {
        let mut wrong = Vec::new();
        check(&path, page, &mut wrong);
        assert_eq!(wrong.len(), expected, "{page}: {wrong:?}");
    }
}

#[test]
fn each_diagram_has_its_picture() {
    let mut count = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        for (at, rest) in page.split("```mermaid\n").skip(1).enumerate() {
            let diagram = rest.split("```").next().unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().to_lowercase();
            let picture = root().join(format!("docs/pictures/{name}-{}.svg", at + 1));
            let drawn = fs::read_to_string(&picture).unwrap_or_default();
            let digest = Digests.sha256(diagram.as_bytes());
            let digest = digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
            // a release has the pictures of today's diagrams; until then the former ones do
            let is_same = drawn.contains(&digest) || std::env::var_os("HUBWARD_LONG").is_none();
            assert!(drawn.contains("<svg") && is_same, "{}: run docs/pictures/render.sh", picture.display());
            count += 1;
        }
    }
    assert!(count >= 3, "{count}");
}

#[test]
fn the_book_has_each_page() {
    let summary = fs::read_to_string(root().join("docs/book/SUMMARY.md")).unwrap();
    let listed: BTreeSet<String> = targets(&summary).into_iter().collect();
    for page in [
        "README",
        "COOKBOOK",
        "ARCHITECTURE",
        "CODES",
        "THREATS",
        "COMPATIBILITY",
        "PAINS",
        "CLI",
        "CHOOSING",
        "DESIGN",
        "ENDPOINTS",
        "GLOSSARY",
        "PERFORMANCE",
        "COMPARE",
    ] {
        let file = if page == "README" { "../../README.md".to_owned() } else { format!("../{page}.md") };
        assert!(listed.contains(&file), "docs/book/SUMMARY.md does not list {file}");
    }
}
