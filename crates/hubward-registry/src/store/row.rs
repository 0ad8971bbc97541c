//! The rows of an identity in two layers: the part that every authentication reads, and the rest.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use hubward_core::{RecordVersion, Status};
use smol_str::SmolStr;

use super::{RawKey, Slot};
use crate::authentication::Thumbprints;
use crate::change::Capabilities;
use crate::etag::ETag;
use crate::text::{DeviceScope, GenerationId, StatusReason};

/// The part that every authentication reads, with the version of the primary key: 128 bytes with a key of 64, two
/// cache lines. `version` is in the first and `status` in the second, so that reading both loads the whole entry.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Hot<K> {
    /// A device id, or `device/module`: no id contains a `/`, so the two differ. An id of up to 23 bytes is stored
    /// inline.
    pub(crate) id: SmolStr,
    pub(crate) version: RecordVersion,
    pub(crate) primary: Option<K>,
    /// The device of a module.
    pub(crate) device: Option<Slot>,
    /// The status of a device; unused for a module.
    pub(crate) status: Status,
    /// `true` for an edge device.
    pub(crate) edge_device: bool,
}

/// A secondary key between the two halves of its version: reading both loads all of it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Second<K> {
    low: u32,
    pub(crate) key: K,
    /// One more than the half: an empty entry then takes no more memory.
    high: NonZeroU32,
}

impl<K> Second<K> {
    pub(crate) fn new(key: K, version: u64) -> Self {
        let mut second = Self { low: 0, key, high: NonZeroU32::MIN };
        second.set_version(version);
        second
    }

    pub(crate) const fn set_version(&mut self, version: u64) {
        let [a, b, c, d, e, f, g, h] = version.to_le_bytes();
        self.low = u32::from_le_bytes([a, b, c, d]);
        self.high = NonZeroU32::MIN.saturating_add(u32::from_le_bytes([e, f, g, h]));
    }

    /// Returns the version of the key.
    pub(crate) fn version(&self) -> u64 {
        u64::from(self.high.get().saturating_sub(1)).wrapping_shl(32) | u64::from(self.low)
    }
}

/// The part that changes and exports read.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) etag: ETag,
    pub(crate) capabilities: Capabilities,
    pub(crate) proof: StoredCredential,
    pub(crate) more: Option<Box<OptionalFields>>,
}

/// The parts that most identities do not have.
#[derive(Debug, Default)]
pub(crate) struct OptionalFields {
    pub(crate) modules: Vec<Slot>,
    pub(crate) reason: Option<StatusReason>,
    pub(crate) generation_id: Option<GenerationId>,
    pub(crate) scope: Option<DeviceScope>,
    pub(crate) parents: Vec<DeviceScope>,
}

/// The raw side of an identity's credentials.
#[derive(Debug)]
pub(crate) enum StoredCredential {
    Keys { primary: Option<RawKey>, secondary: Option<RawKey> },
    SelfSigned(Thumbprints),
    CertificateAuthority,
    None,
}

impl Record {
    pub(crate) fn more(&mut self) -> &mut OptionalFields {
        self.more.get_or_insert_default()
    }

    /// Sets the field that `place` selects. A default value allocates nothing if there are no optional parts yet.
    pub(crate) fn set_extra<T: Default + PartialEq>(
        &mut self,
        change: Option<T>,
        place: impl FnOnce(&mut OptionalFields) -> &mut T,
    ) {
        let Some(value) = change else { return };
        if self.more.is_some() || value != T::default() {
            *place(self.more()) = value;
        }
    }

    pub(crate) fn modules(&self) -> &[Slot] {
        self.more.as_deref().map_or(&[], |more| &more.modules)
    }
}
