//! Read access to a whole record.

use core::fmt;

use hubward_core::{Identity, Keys, MacKey, RecordVersion, Status};

use crate::authentication::{AuthenticationView, KeysView};
use crate::change::Capabilities;
use crate::etag::ETag;
use crate::registry::Registry;
use crate::store::Slot;
use crate::store::id::identity;
use crate::store::{Hot, OptionalFields, Record, Second, StoredCredential};
use crate::text::{DeviceScope, GenerationId};

/// The record of a device or a module.
#[derive(Debug)]
pub struct RecordView<'r, K> {
    hot: &'r Hot<K>,
    second: Option<&'r Second<K>>,
    record: &'r Record,
    status: Status,
}

impl<K: MacKey> Registry<K> {
    /// Returns the record of a device or a module.
    #[must_use]
    pub fn get(&self, identity: Identity<'_>) -> Option<RecordView<'_, K>> {
        self.view(self.slot(&identity)?)
    }

    /// Iterates over all records: each device, followed by its modules. The order is that of the slots.
    pub fn iter(&self) -> impl Iterator<Item = RecordView<'_, K>> {
        self.devices(self.store.slots())
    }

    /// Iterates over the devices in slots, each followed by its modules.
    fn devices(&self, slots: impl Iterator<Item = Slot>) -> impl Iterator<Item = RecordView<'_, K>> {
        let devices = slots.filter_map(|slot| self.view(slot)).filter(|view| !view.is_module());
        devices.flat_map(|device| {
            let modules = device.record.modules().iter().filter_map(|module| self.view(*module));
            core::iter::once(device).chain(modules)
        })
    }

    /// Iterates over the devices of one part of the registry, counted from 0, each followed by its modules; `None` after the last
    /// part. A part has at most 1,024 devices, and may have none. A reader of a registry behind a lock can thus release the
    /// lock between parts: it meets each device that exists all the while.
    ///
    /// ```
    /// use hubward_core::DeviceId;
    /// use hubward_registry::{Authentication, Registry};
    /// use hubward_rustcrypto::HmacKey;
    ///
    /// let mut registry: Registry<HmacKey> = Registry::unseeded();
    /// registry.create_device(DeviceId::parse("dev1")?, Authentication::None)?;
    /// assert_eq!(registry.part(0).map(Iterator::count), Some(1));
    /// assert!(registry.part(1).is_none());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn part(&self, part: u32) -> Option<impl Iterator<Item = RecordView<'_, K>>> {
        let slots = self.store.slots_of_part(part)?;
        Some(self.devices(slots))
    }

    pub(crate) fn view(&self, slot: Slot) -> Option<RecordView<'_, K>> {
        let hot = self.store.hot(slot)?;
        let second = self.store.second(slot);
        Some(RecordView { hot, second, record: self.store.record(slot)?, status: self.status_of(hot)? })
    }
}

impl<'r, K: MacKey> RecordView<'r, K> {
    /// Returns the identity that the record is for.
    #[must_use]
    pub fn identity(&self) -> Identity<'r> {
        identity(&self.hot.id)
    }

    /// Returns whether the identity is a module.
    #[must_use]
    pub const fn is_module(&self) -> bool {
        self.hot.device.is_some()
    }

    /// Returns the etag.
    #[must_use]
    pub const fn etag(&self) -> ETag {
        self.record.etag
    }

    /// Returns the version that a session opened now would have; with two keys, that of the primary key.
    #[must_use]
    pub const fn version(&self) -> RecordVersion {
        self.hot.version
    }

    /// Returns the version that a session opened with the secondary key would have.
    #[must_use]
    pub fn secondary_version(&self) -> Option<RecordVersion> {
        self.second.map(|second| RecordVersion::new(self.hot.version.generation(), second.version()))
    }

    /// Returns the generation id as text: the one that another hub gave, else the number of this creation.
    pub fn generation_id(&self) -> impl fmt::Display + use<'r, K> {
        let given = self.more().and_then(|more| more.generation_id.as_ref());
        Generation { given: given.map(|id| id.as_str()), number: self.hot.version.generation() }
    }

    /// Returns whether the identity may connect, access lists aside. A module has its device's status.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Returns the reason of the status.
    #[must_use]
    pub fn status_reason(&self) -> Option<&'r str> {
        self.more()?.reason.as_ref().map(|reason| reason.as_str())
    }

    /// Returns the number of a device's modules; 0 for a module.
    #[must_use]
    pub fn module_count(&self) -> usize {
        self.record.modules().len()
    }

    /// Returns the capabilities.
    #[must_use]
    pub const fn capabilities(&self) -> Capabilities {
        self.record.capabilities
    }

    /// Returns the scope of an edge device, or the scope that the device belongs to.
    #[must_use]
    pub fn device_scope(&self) -> Option<&'r DeviceScope> {
        self.more()?.scope.as_ref()
    }

    /// Returns the scopes of its parents.
    #[must_use]
    pub fn parent_scopes(&self) -> &'r [DeviceScope] {
        self.more().map_or(&[], |more| &more.parents)
    }

    /// Returns the credential of the identity.
    #[must_use]
    pub fn authentication(&self) -> AuthenticationView<'r, K> {
        match (&self.record.proof, &self.hot.primary) {
            (StoredCredential::Keys { primary, secondary }, Some(ready)) => {
                let ready = match self.second {
                    Some(second) => Keys::pair(ready, &second.key),
                    None => Keys::one(ready),
                };
                let (primary, secondary) = (primary.as_ref(), secondary.as_ref());
                AuthenticationView::Sas(KeysView { ready, primary, secondary })
            }
            (StoredCredential::SelfSigned(thumbprints), _) => AuthenticationView::SelfSigned(thumbprints),
            (StoredCredential::CertificateAuthority, _) => AuthenticationView::CertificateAuthority,
            (StoredCredential::Keys { .. } | StoredCredential::None, _) => AuthenticationView::None,
        }
    }

    /// Returns the id as the store has it.
    pub(crate) fn stored_id(&self) -> &'r str {
        &self.hot.id
    }

    /// Returns the generation id that another hub gave, if one did.
    #[must_use]
    pub fn given_generation_id(&self) -> Option<&'r str> {
        self.more()?.generation_id.as_ref().map(GenerationId::as_str)
    }

    fn more(&self) -> Option<&'r OptionalFields> {
        self.record.more.as_deref()
    }
}

struct Generation<'r> {
    given: Option<&'r str>,
    number: u64,
}

impl fmt::Display for Generation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.given {
            Some(given) => f.write_str(given),
            None => write!(f, "{}", self.number),
        }
    }
}
