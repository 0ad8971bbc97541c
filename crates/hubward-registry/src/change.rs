//! What is to be changed of a record. Every change of an identity goes through this one type, so that none can
//! forget the version or the etag.

use alloc::vec::Vec;

use hubward_core::{KeySlot, MacKey, Status, SymmetricKey};

use crate::authentication::Authentication;
use crate::entropy::{Entropy, NoEntropy, fresh_key};
use crate::keys::KeptKey;
use crate::text::{DeviceScope, GenerationId, StatusReason};

/// What an identity is able to do beside connecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// It is an edge device, a gateway for others (`iotEdge`).
    pub iot_edge: bool,
}

impl Capabilities {
    /// An edge device's.
    pub const EDGE: Self = Self { iot_edge: true };
}

/// A change of some of a record; what it does not name stays as it is. Without anything it changes the etag alone.
///
/// Naming credentials is a change of them even where they are the same: whoever was admitted on the old ones has to
/// prove itself again.
#[derive(Debug)]
pub struct Change<K> {
    pub(crate) credentials: Option<Credentials<K>>,
    pub(crate) rest: Rest,
}

/// What a change says beside credentials.
#[derive(Debug, Default)]
pub(crate) struct Rest {
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
    ReplaceOne(KeySlot, KeptKey<K>),
    Swap,
}

impl<K> Default for Change<K> {
    fn default() -> Self {
        Self { credentials: None, rest: Rest::default() }
    }
}

impl<K: MacKey> Change<K> {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Enables or disables a device, and its modules with it.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.rest.status = Some(status);
        self
    }

    /// Says why it has its status, or nothing.
    #[must_use]
    pub fn status_reason(mut self, reason: Option<StatusReason>) -> Self {
        self.rest.reason = Some(reason);
        self
    }

    /// Replaces what it proves itself with.
    #[must_use]
    pub fn authentication(mut self, authentication: Authentication<K>) -> Self {
        self.credentials = Some(Credentials::Replace(authentication));
        self
    }

    /// Puts a key in one slot and leaves the other, as a rotation does.
    #[must_use]
    pub fn key(mut self, slot: KeySlot, key: SymmetricKey, make: impl FnOnce(&SymmetricKey) -> K) -> Self {
        self.credentials = Some(Credentials::ReplaceOne(slot, KeptKey::of(key, make)));
        self
    }

    /// Puts a new key of 32 bytes in one slot.
    ///
    /// # Errors
    /// [`NoEntropy`] where the source fails.
    pub fn regenerate_key(
        self,
        slot: KeySlot,
        entropy: &mut Entropy<'_>,
        make: impl FnOnce(&SymmetricKey) -> K,
    ) -> Result<Self, NoEntropy> {
        Ok(self.key(slot, fresh_key(entropy)?, make))
    }

    /// Exchanges the two keys.
    #[must_use]
    pub fn swap_keys(mut self) -> Self {
        self.credentials = Some(Credentials::Swap);
        self
    }

    /// Sets a device's capabilities.
    #[must_use]
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.rest.capabilities = Some(capabilities);
        self
    }

    /// Sets a device's scope, or takes it away.
    #[must_use]
    pub fn device_scope(mut self, scope: Option<DeviceScope>) -> Self {
        self.rest.scope = Some(scope);
        self
    }

    /// Sets the scopes of a device's parents.
    #[must_use]
    pub fn parent_scopes(mut self, parents: Vec<DeviceScope>) -> Self {
        self.rest.parents = Some(parents);
        self
    }

    /// Keeps the generation id that another hub gave, for a registry that follows that hub. It does not change which
    /// creation this is here: delete and create for that.
    #[must_use]
    pub fn generation_id(mut self, id: GenerationId) -> Self {
        self.rest.generation_id = Some(id);
        self
    }
}

impl Rest {
    /// Whether it names something that only a device has.
    pub(crate) const fn is_of_a_device(&self) -> bool {
        self.status.is_some()
            || self.reason.is_some()
            || self.capabilities.is_some()
            || self.scope.is_some()
            || self.parents.is_some()
    }
}
