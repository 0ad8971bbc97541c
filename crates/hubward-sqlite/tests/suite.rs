//! The suite for stores, and the rules of a file.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::{Folder, device, key};
use hubward_sqlite::{SqliteError, SqliteStore};
use hubward_store::{Commit, Expected, Store, Write, suite};
use rusqlite::Connection;

#[test]
fn the_suite_passes() {
    let folder = Folder::new("suite");
    suite::run(|name| SqliteStore::create(&folder.file(name), "hub.example").unwrap()).unwrap();
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let folder = Folder::new("newer");
    let file = folder.file("hub.db");
    drop(SqliteStore::create(&file, "hub.example").unwrap());
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let refused = SqliteStore::create(&file, "hub.example").unwrap_err();
    assert!(matches!(refused, SqliteError::Newer { found: 2, known: 1 }), "{refused}");
    let refused = SqliteStore::open(&file).unwrap_err();
    assert!(matches!(refused, SqliteError::Newer { .. }), "{refused}");
}

#[test]
fn other_files_are_refused_and_unchanged() {
    let folder = Folder::new("foreign");
    let file = folder.file("other.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE record (a)").unwrap();
    for refused in [SqliteStore::create(&file, "hub.example"), SqliteStore::open(&file)] {
        assert!(matches!(refused, Err(SqliteError::Foreign)), "{refused:?}");
    }
    let other = Connection::open(&file).unwrap();
    let tables: i64 = other.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    let journal: String = other.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!((tables, &*journal), (1, "delete"));
    let text = folder.file("devices.jsonl");
    let lines = "{\"id\":\"dev1\",\"status\":\"enabled\"}\n".repeat(100);
    std::fs::write(&text, &lines).unwrap();
    assert!(SqliteStore::create(&text, "hub.example").is_err());
    assert_eq!(std::fs::read_to_string(&text).unwrap(), lines);
    assert!(SqliteStore::open(&folder.file("absent.db")).is_err());
    assert!(!folder.file("absent.db").exists());
}

#[test]
fn a_file_belongs_to_one_hub() {
    let folder = Folder::new("hub");
    let file = folder.file("hub.db");
    drop(SqliteStore::create(&file, "Hub.Example").unwrap());
    assert_eq!(SqliteStore::create(&file, "hub.EXAMPLE").unwrap().hub(), "hub.example");
    assert_eq!(SqliteStore::open(&file).unwrap().hub(), "hub.example");
    let other = SqliteStore::create(&file, "other.example").unwrap_err();
    assert!(matches!(other, SqliteError::OtherHub { .. }), "{other}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("mode");
    let store = SqliteStore::create(&folder.file("hub.db"), "hub.example").unwrap();
    store.commit(&[Write::Put(device("dev1", 1), Expected::Absent)]).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn changes_by_sql_are_numbered_and_get_another_etag() {
    let folder = Folder::new("sql");
    let file = folder.file("hub.db");
    let store = SqliteStore::create(&file, "hub.example").unwrap();
    let writes = ["a", "a/1", "b"].map(|name| Write::Put(device(name, 7), Expected::Absent));
    assert_eq!(store.commit(&writes).unwrap(), Commit::Done(3));
    let sql = Connection::open(&file).unwrap();
    let changes = |after| {
        let mut rows = Vec::new();
        let place =
            store.changes(Some(after), &mut |row| rows.push((row.name.to_string(), row.deleted))).unwrap();
        rows.sort();
        (rows, place.change)
    };
    let row = |name: &str, deleted| (name.to_owned(), deleted);
    sql.execute("UPDATE record SET enabled = 0 WHERE name = 'b'", []).unwrap();
    assert_eq!(changes(3), (vec![row("b", false)], 4));
    let stale = Write::Put(device("b", 8), Expected::Etag(7));
    assert_eq!(store.commit(&[stale]).unwrap(), Commit::Conflict);
    sql.execute("INSERT INTO record (kind, name) VALUES (0, 'c')", []).unwrap();
    assert_eq!(changes(4), (vec![row("c", false)], 5));
    sql.execute("DELETE FROM record WHERE name = 'a'", []).unwrap();
    assert_eq!(changes(5), (vec![row("a", true), row("a/1", true)], 6));
    sql.execute("DELETE FROM record", []).unwrap();
    let (rows, _) = changes(6);
    assert_eq!(rows, [row("b", true), row("c", true)]);
    let mut left = 0;
    store.read(&[key("a"), key("b"), key("c")], &mut |_| left += 1).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn an_epoch_is_random_and_can_be_renewed() {
    let folder = Folder::new("epoch");
    let store = SqliteStore::create(&folder.file("hub.db"), "hub.example").unwrap();
    let other = SqliteStore::create(&folder.file("other.db"), "hub.example").unwrap();
    let before = store.position().unwrap();
    assert_ne!(before.epoch, other.position().unwrap().epoch);
    store.renew_epoch().unwrap();
    assert_ne!(before.epoch, store.position().unwrap().epoch);
}
