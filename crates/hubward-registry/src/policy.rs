//! Shared access policies.

use alloc::boxed::Box;

use hubward_core::{LookupResult, MacKey, Permissions, PolicyName, PolicyRecord, RecordVersion, Segment};

use crate::error::RegistryError;
use crate::keys::SymmetricKeys;
use crate::registry::Registry;

/// A shared access policy. It is boxed, so that its keys do not move when the map grows.
#[derive(Debug)]
pub(crate) struct Policy<K> {
    pub(crate) rights: Permissions,
    pub(crate) version: RecordVersion,
    pub(crate) keys: SymmetricKeys<K>,
}

impl<K: MacKey> Registry<K> {
    /// Creates a shared access policy, or replaces the one of that name.
    pub fn set_policy(&mut self, name: PolicyName<'_>, rights: Permissions, keys: SymmetricKeys<K>) {
        let generation = self.change();
        let version = RecordVersion::new(generation, generation);
        self.policies.insert(name.as_str().into(), Box::new(Policy { rights, version, keys }));
    }

    /// Deletes a shared access policy.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] if there is no such policy.
    pub fn delete_policy(&mut self, name: PolicyName<'_>) -> Result<(), RegistryError> {
        self.policies.remove(name.as_str()).map(|_| ()).ok_or(RegistryError::NotFound)
    }

    /// Looks up a policy by its name, which is decoded once on the stack.
    pub(crate) fn find_policy(&self, name: &Segment<'_>) -> Option<LookupResult<'_, K>> {
        let mut buffer = [0; 128];
        let name = match name.as_plain() {
            Some(plain) => plain,
            None => name.decode(&mut buffer).ok()?,
        };
        let (name, policy) = self.policies.get_key_value(name)?;
        let name = PolicyName::assertion(name);
        Some(LookupResult::Policy(PolicyRecord::new(name, policy.rights, policy.version, policy.keys.keys())))
    }
}
