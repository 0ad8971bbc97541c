//! `hubward registry` on the durable registry of a gateway, which has the file open meanwhile.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod common;

use common::Folder;
use hubward_sqlite::SqliteStore;
use hubward_store::{Expected, Kind, RowKey, Store, Write};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn lines() -> String {
    format!(
        "{{\"id\":\"pump\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"sas\",\"symmetricKey\":\
         {{\"primaryKey\":\"{KEY}\",\"secondaryKey\":\"{KEY}\"}}}}}}\n{{\"id\":\"pump\",\"moduleId\":\"cam\"}}\n\
         {{\"id\":\"gate\",\"status\":\"disabled\"}}\n"
    )
}

/// Returns a folder with a durable registry, and the store of a gateway.
fn with_hub(test: &str) -> (Folder, SqliteStore) {
    let folder = Folder::new(test);
    folder.write("devices.txt", lines());
    let (status, out) = folder.hubward("registry import sqlite:hub.db devices.txt");
    assert_eq!(status, 2, "{out}");
    assert!(out.contains("--hub"), "{out}");
    let out = folder.well("registry import sqlite:hub.db devices.txt --hub hub.example");
    assert!(out.starts_with("3 created, 0 updated, 0 deleted, 0 not imported\n"), "{out}");
    let store = SqliteStore::open(&folder.path("hub.db")).unwrap();
    assert_eq!(store.hub(), "hub.example");
    (folder, store)
}

fn changes(store: &SqliteStore, after: u64) -> Vec<String> {
    let mut names = Vec::new();
    store
        .changes(Some(after), &mut |row| {
            names.push(format!("{}{}", if row.deleted { "-" } else { "" }, row.name));
        })
        .unwrap();
    names.sort();
    names
}

#[test]
fn all_commands_work_while_a_gateway_has_the_file() {
    let (folder, store) = with_hub("durable-all");
    let at = || store.position().unwrap().change;
    // the name of the file is enough: its content tells what it is
    assert!(folder.well("registry export hub.db --with-keys").contains(KEY));
    assert!(!folder.well("registry export sqlite:hub.db").contains(KEY));
    let out = folder.well("registry show hub.db");
    assert!(out.contains("a durable registry") && out.contains("devices   2, of which 1 disabled"), "{out}");
    let start = at();
    let out = folder.well("registry rotate hub.db --device pump --slot primary");
    assert!(out.contains("device pump has new credentials"), "{out}");
    assert_eq!(changes(&store, start), ["pump"]);
    assert!(
        !folder
            .well("registry export hub.db --with-keys")
            .lines()
            .next()
            .unwrap()
            .contains(&format!("\"primaryKey\":\"{KEY}\""))
    );
    let start = at();
    folder.well("registry lists hub.db block --device gate");
    folder.well("registry lists hub.db allow --group pumps");
    folder.well("registry lists hub.db join pumps --device pump");
    assert_eq!(changes(&store, start), ["allow", "allow group pumps", "block identity gate", "pump pumps"]);
    let out = folder.well("registry lists hub.db show");
    assert!(out.contains("group pumps") && out.contains("group     pumps: device pump"), "{out}");
    let start = at();
    folder.well("registry lists hub.db lift-allow");
    assert_eq!(changes(&store, start), ["-allow", "-allow group pumps"]);
    folder.write("delete.txt", "{\"id\":\"pump\",\"importMode\":\"delete\"}\n");
    let start = at();
    let out = folder.well("registry import hub.db delete.txt");
    assert!(out.starts_with("0 created, 0 updated, 1 deleted"), "{out}");
    assert_eq!(changes(&store, start), ["-pump", "-pump/cam"]);
    let out = folder.well("registry import hub.db devices.txt --dry-run");
    assert!(out.contains("nothing is written"), "{out}");
    assert_eq!(changes(&store, at()), [""; 0]);
}

#[test]
fn no_registry_is_created_without_its_key_file() {
    let folder = Folder::new("durable-no-key");
    folder.write("devices.txt", lines());
    folder.write("bad.key", "short\n");
    for key in ["missing.key", "bad.key"] {
        let words = "registry import sqlite:hub.db devices.txt --hub hub.example --registry-key-file";
        let (status, out) = folder.hubward(&format!("{words} {key}"));
        assert!(status == 3 && out.contains(key), "{out}");
        assert_eq!(folder.names(), ["bad.key", "devices.txt"]);
    }
}

#[test]
fn the_file_and_its_key_belong_together() {
    let (folder, store) = with_hub("durable-key");
    let key = folder.text("hub.db.key");
    assert!(!folder.read("hub.db").windows(16).any(|bytes| bytes == b"0123456789abcdef"));
    let (status, out) = folder.hubward("registry show hub.db --hub other.example");
    assert_eq!(status, 2, "{out}");
    // another key file: nothing opens, and a change of other records is possible
    folder.write("other.key", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n");
    let (_, out) = folder.hubward("registry show hub.db --device pump --registry-key-file other.key");
    assert!(out.contains("rows are not used") && out.contains("cannot authenticate"), "{out}");
    folder.well("registry import hub.db devices.txt --dry-run");
    folder.write("both.key", format!("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n{key}"));
    let out = folder.well("registry export hub.db --with-keys --registry-key-file both.key");
    assert!(out.contains(KEY), "{out}");
    folder.write("bad.key", "short\n");
    let (status, out) = folder.hubward("registry show hub.db --registry-key-file bad.key");
    assert_eq!(status, 3, "{out}");
    std::fs::remove_file(folder.path("hub.db.key")).unwrap();
    assert_eq!(folder.hubward("registry show hub.db").0, 3);
    // a gateway that deletes meanwhile
    let key = RowKey { kind: Kind::Identity, name: "gate".into() };
    store.commit(&[Write::Delete(key, Expected::Present)]).unwrap();
    let out = folder.well("registry show hub.db --registry-key-file both.key");
    assert!(out.contains("devices   1,"), "{out}");
}
