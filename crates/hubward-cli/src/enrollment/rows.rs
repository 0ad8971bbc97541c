//! Enrollments as rows of a durable registry, while gateways serve.

use core::error::Error;

use hubward_registry::MOST_GROUPS;
use hubward_rustcrypto::HmacKey;
use hubward_store::{
    Changed, EnrollmentAttestation, EnrollmentRecord, ProvisioningEntry, ProvisioningIndex, RowError, RowKey,
    change_provisioning_rows, read_enrollments, read_provisioning,
};

use super::change::{Condition, Former, Refusal};
use super::record::Listed;
use crate::registry::Durable;
use crate::shown;

/// Reports a row that is not used as it is.
fn report(key: &RowKey, error: RowError) {
    eprintln!("hubward: the row {:?} {} is not used: {error}", key.kind, shown::text(&key.name));
}

/// Returns all enrollments.
pub(super) fn all(durable: &Durable) -> Result<Listed, Box<dyn Error>> {
    let (records, refused) = read_enrollments(&*durable.store, &durable.sealer)?;
    let unread = refused.into_iter().map(|(key, error)| (key, error.to_string())).collect();
    Ok(Listed { records, unread })
}

/// Returns one enrollment. A row that cannot be read is an error.
pub(super) fn one(durable: &Durable, key: &RowKey) -> Result<Option<EnrollmentRecord>, Box<dyn Error>> {
    let mut rows = read_provisioning(&*durable.store, &durable.sealer, core::slice::from_ref(key))?;
    match (rows.take_enrollment(key), rows.etag(key)) {
        (None, Some(_)) => Err(format!("the row of {} cannot be read", shown::text(&key.name)).into()),
        (found, _) => Ok(found),
    }
}

/// Returns the index that a gateway has.
pub(super) fn index(durable: &Durable) -> Result<ProvisioningIndex<HmacKey>, Box<dyn Error>> {
    let mut index = ProvisioningIndex::default();
    durable.store.changes(None, &mut |row| {
        if let Some((entry, error)) = ProvisioningEntry::read(&row, &durable.sealer, HmacKey::new) {
            index.apply(entry);
            error.into_iter().for_each(|error| report(&row.key(), error));
        }
    })?;
    Ok(index)
}

/// Changes an enrollment under a condition, in one transaction. `make` gets the former one, and returns the new one, or
/// `None` to delete it. Returns the new etag.
pub(super) fn change(
    durable: &Durable,
    key: &RowKey,
    condition: Condition,
    mut make: impl FnMut(Former<'_>) -> Result<Option<EnrollmentRecord>, Box<dyn Error>>,
) -> Result<Result<Option<u64>, Refusal>, Box<dyn Error>> {
    let room = has_room(durable, key)?;
    let keys = core::slice::from_ref(key);
    let changed = change_provisioning_rows(&*durable.store, &durable.sealer, keys, |rows| {
        if let Err(refusal) = condition.holds(rows.etag(key)) {
            return Ok(Err(refusal));
        }
        let had_keys = rows.enrollment(key).is_some_and(with_keys);
        let former = match (rows.enrollment(key), rows.etag(key)) {
            (Some(record), _) => Former::Record(record),
            (None, Some(_)) => Former::Unreadable,
            (None, None) => Former::None,
        };
        let made = make(former)?;
        let is_kept = made.is_some();
        match made {
            Some(record) if with_keys(&record) && !had_keys && !room => return Ok(Err(Refusal::ManyGroups)),
            Some(record) => rows.set_enrollment(record),
            None => rows.delete(key),
        }
        Ok::<_, Box<dyn Error>>(Ok(is_kept))
    })?;
    // the etag of this write: another one may have followed
    let Changed { result: (result, rows), .. } = changed;
    Ok(result?.map(|is_kept| rows.etag(key).filter(|_| is_kept)))
}

fn with_keys(record: &EnrollmentRecord) -> bool {
    record.is_group() && matches!(record.attestation, EnrollmentAttestation::Keys(..))
}

/// Returns whether this group may have keys: a token is tried with a bounded number of groups.
fn has_room(durable: &Durable, key: &RowKey) -> Result<bool, Box<dyn Error>> {
    if key.kind != hubward_store::Kind::EnrollmentGroup {
        return Ok(true);
    }
    let (records, _) = read_enrollments(&*durable.store, &durable.sealer)?;
    Ok(records.iter().filter(|record| with_keys(record) && record.key != *key).count() < MOST_GROUPS)
}
