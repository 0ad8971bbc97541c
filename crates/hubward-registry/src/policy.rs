//! Shared access policies.

use alloc::boxed::Box;

use hubward_core::{Found, FoundPolicy, MacKey, Permissions, PolicyName, Segment, Stamp};

use crate::error::RegistryError;
use crate::keys::KeyPair;
use crate::registry::Registry;

/// A shared access policy. It is boxed, so that its keys stay where they are while the map of them grows.
#[derive(Debug)]
pub(crate) struct Policy<K> {
    pub(crate) rights: Permissions,
    pub(crate) stamp: Stamp,
    pub(crate) keys: KeyPair<K>,
}

impl<K: MacKey> Registry<K> {
    /// Creates a shared access policy, or replaces the one of that name.
    pub fn set_policy(&mut self, name: PolicyName<'_>, rights: Permissions, keys: KeyPair<K>) {
        let generation = self.change();
        let stamp = Stamp::new(generation, generation);
        self.policies.insert(name.as_str().into(), Box::new(Policy { rights, stamp, keys }));
    }

    /// Deletes a shared access policy.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where there is no such policy.
    pub fn delete_policy(&mut self, name: PolicyName<'_>) -> Result<(), RegistryError> {
        self.policies.remove(name.as_str()).map(|_| ()).ok_or(RegistryError::NotFound)
    }

    /// The policy of a name, decoded once on the stack.
    pub(crate) fn find_policy(&self, name: &Segment<'_>) -> Option<Found<'_, K>> {
        let mut buffer = [0; 128];
        let name = match name.as_plain() {
            Some(plain) => plain,
            None => name.decode(&mut buffer).ok()?,
        };
        let (name, policy) = self.policies.get_key_value(name)?;
        let name = PolicyName::assertion(name);
        Some(Found::Policy(FoundPolicy::new(name, policy.rights, policy.stamp, policy.keys.keys())))
    }
}
