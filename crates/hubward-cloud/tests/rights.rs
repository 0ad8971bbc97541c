//! The table of rights: it agrees with the parser of permissions, and the crate's page has each row.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use hubward_cloud::storage::{Permissions, SasKind};
use hubward_cloud::{RIGHTS, RightKind};

const KINDS: [SasKind; 10] = [
    SasKind::Account,
    SasKind::Container,
    SasKind::Blob,
    SasKind::BlobVersion,
    SasKind::BlobSnapshot,
    SasKind::Directory,
    SasKind::Share,
    SasKind::File,
    SasKind::Queue,
    SasKind::Table,
];

#[test]
fn a_token_has_exactly_the_letters_of_the_table() {
    for kind in KINDS {
        for letter in ('a'..='z').map(String::from) {
            let parsed = Permissions::parse(kind, &letter).ok().and_then(|set| set.iter().next());
            let row = RIGHTS.iter().find(|row| row.name == letter && row.tokens.contains(&kind));
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
