//! Changes of enrollments and registrations: the rows are read, changed, and written with the etags that were read.

use std::collections::BTreeMap;

use super::record::EnrollmentRecord;
use super::registration::RegistrationRecord;
use super::service::{ServicePolicyContent, ServiceRecord};
use crate::change::{ATTEMPTS, ChangeError, Changed};
use crate::encode::EncodeError;
use crate::entry::RowError;
use crate::row::{Kind, Row, RowKey};
use crate::seal::Sealer;
use crate::store::{Commit, Expected, Store, Write};

/// The enrollments and registrations that a change is about.
#[derive(Debug, Default)]
pub struct ProvisioningRows {
    enrollments: BTreeMap<RowKey, EnrollmentRecord>,
    registrations: BTreeMap<RowKey, RegistrationRecord>,
    /// The etag and the number of the creation of each row that was read, also of those that are not understood.
    before: BTreeMap<RowKey, (u64, u64)>,
    changed: BTreeMap<RowKey, bool>,
}

impl ProvisioningRows {
    fn take(&mut self, row: &Row<'_>, sealer: &Sealer) {
        let key = row.key();
        self.before.insert(key.clone(), (row.etag, row.generation));
        match row.kind {
            // a row that is not understood can only be replaced or deleted
            Kind::Enrollment | Kind::EnrollmentGroup => {
                if let Ok(record) = EnrollmentRecord::read(row, sealer) {
                    self.enrollments.insert(key, record);
                }
            }
            Kind::Registration => {
                if let Some(record) = RegistrationRecord::read(row) {
                    self.registrations.insert(key, record);
                }
            }
            _ => {}
        }
    }

    /// Returns an enrollment.
    #[must_use]
    pub fn enrollment(&self, key: &RowKey) -> Option<&EnrollmentRecord> {
        self.enrollments.get(key)
    }

    /// Takes an enrollment out.
    pub fn take_enrollment(&mut self, key: &RowKey) -> Option<EnrollmentRecord> {
        self.enrollments.remove(key)
    }

    /// Returns a registration.
    #[must_use]
    pub fn registration(&self, key: &RowKey) -> Option<&RegistrationRecord> {
        self.registrations.get(key)
    }

    /// Returns the etag of a row, also of one that is not understood; `None` if there is no such row.
    #[must_use]
    pub fn etag(&self, key: &RowKey) -> Option<u64> {
        self.before.get(key).map(|(etag, _)| *etag)
    }

    /// Returns the number of the creation of a row, which stays the same while the row is changed; `None` if there is no
    /// such row.
    #[must_use]
    pub fn creation(&self, key: &RowKey) -> Option<u64> {
        self.before.get(key).map(|(_, creation)| *creation)
    }

    /// Sets an enrollment.
    pub fn set_enrollment(&mut self, record: EnrollmentRecord) {
        self.changed.insert(record.key.clone(), true);
        self.enrollments.insert(record.key.clone(), record);
    }

    /// Sets a registration.
    pub fn set_registration(&mut self, record: RegistrationRecord) {
        self.changed.insert(record.key.clone(), true);
        self.registrations.insert(record.key.clone(), record);
    }

    /// Deletes an enrollment or a registration.
    pub fn delete(&mut self, key: &RowKey) {
        self.changed.insert(key.clone(), false);
        self.enrollments.remove(key);
        self.registrations.remove(key);
    }

    /// Returns the writes of the changes. The records and [`ProvisioningRows::etag`] then have the etags of these writes.
    fn writes(&mut self, sealer: &Sealer) -> Result<Vec<Write>, EncodeError> {
        let mut writes = Vec::new();
        for (key, set) in &self.changed {
            let before = self.before.get(key);
            let expected = before.map_or(Expected::Absent, |(etag, _)| Expected::Etag(*etag));
            if !set {
                if before.is_some() {
                    writes.push(Write::Delete(key.clone(), expected));
                }
                continue;
            }
            let etag = number(sealer)?;
            let generation = match before {
                Some((_, generation)) => *generation,
                None => number(sealer)?,
            };
            let row = match (self.enrollments.get_mut(key), self.registrations.get_mut(key)) {
                (Some(record), _) => {
                    record.etag = etag;
                    record.row([etag, generation, number(sealer)?], sealer)?
                }
                (None, Some(record)) => {
                    record.etag = etag;
                    Row { generation, ..record.row(etag) }
                }
                (None, None) => continue,
            };
            self.before.insert(key.clone(), (etag, generation));
            writes.push(Write::Put(row, expected));
        }
        Ok(writes)
    }
}

/// Draws an etag, a generation or a version: 62 random bits, so that none of a restored backup returns.
fn number(sealer: &Sealer) -> Result<u64, EncodeError> {
    let mut bytes = [0; 8];
    (sealer.entropy())(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes) >> 2)
}

