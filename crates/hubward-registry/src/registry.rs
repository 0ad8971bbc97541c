//! The registry of identities, and its changes.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use hubward_core::{DeviceId, Identity, MacKey, ModuleId, RecordVersion, Status};
use smol_str::SmolStr;

use crate::authentication::Authentication;
use crate::change::{Attributes, Capabilities, Change, Credentials};
use crate::entropy::{NoEntropy, fresh_seed};
use crate::error::RegistryError;
use crate::etag::{ETag, Precondition};
use crate::lists::AccessLists;
use crate::policy::Policy;
use crate::record_view::RecordView;
use crate::store::id::{LONGEST, of_identity};
use crate::store::{Hot, Record, StoredCredential};
use crate::store::{IdTag, Slot, Store};
use crate::versions::{counts_on, first_change};

/// Devices, their modules and the hub's shared access policies, in memory, with keys of type `K`.
///
/// Each key that is set and each creation gets a new [`RecordVersion`], so that a session tells if its credentials
/// were replaced. A change of one key does not affect sessions that were opened with the other.
///
/// ```
/// use hubward_core::{DeviceId, Identity, LookupResult, SymmetricKey};
/// use hubward_registry::{Authentication, Registry, SymmetricKeys};
/// use hubward_rustcrypto::HmacKey;
///
/// # mod getrandom { pub fn fill(seed: &mut [u8]) -> Result<(), hubward_registry::NoEntropy> { Ok(seed.fill(7)) } }
/// let mut registry = Registry::new(getrandom::fill)?;
/// let id = DeviceId::parse("dev1")?;
/// let key = SymmetricKey::from_bytes(&[1; 32])?;
/// registry.create_device(id, Authentication::Sas(SymmetricKeys::kept_one(key, HmacKey::new)))?;
///
/// let result = registry.find(&Identity::Device(id).lookup(), &[]);
/// assert!(matches!(result, LookupResult::Identity(record) if record.identity() == Identity::Device(id)));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Registry<K> {
    pub(crate) store: Store<K>,
    pub(crate) policies: BTreeMap<Box<str>, Box<Policy<K>>>,
    pub(crate) lists: AccessLists,
    /// Counts creations and changes, from a start that the seed determines.
    pub(crate) changes: u64,
}

/// The slot of an identity, or the place where it would be created.
pub(crate) struct RecordPlace<'b> {
    id: &'b str,
    tag: IdTag,
    /// The identity exists.
    pub(crate) taken: bool,
}

impl<K> Registry<K> {
    fn empty(seed: &[u8; 16], changes: u64) -> Self {
        Self { store: Store::new(seed), policies: BTreeMap::new(), lists: AccessLists::default(), changes }
    }
}

impl<K: MacKey> Registry<K> {
    /// Creates an empty registry with a random seed. `fill` is the caller's source of random bytes, for example
    /// `getrandom::fill`. Clients then cannot choose ids that make the index slow, and no version or etag of another
    /// registry is repeated.
    ///
    /// ```
    /// use hubward_registry::Registry;
    /// use hubward_rustcrypto::HmacKey;
    ///
    /// # mod getrandom { pub fn fill(seed: &mut [u8]) -> Result<(), hubward_registry::NoEntropy> { Ok(seed.fill(7)) } }
    /// let registry: Registry<HmacKey> = Registry::new(getrandom::fill)?;
    /// assert!(registry.is_empty());
    /// # Ok::<(), hubward_registry::NoEntropy>(())
    /// ```
    ///
    /// # Errors
    /// [`NoEntropy`] if the source fails.
    pub fn new<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, NoEntropy> {
        Ok(Self::with_seed(&fresh_seed(fill)?))
    }

    /// Creates an empty registry for tests: its index hashes under a public key, and its versions and etags begin at
    /// 1. Clients that choose ids can make its index slow, and a session or an etag of another registry may match.
    #[must_use]
    pub fn unseeded() -> Self {
        Self::empty(&[0; 16], 0)
    }

