//! A full disk: a write that has no place is refused, each acknowledged one stays, and writes go on when there is place again.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;
#[path = "../../hubward-postgres/tests/common/disk.rs"]
mod disk;

use common::{Folder, device};
use hubward_sqlite::SqliteStore;
use hubward_store::{Commit, Expected, Store, Write};
use std::collections::BTreeMap;

/// Unmounts the disk before its folder is removed.
struct Disk(Folder);

impl Drop for Disk {
    fn drop(&mut self) {
        disk::unmount(self.0.path());
    }
}

/// Writes devices until the store refuses, at most 20,000. Returns whether it did.
fn fill(store: &SqliteStore, acknowledged: &mut BTreeMap<String, u64>, first: u64) -> bool {
    for etag in (first..).take(20_000) {
        let mut row = device(&format!("dev{}", etag % 5000), etag);
        row.detail = "{}".repeat(200).into();
        match store.commit(&[Write::Put(row, Expected::Any)]) {
            Ok(commit) => {
                assert!(matches!(commit, Commit::Done(_)));
                acknowledged.insert(format!("dev{}", etag % 5000), etag);
            }
            Err(error) => {
                assert!(error.to_string().contains("full"), "{error}");
                return true;
            }
        }
    }
    false
}

#[test]
fn a_full_disk_refuses_writes_and_loses_none() {
    let disk = Disk(Folder::new("full"));
    if !disk::mount(disk.0.path(), 8) {
        eprintln!("this user cannot mount a file system: not tested");
        return;
    }
    let store = SqliteStore::create(&disk.0.file("hub.db"), "hub.example").unwrap();
    let mut acknowledged = BTreeMap::new();
    let filler = disk.0.file("filler");
    for round in 0..3 {
        // others take a part of the disk the first time, and then all that is left
        match round {
            0 => std::fs::write(&filler, vec![0; 2 << 20]).unwrap(),
            _ => disk::fill(&filler),
        }
        assert!(fill(&store, &mut acknowledged, 1 + 100_000 * round), "the disk is full");
        // it is read by the process that met it, and by another one
        let other = SqliteStore::open(&disk.0.file("hub.db"));
        for store in [Some(&store), other.as_ref().ok()].into_iter().flatten() {
            let mut found = BTreeMap::new();
            store.changes(None, &mut |row| _ = found.insert(row.name.to_string(), row.etag)).unwrap();
            assert!(found == acknowledged, "{} of {} rows", found.len(), acknowledged.len());
        }
        let _ = std::fs::remove_file(&filler);
        drop(other);
        let put = Write::Put(device("dev1", 7), Expected::Any);
        assert!(matches!(store.commit(&[put]).unwrap(), Commit::Done(_)), "there is place again");
        acknowledged.insert("dev1".into(), 7);
    }
    assert!(acknowledged.len() > 500, "{}", acknowledged.len());
    let file = rusqlite::Connection::open(disk.0.file("hub.db")).unwrap();
    let integrity: String = file.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
}
