//! The record of a registration: which device was assigned where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::row::{Kind, Row, RowKey};
use crate::store::Store;

/// The record of a registration, as far as it is needed to provision the device again and to answer about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a registration has these parts")]
pub struct RegistrationRecord {
    /// The key of its row: [`RowKey::registration`].
    pub key: RowKey,
    /// The device and its hub.
    pub state: RegistrationState,
    /// The version of the row. A write sets it.
    pub etag: u64,
}

/// The content of a registration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::exhaustive_structs, reason = "a registration has these parts")]
pub struct RegistrationState {
    /// The device id.
    pub device_id: Box<str>,
    /// The hub that the device is assigned to.
    pub hub: Box<str>,
    /// The group whose member registered; `None` for an individual enrollment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<str>>,
    /// The number of the creation of the group ([`ProvisioningRows::creation`](crate::ProvisioningRows::creation)): a group
    /// that was created again under the same name is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_creation: Option<u64>,
    /// The generation id of the device that the registration created or gave its credential, at the hub that recorded it.
    /// A device with another one is another device with the same id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<Box<str>>,
    /// The id of the operation that registered the device last.
    pub operation: Box<str>,
    /// The storage root key of the TPM by which the device registered, in base64: its key at the hub is wrapped for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_root: Option<Box<str>>,
    /// The way in which it was assigned: `initialAssignment`, `deviceDataMigrated`, `deviceDataReset`.
    pub substatus: Box<str>,
    /// The second of the first registration, since 1970.
    pub created: u64,
    /// The second of the last registration, since 1970.
    pub updated: u64,
}

impl RegistrationRecord {
    /// Reads a row. Returns `None` if it is not a registration's, or not understood.
    pub(crate) fn read(row: &Row<'_>) -> Option<Self> {
        let state = serde_json::from_str(&row.detail).ok()?;
        (row.kind == Kind::Registration && !row.deleted).then(|| Self {
            key: row.key(),
            state,
            etag: row.etag,
        })
    }

    /// Returns the row, with this etag.
    pub(crate) fn row(&self, etag: u64) -> Row<'static> {
        let detail = serde_json::to_string(&self.state).unwrap_or_default();
        Row { etag, detail: detail.into(), ..Row::new(Kind::Registration, &self.key.name) }.into_owned()
    }
}

/// Returns the registrations of the members of a group, in the order of their ids: at most `most` of those after an id.
/// It reads all rows of the store.
///
/// # Errors
/// The error of the store.
pub fn registrations_of<S: Store + ?Sized>(
    store: &S,
    group: &str,
    after: &str,
    most: usize,
) -> Result<Vec<RegistrationRecord>, S::Error> {
    let mut found = BTreeMap::new();
    let mut each = |row: Row<'_>| {
        if row.kind != Kind::Registration || *row.name <= *after {
            return;
        }
        let record = RegistrationRecord::read(&row).filter(|one| one.state.group.as_deref() == Some(group));
        if let Some(record) = record {
            found.insert(record.key.name.clone(), record);
            if found.len() > most {
                found.pop_last();
            }
        }
    };
    store.changes(None, &mut each)?;
    Ok(found.into_values().collect())
}
