//! Work on a whole store: the first content, access lists, and another key that seals.

use hubward::registry::Registry;
use hubward::types::MacKey;

use crate::change::ChangeError;
use crate::encode::{identity_row, policy_row};
use crate::entry::RowError;
use crate::list_row::ListRow;
use crate::row::{Kind, Proof, Row, RowKey};
use crate::seal::{SealedPlace, Sealer};
use crate::store::{Commit, Expected, Store, Write};
use crate::working_copy::list_keys;

/// Rows that are read at once.
const TOGETHER: usize = 10_000;

/// Returns whether the store has no row at all.
///
/// # Errors
/// The error of the store.
pub fn is_empty<S: Store + ?Sized>(store: &S) -> Result<bool, S::Error> {
    // the first change of a store is number 1, and purged tombstones leave their number
    Ok(store.position()?.change == 0)
}

/// Writes the identities, the policies and the lists of a registry to a store that has none of them, in one transaction.
/// Returns `false` and writes nothing if the store has one of them, for instance because another gateway was first.
///
/// # Errors
/// [`ChangeError`] if the store failed or a key was not sealed.
pub fn seed<S: Store + ?Sized, K: MacKey>(
    store: &S,
    sealer: &Sealer,
    registry: &Registry<K>,
) -> Result<bool, ChangeError<S::Error>> {
    let mut writes = Vec::new();
    for view in registry.policies() {
        writes.push(Write::Put(policy_row(&view, sealer)?, Expected::Absent));
    }
    // each device comes before its modules
    for view in registry.iter() {
        writes.push(Write::Put(identity_row(&view, sealer)?, Expected::Absent));
    }
    let lists = list_keys(registry.access());
    writes.extend(
        lists.iter().map(|key| Write::Put(Row::new(key.kind, &key.name).into_owned(), Expected::Any)),
    );
    match store.commit(&writes).map_err(ChangeError::Store)? {
        Commit::Done(_) => Ok(true),
        Commit::Conflict => Ok(false),
    }
}

fn put_list_row(row: &ListRow<'_>) -> Option<Write> {
    let RowKey { kind, name } = row.key()?;
    Some(Write::Put(Row::new(kind, &name).into_owned(), Expected::Any))
}

/// Adds a row of the access lists. An entry of the allow list puts the list in force. Returns the change number.
///
/// # Errors
/// The error of the store.
pub fn add_to_list<S: Store + ?Sized>(store: &S, row: &ListRow<'_>) -> Result<Option<u64>, S::Error> {
    let mut writes = Vec::new();
    if matches!(row, ListRow::Allow(_)) {
        writes.extend(put_list_row(&ListRow::InForce));
    }
    writes.extend(put_list_row(row));
    Ok(done(store.commit(&writes)?))
}

/// Removes a row of the access lists. Returns `None` if there was no such row.
///
/// # Errors
/// The error of the store.
pub fn remove_from_list<S: Store + ?Sized>(store: &S, row: &ListRow<'_>) -> Result<Option<u64>, S::Error> {
    let Some(key) = row.key() else { return Ok(None) };
    Ok(done(store.commit(&[Write::Delete(key, Expected::Present)])?))
}

/// Removes the allow list with its entries, so that no entry is required.
///
/// # Errors
/// The error of the store.
pub fn lift_allow<S: Store + ?Sized>(store: &S) -> Result<Option<u64>, S::Error> {
    let mut writes = Vec::new();
    store.changes(None, &mut |row| {
        let key = row.key();
        if let Some(ListRow::Allow(_) | ListRow::InForce) =
            ListRow::parse(key.kind, &key.name).filter(|_| key.kind == Kind::ListEntry)
        {
            writes.push(Write::Delete(key.clone(), Expected::Any));
        }
    })?;
    Ok(done(store.commit(&writes)?))
}

const fn done(commit: Commit) -> Option<u64> {
    match commit {
        Commit::Done(change) => Some(change),
        Commit::Conflict => None,
    }
}

/// The result of [`reseal`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Resealed {
    /// Rows that were sealed under the current key.
    pub resealed: u64,
    /// Rows whose keys no key of the sealer opens. Add the key that sealed them, or set new keys.
    pub unopened: Vec<(RowKey, RowError)>,
}

/// Seals the keys of all rows under the current key of the sealer. After it a former key is needed no more, except for
/// backups. No session ends: keys and versions stay. Interrupt and repeat it at any time.
///
/// # Errors
/// [`ChangeError`] if the store failed.
pub fn reseal<S: Store + ?Sized>(store: &S, sealer: &Sealer) -> Result<Resealed, ChangeError<S::Error>> {
    let mut result = Resealed::default();
    let current = Some(sealer.key_id());
    // others may change a row between reading and writing: such a row has a conflict, and is read again
    loop {
        let mut batch: Vec<Row<'static>> = Vec::new();
        result.unopened.clear();
        let mut each = |row: Row<'_>| {
            let old = row.proof == Proof::Keys
                && [&row.primary, &row.secondary]
                    .into_iter()
                    .flatten()
                    .any(|sealed| Sealer::id_of(sealed) != current);
            if !old || batch.len() >= TOGETHER {
                return;
            }
            match resealed(row, sealer) {
                Ok(row) => batch.push(row),
                Err((key, error)) => result.unopened.push((key, error)),
            }
        };
        store.changes(None, &mut each).map_err(ChangeError::Store)?;
        if batch.is_empty() {
            return Ok(result);
        }
        for row in batch {
            let etag = row.etag;
            if let Commit::Done(_) =
                store.commit(&[Write::Put(row, Expected::Etag(etag))]).map_err(ChangeError::Store)?
            {
                result.resealed = result.resealed.saturating_add(1);
            }
        }
    }
}

fn resealed(row: Row<'_>, sealer: &Sealer) -> Result<Row<'static>, (RowKey, RowError)> {
    let mut row = row.into_owned();
    let again = |sealed: &[u8], secondary, version| {
        let place =
            SealedPlace { kind: row.kind, name: &row.name, secondary, generation: row.generation, version };
        let key = sealer.open(sealed, &place).map_err(RowError::Key)?;
        sealer.seal(&key, &place).map_err(|_| RowError::Credential)
    };
    let primary = row.primary.as_deref().map(|sealed| again(sealed, false, row.primary_version)).transpose();
    let secondary =
        row.secondary.as_deref().map(|sealed| again(sealed, true, row.secondary_version)).transpose();
    match (primary, secondary) {
        (Ok(primary), Ok(secondary)) => {
            (row.primary, row.secondary) = (primary.map(Into::into), secondary.map(Into::into));
            Ok(row)
        }
        (Err(error), _) | (_, Err(error)) => Err((row.key(), error)),
    }
}
