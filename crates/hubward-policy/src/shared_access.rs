//! Shared access policies, each a name with rights, and the five that a new hub has.

use hubward_core::{Permissions, PolicyName, UnknownRight};

/// A shared access policy, without its keys.
///
/// ```
/// use hubward_core::PolicyName;
/// use hubward_policy::SharedAccessPolicy;
///
/// let ops = SharedAccessPolicy::from_names(PolicyName::parse("ops")?, "RegistryRead, ServiceConnect")?;
/// assert_eq!(ops.rights().to_string(), "RegistryRead, ServiceConnect");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedAccessPolicy<'a> {
    name: &'a str,
    rights: Permissions,
}

const fn default_policy(name: &'static str, rights: Permissions) -> SharedAccessPolicy<'static> {
    SharedAccessPolicy { name, rights }
}

/// The policies of a new hub; the last has every right.
pub const DEFAULT_POLICIES: [SharedAccessPolicy<'static>; 5] = [
    default_policy("service", Permissions::SERVICE_CONNECT),
    default_policy("device", Permissions::DEVICE_CONNECT),
    default_policy("registryRead", Permissions::REGISTRY_READ),
    default_policy("registryReadWrite", Permissions::REGISTRY_WRITE),
    default_policy("iothubowner", Permissions::all()),
];

impl<'a> SharedAccessPolicy<'a> {
    /// Returns a policy with this name and these rights.
    #[must_use]
    pub const fn new(name: PolicyName<'a>, rights: Permissions) -> Self {
        Self { name: name.as_str(), rights }
    }

    /// Returns a policy whose rights are parsed from their names in ARM: `RegistryRead, ServiceConnect`.
    ///
    /// # Errors
    /// [`UnknownRight`] if a word is not the name of a right.
    pub fn from_names(name: PolicyName<'a>, rights: &str) -> Result<Self, UnknownRight> {
        Ok(Self::new(name, rights.parse()?))
    }

    /// Returns its name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the rights of its keys.
    #[must_use]
    pub const fn rights(&self) -> Permissions {
        self.rights
    }
}
