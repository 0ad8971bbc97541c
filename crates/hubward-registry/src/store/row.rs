//! What is kept of an identity, in two layers: what an admission reads, and the rest.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use hubward_core::{RecordVersion, Status};
use smol_str::SmolStr;

use crate::authentication::Thumbprints;
use crate::change::Capabilities;
use crate::etag::ETag;
use super::{RawKey, Slot};
use crate::text::{DeviceScope, GenerationId, StatusReason};

/// What every admission reads, its version being the primary key's: 128 bytes with a key of 64, two cache lines. `version` lies in the first and `status` in
/// the second, so that reading both loads the whole entry.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Hot<K> {
    /// A device's id, or `device/module`: no id has a `/`, so the two cannot meet. One of up to 23 bytes stands here.
    pub(crate) id: SmolStr,
    pub(crate) version: RecordVersion,
    pub(crate) primary: Option<K>,
    /// The device, for a module.
    pub(crate) device: Option<Slot>,
    /// A device's; a module's is not used.
    pub(crate) status: Status,
}

/// A second key between the two halves of its version: reading both loads all of it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Second<K> {
    low: u32,
    pub(crate) key: K,
    /// One more than the half: a place that is empty takes no more room.
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

    /// Which version of the record's keys it is.
    pub(crate) fn version(&self) -> u64 {
        u64::from(self.high.get().saturating_sub(1)).wrapping_shl(32) | u64::from(self.low)
    }
}

/// What changes and exports read.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) etag: ETag,
    pub(crate) capabilities: Capabilities,
    pub(crate) proof: Proof,
    pub(crate) more: Option<Box<More>>,
}

/// What most identities have none of.
#[derive(Debug, Default)]
pub(crate) struct More {
    pub(crate) modules: Vec<Slot>,
    pub(crate) reason: Option<StatusReason>,
    pub(crate) generation_id: Option<GenerationId>,
    pub(crate) scope: Option<DeviceScope>,
    pub(crate) parents: Vec<DeviceScope>,
}

/// The raw side of an identity's credentials.
#[derive(Debug)]
pub(crate) enum Proof {
    Keys { primary: Option<RawKey>, secondary: Option<RawKey> },
    SelfSigned(Thumbprints),
    CertificateAuthority,
    None,
}

impl Record {
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Sets what `place` names to what a change says of it. Nothing, where there is nothing yet, takes no memory.
    pub(crate) fn set_extra<T: Default + PartialEq>(
        &mut self,
        change: Option<T>,
        place: impl FnOnce(&mut More) -> &mut T,
    ) {
        let Some(said) = change else { return };
        if self.more.is_some() || said != T::default() {
            *place(self.more()) = said;
        }
    }

    pub(crate) fn modules(&self) -> &[Slot] {
        self.more.as_deref().map_or(&[], |more| &more.modules)
    }
}
