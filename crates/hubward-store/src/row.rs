//! The rows of a store: one table for identities, policies, lists, groups, enrollments and registrations.

use core::fmt;
use std::borrow::Cow;

use hubward::types::{DeviceId, Identity, ModuleId, PolicyName};

/// The kind of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A device, named by its id, or a module, `device/module`.
    Identity,
    /// A shared access policy.
    Policy,
    /// An entry of an access list; see [`ListRow`](crate::ListRow).
    ListEntry,
    /// A member of a group: the identity, a space, and the name of the group.
    Member,
    /// An individual enrollment, by its registration id in lower case.
    Enrollment,
    /// An enrollment of a group of devices.
    EnrollmentGroup,
    /// A registration at the provisioning service, by its id in lower case: which device was assigned where.
    Registration,
    /// The names of the provisioning service: one row.
    ProvisioningService,
    /// A shared access policy of the provisioning service.
    ProvisioningPolicy,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Policy,
        Self::ListEntry,
        Self::Member,
        Self::Enrollment,
        Self::EnrollmentGroup,
        Self::Registration,
        Self::ProvisioningService,
        Self::ProvisioningPolicy,
    ];

    /// Returns the number of the kind in a table.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Identity => 0,
            Self::Policy => 1,
            Self::ListEntry => 2,
            Self::Member => 3,
            Self::Enrollment => 4,
            Self::EnrollmentGroup => 5,
            Self::Registration => 6,
            Self::ProvisioningService => 7,
            Self::ProvisioningPolicy => 8,
        }
    }

    /// Returns the kind with this number.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i64::from(kind.number()) == number)
    }
}

/// The key of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the key of a row has two parts")]
pub struct RowKey {
    /// The kind of the row.
    pub kind: Kind,
    /// Its name, compared byte by byte.
    pub name: Box<str>,
}

impl RowKey {
    /// Returns the key of an identity's row or of a policy's.
    ///
    /// ```
    /// use hubward::types::{DeviceId, Identity, ModuleId};
    /// use hubward_store::{Kind, RowKey};
    ///
    /// let module = Identity::Module(DeviceId::parse("dev1")?, ModuleId::parse("mod1")?);
    /// assert_eq!(RowKey::of(&module).map(|key| key.name), Some("dev1/mod1".into()));
    /// # Ok::<(), hubward::types::NameError>(())
    /// ```
    #[must_use]
    pub fn of(identity: &Identity<'_>) -> Option<Self> {
        Some(match identity {
            Identity::Device(id) => Self::identity(id.as_str()),
            Identity::Module(device, module) => {
                Self::identity(&format!("{}/{}", device.as_str(), module.as_str()))
            }
            Identity::Policy(name) => Self { kind: Kind::Policy, name: name.as_str().into() },
            _ => return None,
        })
    }

    fn identity(name: &str) -> Self {
        Self { kind: Kind::Identity, name: name.into() }
    }

    /// Returns the identity that the row is for, if its name is valid.
    #[must_use]
    pub fn to_identity(&self) -> Option<Identity<'_>> {
        match self.kind {
            Kind::Identity => identity(&self.name),
            Kind::Policy => PolicyName::parse(&self.name).ok().map(Identity::Policy),
            _ => None,
        }
    }

    /// Returns the name of the device of a module's row.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        device_of(self.kind, &self.name)
    }
}

/// Parses the name of an identity's row.
pub(crate) fn identity(name: &str) -> Option<Identity<'_>> {
    Some(match name.split_once('/') {
        Some((device, module)) => {
            Identity::Module(DeviceId::parse(device).ok()?, ModuleId::parse(module).ok()?)
        }
        None => Identity::Device(DeviceId::parse(name).ok()?),
    })
}

fn device_of(kind: Kind, name: &str) -> Option<&str> {
    match kind {
        Kind::Identity => name.split_once('/').map(|(device, _)| device),
        _ => None,
    }
}