    /// Creates an empty registry whose index hashes under `seed`, and whose versions and etags begin at a number
    /// derived from it. Draw 16 random bytes for each registry, or call [`Registry::new`].
    #[must_use]
    pub fn with_seed(seed: &[u8; 16]) -> Self {
        Self::empty(seed, first_change(seed))
    }

    /// Sets a minimum for the first version. A [`Registry::unseeded`] that replaces another registry while sessions are
    /// open must begin at the [`Registry::changes`] of that one; one with a seed does not need this.
    #[must_use]
    pub const fn with_first_change(mut self, changes: u64) -> Self {
        if self.changes < changes {
            self.changes = changes;
        }
        self
    }

    /// Returns the number of the last creation or change. It increases with each; its start depends on the seed.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// Returns the number of devices and modules.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.store.len()
    }

    /// Returns whether the registry has no device.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.store.len() == 0
    }

    /// Creates a device, enabled unless `rest` has another status, or a module of a device. `authentication` takes
    /// precedence over credentials in `rest`. Returns the record.
    ///
    /// # Errors
    /// [`RegistryError::Exists`] if the id exists; [`RegistryError::NotFound`] for a module without its device;
    /// [`RegistryError::NotOfAModule`]; [`RegistryError::Full`].
    pub fn create(
        &mut self,
        identity: Identity<'_>,
        authentication: Authentication<K>,
        rest: Change<K>,
    ) -> Result<RecordView<'_, K>, RegistryError> {
        self.insert(identity, authentication, rest)?;
        self.get(identity).ok_or(RegistryError::NotFound)
    }

    /// Does what [`Registry::create`] does, without a second search for the record.
    pub(crate) fn insert(
        &mut self,
        identity: Identity<'_>,
        authentication: Authentication<K>,
        rest: Change<K>,
    ) -> Result<ETag, RegistryError> {
        let mut buffer = [0; LONGEST];
        let place = self.place(&identity, &mut buffer).ok_or(RegistryError::NotFound)?;
        self.create_at(place, identity, authentication, rest.rest)
    }

    /// Finds the place of an identity. Returns `None` for a policy, which is in no store.
    pub(crate) fn place<'b>(
        &self,
        identity: &Identity<'b>,
        buffer: &'b mut [u8; LONGEST],
    ) -> Option<RecordPlace<'b>> {
        let id = of_identity(identity, buffer)?;
        let tag = self.store.tag(id);
        Some(RecordPlace { id, tag, taken: self.store.find_tagged(tag, id).is_some() })
    }

    pub(crate) fn create_at(
        &mut self,
        RecordPlace { id, tag, taken }: RecordPlace<'_>,
        identity: Identity<'_>,
        authentication: Authentication<K>,
        rest: Attributes,
    ) -> Result<ETag, RegistryError> {
        let device = match identity {
            Identity::Module(device, _) => {
                Some(self.store.find(device.as_str()).ok_or(RegistryError::NotFound)?)
            }
            _ => None,
        };
        if taken {
            return Err(RegistryError::Exists);
        }
        if device.is_some() && rest.is_of_a_device() {
            return Err(RegistryError::NotOfAModule);
        }
        self.room()?;
        let (generation, version, second) = (self.change(), self.change(), self.change());
        let (proof, primary, secondary) = authentication.split();
        let hot = Hot {
            id: SmolStr::new(id),
            version: RecordVersion::new(generation, version),
            primary,
            device,
            status: Status::Enabled,
            edge_device: false,
        };
        let etag = ETag::new(version);
        let record = Record { etag, capabilities: Capabilities::default(), proof, more: None };
        let slot = self.store.insert(tag, hot, record).ok_or(RegistryError::Full)?;
        self.store.set_secondary(slot, secondary.map(|key| (key, second)));
        if let Some(device) = device.and_then(|device| self.store.record_mut(device)) {
            device.more().modules.push(slot);
        }
        self.set_attributes(slot, rest, etag)
    }

    /// Changes a device or a module.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`]; [`RegistryError::EtagMismatch`]; [`RegistryError::NotOfAModule`];
    /// [`RegistryError::NoKeys`] if keys to change or to swap are missing.
    pub fn update(
        &mut self,
        identity: Identity<'_>,
        change: Change<K>,
        precondition: Precondition,
    ) -> Result<ETag, RegistryError> {
        let slot = self.checked(&identity, precondition)?;
        let module = self.store.hot(slot).is_some_and(|hot| hot.device.is_some());
        if module && change.rest.is_of_a_device() {
            return Err(RegistryError::NotOfAModule);
        }
        let proof = self.store.record(slot).map(|record| &record.proof);
        let one = matches!(proof, Some(StoredCredential::Keys { .. }));
        let two = one && self.store.second(slot).is_some();
        match change.credentials {
            Some(Credentials::ReplaceOne(..)) if !one => return Err(RegistryError::NoKeys),
            Some(Credentials::Swap) if !two => return Err(RegistryError::NoKeys),
            _ => {}
        }
        self.room()?;
        self.set(slot, change)
    }

    /// Deletes a device with its modules, or a module.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`]; [`RegistryError::EtagMismatch`].
    pub fn delete(
        &mut self,
        identity: Identity<'_>,
        precondition: Precondition,
    ) -> Result<(), RegistryError> {
        let slot = self.checked(&identity, precondition)?;
        // a deletion counts as a change
        self.change();
        let device = self.store.hot(slot).and_then(|hot| hot.device);
        if let Some(device) = device.and_then(|device| self.store.record_mut(device)) {
            device.more().modules.retain(|module| *module != slot);
        }
        let modules: Vec<Slot> = self.store.record(slot).map(|r| r.modules().to_vec()).unwrap_or_default();
        modules.into_iter().for_each(|module| self.store.remove(module));
        self.store.remove(slot);
        Ok(())
    }

    /// Restores the etag that a record had before; later changes do not repeat it.
    #[cfg(feature = "json")]
    pub(crate) fn restore_etag(&mut self, identity: &Identity<'_>, etag: ETag) {
        use crate::versions::reaches;
        // an etag that is out of reach is not skipped: a counter that continues at a restored number is no longer
        // random
        if reaches(self.changes, etag.version()) {
            self.changes = etag.version();
        }
        if let Some(record) = self.slot(identity).and_then(|slot| self.store.record_mut(slot)) {
            record.etag = etag;
        }
    }

    pub(crate) fn slot(&self, identity: &Identity<'_>) -> Option<Slot> {
        let mut buffer = [0; LONGEST];
        self.store.find(of_identity(identity, &mut buffer)?)
    }

    fn checked(&self, identity: &Identity<'_>, precondition: Precondition) -> Result<Slot, RegistryError> {
        let slot = self.slot(identity).ok_or(RegistryError::NotFound)?;
        let record = self.store.record(slot).ok_or(RegistryError::NotFound)?;
        if precondition.holds(record.etag) { Ok(slot) } else { Err(RegistryError::EtagMismatch) }
    }

    /// Checks that there is room, so that no change stops half-way.
    fn room(&self) -> Result<(), RegistryError> {
        // a counter that stopped would give changed credentials their old version
        if self.store.has_room() && counts_on(self.changes) { Ok(()) } else { Err(RegistryError::Full) }
    }

    /// Makes a change that was validated.
    fn set(&mut self, slot: Slot, change: Change<K>) -> Result<ETag, RegistryError> {
        let version = self.change();
        if let Some(credentials) = change.credentials {
            self.set_credentials(slot, credentials, version)?;
        }
        self.set_attributes(slot, change.rest, ETag::new(version))
    }

    /// Sets the attributes of a record besides its credentials, and its etag.
    fn set_attributes(&mut self, slot: Slot, rest: Attributes, etag: ETag) -> Result<ETag, RegistryError> {
        if let (Some(status), Some(hot)) = (rest.status, self.store.hot_mut(slot)) {
            hot.status = status;
        }
        if let (Some(capabilities), Some(hot)) = (rest.capabilities, self.store.hot_mut(slot)) {
            hot.edge_device = capabilities.iot_edge;
        }
        let record = self.store.record_mut(slot).ok_or(RegistryError::NotFound)?;
        record.etag = etag;
        if let Some(capabilities) = rest.capabilities {
            record.capabilities = capabilities;
        }
        record.set_extra(rest.reason, |more| &mut more.reason);
        record.set_extra(rest.scope, |more| &mut more.scope);
        record.set_extra(rest.parents, |more| &mut more.parents);
        record.set_extra(rest.generation_id.map(Some), |more| &mut more.generation_id);
        Ok(etag)
    }

    fn set_credentials(
        &mut self,
        slot: Slot,
        credentials: Credentials<K>,
        version: u64,
    ) -> Result<(), RegistryError> {
        let done = match credentials {
            Credentials::Swap => self.store.swap_keys(slot),
            Credentials::ReplaceOne(which, key) => self.store.set_raw(slot, key, which, version),
            Credentials::Replace(authentication) => {
                // the version first: it ends all sessions under the old credentials, even if a later step fails
                self.store.set_version(slot, version);
                // each key has a version of its own, so that one can be replaced without the other
                let second = self.change();
                let (proof, primary, secondary) = authentication.split();
                if let Some(record) = self.store.record_mut(slot) {
                    record.proof = proof;
                }
                self.store.set_primary(slot, primary);
                self.store.set_secondary(slot, secondary.map(|key| (key, second)));
                true
            }
        };
        if done { Ok(()) } else { Err(RegistryError::Full) }
    }

    pub(crate) const fn change(&mut self) -> u64 {
        self.changes = self.changes.saturating_add(1);
        self.changes
    }
}

