//! A store of one's own: a log file, one line of JSON for each commit, for the gateways of one process. A store on another
//! engine has the same parts: something that orders commits (here a lock), a durable write before the answer, and a number
//! for each change. The suite checks it.

use core::fmt;
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use hubward_store::{Commit, Expected, Kind, Position, Proof, Row, RowKey, Store, Write, suite};
use serde_json::{Value, json};

/// A registry in a log file.
#[derive(Clone)]
struct LogStore(Arc<(Mutex<Log>, Condvar)>);

struct Log {
    file: File,
    table: Table,
}

/// The state that the lines of the log lead to.
#[derive(Clone, Default)]
struct Table {
    change: u64,
    purged: u64,
    rows: BTreeMap<RowKey, Row<'static>>,
}

#[derive(Debug)]
struct Failure(io::Error);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the log: {}", self.0)
    }
}

impl core::error::Error for Failure {}

impl LogStore {
    /// Opens a log and replays it. A last line that a crash cut off is not complete, and was never acknowledged.
    fn open(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path).unwrap_or_default();
        let complete = text.rfind('\n').map_or(0, |end| end.saturating_add(1));
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        file.set_len(u64::try_from(complete).unwrap_or(u64::MAX))?;
        let mut table = Table::default();
        for line in text.get(..complete).unwrap_or_default().lines() {
            let line: Value = serde_json::from_str(line)?;
            for row in line.as_array().into_iter().flatten().filter_map(decode) {
                table.change = table.change.max(row.change);
                table.rows.insert(row.key(), row);
            }
        }
        Ok(Self(Arc::new((Mutex::new(Log { file, table }), Condvar::new()))))
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn position(&self) -> Position {
        // a log that was restored from a backup ends at a lower number
        Position { epoch: [0; 16], change: self.change, purged: self.purged }
    }

    fn live(&self, key: &RowKey) -> Option<&Row<'static>> {
        self.rows.get(key).filter(|row| !row.deleted)
    }

    fn modules<'t>(&'t self, key: &'t RowKey) -> impl Iterator<Item = &'t Row<'static>> {
        let rows = self.rows.values().filter(|row| !row.deleted && row.kind == Kind::Identity);
        rows.filter(|row| key.kind == Kind::Identity && row.device() == Some(&*key.name))
    }

    /// Makes one write; `None` if its condition does not hold.
    fn write(&mut self, write: &Write) -> Option<()> {
        let (key, expected) = match write {
            Write::Put(row, expected) => (row.key(), *expected),
            Write::Delete(key, expected) => (key.clone(), *expected),
        };
        let holds = match (expected, self.live(&key)) {
            (Expected::Any, _) | (Expected::Absent, None) | (Expected::Present, Some(_)) => true,
            (Expected::Etag(etag), Some(row)) => row.etag == etag,
            _ => false,
        };
        let device = key.device().map(|name| RowKey { kind: Kind::Identity, name: name.into() });
        let orphan = matches!(write, Write::Put(..)) && device.is_some_and(|key| self.live(&key).is_none());
        let rows = match write {
            _ if !holds || orphan => return None,
            Write::Put(row, _) => vec![Row { deleted: false, ..row.clone() }],
            Write::Delete(..) => {
                let gone = self.modules(&key).chain(self.live(&key)).map(Row::key);
                let tombstone =
                    |key: RowKey| Row { deleted: true, ..Row::new(key.kind, &key.name) }.into_owned();
                gone.map(tombstone).collect()
            }
        };
        for row in rows {
            self.change = self.change.saturating_add(1);
            self.rows.insert(row.key(), Row { change: self.change, ..row });
        }
        Some(())
    }
}

impl Store for LogStore {
    type Error = Failure;

    fn hub(&self) -> &str {
        "hub.example"
    }

