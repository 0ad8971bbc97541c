//! What is kept of an identity, in two layers: what an admission reads, and the rest.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hubward_core::{Stamp, Status, SymmetricKey};

use crate::authentication::Thumbprints;
use crate::change::Capabilities;
use crate::etag::ETag;
use crate::store::{Id, Slot};
use crate::text::{DeviceScope, GenerationId, StatusReason};

/// What every admission reads: 128 bytes with a key of 64, two cache lines. `stamp` lies in the first and `status` in
/// the second, so that reading both loads the whole entry.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Hot<K> {
    pub(crate) id: Id,
    pub(crate) stamp: Stamp,
    pub(crate) primary: Option<K>,
    /// Where the second key is, if there is one.
    pub(crate) secondary: Option<Slot>,
    /// The device, for a module.
    pub(crate) device: Option<Slot>,
    /// A device's; a module's is not used.
    pub(crate) status: Status,
}

/// A second key between two numbers: reading both loads all of it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Second<K> {
    pub(crate) owner: Slot,
    pub(crate) key: K,
    pub(crate) end: Slot,
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
    Keys { primary: Option<SymmetricKey>, secondary: Option<SymmetricKey> },
    SelfSigned(Thumbprints),
    CertificateAuthority,
    None,
}

impl Record {
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn modules(&self) -> &[Slot] {
        self.more.as_deref().map_or(&[], |more| &more.modules)
    }
}
