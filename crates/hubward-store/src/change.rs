//! Changes of a store by the rules of the registry: the rows that a change is about are read into a small registry, the
//! change is made there, and the difference is written with the etags that were read.

use std::collections::{BTreeMap, BTreeSet};

use hubward::registry::{NoEntropy, Registry};
use hubward::types::{MacKey, SymmetricKey};

use crate::encode::{EncodeError, identity_row, policy_row};
use crate::entry::{Applier, Entry, RowError};
use crate::row::{Kind, Row, RowKey};
use crate::seal::Sealer;
use crate::store::{Commit, Expected, Store, Write};

/// Attempts of a change whose rows are written by others at the same time.
pub(crate) const ATTEMPTS: usize = 32;

/// The reason why a change was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError<E> {
    /// The store failed.
    #[error("the registry's store: {0}")]
    Store(#[source] E),
    /// A row that the change is about cannot be used.
    #[error("the row of {}: {error}", name)]
    Row {
        /// The name of the row.
        name: Box<str>,
        /// The reason.
        error: RowError,
    },
    /// A record cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// There is no randomness for the numbers of the change.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// Others changed the same rows each time.
    #[error("others keep changing the same records; try again")]
    Busy,
}

/// A change that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a change has a result and a number")]
pub struct Changed<T> {
    /// The result of the caller's function.
    pub result: T,
    /// The number of the last change, to wait until the feed has passed it; `None` if nothing was written.
    pub change: Option<u64>,
}

/// Makes a change of the identities and policies with these keys.
///
/// `apply` gets a registry that has these records, the device of each module and the modules of each device, and no
/// others. It makes the change there, by all rules of the registry. The difference is written in one transaction,
/// each row with the etag that was read as its condition. If others changed a row meanwhile, all of it is done again.
/// Each change has numbers of its own, drawn at random, so that no etag and no version of a restored backup returns.
///
/// # Errors
/// [`ChangeError`] if it was not made; after [`ChangeError::Store`] it may have been.
pub fn change<S: Store + ?Sized, K: MacKey, T>(
    store: &S,
    sealer: &Sealer,
    make: impl Fn(&SymmetricKey) -> K,
    keys: &[RowKey],
    mut apply: impl FnMut(&mut Registry<K>) -> T,
) -> Result<Changed<T>, ChangeError<S::Error>> {
    let mut wanted: Vec<RowKey> = keys.to_vec();
    let devices = keys.iter().filter_map(|key| key.device());
    wanted.extend(devices.map(|device| RowKey { kind: Kind::Identity, name: device.into() }));
    wanted.sort();
    wanted.dedup();
    for _ in 0..ATTEMPTS {
        let mut seed = [0; 16];
        (sealer.entropy())(&mut seed)?;
        let mut registry = Registry::with_seed(&seed);
        let before = read(store, sealer, &make, &wanted, &mut registry)?;
        let result = apply(&mut registry);
        let writes = difference(&before, &registry, sealer)?;
        if writes.is_empty() {
            return Ok(Changed { result, change: None });
        }
        match store.commit(&writes).map_err(ChangeError::Store)? {
            Commit::Done(change) => return Ok(Changed { result, change: Some(change) }),
            Commit::Conflict => {}
        }
    }
    Err(ChangeError::Busy)
}

/// Reads rows into the registry, and returns their etags.
fn read<S: Store + ?Sized, K: MacKey>(
    store: &S,
    sealer: &Sealer,
    make: impl Fn(&SymmetricKey) -> K,
    keys: &[RowKey],
    registry: &mut Registry<K>,
) -> Result<BTreeMap<RowKey, u64>, ChangeError<S::Error>> {
    let mut rows = Vec::new();
    let mut problem = None;
    let mut each = |row: Row<'_>| {
        let (entry, error) = Entry::read(&row, sealer, &make);
        if let Some(error) = error {
            problem.get_or_insert((row.key().name, error));
        }
        rows.push((row.etag, entry));
    };
    store.read(keys, &mut each).map_err(ChangeError::Store)?;
    // devices before their modules
    rows.sort_by(|(_, a), (_, b)| {
        (a.key().device().is_some(), a.key()).cmp(&(b.key().device().is_some(), b.key()))
    });
    let mut before = BTreeMap::new();
    let mut applier = Applier::new();
    for (etag, entry) in rows {
        let key = entry.key().clone();
        if let (_, Some(error)) = applier.apply(entry, registry) {
            problem.get_or_insert((key.name.clone(), error));
        }
        before.insert(key, etag);
    }
    match problem {
        None => Ok(before),
        Some((name, error)) => Err(ChangeError::Row { name, error }),
    }
}

/// Returns the writes that lead from the rows that were read to the registry.
pub(crate) fn difference<K: MacKey>(
    before: &BTreeMap<RowKey, u64>,
    registry: &Registry<K>,
    sealer: &Sealer,
) -> Result<Vec<Write>, EncodeError> {
    let mut left = before.clone();
    let mut writes = Vec::new();
    let mut put = |row: &mut dyn FnMut() -> Result<Row<'static>, EncodeError>, key: RowKey, etag: u64| {
        let expected = match left.remove(&key) {
            Some(old) if old == etag => return Ok(()),
            Some(old) => Expected::Etag(old),
            None => Expected::Absent,
        };
        writes.push(Write::Put(row()?, expected));
        Ok::<(), EncodeError>(())
    };
    for view in registry.iter() {
        if let Some(key) = RowKey::of(&view.identity()) {
            put(&mut || identity_row(&view, sealer), key, view.numbers().etag)?;
        }
    }
    for view in registry.policies() {
        let key = RowKey { kind: Kind::Policy, name: view.name().as_str().into() };
        put(&mut || policy_row(&view, sealer), key, view.version().keys())?;
    }
    // deletions first: an identity that was deleted and created again is one `Put`
    let mut all: Vec<Write> =
        left.into_iter().map(|(key, etag)| Write::Delete(key, Expected::Etag(etag))).collect();
    // a device's deletion takes its modules with it
    let devices: BTreeSet<Box<str>> = all
        .iter()
        .filter_map(|write| match write {
            Write::Delete(key, _) if key.kind == Kind::Identity && key.device().is_none() => {
                Some(key.name.clone())
            }
            _ => None,
        })
        .collect();
    all.retain(|write| match write {
        Write::Delete(key, _) => key.device().is_none_or(|device| !devices.contains(device)),
        Write::Put(..) => true,
    });
    all.append(&mut writes);
    Ok(all)
}
