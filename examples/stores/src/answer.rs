//! What a store has to answer: rows of its own, from which a `LookupResult` borrows.

use core::fmt;

use hubward::types::{
    Credential, DeviceId, Identity, IdentityRecord, Keys, Lookup, LookupResult, ModuleId, Permissions,
    PolicyName, PolicyRecord, RecordVersion, Segment, Status,
};
use hubward_rustcrypto::HmacKey;

/// What a question asks for, as text that a database takes. Names are decoded here, once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Wanted {
    Device(String),
    Module(String, String),
    Policy(String),
}

impl Wanted {
    /// `None` for a question that this store has no table for, or a name that is no text: answer `Nobody`.
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

/// A row. Its names are the row's own, never those that were asked for: only so is it noticed when a database finds
/// another's.
pub struct Row {
    pub whose: Wanted,
    pub enabled: bool,
    pub rights: Permissions,
    /// Which creation of the name it is, and which version of its keys.
    pub generation: u64,
    pub keys: u64,
    pub primary: HmacKey,
    pub secondary: Option<HmacKey>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("whose", &self.whose).finish_non_exhaustive()
    }
}

/// What was found, if there is anything.
pub fn found(row: Option<&Row>) -> LookupResult<'_, HmacKey> {
    let Some(row) = row else { return LookupResult::NotFound };
    let version = RecordVersion::new(row.generation, row.keys);
    let status = if row.enabled { Status::Enabled } else { Status::Disabled };
    let keys = match &row.secondary {
        Some(secondary) => Keys::pair(&row.primary, secondary),
        None => Keys::one(&row.primary),
    };
    let identity = match &row.whose {
        Wanted::Policy(name) => {
            let Ok(name) = PolicyName::parse(name) else { return LookupResult::NotFound };
            return LookupResult::Policy(PolicyRecord::new(name, row.rights, version, keys));
        }
        Wanted::Device(id) => DeviceId::parse(id).map(Identity::Device),
        Wanted::Module(device, module) => {
            DeviceId::parse(device).and_then(|device| Ok(Identity::Module(device, ModuleId::parse(module)?)))
        }
    };
    // a row whose name is none is nobody's
    identity.map_or(LookupResult::NotFound, |identity| {
        LookupResult::Identity(IdentityRecord::new(identity, status, version, Credential::Keys(keys)))
    })
}
