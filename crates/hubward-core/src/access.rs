//! Who somebody is, and the standing that a proof of it rests on.

use core::fmt;

use crate::lookup::Lookup;
use crate::name::{DeviceId, ModuleId, PolicyName};

/// Who a credential stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Identity<'a> {
    /// A device.
    Device(DeviceId<'a>),
    /// A module of a device.
    Module(DeviceId<'a>, ModuleId<'a>),
    /// A service that holds the key of a shared access policy.
    Policy(PolicyName<'a>),
}

impl<'a> Identity<'a> {
    /// The device that it is, or that it is a module of.
    #[must_use]
    pub const fn device(&self) -> Option<DeviceId<'a>> {
        match self {
            Self::Device(device) | Self::Module(device, _) => Some(*device),
            Self::Policy(_) => None,
        }
    }

    /// The question for its record.
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'a> {
        match self {
            Self::Device(id) => Lookup::Device(id.segment()),
            Self::Module(device, module) => Lookup::Module(device.segment(), module.segment()),
            Self::Policy(name) => Lookup::Policy(name.segment()),
        }
    }

    /// The module that it is.
    #[must_use]
    pub const fn module(&self) -> Option<ModuleId<'a>> {
        match self {
            Self::Module(_, module) => Some(*module),
            Self::Device(_) | Self::Policy(_) => None,
        }
    }
}

impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(id) => write!(f, "device {id}"),
            Self::Module(device, module) => write!(f, "module {device}/{module}"),
            Self::Policy(name) => write!(f, "policy {name}"),
        }
    }
}

/// Whether an identity may connect. A module has its device's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a hub's identity is one or the other")]
pub enum Status {
    /// It may.
    Enabled,
    /// It may not.
    Disabled,
}

/// The version of a record that a proof rests on. A proof made under one stamp ends when the record's stamp is
/// another: the identity was deleted and made anew, or its keys were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordVersion {
    generation: u64,
    keys: u64,
}

impl RecordVersion {
    /// `generation` differs for each time an identity of one name is created; `keys` differs for each credential that it
    /// has. A store must not give one again after a backup is restored: a random number does, a counter in the backup
    /// does not.
    #[must_use]
    pub const fn new(generation: u64, keys: u64) -> Self {
        Self { generation, keys }
    }

    /// Which creation of the identity this is.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Which version of its credentials this is.
    #[must_use]
    pub const fn keys(&self) -> u64 {
        self.keys
    }
}
