//! The store: change it, and ask it the questions of an admission.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;

use hubward_core::{
    DeviceId, Found, FoundIdentity, FoundPolicy, Identity, Lookup, MacKey, ModuleId, Permissions, PolicyName,
    Segment, Stamp, Status,
};

use crate::record::{Authentication, Device, KeyPair, Module, Policy};

/// Devices, their modules and the hub's policies, in memory, with keys of type `K`.
///
/// Every change of a credential and every creation gives the record a new [`Stamp`], so that whoever was admitted
/// on the old one can be told from whoever would be now.
#[derive(Debug)]
pub struct Registry<K> {
    devices: BTreeMap<Box<str>, Device<K>>,
    policies: BTreeMap<Box<str>, Policy<K>>,
    /// Counts creations and key changes; never goes back.
    changes: u64,
}

/// Why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The device or module exists (the hub's 409001).
    #[error("the identity exists already")]
    Exists,
    /// There is no such device or module (404001, 404010).
    #[error("there is no such identity")]
    NotFound,
}

impl<K> Default for Registry<K> {
    fn default() -> Self {
        Self { devices: BTreeMap::new(), policies: BTreeMap::new(), changes: 0 }
    }
}

impl<K: MacKey> Registry<K> {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an enabled device.
    ///
    /// # Errors
    /// [`RegistryError::Exists`] where there is one of that id.
    pub fn create_device(
        &mut self,
        id: DeviceId<'_>,
        authentication: Authentication<K>,
    ) -> Result<(), RegistryError> {
        let stamp = self.creation();
        match self.devices.entry(id.as_str().into()) {
            Entry::Occupied(_) => Err(RegistryError::Exists),
            Entry::Vacant(slot) => {
                let modules = BTreeMap::new();
                slot.insert(Device { status: Status::Enabled, stamp, authentication, modules });
                Ok(())
            }
        }
    }

    /// Creates a module of a device.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where there is no such device, [`RegistryError::Exists`] where it has one of
    /// that id.
    pub fn create_module(
        &mut self,
        device: DeviceId<'_>,
        id: ModuleId<'_>,
        authentication: Authentication<K>,
    ) -> Result<(), RegistryError> {
        let stamp = self.creation();
        match self.device(device)?.modules.entry(id.as_str().into()) {
            Entry::Occupied(_) => Err(RegistryError::Exists),
            Entry::Vacant(slot) => {
                slot.insert(Module { stamp, authentication });
                Ok(())
            }
        }
    }

    /// Enables or disables a device, and its modules with it.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where there is no such device.
    pub fn set_status(&mut self, id: DeviceId<'_>, status: Status) -> Result<(), RegistryError> {
        self.device(id)?.status = status;
        Ok(())
    }

    /// Replaces what a device proves itself with.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where there is no such device.
    pub fn set_device_authentication(
        &mut self,
        id: DeviceId<'_>,
        authentication: Authentication<K>,
    ) -> Result<(), RegistryError> {
        let keys = self.change();
        let device = self.device(id)?;
        device.stamp = Stamp::new(device.stamp.generation(), keys);
        device.authentication = authentication;
        Ok(())
    }

    /// Replaces what a module proves itself with.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where there is no such module.
    pub fn set_module_authentication(
        &mut self,
        device: DeviceId<'_>,
        id: ModuleId<'_>,
        authentication: Authentication<K>,
    ) -> Result<(), RegistryError> {
        let keys = self.change();
        let modules = &mut self.device(device)?.modules;
        let module = modules.get_mut(id.as_str()).ok_or(RegistryError::NotFound)?;
        module.stamp = Stamp::new(module.stamp.generation(), keys);
        module.authentication = authentication;
        Ok(())
    }

    /// Deletes a device and its modules.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where there is no such device.
    pub fn delete_device(&mut self, id: DeviceId<'_>) -> Result<(), RegistryError> {
        self.devices.remove(id.as_str()).map(|_| ()).ok_or(RegistryError::NotFound)
    }

    /// Deletes a module.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where there is no such module.
    pub fn delete_module(&mut self, device: DeviceId<'_>, id: ModuleId<'_>) -> Result<(), RegistryError> {
        self.device(device)?.modules.remove(id.as_str()).map(|_| ()).ok_or(RegistryError::NotFound)
    }

    /// Creates a shared access policy, or replaces the one of that name.
    pub fn set_policy(&mut self, name: PolicyName<'_>, rights: Permissions, keys: KeyPair<K>) {
        let stamp = self.creation();
        self.policies.insert(name.as_str().into(), Policy { rights, stamp, keys });
    }

    /// Deletes a shared access policy.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] where there is no such policy.
    pub fn delete_policy(&mut self, name: PolicyName<'_>) -> Result<(), RegistryError> {
        self.policies.remove(name.as_str()).map(|_| ()).ok_or(RegistryError::NotFound)
    }

    /// Answers the question of an admission. Ids are compared byte by byte; nothing is allocated.
    #[must_use]
    pub fn find(&self, lookup: &Lookup<'_>) -> Found<'_, K> {
        let found = match lookup {
            Lookup::Device(id) => self.find_device(id),
            Lookup::Module(device, module) => self.find_module(device, module),
            Lookup::Policy(name) => self.find_policy(name),
            _ => None,
        };
        found.unwrap_or(Found::Nobody)
    }

    fn find_device(&self, id: &Segment<'_>) -> Option<Found<'_, K>> {
        let (id, device) = entry(&self.devices, id)?;
        let identity = Identity::Device(DeviceId::assertion(id));
        let credential = device.authentication.credential();
        Some(Found::Identity(FoundIdentity::new(identity, device.status, device.stamp, credential)))
    }

    fn find_module(&self, device: &Segment<'_>, module: &Segment<'_>) -> Option<Found<'_, K>> {
        let (device_id, device) = entry(&self.devices, device)?;
        let (id, module) = entry(&device.modules, module)?;
        let identity = Identity::Module(DeviceId::assertion(device_id), ModuleId::assertion(id));
        let credential = module.authentication.credential();
        Some(Found::Identity(FoundIdentity::new(identity, device.status, module.stamp, credential)))
    }

    fn find_policy(&self, name: &Segment<'_>) -> Option<Found<'_, K>> {
        let (name, policy) = entry(&self.policies, name)?;
        let name = PolicyName::assertion(name);
        Some(Found::Policy(FoundPolicy::new(name, policy.rights, policy.stamp, policy.keys.keys())))
    }

    fn device(&mut self, id: DeviceId<'_>) -> Result<&mut Device<K>, RegistryError> {
        self.devices.get_mut(id.as_str()).ok_or(RegistryError::NotFound)
    }

    fn change(&mut self) -> u64 {
        self.changes = self.changes.saturating_add(1);
        self.changes
    }

    fn creation(&mut self) -> Stamp {
        let generation = self.change();
        Stamp::new(generation, generation)
    }
}

/// The entry of a name, decoded once on the stack.
fn entry<'m, V>(map: &'m BTreeMap<Box<str>, V>, name: &Segment<'_>) -> Option<(&'m str, &'m V)> {
    let mut buf = [0; 128];
    let name = match name.as_plain() {
        Some(plain) => plain,
        None => name.decode(&mut buf).ok()?,
    };
    map.get_key_value(name).map(|(key, value)| (&**key, value))
}
