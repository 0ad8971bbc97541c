//! Identities, their status, and the version of the record that an authentication relied on.

use core::fmt;

use crate::lookup::Lookup;
use crate::name::{DeviceId, ModuleId, PolicyName};

/// The identity of a device, a module or a shared access policy.
///
/// ```
/// use hubward_core::{DeviceId, Identity, ModuleId};
///
/// let device = DeviceId::parse("dev1")?;
/// let module = Identity::Module(device, ModuleId::parse("mod1")?);
/// assert_eq!(module.device(), Some(device));
/// assert_eq!(module.to_string(), "module dev1/mod1");
/// # Ok::<(), hubward_core::NameError>(())
/// ```
///
/// With the feature `serde` it is `{"device": "dev1"}`, `{"module": ["dev1", "mod1"]}` or `{"policy": "service"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Identity<'a> {
    /// A device.
    #[cfg_attr(feature = "serde", serde(borrow))]
    Device(DeviceId<'a>),
    /// A module of a device.
    Module(
        #[cfg_attr(feature = "serde", serde(borrow))] DeviceId<'a>,
        #[cfg_attr(feature = "serde", serde(borrow))] ModuleId<'a>,
    ),
    /// A service that holds the key of a shared access policy.
    #[cfg_attr(feature = "serde", serde(borrow))]
    Policy(PolicyName<'a>),
}

impl<'a> Identity<'a> {
    /// Returns the device id: the identity's own, or that of the device that the module belongs to.
    #[must_use]
    pub const fn device(&self) -> Option<DeviceId<'a>> {
        match self {
            Self::Device(device) | Self::Module(device, _) => Some(*device),
            Self::Policy(_) => None,
        }
    }

    /// Returns the id as text, without the word for its kind: `dev1`, `dev1/mod1` or the name of a policy.
    ///
    /// ```
    /// use hubward_core::{DeviceId, Identity, ModuleId};
    ///
    /// let module = Identity::Module(DeviceId::parse("dev1")?, ModuleId::parse("mod1")?);
    /// assert_eq!(module.id().to_string(), "dev1/mod1");
    /// # Ok::<(), hubward_core::NameError>(())
    /// ```
    pub const fn id(&self) -> impl fmt::Display + Copy + use<'a> {
        WithoutKind(*self)
    }

    /// Returns the lookup of this identity's record.
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'a> {
        match self {
            Self::Device(id) => Lookup::Device(id.segment()),
            Self::Module(device, module) => Lookup::Module(device.segment(), module.segment()),
            Self::Policy(name) => Lookup::Policy(name.segment()),
        }
    }

    /// Returns the module id, if the identity is a module.
    #[must_use]
    pub const fn module(&self) -> Option<ModuleId<'a>> {
        match self {
            Self::Module(_, module) => Some(*module),
            Self::Device(_) | Self::Policy(_) => None,
        }
    }
}

/// Writes the kind's word and the id: `device dev1`. A device and a policy may have one name, so only the text with the
/// word is unique, as a log or the key of a map needs it; [`Identity::id`] leaves the word out.
///
/// ```
/// use hubward_core::{DeviceId, Identity, PolicyName};
///
/// let device = Identity::Device(DeviceId::parse("service")?);
/// let policy = Identity::Policy(PolicyName::parse("service")?);
/// assert_eq!(device.id().to_string(), policy.id().to_string());
/// assert_ne!(device.to_string(), policy.to_string());
/// # Ok::<(), hubward_core::NameError>(())
/// ```
impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(id) => write!(f, "device {id}"),
            Self::Module(device, module) => write!(f, "module {device}/{module}"),
            Self::Policy(name) => write!(f, "policy {name}"),
        }
    }
}

/// The `Display` of [`Identity::id`].
#[derive(Clone, Copy)]
struct WithoutKind<'a>(Identity<'a>);

impl fmt::Display for WithoutKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Identity::Device(id) => id.fmt(f),
            Identity::Module(device, module) => write!(f, "{device}/{module}"),
            Identity::Policy(name) => name.fmt(f),
        }
    }
}

/// States if an identity may connect. A module has its device's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a hub's identity is enabled or disabled")]
pub enum Status {
    /// The identity may connect.
    Enabled,
    /// The identity may not connect.
    Disabled,
}

/// The version of the credentials that an authentication relied on. A session ends when the record has another
/// version: the identity was deleted and created again, or its keys were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordVersion {
    generation: u64,
    keys: u64,
}

impl RecordVersion {
    /// Creates a version. `generation` is different each time an identity of one name is created, and `keys` is
    /// different for each credential of one identity. A store must not reuse a number after a backup is restored:
    /// draw random numbers, since a counter in the backup repeats.
    #[must_use]
    pub const fn new(generation: u64, keys: u64) -> Self {
        Self { generation, keys }
    }

    /// Returns the number of this creation of the identity.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the number of this version of its credentials.
    #[must_use]
    pub const fn keys(&self) -> u64 {
        self.keys
    }
}
