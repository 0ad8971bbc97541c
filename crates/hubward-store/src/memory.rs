//! A store in memory: the model that durable stores are compared with. It is not durable.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::row::{Kind, Row, RowKey};
use crate::store::{Commit, Expected, Position, Store, Write};

/// A store in memory, for tests and as a model.
///
/// ```
/// use hubward_store::{Commit, Expected, Kind, MemoryStore, Row, Store, Write};
///
/// let store = MemoryStore::new("hub.example");
/// let row = Row::new(Kind::Identity, "dev1").into_owned();
/// let commit = store.commit(&[Write::Put(row, Expected::Absent)])?;
/// assert_eq!(commit, Commit::Done(1));
/// # Ok::<(), core::convert::Infallible>(())
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    hub: Box<str>,
    table: Mutex<Table>,
    changed: Condvar,
}

#[derive(Debug, Clone, Default)]
struct Table {
    epoch: [u8; 16],
    change: u64,
    purged: u64,
    rows: BTreeMap<RowKey, Row<'static>>,
}

/// A copy of a [`MemoryStore`], as a backup is.
#[derive(Debug, Clone)]
pub struct Backup(Table);

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new(hub: &str) -> Self {
        Self { hub: hub.into(), table: Mutex::default(), changed: Condvar::new() }
    }

    /// Copies the store.
    #[must_use]
    pub fn backup(&self) -> Backup {
        Backup(self.lock().clone())
    }

    /// Restores a copy, under this epoch.
    pub fn restore(&self, backup: &Backup, epoch: [u8; 16]) {
        let mut table = self.lock();
        *table = backup.0.clone();
        table.epoch = epoch;
        drop(table);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    const fn position(&self) -> Position {
        Position { epoch: self.epoch, change: self.change, purged: self.purged }
    }

    fn live(&self, key: &RowKey) -> Option<&Row<'static>> {
        self.rows.get(key).filter(|row| !row.deleted)
    }

    fn holds(&self, key: &RowKey, expected: Expected) -> bool {
        match (self.live(key), expected) {
            (None, Expected::Absent) | (_, Expected::Any) | (Some(_), Expected::Present) => true,
            (Some(row), Expected::Etag(etag)) => row.etag == etag,
            _ => false,
        }
    }

    fn write(&mut self, write: &Write) -> bool {
        let change = self.change.saturating_add(1);
        match write {
            Write::Put(row, expected) => {
                let device = row.device().map(|name| RowKey { kind: Kind::Identity, name: name.into() });
                let orphan = device.is_some_and(|device| self.live(&device).is_none());
                if orphan || !self.holds(&row.key(), *expected) {
                    return false;
                }
                self.change = change;
                self.rows.insert(row.key(), Row { change, deleted: false, ..row.clone() });
            }
            Write::Delete(key, expected) => {
                if !self.holds(key, *expected) {
                    return false;
                }
                let modules: Vec<RowKey> = self.modules(key).map(Row::key).collect();
                for key in modules.into_iter().chain(self.live(key).map(Row::key)) {
                    self.change = self.change.saturating_add(1);
                    let (kind, name) = (key.kind, key.name.clone());
                    let tombstone = Row { change: self.change, deleted: true, ..Row::new(kind, &name) };
                    self.rows.insert(key, tombstone.into_owned());
                }
            }
        }
        true
    }

    fn modules<'t>(&'t self, key: &'t RowKey) -> impl Iterator<Item = &'t Row<'static>> {
        let rows = self.rows.values().filter(|row| !row.deleted && row.kind == Kind::Identity);
        rows.filter(|row| key.kind == Kind::Identity && row.device() == Some(&*key.name))
    }
}

impl Store for MemoryStore {
    type Error = core::convert::Infallible;

    fn hub(&self) -> &str {
        &self.hub
    }

    fn position(&self) -> Result<Position, Self::Error> {
        let table = self.lock();
        Ok(table.position())
    }

    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), Self::Error> {
        let table = self.lock();
        let mut found = BTreeMap::new();
        for key in keys {
            found.extend(table.live(key).map(|row| (row.key(), row)));
            found.extend(table.modules(key).map(|row| (row.key(), row)));
        }
        found.into_values().cloned().for_each(each);
        Ok(())
    }

    fn commit(&self, writes: &[Write]) -> Result<Commit, Self::Error> {
        let mut table = self.lock();
        let before = table.clone();
        if !writes.iter().all(|write| table.write(write)) {
            *table = before;
            return Ok(Commit::Conflict);
        }
        let change = table.change;
        drop(table);
        self.changed.notify_all();
        Ok(Commit::Done(change))
    }

    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, Self::Error> {
        let table = self.lock();
        let mut rows: Vec<&Row<'static>> = table
            .rows
            .values()
            .filter(|row| after.map_or(!row.deleted, |after| row.change > after))
            .collect();
        rows.sort_by_key(|row| (row.device().is_some(), row.change));
        rows.into_iter().cloned().for_each(each);
        Ok(table.position())
    }

    fn wait(&self, at_most: Duration) -> Result<(), Self::Error> {
        let table = self.lock();
        drop(self.changed.wait_timeout(table, at_most));
        Ok(())
    }

    fn purge(&self, up_to: u64) -> Result<u64, Self::Error> {
        let mut table = self.lock();
        let before = table.rows.len();
        let up_to = up_to.min(table.change);
        table.purged = table.purged.max(up_to);
        table.rows.retain(|_, row| !row.deleted || row.change > up_to);
        Ok(u64::try_from(before.saturating_sub(table.rows.len())).unwrap_or(u64::MAX))
    }
}
