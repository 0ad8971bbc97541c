//! The table of rights: it agrees with the parser of permissions, and the crate's page has each row.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;

use hubward_cloud::storage::{Permissions, SasKind};
use hubward_cloud::{RIGHTS, RightKind, ServiceRight};

/// Returns the word of the crate's page for a kind of token.
fn word(kind: SasKind) -> &'static str {
    match kind {
        SasKind::Account => "account",
        SasKind::Container => "container",
        SasKind::Blob | SasKind::BlobVersion | SasKind::BlobSnapshot => "blob",
        SasKind::Directory => "directory",
        SasKind::Share => "share",
        SasKind::File => "file",
        SasKind::Queue => "queue",
        SasKind::Table => "table",
        _ => panic!("a kind without a word"),
    }
}

/// Returns the words of the first column in the page's row of a right.
fn words_of_the_page(right: &ServiceRight) -> BTreeSet<&'static str> {
    let end = format!(" | `{}` | {} |", right.name, right.allows);
    let row = include_str!("../README.md").lines().find_map(|line| line.strip_suffix(&end)).unwrap();
    let words = row.strip_prefix("| Storage: ").map(|words| words.split(", ").collect());
    words.unwrap_or_default()
}

#[test]
fn the_page_names_the_tokens_of_each_right() {
    for row in RIGHTS {
        let tokens: BTreeSet<&str> = row.tokens().map(word).collect();
        assert_eq!(tokens, words_of_the_page(row), "{row:?}");
    }
}

#[test]
fn a_token_has_exactly_the_letters_of_the_table() {
    for kind in SasKind::ALL {
        for letter in ('a'..='z').map(String::from) {
            let parsed = Permissions::parse(kind, &letter).ok().and_then(|set| set.iter().next());
            let row = RIGHTS.iter().find(|row| row.name == letter && row.tokens().any(|token| token == kind));
            let expected = row.map(|row| row.kind);
            assert_eq!(parsed.map(RightKind::Storage), expected, "{kind:?} {letter}");
        }
    }
}

#[test]
fn each_row_is_on_the_page_and_no_right_is_there_twice() {
    let page = include_str!("../README.md");
    for (at, row) in RIGHTS.iter().enumerate() {
        assert!(page.contains(&format!("| `{}` | {} |", row.name, row.allows)), "{row:?}");
        assert!(RIGHTS.iter().skip(at + 1).all(|other| other.kind != row.kind), "{row:?}");
    }
}
