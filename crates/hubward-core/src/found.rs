//! The answer to a [`Lookup`](crate::Lookup): what the caller's store holds. It names whom it is about, so
//! that an answer to another question, or another row's, is noticed.

use crate::access::{Identity, RecordVersion, Status};
use crate::mac::{KeySlot, Keys};
use crate::name::{DeviceId, PolicyName};
use crate::rights::Permissions;
use crate::segment::Segment;
use crate::thumbprint::Thumbprint;

/// What was found.
#[derive(Debug)]
#[non_exhaustive]
pub enum LookupResult<'k, K> {
    /// No record of that name.
    NotFound,
    /// A device or a module.
    Identity(IdentityRecord<'k, K>),
    /// A shared access policy.
    Policy(PolicyRecord<'k, K>),
}

/// How an identity proves itself.
#[derive(Debug)]
#[non_exhaustive]
pub enum Credential<'k, K> {
    /// By a token under one of its keys.
    Keys(Keys<'k, K>),
    /// By a certificate with one of these thumbprints, whoever signed it. A missing one fits nothing.
    Thumbprints {
        /// The primary.
        primary: Option<&'k Thumbprint>,
        /// The secondary.
        secondary: Option<&'k Thumbprint>,
    },
    /// By a certificate that a registered authority issued in its name.
    CertificateAuthority,
    /// Not at all: whatever is presented is refused.
    None,
}

/// A device's or a module's record, as far as admission needs it.
#[derive(Debug)]
pub struct IdentityRecord<'k, K> {
    identity: Identity<'k>,
    status: Status,
    stamp: RecordVersion,
    secondary_stamp: RecordVersion,
    credential: Credential<'k, K>,
    ancestors: &'k [DeviceId<'k>],
}

impl<'k, K> IdentityRecord<'k, K> {
    /// A record: whose it is, its status (a module's is its device's), its stamp and its credential. Any change of its
    /// keys is another stamp, and ends what either key proved.
    #[must_use]
    pub const fn new(
        identity: Identity<'k>,
        status: Status,
        stamp: RecordVersion,
        credential: Credential<'k, K>,
    ) -> Self {
        Self { identity, status, stamp, secondary_stamp: stamp, credential, ancestors: &[] }
    }

    /// The same with a stamp of the secondary key's own, so that a change of one key leaves what the other proved. Each
    /// key that is put into a slot has a stamp that no other ever had, and takes it along when the two are exchanged.
    #[must_use]
    pub const fn with_secondary_stamp(mut self, stamp: RecordVersion) -> Self {
        self.secondary_stamp = stamp;
        self
    }

    /// The edge devices above it, as the hub's own hierarchy has them: those whose edge hub may speak for it. A module's
    /// own device is one of them where that device is an edge device. Without this there are none.
    #[must_use]
    pub const fn with_ancestors(mut self, ancestors: &'k [DeviceId<'k>]) -> Self {
        self.ancestors = ancestors;
        self
    }

    /// Whether this edge device is above it, by its whole name.
    #[must_use]
    pub fn is_behind(&self, edge_device: &Segment<'_>) -> bool {
        self.ancestors.iter().any(|ancestor| edge_device.eq_decoded(ancestor.as_str()))
    }

    /// Whose record it is.
    #[must_use]
    pub const fn identity(&self) -> Identity<'k> {
        self.identity
    }

    /// Whether it may connect.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The version of the record: of its primary key where its keys have stamps of their own.
    #[must_use]
    pub const fn version(&self) -> RecordVersion {
        self.stamp
    }

    /// The version of one key.
    #[must_use]
    pub const fn version_of(&self, slot: KeySlot) -> RecordVersion {
        match slot {
            KeySlot::Primary => self.stamp,
            KeySlot::Secondary => self.secondary_stamp,
        }
    }

    /// Whether what was proven under `stamp` still stands: what proved it is in one of the slots yet.
    #[must_use]
    pub fn upholds(&self, stamp: RecordVersion) -> bool {
        self.stamp == stamp || self.secondary_stamp == stamp
    }

    /// How it proves itself.
    #[must_use]
    pub const fn credential(&self) -> &Credential<'k, K> {
        &self.credential
    }
}

/// A shared access policy's record.
#[derive(Debug)]
pub struct PolicyRecord<'k, K> {
    name: PolicyName<'k>,
    rights: Permissions,
    stamp: RecordVersion,
    keys: Keys<'k, K>,
}

impl<'k, K> PolicyRecord<'k, K> {
    /// A policy: its name, its rights, its stamp and its keys.
    #[must_use]
    pub const fn new(
        name: PolicyName<'k>,
        rights: Permissions,
        stamp: RecordVersion,
        keys: Keys<'k, K>,
    ) -> Self {
        Self { name, rights, stamp, keys }
    }

    /// The policy's name.
    #[must_use]
    pub const fn name(&self) -> PolicyName<'k> {
        self.name
    }

    /// What its keys allow.
    #[must_use]
    pub const fn rights(&self) -> Permissions {
        self.rights
    }

    /// The version of the record.
    #[must_use]
    pub const fn version(&self) -> RecordVersion {
        self.stamp
    }

    /// Its keys.
    #[must_use]
    pub const fn keys(&self) -> &Keys<'k, K> {
        &self.keys
    }
}
