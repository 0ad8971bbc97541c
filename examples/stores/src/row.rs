//! Rows of a store, and the `LookupResult` that borrows from a row.

use core::fmt;

use hubward::types::{
    Credential, DeviceId, Identity, IdentityRecord, Keys, Lookup, LookupResult, ModuleId, Permissions,
    PolicyName, PolicyRecord, RecordVersion, Segment, Status,
};
use hubward_rustcrypto::HmacKey;

/// The key of a row, as text for a database. Names are decoded here, once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowKey {
    Device(String),
    Module(String, String),
    Policy(String),
}

impl RowKey {
    /// Returns `None` for a lookup that this store has no table for, or for a name that does not decode: the result
    /// is then `NotFound`.
    pub fn of(lookup: &Lookup<'_>) -> Option<Self> {
        let text = |segment: &Segment<'_>| segment.decode(&mut [0; 128]).ok().map(str::to_owned);
        match lookup {
            Lookup::Device(id) => Some(Self::Device(text(id)?)),
            Lookup::Module(device, module) => Some(Self::Module(text(device)?, text(module)?)),
            Lookup::Policy(name) => Some(Self::Policy(text(name)?)),
            _ => None,
        }
    }
}

/// A row. Its names come from the row and never from the lookup, so that a row of another identity is detected.
pub struct Row {
    pub id: RowKey,
    pub enabled: bool,
    pub rights: Permissions,
    /// The number of this creation of the name; `keys` is the version of its keys.
    pub generation: u64,
    pub keys: u64,
    pub primary: HmacKey,
    pub secondary: Option<HmacKey>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Returns the lookup result of a row.
pub fn lookup_result(row: Option<&Row>) -> LookupResult<'_, HmacKey> {
    let Some(row) = row else { return LookupResult::NotFound };
    let version = RecordVersion::new(row.generation, row.keys);
    let status = if row.enabled { Status::Enabled } else { Status::Disabled };
    let keys = match &row.secondary {
        Some(secondary) => Keys::pair(&row.primary, secondary),
        None => Keys::one(&row.primary),
    };
    let identity = match &row.id {
        RowKey::Policy(name) => {
            let Ok(name) = PolicyName::parse(name) else { return LookupResult::NotFound };
            return LookupResult::Policy(PolicyRecord::new(name, row.rights, version, keys));
        }
        RowKey::Device(id) => DeviceId::parse(id).map(Identity::Device),
        RowKey::Module(device, module) => {
            DeviceId::parse(device).and_then(|device| Ok(Identity::Module(device, ModuleId::parse(module)?)))
        }
    };
    // a row with an invalid name is not found
    identity.map_or(LookupResult::NotFound, |identity| {
        LookupResult::Identity(IdentityRecord::new(identity, status, version, Credential::Keys(keys)))
    })
}