/// Reads the enrollments and registrations with these keys.
///
/// # Errors
/// The error of the store.
pub fn read_provisioning<S: Store + ?Sized>(
    store: &S,
    sealer: &Sealer,
    keys: &[RowKey],
) -> Result<ProvisioningRows, S::Error> {
    let mut rows = ProvisioningRows::default();
    store.read(keys, &mut |row| rows.take(&row, sealer))?;
    Ok(rows)
}

/// All enrollments, and the rows that are not understood.
pub type ReadEnrollments = (Vec<EnrollmentRecord>, Vec<(RowKey, RowError)>);

/// Reads all enrollments, those of devices before those of groups and each in the order of their names, and the rows that
/// are not understood. It reads all rows of the store.
///
/// # Errors
/// The error of the store.
pub fn read_enrollments<S: Store + ?Sized>(store: &S, sealer: &Sealer) -> Result<ReadEnrollments, S::Error> {
    let (mut records, mut refused) = (Vec::new(), Vec::new());
    store.changes(None, &mut |row| {
        if matches!(row.kind, Kind::Enrollment | Kind::EnrollmentGroup) {
            match EnrollmentRecord::read(&row, sealer) {
                Ok(record) => records.push(record),
                Err(error) => refused.push((row.key(), error)),
            }
        }
    })?;
    records.sort_by(|a, b| a.key.cmp(&b.key));
    Ok((records, refused))
}

/// Makes a change of the enrollments and registrations with these keys, in one transaction.
///
/// `apply` gets the rows. If others changed one of them meanwhile, all of it is done again.
///
/// # Errors
/// [`ChangeError`] if it was not made; after [`ChangeError::Store`] it may have been.
pub fn change_provisioning<S: Store + ?Sized, T>(
    store: &S,
    sealer: &Sealer,
    keys: &[RowKey],
    apply: impl FnMut(&mut ProvisioningRows) -> T,
) -> Result<Changed<T>, ChangeError<S::Error>> {
    let Changed { result: (result, _), change } = change_provisioning_rows(store, sealer, keys, apply)?;
    Ok(Changed { result, change })
}

/// Does what [`change_provisioning`] does, and returns the rows too as this change left them, with the etags that it wrote: a read
/// after it may have those of a later writer.
///
/// # Errors
/// The errors of [`change_provisioning`].
pub fn change_provisioning_rows<S: Store + ?Sized, T>(
    store: &S,
    sealer: &Sealer,
    keys: &[RowKey],
    mut apply: impl FnMut(&mut ProvisioningRows) -> T,
) -> Result<Changed<(T, ProvisioningRows)>, ChangeError<S::Error>> {
    for _ in 0..ATTEMPTS {
        let mut rows = read_provisioning(store, sealer, keys).map_err(ChangeError::Store)?;
        let result = apply(&mut rows);
        let writes = rows.writes(sealer)?;
        if writes.is_empty() {
            return Ok(Changed { result: (result, rows), change: None });
        }
        match store.commit(&writes).map_err(ChangeError::Store)? {
            Commit::Done(change) => return Ok(Changed { result: (result, rows), change: Some(change) }),
            Commit::Conflict => {}
        }
    }
    Err(ChangeError::Busy)
}

/// Writes the first content of a provisioning service, in one transaction. Returns `false` and writes nothing if the store
/// has one, or an enrollment or a policy of one.
///
/// # Errors
/// [`ChangeError`] if the store failed or a key was not sealed.
pub fn seed_provisioning<S: Store + ?Sized>(
    store: &S,
    sealer: &Sealer,
    service: &ServiceRecord,
    policies: &[ServicePolicyContent],
    enrollments: &[EnrollmentRecord],
) -> Result<bool, ChangeError<S::Error>> {
    let numbers = || Ok::<_, EncodeError>([number(sealer)?, number(sealer)?, number(sealer)?]);
    let mut writes = vec![Write::Put(service.row(number(sealer)?), Expected::Absent)];
    for policy in policies {
        writes.push(Write::Put(policy.row(numbers()?, sealer)?, Expected::Absent));
    }
    for enrollment in enrollments {
        writes.push(Write::Put(enrollment.row(numbers()?, sealer)?, Expected::Absent));
    }
    match store.commit(&writes).map_err(ChangeError::Store)? {
        Commit::Done(_) => Ok(true),
        Commit::Conflict => Ok(false),
    }
}

/// Reads a policy of the provisioning service. Returns `None` for an unknown one, and for one that is not understood.
///
/// # Errors
/// The error of the store.
pub fn read_service_policy<S: Store + ?Sized>(
    store: &S,
    sealer: &Sealer,
    name: &str,
) -> Result<Option<ServicePolicyContent>, S::Error> {
    let key = RowKey { kind: Kind::ProvisioningPolicy, name: name.into() };
    let mut policy = None;
    store.read(&[key], &mut |row| policy = ServicePolicyContent::read(&row, sealer).ok())?;
    Ok(policy)
}
