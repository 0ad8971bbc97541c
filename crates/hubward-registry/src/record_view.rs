//! Reading a record whole.

use core::fmt;

use hubward_core::{Identity, Keys, MacKey, RecordVersion, Status};

use crate::authentication::{AuthenticationView, KeysView};
use crate::change::Capabilities;
use crate::etag::ETag;
use crate::store::{Hot, More, Proof, Record, Second};
use crate::registry::Registry;
use crate::store::Slot;
use crate::text::{DeviceScope, GenerationId};
use crate::store::id::identity;

/// A device's or a module's record.
#[derive(Debug)]
pub struct RecordView<'r, K> {
    hot: &'r Hot<K>,
    second: Option<&'r Second<K>>,
    record: &'r Record,
    status: Status,
}

impl<K: MacKey> Registry<K> {
    /// The record of a device or a module.
    #[must_use]
    pub fn get(&self, identity: Identity<'_>) -> Option<RecordView<'_, K>> {
        self.view(self.slot(&identity)?)
    }

    /// All records: each device, followed by its modules. The order is that of the places in memory.
    pub fn iter(&self) -> impl Iterator<Item = RecordView<'_, K>> {
        let devices = self.store.slots().filter_map(|slot| self.view(slot)).filter(|view| !view.is_module());
        devices.flat_map(|device| {
            let modules = device.record.modules().iter().filter_map(|module| self.view(*module));
            core::iter::once(device).chain(modules)
        })
    }

    pub(crate) fn view(&self, slot: Slot) -> Option<RecordView<'_, K>> {
        let hot = self.store.hot(slot)?;
        let second = self.store.second(slot);
        Some(RecordView { hot, second, record: self.store.record(slot)?, status: self.status_of(hot)? })
    }
}

impl<'r, K: MacKey> RecordView<'r, K> {
    /// Whose it is.
    #[must_use]
    pub fn identity(&self) -> Identity<'r> {
        identity(&self.hot.id)
    }

    /// Whether it is a module's.
    #[must_use]
    pub const fn is_module(&self) -> bool {
        self.hot.device.is_some()
    }

    /// Its version.
    #[must_use]
    pub const fn etag(&self) -> ETag {
        self.record.etag
    }

    /// What a proof made now would rest on: by the primary key where there are two.
    #[must_use]
    pub const fn version(&self) -> RecordVersion {
        self.hot.version
    }

    /// What a proof by the secondary key would rest on.
    #[must_use]
    pub fn secondary_version(&self) -> Option<RecordVersion> {
        self.second.map(|second| RecordVersion::new(self.hot.version.generation(), second.version()))
    }

    /// Which creation of the id it is, as text: what another hub gave, else the version's number.
    pub fn generation_id(&self) -> impl fmt::Display + use<'r, K> {
        let given = self.more().and_then(|more| more.generation_id.as_ref());
        Generation { given: given.map(|id| id.as_str()), number: self.hot.version.generation() }
    }

    /// Whether it may connect, access lists aside; a module's status is its device's.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Why it has its status.
    #[must_use]
    pub fn status_reason(&self) -> Option<&'r str> {
        self.more()?.reason.as_ref().map(|reason| reason.as_str())
    }

    /// What it is able to do.
    #[must_use]
    pub const fn capabilities(&self) -> Capabilities {
        self.record.capabilities
    }

    /// Its scope, or the one that it belongs to.
    #[must_use]
    pub fn device_scope(&self) -> Option<&'r DeviceScope> {
        self.more()?.scope.as_ref()
    }

    /// The scopes of its parents.
    #[must_use]
    pub fn parent_scopes(&self) -> &'r [DeviceScope] {
        self.more().map_or(&[], |more| &more.parents)
    }

    /// How it proves itself.
    #[must_use]
    pub fn authentication(&self) -> AuthenticationView<'r, K> {
        match (&self.record.proof, &self.hot.primary) {
            (Proof::Keys { primary, secondary }, Some(ready)) => {
                let ready = match self.second {
                    Some(second) => Keys::pair(ready, &second.key),
                    None => Keys::one(ready),
                };
                let (primary, secondary) = (primary.as_ref(), secondary.as_ref());
                AuthenticationView::Sas(KeysView { ready, primary, secondary })
            }
            (Proof::SelfSigned(thumbprints), _) => AuthenticationView::SelfSigned(thumbprints),
            (Proof::CertificateAuthority, _) => AuthenticationView::CertificateAuthority,
            (Proof::Keys { .. } | Proof::None, _) => AuthenticationView::None,
        }
    }

    /// The id that it is kept under.
    pub(crate) fn kept_id(&self) -> &'r str {
        &self.hot.id
    }

    pub(crate) fn given_generation_id(&self) -> Option<&'r str> {
        self.more()?.generation_id.as_ref().map(GenerationId::as_str)
    }

    fn more(&self) -> Option<&'r More> {
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
