//! The store in a file.

use core::fmt;
use core::time::Duration;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard};

use hubward_store::{COLUMNS, Commit, Expected, Kind, Position, Row, RowKey, Store, Write};
use rusqlite::{Connection, Statement, Transaction, TransactionBehavior, params};

use crate::connection;
use crate::error::SqliteError;
use crate::rows::row;
use crate::schema;

/// The time between two questions whether another process has written.
const POLL: Duration = Duration::from_millis(4);

/// A registry in one file of SQLite.
///
/// Several processes may open the file, on one machine: SQLite's log needs shared memory. One of them writes at a time.
/// A call waits up to 10 s for it.
///
/// ```
/// use hubward_sqlite::SqliteStore;
/// use hubward_store::Store;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let file = std::env::temp_dir().join(format!("hubward-doc-{}.db", std::process::id()));
/// let store = SqliteStore::create(&file, "hub.example")?;
/// assert_eq!((store.hub(), store.position()?.change), ("hub.example", 0));
/// drop(store);
/// std::fs::remove_file(file)?;
/// # Ok(())
/// # }
/// ```
pub struct SqliteStore {
    hub: String,
    /// Writes, and reads what a write is about.
    writer: Mutex<Connection>,
    /// Reads snapshots, which the writer does not wait for.
    reader: Mutex<Reader>,
    /// Wakes the reader after a write of this process.
    written: Condvar,
    writes: Mutex<u64>,
}

struct Reader {
    connection: Connection,
    /// SQLite's counter of the writes of other connections, and this process's own counter, when they were read last.
    seen: (i64, u64),
}

impl SqliteStore {
    /// Opens the registry of a hub, or creates it if there is no file or an empty one.
    ///
    /// # Errors
    /// [`SqliteError`] if the file cannot be opened, is no registry, is of another hub, or was written by a newer
    /// version.
    pub fn create(path: &Path, hub: &str) -> Result<Self, SqliteError> {
        connection::create(path).map_err(|_| {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
            rusqlite::Error::SqliteFailure(code, Some(format!("unable to create {}", path.display())))
        })?;
        let store = Self::prepare(path, Some(hub))?;
        if store.hub.eq_ignore_ascii_case(hub) {
            Ok(store)
        } else {
            Err(SqliteError::OtherHub { found: store.hub, expected: hub.into() })
        }
    }

    /// Opens a registry that exists, of any hub.
    ///
    /// # Errors
    /// As [`SqliteStore::create`]; an empty file is no registry.
    pub fn open(path: &Path) -> Result<Self, SqliteError> {
        Self::prepare(path, None)
    }

    fn prepare(path: &Path, hub: Option<&str>) -> Result<Self, SqliteError> {
        let unread = connection::open(path)?;
        if (schema::format(&unread)?, hub) == (None, None) {
            return Err(SqliteError::Foreign);
        }
        let mut writer = connection::configure(unread)?;
        let hub = schema::prepare(&mut writer, hub)?.ok_or(SqliteError::Foreign)?;
        let reader = Reader { connection: connection::configure(connection::open(path)?)?, seen: (0, 0) };
        Ok(Self {
            hub,
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            written: Condvar::new(),
            writes: Mutex::new(0),
        })
    }

    /// Gives the registry a new epoch. Call it after a backup was restored: every gateway then loads everything anew and
    /// rechecks its sessions.
    ///
    /// # Errors
    /// [`SqliteError`] if the file cannot be written.
    pub fn renew_epoch(&self) -> Result<(), SqliteError> {
        lock(&self.writer)?.execute("UPDATE hub SET epoch = randomblob(16)", [])?;
        self.notify();
        Ok(())
    }

    fn notify(&self) {
        if let Ok(mut writes) = self.writes.lock() {
            *writes = writes.wrapping_add(1);
        }
        self.written.notify_all();
    }
}

impl Store for SqliteStore {
    type Error = SqliteError;

    fn hub(&self) -> &str {
        &self.hub
    }

