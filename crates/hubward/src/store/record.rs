//! The answer of a store: a record that it owns, or one that is handed over.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use hubward_core::{
    Credential, DeviceId, Identity, IdentityRecord, LookupResult, MacKey, Permissions, PolicyName,
    PolicyRecord, RecordVersion, Status,
};
use hubward_registry::{Authentication, SymmetricKeys};

use crate::session::OwnedIdentity;

/// The answer of a [`Store`](crate::Store): a record that the store keeps, a record that it made for this answer, or none.
///
/// Created from a [`LookupResult`], from an [`OwnedRecord`], or from an `Option` of one.
pub struct FoundRecord<'s, K>(Found<'s, K>);

enum Found<'s, K> {
    Kept(LookupResult<'s, K>),
    Made(Box<OwnedRecord<K>>),
}

/// The record of an identity or a policy, with its keys: what a database's row is turned into.
///
/// ```
/// use hubward::OwnedRecord;
/// use hubward::registry::{Authentication, SymmetricKeys};
/// use hubward::types::{DeviceId, Identity, RecordVersion, Status, SymmetricKey};
/// use hubward_rustcrypto::HmacKey;
///
/// // the columns of a row; two rows never have the same version
/// let (id, enabled, key) = ("pump-7", true, *b"sixteen bytes or more");
/// let status = if enabled { Status::Enabled } else { Status::Disabled };
/// let keys = SymmetricKeys::one(HmacKey::new(&SymmetricKey::from_bytes(&key)?));
/// let identity = Identity::Device(DeviceId::parse(id)?);
/// let record = OwnedRecord::new(identity, status, RecordVersion::new(7, 12), Authentication::Sas(keys));
/// assert_eq!(record.identity(), identity);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OwnedRecord<K> {
    identity: OwnedIdentity,
    status: Status,
    version: RecordVersion,
    secondary_version: RecordVersion,
    rights: Permissions,
    authentication: Authentication<K>,
    edge_device: bool,
    ancestors: Vec<Box<str>>,
}

impl<K> OwnedRecord<K> {
    /// Creates the record of a device or a module from its identity, status (a module has its device's), version and
    /// credential. Any change of its keys needs a new version, which ends the sessions that either key opened.
    #[must_use]
    pub fn new(
        identity: Identity<'_>,
        status: Status,
        version: RecordVersion,
        authentication: Authentication<K>,
    ) -> Self {
        Self {
            identity: OwnedIdentity::new(&identity),
            status,
            version,
            secondary_version: version,
            rights: Permissions::empty(),
            authentication,
            edge_device: false,
            ancestors: Vec::new(),
        }
    }

    /// Creates the record of a shared access policy.
    #[must_use]
    pub fn policy(
        name: PolicyName<'_>,
        rights: Permissions,
        version: RecordVersion,
        keys: SymmetricKeys<K>,
    ) -> Self {
        let record = Self::new(Identity::Policy(name), Status::Enabled, version, Authentication::Sas(keys));
        Self { rights, ..record }
    }

    /// Gives the secondary key a version of its own, as
    /// [`IdentityRecord::with_secondary_version`] does.
    #[must_use]
    pub const fn with_secondary_version(mut self, version: RecordVersion) -> Self {
        self.secondary_version = version;
        self
    }

    /// Sets if the device is an edge device, which manages its own modules, as [`IdentityRecord::with_edge_device`] does.
    #[must_use]
    pub const fn with_edge_device(mut self, edge_device: bool) -> Self {
        self.edge_device = edge_device;
        self
    }

    /// Sets the edge devices above the identity in the hub's hierarchy, as [`IdentityRecord::with_ancestors`] does.
    #[must_use]
    pub fn with_ancestors<'i>(mut self, ancestors: impl IntoIterator<Item = DeviceId<'i>>) -> Self {
        self.ancestors = ancestors.into_iter().map(|id| id.as_str().into()).collect();
        self
    }

    /// Returns the identity that the record is for.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        self.identity.identity()
    }
}

impl<K: MacKey> OwnedRecord<K> {
    /// Calls `then` with the record as the result of a lookup.
    pub fn with_result<T>(&self, then: impl FnOnce(&LookupResult<'_, K>) -> T) -> T {
        let identity = self.identity();
        let credential = match (&self.authentication, identity) {
            (Authentication::Sas(keys), Identity::Policy(name)) => {
                let record = PolicyRecord::new(name, self.rights, self.version, keys.keys());
                return then(&LookupResult::Policy(record));
            }
            (Authentication::Sas(keys), _) => Credential::Keys(keys.keys()),
            (Authentication::SelfSigned(thumbprints), _) => {
                Credential::Thumbprints { primary: thumbprints.primary(), secondary: thumbprints.secondary() }
            }
            (Authentication::CertificateAuthority, _) => Credential::CertificateAuthority,
            _ => Credential::None,
        };
        let ancestors: Vec<DeviceId<'_>> = self.ancestors.iter().map(|id| DeviceId::assertion(id)).collect();
        let record = IdentityRecord::new(identity, self.status, self.version, credential)
            .with_secondary_version(self.secondary_version)
            .with_edge_device(self.edge_device)
            .with_ancestors(&ancestors);
        then(&LookupResult::Identity(record))
    }
}

impl<'s, K> FoundRecord<'s, K> {
    /// Returns the answer, unless the store made a record for it.
    #[inline(always)]
    pub(crate) const fn kept(&self) -> Option<&LookupResult<'s, K>> {
        match &self.0 {
            Found::Kept(result) => Some(result),
            Found::Made(_) => None,
        }
    }

    pub(super) const fn is_found(&self) -> bool {
        !matches!(self.0, Found::Kept(LookupResult::NotFound))
    }
}

impl<K: MacKey> FoundRecord<'_, K> {
    /// Calls `then` with the answer as the result of a lookup.
    #[inline(always)]
    pub fn with_result<T>(&self, then: impl FnOnce(&LookupResult<'_, K>) -> T) -> T {
        match &self.0 {
            Found::Kept(result) => then(result),
            Found::Made(record) => record.with_result(then),
        }
    }
}

impl<'s, K> From<LookupResult<'s, K>> for FoundRecord<'s, K> {
    #[inline(always)]
    fn from(result: LookupResult<'s, K>) -> Self {
        Self(Found::Kept(result))
    }
}

impl<K> From<OwnedRecord<K>> for FoundRecord<'_, K> {
    fn from(record: OwnedRecord<K>) -> Self {
        Self(Found::Made(Box::new(record)))
    }
}

impl<K> From<Option<OwnedRecord<K>>> for FoundRecord<'_, K> {
    fn from(record: Option<OwnedRecord<K>>) -> Self {
        record.map_or(Self(Found::Kept(LookupResult::NotFound)), Self::from)
    }
}

impl<K> fmt::Debug for OwnedRecord<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedRecord")
            .field("identity", &self.identity())
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