/// The credential that a row has, as its number in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// No credential is accepted.
    None,
    /// A certificate that a registered CA issued.
    CertificateAuthority,
    /// A certificate with a thumbprint: `primary` and `secondary` are thumbprints.
    Thumbprints,
    /// Symmetric keys: `primary` and `secondary` are sealed keys.
    Keys,
    /// A TPM: `primary` is its endorsement key.
    Tpm,
}

impl Proof {
    /// Returns the number of the credential in a table.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::CertificateAuthority => 1,
            Self::Thumbprints => 2,
            Self::Keys => 3,
            Self::Tpm => 4,
        }
    }

    /// Returns the credential with this number.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        [Self::None, Self::CertificateAuthority, Self::Thumbprints, Self::Keys, Self::Tpm]
            .into_iter()
            .find(|proof| i64::from(proof.number()) == number)
    }
}

/// A row, borrowed from the answer of a database or owned.
///
/// Its numbers are below 2^63, so that each database can hold them.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a store reads and writes each column")]
pub struct Row<'r> {
    /// The kind.
    pub kind: Kind,
    /// The name, unique for its kind.
    pub name: Cow<'r, str>,
    /// The number of the change that wrote the row; the store sets it.
    pub change: u64,
    /// The row is a tombstone: only its key and its change count.
    pub deleted: bool,
    /// The version of the row.
    pub etag: u64,
    /// The number of this creation.
    pub generation: u64,
    /// The version of the primary key or of the other credential.
    pub primary_version: u64,
    /// The version of the secondary key.
    pub secondary_version: u64,
    /// The status.
    pub enabled: bool,
    /// The permissions of a policy, as bits.
    pub rights: u8,
    /// The credential.
    pub proof: Proof,
    /// The primary key, sealed, or the primary thumbprint.
    pub primary: Option<Cow<'r, [u8]>>,
    /// The secondary key, sealed, or the secondary thumbprint.
    pub secondary: Option<Cow<'r, [u8]>>,
    /// The other attributes, as an object of JSON; empty if the row has no others.
    pub detail: Cow<'r, str>,
}

impl Row<'_> {
    /// Creates an enabled row without a credential.
    ///
    /// ```
    /// use hubward_store::{Kind, Row};
    ///
    /// let row = Row::new(Kind::Identity, "dev1/mod1");
    /// assert_eq!(row.device(), Some("dev1"));
    /// ```
    #[must_use]
    pub const fn new(kind: Kind, name: &str) -> Row<'_> {
        Row {
            kind,
            name: Cow::Borrowed(name),
            change: 0,
            deleted: false,
            etag: 0,
            generation: 0,
            primary_version: 0,
            secondary_version: 0,
            enabled: true,
            rights: 0,
            proof: Proof::None,
            primary: None,
            secondary: None,
            detail: Cow::Borrowed(""),
        }
    }

    /// Returns the key of the row.
    #[must_use]
    pub fn key(&self) -> RowKey {
        RowKey { kind: self.kind, name: (*self.name).into() }
    }

    /// Returns the name of the device of a module's row.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        device_of(self.kind, &self.name)
    }

    /// Returns the row with values of its own.
    #[must_use]
    pub fn into_owned(self) -> Row<'static> {
        let bytes = |bytes: Option<Cow<'_, [u8]>>| bytes.map(|bytes| Cow::Owned(bytes.into_owned()));
        Row {
            kind: self.kind,
            name: Cow::Owned(self.name.into_owned()),
            change: self.change,
            deleted: self.deleted,
            etag: self.etag,
            generation: self.generation,
            primary_version: self.primary_version,
            secondary_version: self.secondary_version,
            enabled: self.enabled,
            rights: self.rights,
            proof: self.proof,
            primary: bytes(self.primary),
            secondary: bytes(self.secondary),
            detail: Cow::Owned(self.detail.into_owned()),
        }
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // sealed keys are no secrets, and still no part of a log
        f.debug_struct("Row")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("change", &self.change)
            .field("deleted", &self.deleted)
            .finish_non_exhaustive()
    }
}