/// Shorthands without a precondition.
impl<K: MacKey> Registry<K> {
    /// Creates an enabled device and returns its record.
    ///
    /// # Errors
    /// The errors of [`Registry::create`].
    pub fn create_device(
        &mut self,
        id: DeviceId<'_>,
        authentication: Authentication<K>,
    ) -> Result<RecordView<'_, K>, RegistryError> {
        self.create(Identity::Device(id), authentication, Change::new())
    }

    /// Creates a module of a device and returns its record.
    ///
    /// # Errors
    /// The errors of [`Registry::create`].
    pub fn create_module(
        &mut self,
        device: DeviceId<'_>,
        id: ModuleId<'_>,
        authentication: Authentication<K>,
    ) -> Result<RecordView<'_, K>, RegistryError> {
        self.create(Identity::Module(device, id), authentication, Change::new())
    }

    /// Enables or disables a device, and its modules with it.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] if there is no such device.
    pub fn set_status(&mut self, id: DeviceId<'_>, status: Status) -> Result<(), RegistryError> {
        self.update(Identity::Device(id), Change::new().with_status(status), Precondition::Any).map(drop)
    }

    /// Replaces the credential of a device.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] if there is no such device.
    pub fn set_device_authentication(
        &mut self,
        id: DeviceId<'_>,
        authentication: Authentication<K>,
    ) -> Result<(), RegistryError> {
        let change = Change::new().with_authentication(authentication);
        self.update(Identity::Device(id), change, Precondition::Any).map(drop)
    }

    /// Replaces the credential of a module.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] if there is no such module.
    pub fn set_module_authentication(
        &mut self,
        device: DeviceId<'_>,
        id: ModuleId<'_>,
        authentication: Authentication<K>,
    ) -> Result<(), RegistryError> {
        let change = Change::new().with_authentication(authentication);
        self.update(Identity::Module(device, id), change, Precondition::Any).map(drop)
    }

    /// Deletes a device and its modules.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] if there is no such device.
    pub fn delete_device(&mut self, id: DeviceId<'_>) -> Result<(), RegistryError> {
        self.delete(Identity::Device(id), Precondition::Any)
    }

    /// Deletes a module.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] if there is no such module.
    pub fn delete_module(&mut self, device: DeviceId<'_>, id: ModuleId<'_>) -> Result<(), RegistryError> {
        self.delete(Identity::Module(device, id), Precondition::Any)
    }
}
