//! A table of SQLite in place of the registry.

mod common;

use common::*;
use hubward::types::{DeviceId, Lookup, Permissions};
use hubward::{AuthError, Credentials, Session, SessionError, StoreOr};
use hubward_stores::row::RowKey;
use hubward_stores::sqlite::{SCHEMA, SqliteStore, StoreError};
use rusqlite::Connection;

fn store(schema: &str) -> SqliteStore {
    let store = SqliteStore::create(Connection::open_in_memory().unwrap(), schema).unwrap();
    let none = Permissions::empty();
    store.put(&device("pump"), none, &raw("pump"), Some(&raw("pump 2"))).unwrap();
    store.put(&RowKey::Module("pump".into(), "cam".into()), none, &raw("cam"), None).unwrap();
    store.put(&RowKey::Policy("device".into()), Permissions::DEVICE_CONNECT, &raw("policy"), None).unwrap();
    store
}

fn device(id: &str) -> RowKey {
    RowKey::Device(id.into())
}

type Refused = StoreOr<AuthError, StoreError>;

/// Presents a token over MQTT.
fn session(store: &SqliteStore, id: &str, token: &str) -> Result<Session, Refused> {
    let (username, config) = (username(id), config());
    let credentials = Credentials::mqtt(id, &username, Some(token)).unwrap();
    config.authenticate(credentials, store, || at(NOW)).map(|authenticated| authenticated.into_session())
}

fn code(session: Result<Session, Refused>) -> String {
    match session {
        Ok(session) => session.identity().to_string(),
        Err(StoreOr::Refused(error)) => error.code().to_owned(),
        Err(StoreOr::Store(StoreError::Database(_))) => "the database failed".to_owned(),
        Err(StoreOr::Store(StoreError::Key(_))) => "an invalid key".to_owned(),
    }
}

fn recheck(store: &SqliteStore, session: &Session) -> Result<(), SessionError> {
    match config().recheck(session, store, || at(NOW)) {
        Ok(_) => Ok(()),
        Err(StoreOr::Refused(error)) => Err(error),
        Err(StoreOr::Store(error)) => panic!("{error}"),
    }
}

#[test]
fn either_key_of_a_device_is_accepted_and_no_other() {
    let store = store(SCHEMA);
    assert_eq!(code(session(&store, "pump", &token("pump", "pump"))), "device pump");
    assert_eq!(code(session(&store, "pump", &token("pump", "pump 2"))), "device pump");
    assert_eq!(code(session(&store, "pump/cam", &token("pump/modules/cam", "cam"))), "module pump/cam");
    let refused = session(&store, "pump", &token("pump", "cam"));
    let unknown = session(&store, "unknown", &token("unknown", "pump"));
    assert!(matches!(refused, Err(StoreOr::Refused(AuthError::Verify(_)))), "{refused:?}");
    assert!(matches!(unknown, Err(StoreOr::Refused(AuthError::Unknown))), "{unknown:?}");
}

#[test]
fn a_token_of_a_policy_takes_two_lookups() {
    let store = store(SCHEMA);
    let by_policy = || policy_token("pump", "device", "policy");
    assert_eq!(code(session(&store, "pump", &by_policy())), "device pump");
    store.set_enabled("pump", false).unwrap();
    assert_eq!(code(session(&store, "pump", &by_policy())), AuthError::Disabled.code());
    assert_eq!(
        code(session(&store, "pump/cam", &token("pump/modules/cam", "cam"))),
        AuthError::Disabled.code()
    );
}

#[test]
fn changes_in_the_table_end_a_session() {
    let store = store(SCHEMA);
    let begin = || session(&store, "pump", &token("pump", "pump")).unwrap();
    let first = begin();
    assert_eq!(recheck(&store, &first), Ok(()));
    store.set_enabled("pump", false).unwrap();
    assert_eq!(recheck(&store, &first), Err(SessionError::Disabled));
    store.set_enabled("pump", true).unwrap();
    assert_eq!(recheck(&store, &first), Ok(()));
    store.set_primary(&device("pump"), &raw("pump")).unwrap();
    assert_eq!(
        recheck(&store, &first),
        Err(SessionError::KeysReplaced),
        "the same bytes, and still another key"
    );
    let second = begin();
    store.put(&device("pump"), Permissions::empty(), &raw("pump"), None).unwrap();
    assert_eq!(recheck(&store, &second), Err(SessionError::Recreated));
}

#[test]
fn a_collation_that_ignores_case_is_detected() {
    let folding = store(&SCHEMA.replace("COLLATE BINARY", "COLLATE NOCASE"));
    // the row of `pump` is returned for `PUMP`, id token verifies with its key
    let other_row = session(&folding, "PUMP", &token("PUMP", "pump"));
    assert!(matches!(other_row, Err(StoreOr::Refused(AuthError::RecordMismatch))), "{other_row:?}");
    assert_eq!(code(session(&folding, "pump", &token("pump", "pump"))), "device pump");
    let binary = session(&store(SCHEMA), "PUMP", &token("PUMP", "pump"));
    assert!(matches!(binary, Err(StoreOr::Refused(AuthError::Unknown))), "{binary:?}");
}

#[test]
fn a_database_that_fails_refuses_all() {
    let empty = SqliteStore::create(Connection::open_in_memory().unwrap(), "").unwrap();
    assert_eq!(code(session(&empty, "pump", &token("pump", "pump"))), "the database failed");
    let store = store(SCHEMA);
    store.put(&device("pump"), Permissions::empty(), b"short", None).unwrap();
    assert_eq!(code(session(&store, "pump", &token("pump", "pump"))), "an invalid key");
}

#[test]
fn a_restored_backup_repeats_no_version() {
    let folder = std::env::temp_dir().join(format!("hubward-stores-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (file, backup) = (folder.join("hub"), folder.join("backup"));
    let version = |store: &SqliteStore| {
        let row = store.row(&Lookup::Device(DeviceId::parse("pump").unwrap().segment()));
        let row = row.unwrap().unwrap();
        (row.generation, row.keys)
    };
    let live = SqliteStore::create(Connection::open(&file).unwrap(), SCHEMA).unwrap();
    live.put(&device("pump"), Permissions::empty(), &raw("pump"), None).unwrap();
    std::fs::copy(&file, &backup).unwrap();
    live.set_primary(&device("pump"), &raw("lost with the backup")).unwrap();
    let restored = SqliteStore::create(Connection::open(&backup).unwrap(), "").unwrap();
    restored.set_primary(&device("pump"), &raw("another")).unwrap();
    assert_ne!(version(&live), version(&restored));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn new_keys_leave_a_disabled_device_disabled() {
    let store = store(SCHEMA);
    store.set_enabled("pump", false).unwrap();
    store.put(&device("pump"), Permissions::empty(), &raw("new"), None).unwrap();
    assert_eq!(code(session(&store, "pump", &token("pump", "new"))), AuthError::Disabled.code());
}
