//! Identities and policies in SQLite.
//!
//! The table contains the keys in the clear: only the hub may read the file. Otherwise store sealed keys and open
//! each one when it is read.

use core::fmt;

use hubward::types::{KeyError, Lookup, Permissions};
use hubward::{FoundRecord, RecordRequest, Store};
use hubward_rustcrypto::HmacKey;
use rusqlite::{Connection, OptionalExtension, params};

use crate::row::{Row, RowKey};

/// One table for all. A module is `device/module`, and no id contains a `/`; a policy has permissions.
///
/// `COLLATE BINARY` is SQLite's default. It is written out because it matters: ids are case-sensitive.
pub const SCHEMA: &str = "
    CREATE TABLE identity (
        kind INTEGER NOT NULL,
        name TEXT NOT NULL COLLATE BINARY,
        device TEXT COLLATE BINARY,
        enabled INTEGER NOT NULL DEFAULT 1,
        rights INTEGER NOT NULL DEFAULT 0,
        generation INTEGER NOT NULL,
        keys INTEGER NOT NULL,
        primary_key BLOB NOT NULL,
        secondary_key BLOB,
        PRIMARY KEY (kind, name)
    ) WITHOUT ROWID;
";

/// A store in a database.
#[derive(Debug)]
pub struct SqliteStore(Connection);

/// The reason why a store has no result. All clients are refused then.
#[derive(Debug)]
pub enum StoreError {
    Database(rusqlite::Error),
    Key(KeyError),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database: {error}"),
            Self::Key(error) => write!(f, "a key of the database: {error}"),
        }
    }
}

impl core::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl SqliteStore {
    /// Creates a database with these tables.
    pub fn create(connection: Connection, schema: &str) -> Result<Self, StoreError> {
        connection.execute_batch(schema)?;
        Ok(Self(connection))
    }

    /// Looks up a row.
    pub fn row(&self, lookup: &Lookup<'_>) -> Result<Option<Row>, StoreError> {
        let Some(key) = RowKey::of(lookup) else { return Ok(None) };
        let (kind, name) = columns(&key);
        let mut query = self.0.prepare_cached(
            // a module has its device's status
            "SELECT own.kind, own.name, own.rights, own.generation, own.keys, own.primary_key, own.secondary_key,
                    CASE WHEN own.device IS NULL THEN own.enabled ELSE coalesce(device.enabled, 0) END
             FROM identity AS own LEFT JOIN identity AS device ON device.kind = 0 AND device.name = own.device
             WHERE own.kind = ?1 AND own.name = ?2",
        )?;
        let row = query
            .query_row(params![kind, name], |row| {
                Ok((
                    (row.get::<_, i64>(0)?, row.get::<_, String>(1)?),
                    row.get::<_, u8>(2)?,
                    (row.get::<_, i64>(3)?, row.get::<_, i64>(4)?),
                    (row.get::<_, Vec<u8>>(5)?, row.get::<_, Option<Vec<u8>>>(6)?),
                    row.get::<_, bool>(7)?,
                ))
            })
            .optional()?;
        let Some(((kind, name), rights, (generation, keys), (primary, secondary), enabled)) = row else {
            return Ok(None);
        };
        let id = match (kind, name.split_once('/')) {
            (POLICY, _) => RowKey::Policy(name),
            (_, Some((device, module))) => RowKey::Module(device.into(), module.into()),
            (_, None) => RowKey::Device(name),
        };
        Ok(Some(Row {
            id,
            enabled,
            rights: Permissions::from_bits_truncate(rights),
            generation: generation.unsigned_abs(),
            keys: keys.unsigned_abs(),
            primary,
            secondary,
        }))
    }

    /// Creates an enabled identity or a policy, or creates it again. A disabled identity stays disabled.
    pub fn put(
        &self,
        id: &RowKey,
        rights: Permissions,
        primary: &[u8],
        secondary: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let (kind, name) = columns(id);
        let change = self.change()?;
        let device = match id {
            RowKey::Module(device, _) => Some(device),
            _ => None,
        };
        self.0.execute(
            "INSERT INTO identity (kind, name, device, rights, generation, keys, primary_key, secondary_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET rights = excluded.rights, generation = excluded.generation,
                 keys = excluded.keys, primary_key = excluded.primary_key, secondary_key = excluded.secondary_key",
            params![kind, name, device, rights.bits(), change, primary, secondary],
        )?;
        Ok(())
    }

    /// Replaces a primary key. The new version of the keys ends the sessions that the old one opened.
    pub fn set_primary(&self, id: &RowKey, primary: &[u8]) -> Result<(), StoreError> {
        let (kind, name) = columns(id);
        let change = self.change()?;
        self.0.execute(
            "UPDATE identity SET primary_key = ?3, keys = ?4 WHERE kind = ?1 AND name = ?2",
            params![kind, name, primary, change],
        )?;
        Ok(())
    }

    /// Enables or disables a device, and its modules with it.
    pub fn set_enabled(&self, device: &str, enabled: bool) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE identity SET enabled = ?2 WHERE kind = 0 AND name = ?1",
            params![device, enabled],
        )?;
        Ok(())
    }

    /// Returns a random number of 62 bits: no two changes have the same version. A counter in the database would
    /// repeat its numbers after a backup is restored, and a session would outlive its key.
    fn change(&self) -> Result<i64, StoreError> {
        Ok(self.0.query_row("SELECT random() & 0x3fffffffffffffff", [], |row| row.get(0))?)
    }
}

impl Store<HmacKey> for SqliteStore {
    type Error = StoreError;

    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, StoreError> {
        let record =
            self.row(request.lookup())?.map(Row::into_record).transpose().map_err(StoreError::Key)?;
        Ok(record.flatten().into())
    }
}

const POLICY: i64 = 2;

fn columns(key: &RowKey) -> (i64, String) {
    match key {
        RowKey::Device(id) => (0, id.clone()),
        RowKey::Module(device, module) => (1, format!("{device}/{module}")),
        RowKey::Policy(name) => (POLICY, name.clone()),
    }
}
