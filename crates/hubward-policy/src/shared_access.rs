//! Shared access policies: a name and rights.

use hubward_core::{Permissions, PolicyName, UnknownRight};

/// A shared access policy, without its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedAccessPolicy<'a> {
    name: &'a str,
    rights: Permissions,
}

const fn default_policy(name: &'static str, rights: Permissions) -> SharedAccessPolicy<'static> {
    SharedAccessPolicy { name, rights }
}

/// The policies that every hub begins with, the mightiest last.
pub const DEFAULT_POLICIES: [SharedAccessPolicy<'static>; 5] = [
    default_policy("service", Permissions::SERVICE_CONNECT),
    default_policy("device", Permissions::DEVICE_CONNECT),
    default_policy("registryRead", Permissions::REGISTRY_READ),
    default_policy("registryReadWrite", Permissions::REGISTRY_WRITE),
    default_policy("iothubowner", Permissions::all()),
];

impl<'a> SharedAccessPolicy<'a> {
    /// A policy of this name with these rights.
    #[must_use]
    pub const fn new(name: PolicyName<'a>, rights: Permissions) -> Self {
        Self { name: name.as_str(), rights }
    }

    /// A policy whose rights are a list by their ARM names: `RegistryRead, ServiceConnect`.
    ///
    /// # Errors
    /// [`UnknownRight`] where a word names no right.
    pub fn from_names(name: PolicyName<'a>, rights: &str) -> Result<Self, UnknownRight> {
        Ok(Self::new(name, rights.parse()?))
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// What its keys allow.
    #[must_use]
    pub const fn rights(&self) -> Permissions {
        self.rights
    }
}