    fn position(&self) -> Result<Position, SqliteError> {
        position(&lock(&self.reader)?.connection)
    }

    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), SqliteError> {
        let mut writer = lock(&self.writer)?;
        let snapshot = writer.transaction()?;
        let mut one = snapshot.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM record WHERE kind = ?1 AND name = ?2 AND deleted = 0"
        ))?;
        let mut modules = snapshot.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM record WHERE device IS NOT NULL AND device = ?1 AND deleted = 0"
        ))?;
        // a module that is asked for with its device is one row
        let mut asked = keys.to_vec();
        asked.sort();
        asked.dedup();
        for key in &asked {
            let with_device = key.device().is_some_and(|device| {
                asked.binary_search(&RowKey { kind: Kind::Identity, name: device.into() }).is_ok()
            });
            if !with_device {
                pass(&mut one, params![key.kind.number(), &*key.name], each)?;
            }
            if key.kind == Kind::Identity && key.device().is_none() {
                pass(&mut modules, params![&*key.name], each)?;
            }
        }
        Ok(())
    }

    fn commit(&self, writes: &[Write]) -> Result<Commit, SqliteError> {
        let mut writer = lock(&self.writer)?;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut change = position(&transaction)?.change;
        for write in writes {
            let next = change.checked_add(1).ok_or(SqliteError::Number)?;
            let done = match write {
                Write::Put(row, expected) => put(&transaction, row, *expected, next)?,
                Write::Delete(key, expected) => delete(&transaction, key, *expected, next)?,
            };
            match done {
                Done::Conflict => return Ok(Commit::Conflict),
                Done::Nothing => {}
                Done::Written => change = next,
            }
        }
        transaction.execute("UPDATE hub SET change = ?1", params![signed(change)?])?;
        transaction.commit()?;
        drop(writer);
        self.notify();
        Ok(Commit::Done(change))
    }

    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, SqliteError> {
        let mut reader = lock(&self.reader)?;
        let snapshot = reader.connection.transaction()?;
        let place = position(&snapshot)?;
        for modules in ["device IS NULL", "device IS NOT NULL"] {
            match after {
                None => {
                    let all = format!("SELECT {COLUMNS} FROM record WHERE deleted = 0 AND {modules}");
                    pass(&mut *snapshot.prepare_cached(&all)?, [], each)?;
                }
                Some(after) => {
                    let newer = format!(
                        "SELECT {COLUMNS} FROM record INDEXED BY record_change WHERE change > ?1 AND {modules} ORDER BY change"
                    );
                    pass(&mut *snapshot.prepare_cached(&newer)?, params![signed(after)?], each)?;
                }
            }
        }
        Ok(place)
    }

    fn wait(&self, at_most: Duration) -> Result<(), SqliteError> {
        let mut left = at_most;
        loop {
            let own = *lock(&self.writes)?;
            let mut reader = lock(&self.reader)?;
            let version: i64 =
                reader.connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
            if reader.seen != (version, own) {
                reader.seen = (version, own);
                return Ok(());
            }
            drop(reader);
            if left.is_zero() {
                return Ok(());
            }
            let pause = left.min(POLL);
            left = left.saturating_sub(pause);
            let writes = lock(&self.writes)?;
            if *writes == own {
                drop(self.written.wait_timeout(writes, pause).map_err(|_| SqliteError::Poisoned)?);
            }
        }
    }

    fn purge(&self, up_to: u64) -> Result<u64, SqliteError> {
        let mut writer = lock(&self.writer)?;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let up_to = signed(up_to.min(position(&transaction)?.change))?;
        let removed =
            transaction.execute("DELETE FROM record WHERE deleted = 1 AND change <= ?1", params![up_to])?;
        transaction.execute("UPDATE hub SET purged = max(purged, ?1)", params![up_to])?;
        transaction.commit()?;
        drop(writer);
        self.notify();
        Ok(u64::try_from(removed).unwrap_or(u64::MAX))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("hub", &self.hub).finish_non_exhaustive()
    }
}

/// The effect of one write.
enum Done {
    Written,
    Nothing,
    Conflict,
}

fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, SqliteError> {
    mutex.lock().map_err(|_| SqliteError::Poisoned)
}

fn signed(number: u64) -> Result<i64, SqliteError> {
    i64::try_from(number).map_err(|_| SqliteError::Number)
}

fn position(connection: &Connection) -> Result<Position, SqliteError> {
    let mut query = connection.prepare_cached("SELECT epoch, change, purged FROM hub WHERE one = 1")?;
    let (epoch, change, purged) = query.query_row([], |row| {
        Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    })?;
    Ok(Position { epoch, change: change.unsigned_abs(), purged: purged.unsigned_abs() })
}

