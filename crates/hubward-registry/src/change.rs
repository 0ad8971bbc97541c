//! Changes of a record. All changes of an identity use one type, so that each of them updates the version and the
//! etag.

use alloc::vec::Vec;

use hubward_core::{KeySlot, MacKey, Status, SymmetricKey};

use crate::authentication::Authentication;
use crate::entropy::NoEntropy;
use crate::keys::StoredKey;
use crate::text::{DeviceScope, GenerationId, StatusReason};

/// The capabilities of an identity besides connecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// The device is an edge device, a gateway for others (`iotEdge`).
    pub iot_edge: bool,
}

impl Capabilities {
    /// The capabilities of an edge device.
    pub const EDGE: Self = Self { iot_edge: true };
}

/// A change of some parts of a record; the other parts keep their values. An empty change updates the etag only.
///
/// Setting credentials counts as a change of them even if they are equal: sessions that were opened with the old ones
/// must authenticate again.
///
/// ```
/// use hubward_core::{DeviceId, Identity, KeySlot, Status, SymmetricKey};
/// use hubward_registry::{Change, Precondition, Registry, SymmetricKeys};
/// use hubward_rustcrypto::HmacKey;
///
/// let key = |byte| SymmetricKey::from_bytes(&[byte; 32]);
/// let id = DeviceId::parse("dev1")?;
/// let mut registry = Registry::unseeded();
/// let keys = SymmetricKeys::kept(key(1)?, key(2)?, HmacKey::new);
/// registry.create_device(id, hubward_registry::Authentication::Sas(keys))?;
///
/// // rotate: replace one key, and disable the device
/// let change = Change::new().with_key(KeySlot::Secondary, key(3)?, HmacKey::new).with_status(Status::Disabled);
/// registry.update(Identity::Device(id), change, Precondition::Any)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Change<K> {
    pub(crate) credentials: Option<Credentials<K>>,
    pub(crate) rest: Attributes,
}

/// The parts of a change that are not credentials.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) status: Option<Status>,
    pub(crate) capabilities: Option<Capabilities>,
    pub(crate) reason: Option<Option<StatusReason>>,
    pub(crate) scope: Option<Option<DeviceScope>>,
    pub(crate) parents: Option<Vec<DeviceScope>>,
    pub(crate) generation_id: Option<GenerationId>,
}

/// A change of credentials.
#[derive(Debug)]
pub(crate) enum Credentials<K> {
    Replace(Authentication<K>),
    ReplaceOne(KeySlot, StoredKey<K>),
    Swap,
}

impl<K> Default for Change<K> {
    fn default() -> Self {
        Self { credentials: None, rest: Attributes::default() }
    }
}

impl<K: MacKey> Change<K> {
    /// Creates an empty change.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Enables or disables a device, and its modules with it.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.rest.status = Some(status);
        self
    }

    /// Sets or removes the reason of the status.
    #[must_use]
    pub fn with_status_reason(mut self, reason: Option<StatusReason>) -> Self {
        self.rest.reason = Some(reason);
        self
    }

    /// Replaces the credential.
    #[must_use]
    pub fn with_authentication(mut self, authentication: Authentication<K>) -> Self {
        self.credentials = Some(Credentials::Replace(authentication));
        self
    }

    /// Writes a key to one slot and leaves the other unchanged, as a rotation does.
    #[must_use]
    pub fn with_key(
        mut self,
        slot: KeySlot,
        key: SymmetricKey,
        make: impl FnOnce(&SymmetricKey) -> K,
    ) -> Self {
        self.credentials = Some(Credentials::ReplaceOne(slot, StoredKey::of(key, make)));
        self
    }

    /// Writes a new key of 32 bytes to one slot. `fill` is the caller's source of unpredictable bytes, as for
    /// [`SymmetricKey::generate`].
    ///
    /// # Errors
    /// [`NoEntropy`] if the source fails, or returns without writing.
    pub fn with_regenerated_key<E>(
        self,
        slot: KeySlot,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
        make: impl FnOnce(&SymmetricKey) -> K,
    ) -> Result<Self, NoEntropy> {
        Ok(self.with_key(slot, SymmetricKey::generate(fill)?, make))
    }

    /// Swaps the two keys.
    #[must_use]
    pub fn with_swapped_keys(mut self) -> Self {
        self.credentials = Some(Credentials::Swap);
        self
    }

    /// Sets a device's capabilities.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.rest.capabilities = Some(capabilities);
        self
    }

    /// Sets or removes a device's scope.
    #[must_use]
    pub fn with_device_scope(mut self, scope: Option<DeviceScope>) -> Self {
        self.rest.scope = Some(scope);
        self
    }

    /// Sets the scopes of a device's parents.
    #[must_use]
    pub fn with_parent_scopes(mut self, parents: Vec<DeviceScope>) -> Self {
        self.rest.parents = Some(parents);
        self
    }

    /// Stores the generation id that another hub gave, for a registry that follows that hub. It does not start a new
    /// generation here: delete and create the identity for that.
    #[must_use]
    pub fn with_generation_id(mut self, id: GenerationId) -> Self {
        self.rest.generation_id = Some(id);
        self
    }
}

impl Attributes {
    /// Adds the removal of each attribute of a device that is not set.
    pub(crate) fn complete(mut self) -> Self {
        self.status.get_or_insert(Status::Enabled);
        self.capabilities.get_or_insert_default();
        self.reason.get_or_insert_default();
        self.scope.get_or_insert_default();
        self.parents.get_or_insert_default();
        self
    }

    /// Returns whether it sets something that only devices have.
    pub(crate) const fn is_of_a_device(&self) -> bool {
        self.status.is_some()
            || self.reason.is_some()
            || self.capabilities.is_some()
            || self.scope.is_some()
            || self.parents.is_some()
    }
}
