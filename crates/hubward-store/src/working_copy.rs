//! A working copy of a whole store: a program changes it at leisure, and then saves the difference.

use std::collections::{BTreeMap, BTreeSet};

use hubward::registry::{AccessLists, NoEntropy, Registry};
use hubward::types::{MacKey, SymmetricKey};

use crate::change::{ChangeError, difference};
use crate::entry::{Applier, Entry, RowError};
use crate::list_row::ListRow;
use crate::row::{Kind, Row, RowKey};
use crate::seal::Sealer;
use crate::store::{Commit, Expected, Store, Write};

/// The versions of all records of a store, as they were when they were read.
///
/// [`WorkingCopy::save`] writes what differs from them, in one transaction, each row under the condition that it is as it was
/// read. So a program that others outrun overwrites nothing.
#[derive(Debug)]
pub struct WorkingCopy {
    before: BTreeMap<RowKey, u64>,
    lists: BTreeSet<RowKey>,
    refused: Vec<(RowKey, RowError)>,
}

impl WorkingCopy {
    /// Reads all records, and returns them to be changed. `make` makes keys ready for use.
    ///
    /// # Errors
    /// [`ChangeError`] if the store failed, or if there is no randomness.
    pub fn read<S: Store + ?Sized, K: MacKey>(
        store: &S,
        sealer: &Sealer,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<(Self, Registry<K>), ChangeError<S::Error>> {
        let mut seed = [0; 16];
        (sealer.entropy())(&mut seed).map_err(|NoEntropy| ChangeError::NoEntropy(NoEntropy))?;
        let mut registry = Registry::with_seed(&seed);
        let (mut before, mut applier, mut refused) = (BTreeMap::new(), Applier::new(), Vec::new());
        let mut each = |row: Row<'_>| {
            let (entry, unread) = Entry::read(&row, sealer, &make);
            let key = entry.key().clone();
            let (_, unapplied) = applier.apply(entry, &mut registry);
            if let Some(error) = unread.or(unapplied) {
                refused.push((key, error));
                // a row that is not understood is not written either
            } else if matches!(key.kind, Kind::Identity | Kind::Policy) {
                before.insert(key, row.etag);
            }
        };
        store.changes(None, &mut each).map_err(ChangeError::Store)?;
        let lists = list_keys(registry.access());
        Ok((Self { before, lists, refused }, registry))
    }

    /// Returns the rows that are not used as they are: identities and policies are denied, entries of access lists and groups
    /// are not in force, and a save changes none of them.
    #[must_use]
    pub fn refused(&self) -> &[(RowKey, RowError)] {
        &self.refused
    }

    /// Writes how the records differ from those that were read. Returns `None` if others changed the same records meanwhile; nothing is written then.
    /// Returns the number of rows that were written otherwise.
    ///
    /// # Errors
    /// [`ChangeError`] if it was not written; after [`ChangeError::Store`] it may have been.
    pub fn save<S: Store + ?Sized, K: MacKey>(
        &self,
        registry: &Registry<K>,
        store: &S,
        sealer: &Sealer,
    ) -> Result<Option<usize>, ChangeError<S::Error>> {
        let mut writes = difference(&self.before, registry, sealer)?;
        // an identity without a usable row has one in the registry that denies it
        writes.retain(|write| match write {
            Write::Put(row, _) => !self.refused.iter().any(|(key, _)| *key == row.key()),
            Write::Delete(..) => true,
        });
        let lists = list_keys(registry.access());
        let gone = self.lists.difference(&lists).cloned();
        writes.extend(gone.map(|key| Write::Delete(key, Expected::Any)));
        // a row that puts the allow list in force has the shortest name, and comes before its entries
        writes.extend(
            lists
                .difference(&self.lists)
                .map(|key| Write::Put(Row::new(key.kind, &key.name).into_owned(), Expected::Any)),
        );
        if writes.is_empty() {
            return Ok(Some(0));
        }
        match store.commit(&writes).map_err(ChangeError::Store)? {
            Commit::Done(_) => Ok(Some(writes.len())),
            Commit::Conflict => Ok(None),
        }
    }
}

/// Returns the keys of the rows of access lists and groups.
pub(crate) fn list_keys(lists: &AccessLists) -> BTreeSet<RowKey> {
    let mut rows: Vec<ListRow<'_>> = lists.block().iter().map(ListRow::Block).collect();
    if let Some(allowed) = lists.allow() {
        rows.push(ListRow::InForce);
        rows.extend(allowed.iter().map(ListRow::Allow));
    }
    for group in lists.groups() {
        rows.extend(lists.members(group).map(|member| ListRow::Member(group, member)));
    }
    rows.iter().filter_map(ListRow::key).collect()
}
