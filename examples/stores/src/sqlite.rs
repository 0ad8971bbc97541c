//! Identities and policies in SQLite.
//!
//! The keys stand in the table as they are: put the file where only the hub reads it, or keep them sealed and open each
//! as it is read.

use core::fmt;

use hubward::types::{KeyError, Lookup, Permissions, SymmetricKey, UnixTime};
use hubward::{AuthError, Authenticated, AuthenticationStep, Credentials, HubConfig};
use hubward_rustcrypto::HmacKey;
use rusqlite::{Connection, OptionalExtension, params};

use crate::answer::{Row, Wanted, found};

/// One table for all. A module is `device/module`, and no id has a `/`; a policy has its rights.
///
/// `COLLATE BINARY` is SQLite's default, and said because it matters: ids are told apart by case.
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

/// Why a store has no answer. Nobody is admitted on one.
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
    /// A new database with these tables.
    pub fn create(connection: Connection, schema: &str) -> Result<Self, StoreError> {
        connection.execute_batch(schema)?;
        Ok(Self(connection))
    }

    /// Answers the question of an admission.
    pub fn answer(&self, lookup: &Lookup<'_>) -> Result<Option<Row>, StoreError> {
        let Some(wanted) = Wanted::of(lookup) else { return Ok(None) };
        let (kind, name) = key(&wanted);
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
        let ready = |raw: Vec<u8>| SymmetricKey::from_bytes(&raw).map(|raw| HmacKey::new(&raw));
        let whose = match (kind, name.split_once('/')) {
            (POLICY, _) => Wanted::Policy(name),
            (_, Some((device, module))) => Wanted::Module(device.into(), module.into()),
            (_, None) => Wanted::Device(name),
        };
        Ok(Some(Row {
            whose,
            enabled,
            rights: Permissions::from_bits_truncate(rights),
            generation: generation.unsigned_abs(),
            keys: keys.unsigned_abs(),
            primary: ready(primary).map_err(StoreError::Key)?,
            secondary: secondary.map(ready).transpose().map_err(StoreError::Key)?,
        }))
    }

    /// Creates an enabled identity or a policy, or makes it anew. One that is disabled stays disabled.
    pub fn put(
        &self,
        whose: &Wanted,
        rights: Permissions,
        primary: &[u8],
        secondary: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let (kind, name) = key(whose);
        let change = self.change()?;
        let device = match whose {
            Wanted::Module(device, _) => Some(device),
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

    /// Replaces a primary key. The new version of the keys ends the sessions that began on the old one.
    pub fn set_primary(&self, whose: &Wanted, primary: &[u8]) -> Result<(), StoreError> {
        let (kind, name) = key(whose);
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

    /// A random number of 62 bits: no two changes have the same version. A counter in the database would give its numbers
    /// again once a backup is restored, and a session would outlive its key.
    fn change(&self) -> Result<i64, StoreError> {
        Ok(self.0.query_row("SELECT random() & 0x3fffffffffffffff", [], |row| row.get(0))?)
    }

    /// Asks and answers until somebody is admitted. A store that fails admits nobody.
    pub fn admit<'a>(
        &self,
        presented: Credentials<'a>,
        rules: &'a HubConfig<'a, HmacKey>,
        now: UnixTime,
    ) -> Result<Authenticated<'a>, Refused> {
        let mut question = presented.start(rules)?;
        loop {
            let row = self.answer(&question.lookup()).map_err(Refused::Store)?;
            match question.resume(found(row.as_ref()), now)? {
                AuthenticationStep::NeedsLookup(next) => question = next,
                AuthenticationStep::Authenticated(admitted) => return Ok(admitted),
            }
        }
    }
}

const POLICY: i64 = 2;

fn key(wanted: &Wanted) -> (i64, String) {
    match wanted {
        Wanted::Device(id) => (0, id.clone()),
        Wanted::Module(device, module) => (1, format!("{device}/{module}")),
        Wanted::Policy(name) => (POLICY, name.clone()),
    }
}

/// Why nobody was admitted.
#[derive(Debug)]
pub enum Refused {
    Credential(AuthError),
    Store(StoreError),
}

impl From<AuthError> for Refused {
    fn from(error: AuthError) -> Self {
        Self::Credential(error)
    }
}
