//! The result of a [`Lookup`](crate::Lookup): a record of the caller's store. A record contains its identity, so that
//! a record of another identity is detected.

use crate::identity::{Identity, RecordVersion, Status};
use crate::mac::{KeySlot, Keys};
use crate::name::{DeviceId, PolicyName};
use crate::permissions::Permissions;
use crate::segment::Segment;
use crate::thumbprint::Thumbprint;

/// The result of a [`Lookup`](crate::Lookup).
#[derive(Debug)]
#[non_exhaustive]
pub enum LookupResult<'k, K> {
    /// The store has no record of that name.
    NotFound,
    /// The record of a device or a module.
    Identity(IdentityRecord<'k, K>),
    /// The record of a shared access policy.
    Policy(PolicyRecord<'k, K>),
}

/// The credential that an identity authenticates with.
#[derive(Debug)]
#[non_exhaustive]
pub enum Credential<'k, K> {
    /// A token signed with one of its keys.
    Keys(Keys<'k, K>),
    /// A certificate with one of these thumbprints, from any issuer. A missing thumbprint matches no
    /// certificate.
    Thumbprints {
        /// The primary thumbprint.
        primary: Option<&'k Thumbprint>,
        /// The secondary thumbprint.
        secondary: Option<&'k Thumbprint>,
    },
    /// A certificate that a registered CA issued for the identity.
    CertificateAuthority,
    /// No credential is accepted.
    None,
}

/// The part of a device's or module's record that an authentication needs.
///
/// ```
/// use hubward_core::{Credential, DeviceId, Identity, IdentityRecord, RecordVersion, Status};
/// # use hubward_core::{MacKey, Tag};
/// # #[derive(Debug)] struct Key;
/// # impl MacKey for Key { fn tag(&self, _: &[&[u8]]) -> Tag { Tag::new([0; 32]) } }
///
/// let device = Identity::Device(DeviceId::parse("dev1")?);
/// let version = RecordVersion::new(7, 12);
/// let record: IdentityRecord<'_, Key> =
///     IdentityRecord::new(device, Status::Enabled, version, Credential::CertificateAuthority);
/// assert!(record.has_version(version));
/// # Ok::<(), hubward_core::NameError>(())
/// ```
#[derive(Debug)]
pub struct IdentityRecord<'k, K> {
    identity: Identity<'k>,
    status: Status,
    version: RecordVersion,
    secondary_version: RecordVersion,
    credential: Credential<'k, K>,
    ancestors: &'k [DeviceId<'k>],
    edge_device: bool,
}

impl<'k, K> IdentityRecord<'k, K> {
    /// Creates a record from its identity, status (a module has its device's), version and credential. Any change of
    /// its keys needs a new version, which ends the sessions that either key opened.
    #[must_use]
    pub const fn new(
        identity: Identity<'k>,
        status: Status,
        version: RecordVersion,
        credential: Credential<'k, K>,
    ) -> Self {
        Self {
            identity,
            status,
            version,
            secondary_version: version,
            credential,
            ancestors: &[],
            edge_device: false,
        }
    }

    /// Gives the secondary key a version of its own, so that a change of one key leaves the sessions of the other.
    /// Each key that is written to a slot has a version that no other key had, and keeps it when the two keys are
    /// swapped.
    #[must_use]
    pub const fn with_secondary_version(mut self, version: RecordVersion) -> Self {
        self.secondary_version = version;
        self
    }

    /// Sets the edge devices above the identity in the hub's hierarchy: their edge hubs may act for it. The list
    /// includes a module's own device if that is an edge device. Without this call the list is empty.
    #[must_use]
    pub const fn with_ancestors(mut self, ancestors: &'k [DeviceId<'k>]) -> Self {
        self.ancestors = ancestors;
        self
    }

    /// Marks the device as an edge device (`capabilities.iotEdge`), which may manage its own modules. It has no effect on a
    /// module.
    #[must_use]
    pub const fn with_edge_device(mut self, edge_device: bool) -> Self {
        self.edge_device = edge_device;
        self
    }

    /// Returns whether the device is an edge device.
    #[must_use]
    pub const fn is_edge_device(&self) -> bool {
        self.edge_device && matches!(self.identity, Identity::Device(_))
    }

    /// Returns whether this edge device is one of the ancestors. Whole names are compared.
    #[must_use]
    pub fn has_ancestor(&self, edge_device: &Segment<'_>) -> bool {
        self.ancestors.iter().any(|ancestor| edge_device.eq_decoded(ancestor.as_str()))
    }

    /// Returns the identity that the record is for.
    #[must_use]
    pub const fn identity(&self) -> Identity<'k> {
        self.identity
    }

    /// Returns whether the identity may connect.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Returns the version of the record; if each key has its own version, that of the primary key.
    #[must_use]
    pub const fn version(&self) -> RecordVersion {
        self.version
    }

    /// Returns the version of one key.
    #[must_use]
    pub const fn version_of(&self, slot: KeySlot) -> RecordVersion {
        match slot {
            KeySlot::Primary => self.version,
            KeySlot::Secondary => self.secondary_version,
        }
    }

    /// Returns whether a session that was opened under `version` is still valid: one of the slots still contains the
    /// key that opened it.
    #[must_use]
    pub fn has_version(&self, version: RecordVersion) -> bool {
        self.version == version || self.secondary_version == version
    }

    /// Returns the credential that the identity authenticates with.
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
    version: RecordVersion,
    keys: Keys<'k, K>,
}

impl<'k, K> PolicyRecord<'k, K> {
    /// Creates a record from the policy's name, permissions, version and keys.
    #[must_use]
    pub const fn new(
        name: PolicyName<'k>,
        rights: Permissions,
        version: RecordVersion,
        keys: Keys<'k, K>,
    ) -> Self {
        Self { name, rights, version, keys }
    }

    /// Returns the policy's name.
    #[must_use]
    pub const fn name(&self) -> PolicyName<'k> {
        self.name
    }

    /// Returns the permissions that its keys grant.
    #[must_use]
    pub const fn rights(&self) -> Permissions {
        self.rights
    }

    /// Returns the version of the record.
    #[must_use]
    pub const fn version(&self) -> RecordVersion {
        self.version
    }

    /// Returns the policy's keys.
    #[must_use]
    pub const fn keys(&self) -> &Keys<'k, K> {
        &self.keys
    }
}
