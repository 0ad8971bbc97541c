//! Rows of a store, and their conversion to the records of hubward.

use core::fmt;

use hubward::OwnedRecord;
use hubward::registry::{Authentication, SymmetricKeys};
use hubward::types::{
    DeviceId, Identity, KeyError, Lookup, ModuleId, Permissions, PolicyName, RecordVersion, Segment, Status,
    SymmetricKey,
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
#[derive(Clone)]
pub struct Row {
    pub id: RowKey,
    pub enabled: bool,
    pub rights: Permissions,
    /// The number of this creation of the name; `keys` is the version of its keys.
    pub generation: u64,
    pub keys: u64,
    /// The bytes of the keys. A key is made ready for use for each answer.
    pub primary: Vec<u8>,
    pub secondary: Option<Vec<u8>>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Row {
    /// Returns the record of the row; `None` if its name is not valid.
    pub fn into_record(self) -> Result<Option<OwnedRecord<HmacKey>>, KeyError> {
        let ready = |raw: Vec<u8>| SymmetricKey::from_bytes(&raw).map(|raw| HmacKey::new(&raw));
        let version = RecordVersion::new(self.generation, self.keys);
        let status = if self.enabled { Status::Enabled } else { Status::Disabled };
        let keys = match self.secondary {
            Some(secondary) => SymmetricKeys::new(ready(self.primary)?, ready(secondary)?),
            None => SymmetricKeys::one(ready(self.primary)?),
        };
        let identity = match &self.id {
            RowKey::Policy(name) => {
                let name = PolicyName::parse(name);
                return Ok(name.ok().map(|name| OwnedRecord::policy(name, self.rights, version, keys)));
            }
            RowKey::Device(id) => DeviceId::parse(id).map(Identity::Device),
            RowKey::Module(device, module) => DeviceId::parse(device)
                .and_then(|device| Ok(Identity::Module(device, ModuleId::parse(module)?))),
        };
        let keys = Authentication::Sas(keys);
        Ok(identity.ok().map(|identity| OwnedRecord::new(identity, status, version, keys)))
    }
}