fn pass(
    statement: &mut Statement<'_>,
    parameters: impl rusqlite::Params,
    each: &mut dyn FnMut(Row<'_>),
) -> Result<(), SqliteError> {
    let mut rows = statement.query(parameters)?;
    while let Some(found) = rows.next()? {
        each(row(found)?);
    }
    Ok(())
}

fn put(
    transaction: &Transaction<'_>,
    row: &Row<'_>,
    expected: Expected,
    change: u64,
) -> Result<Done, SqliteError> {
    if let Some(device) = row.device() {
        let mut device_exists = transaction
            .prepare_cached("SELECT 1 FROM record WHERE kind = 0 AND name = ?1 AND deleted = 0")?;
        if !device_exists.exists(params![device])? {
            return Ok(Done::Conflict);
        }
    }
    let etag = match expected {
        Expected::Etag(etag) => etag,
        Expected::Absent | Expected::Any | Expected::Present => 0,
    };
    let number = signed;
    let parameters = params![
        row.kind.number(),
        &*row.name,
        number(change)?,
        number(row.etag)?,
        number(row.generation)?,
        number(row.primary_version)?,
        number(row.secondary_version)?,
        row.enabled,
        row.rights,
        row.proof.number(),
        row.primary.as_deref(),
        row.secondary.as_deref(),
        &*row.detail,
        number(etag)?,
    ];
    let written = transaction.prepare_cached(&put_statement(expected))?.execute(parameters)?;
    Ok(if written == 1 { Done::Written } else { Done::Conflict })
}

fn delete(
    transaction: &Transaction<'_>,
    key: &RowKey,
    expected: Expected,
    change: u64,
) -> Result<Done, SqliteError> {
    if expected == Expected::Absent {
        let mut row = transaction
            .prepare_cached("SELECT 1 FROM record WHERE kind = ?1 AND name = ?2 AND deleted = 0")?;
        let taken = row.exists(params![key.kind.number(), &*key.name])?;
        return Ok(if taken { Done::Conflict } else { Done::Nothing });
    }
    let etag = match expected {
        Expected::Etag(etag) => Some(signed(etag)?),
        _ => None,
    };
    let written = transaction
        .prepare_cached(&format!(
            "UPDATE record SET {TOMBSTONE} WHERE kind = ?2 AND name = ?3 AND deleted = 0 AND (?4 IS NULL OR etag = ?4)"
        ))?
        .execute(params![signed(change)?, key.kind.number(), &*key.name, etag])?;
    if written == 0 {
        return Ok(if expected == Expected::Any { Done::Nothing } else { Done::Conflict });
    }
    if key.kind == Kind::Identity && key.device().is_none() {
        transaction
            .prepare_cached(&format!(
                "UPDATE record SET {TOMBSTONE} WHERE device IS NOT NULL AND device = ?2 AND deleted = 0"
            ))?
            .execute(params![signed(change)?, &*key.name])?;
    }
    Ok(Done::Written)
}

const TOMBSTONE: &str = "change = ?1, deleted = 1, etag = 0, proof = 0, primary_key = NULL, \
    secondary_key = NULL, detail = ''";

const SET: &str = "change = ?3, deleted = 0, etag = ?4, generation = ?5, primary_version = ?6, \
    secondary_version = ?7, enabled = ?8, rights = ?9, proof = ?10, primary_key = ?11, secondary_key = ?12, \
    detail = ?13";

/// Returns the statement that writes a row under a condition. `?14` is the etag of the condition, or 0.
fn put_statement(expected: Expected) -> String {
    let insert = |condition: &str| {
        format!(
            "INSERT INTO record (kind, name, change, etag, generation, primary_version, secondary_version, enabled, \
             rights, proof, primary_key, secondary_key, detail) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
             ON CONFLICT (kind, name) DO UPDATE SET {SET} WHERE {condition}"
        )
    };
    let update = |condition: &str| {
        format!("UPDATE record SET {SET} WHERE kind = ?1 AND name = ?2 AND deleted = 0 AND {condition}")
    };
    match expected {
        Expected::Absent => insert("record.deleted = 1 AND ?14 = 0"),
        Expected::Any => insert("?14 = 0"),
        Expected::Present => update("?14 = 0"),
        Expected::Etag(_) => update("etag = ?14"),
    }
}