    fn position(&self) -> Result<Position, Failure> {
        Ok(self.lock().table.position())
    }

    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), Failure> {
        let log = self.lock();
        let rows = keys.iter().flat_map(|key| log.table.live(key).into_iter().chain(log.table.modules(key)));
        let found: BTreeMap<_, _> = rows.map(|row| (row.key(), row.clone())).collect();
        found.into_values().for_each(each);
        Ok(())
    }

    fn commit(&self, writes: &[Write]) -> Result<Commit, Failure> {
        let mut log = self.lock();
        let mut table = log.table.clone();
        if !writes.iter().all(|write| table.write(write).is_some()) {
            return Ok(Commit::Conflict);
        }
        // durable first, visible after that
        let new = table.rows.values().filter(|row| row.change > log.table.change).map(encode);
        let line = format!("{}\n", Value::from_iter(new));
        log.file.write_all(line.as_bytes()).and_then(|()| log.file.sync_data()).map_err(Failure)?;
        log.table = table;
        self.0.1.notify_all();
        Ok(Commit::Done(log.table.change))
    }

    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, Failure> {
        let log = self.lock();
        let newer = |row: &&Row<'static>| after.map_or(!row.deleted, |after| row.change > after);
        let mut rows: Vec<_> = log.table.rows.values().filter(newer).cloned().collect();
        rows.sort_by_key(|row| (row.device().is_some(), row.change));
        rows.into_iter().for_each(each);
        Ok(log.table.position())
    }

    fn wait(&self, at_most: Duration) -> Result<(), Failure> {
        drop(self.0.1.wait_timeout(self.lock(), at_most));
        Ok(())
    }

    fn purge(&self, up_to: u64) -> Result<u64, Failure> {
        // a store for a long life writes its log anew here
        let table = &mut self.lock().table;
        let before = table.rows.len();
        table.purged = table.purged.max(up_to.min(table.change));
        table.rows.retain(|_, row| !row.deleted || row.change > up_to);
        Ok(u64::try_from(before.saturating_sub(table.rows.len())).unwrap_or(u64::MAX))
    }
}

/// Writes a row as JSON. The keys in it are sealed already.
fn encode(row: &Row<'_>) -> Value {
    let numbers = [row.change, row.etag, row.generation, row.primary_version, row.secondary_version];
    json!([
        row.kind.number(),
        row.name,
        numbers,
        row.deleted,
        row.enabled,
        row.rights,
        row.proof.number(),
        row.primary.as_deref(),
        row.secondary.as_deref(),
        row.detail
    ])
}

fn decode(value: &Value) -> Option<Row<'static>> {
    let number = |at: usize| value.get(2)?.get(at)?.as_u64();
    let bytes = |at: usize| -> Option<Vec<u8>> { serde_json::from_value(value.get(at)?.clone()).ok()? };
    let row = Row {
        change: number(0)?,
        etag: number(1)?,
        generation: number(2)?,
        primary_version: number(3)?,
        secondary_version: number(4)?,
        deleted: value.get(3)?.as_bool()?,
        enabled: value.get(4)?.as_bool()?,
        rights: u8::try_from(value.get(5)?.as_u64()?).ok()?,
        proof: Proof::from_number(value.get(6)?.as_i64()?)?,
        primary: bytes(7).map(Into::into),
        secondary: bytes(8).map(Into::into),
        detail: value.get(9)?.as_str()?.into(),
        ..Row::new(Kind::from_number(value.get(0)?.as_i64()?)?, value.get(1)?.as_str()?)
    };
    Some(row.into_owned())
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let folder = std::env::temp_dir().join(format!("hubward-own-store-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let mut stores = HashMap::new();
    let open = |name: &str| {
        let store = stores.entry(name.to_owned()).or_insert_with(|| LogStore::open(&folder.join(name)));
        // the suite has no way to report that a store did not open
        store
            .as_ref()
            .map(Clone::clone)
            .unwrap_or_else(|error| std::process::exit(error.raw_os_error().unwrap_or(1)))
    };
    suite::run(open)?;
    // what was written is there after a restart
    let (before, after) = (LogStore::open(&folder.join("two"))?, LogStore::open(&folder.join("two"))?);
    assert_eq!(before.position()?, after.position()?);
    assert!(after.position()?.change > 0);
    fs::remove_dir_all(&folder)?;
    println!("the store in a log file passes the suite");
    Ok(())
}
