//! Records with the numbers that a store of rows gave them: the registry is then an index of that store.

use alloc::boxed::Box;

use hubward_core::{DeviceId, Identity, MacKey, Permissions, PolicyName, RecordVersion};

use crate::authentication::{Authentication, KeysView};
use crate::change::{Change, Credentials};
use crate::error::RegistryError;
use crate::etag::{ETag, Precondition};
use crate::keys::SymmetricKeys;
use crate::policy::Policy;
use crate::record_view::RecordView;
use crate::registry::Registry;
use crate::store::id::LONGEST;

/// The numbers of a record, as a store of rows keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "a record has these numbers")]
pub struct RecordNumbers {
    /// The version of the record.
    pub etag: u64,
    /// The number of this creation.
    pub generation: u64,
    /// The version of the primary key or of the other credential.
    pub primary: u64,
    /// The version of the secondary key; unused without one.
    pub secondary: u64,
}

/// A shared access policy, to read it.
#[derive(Debug)]
pub struct PolicyView<'r, K> {
    name: &'r str,
    policy: &'r Policy<K>,
}

impl<K: MacKey> Registry<K> {
    /// Sets a record as a store of rows has it, whether the identity exists or not: its attributes, its credential
    /// and its numbers. `rest` that lacks an attribute removes it.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] for a module without its device; [`RegistryError::NotOfAModule`];
    /// [`RegistryError::Full`].
    pub fn restore(
        &mut self,
        identity: Identity<'_>,
        authentication: Authentication<K>,
        rest: Change<K>,
        numbers: RecordNumbers,
    ) -> Result<(), RegistryError> {
        let given = rest.rest.generation_id.clone();
        let mut buffer = [0; LONGEST];
        let place = self.place(&identity, &mut buffer).ok_or(RegistryError::NotFound)?;
        if place.taken {
            let module = matches!(identity, Identity::Module(..));
            let rest = if module { rest.rest } else { rest.rest.complete() };
            let change = Change { credentials: Some(Credentials::Replace(authentication)), rest };
            self.update(identity, change, Precondition::Any)?;
        } else {
            self.create_at(place, identity, authentication, rest.rest)?;
        }
        let slot = self.slot(&identity).ok_or(RegistryError::NotFound)?;
        let version = RecordVersion::new(numbers.generation, numbers.primary);
        self.store.restore_versions(slot, version, numbers.secondary);
        if let Some(record) = self.store.record_mut(slot) {
            record.etag = ETag::new(numbers.etag);
            record.set_extra(Some(given), |more| &mut more.generation_id);
        }
        Ok(())
    }

    /// Sets a shared access policy as a store of rows has it, with its version.
    pub fn restore_policy(
        &mut self,
        name: PolicyName<'_>,
        rights: Permissions,
        keys: SymmetricKeys<K>,
        version: RecordVersion,
    ) {
        self.policies.insert(name.as_str().into(), Box::new(Policy { rights, version, keys }));
    }

    /// Iterates over the shared access policies by name.
    pub fn policies(&self) -> impl Iterator<Item = PolicyView<'_, K>> {
        self.policies.iter().map(|(name, policy)| PolicyView { name, policy })
    }

    /// Iterates over the modules of a device.
    pub fn modules(&self, device: DeviceId<'_>) -> impl Iterator<Item = RecordView<'_, K>> {
        let record = self.slot(&Identity::Device(device)).and_then(|slot| self.store.record(slot));
        let modules = record.map_or(&[][..], |record| record.modules());
        modules.iter().filter_map(|module| self.view(*module))
    }
}

impl<'r, K: MacKey> PolicyView<'r, K> {
    /// Returns the name.
    #[must_use]
    pub const fn name(&self) -> PolicyName<'r> {
        PolicyName::assertion(self.name)
    }

    /// Returns the permissions that its keys grant.
    #[must_use]
    pub const fn rights(&self) -> Permissions {
        self.policy.rights
    }

    /// Returns the version, which each change replaces.
    #[must_use]
    pub const fn version(&self) -> RecordVersion {
        self.policy.version
    }

    /// Returns its keys.
    #[must_use]
    pub fn keys(&self) -> KeysView<'r, K> {
        self.policy.keys.view()
    }
}

impl<'r, K: MacKey> RecordView<'r, K> {
    /// Returns the numbers of the record, to write it to a store of rows.
    #[must_use]
    pub fn numbers(&self) -> RecordNumbers {
        let version = self.version();
        RecordNumbers {
            etag: self.etag().version(),
            generation: version.generation(),
            primary: version.keys(),
            secondary: self.secondary_version().map_or(0, |version| version.keys()),
        }
    }
}
