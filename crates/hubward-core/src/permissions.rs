//! The four permissions of a hub's shared access policies.

use core::fmt;
use core::str::FromStr;

bitflags::bitflags! {
    /// The permissions of a credential at a hub. Writing to the registry includes reading it.
    ///
    /// ```
    /// use hubward_core::Permissions;
    ///
    /// let permissions: Permissions = "RegistryWrite, ServiceConnect".parse()?;
    /// assert!(permissions.contains(Permissions::REGISTRY_READ));
    /// # Ok::<(), hubward_core::UnknownRight>(())
    /// ```
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Permissions: u8 {
        /// Reads identities, their keys included.
        const REGISTRY_READ = 1;
        /// Creates, changes and deletes identities; includes reading them.
        const REGISTRY_WRITE = 3;
        /// Uses the service's endpoints: cloud-to-device messages, twins, methods, telemetry.
        const SERVICE_CONNECT = 4;
        /// Uses the device's endpoints.
        const DEVICE_CONNECT = 8;
    }
}

/// The permissions by the names that ARM and the SDKs write, the stronger one of a pair first.
const NAMES: [(&str, Permissions); 4] = [
    ("RegistryWrite", Permissions::REGISTRY_WRITE),
    ("RegistryRead", Permissions::REGISTRY_READ),
    ("ServiceConnect", Permissions::SERVICE_CONNECT),
    ("DeviceConnect", Permissions::DEVICE_CONNECT),
];

/// A list of permissions contains an unknown word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown permission at byte {offset}; the permissions are RegistryRead, RegistryWrite, ServiceConnect and DeviceConnect"
)]
#[non_exhaustive]
pub struct UnknownRight {
    /// The offset of the word in bytes.
    pub offset: usize,
}

/// Parses permissions that are separated by commas, with one optional space after each comma: `RegistryRead,
/// ServiceConnect`.
impl FromStr for Permissions {
    type Err = UnknownRight;

    fn from_str(list: &str) -> Result<Self, UnknownRight> {
        let mut rights = Self::empty();
        let mut offset = 0_usize;
        for word in list.split(',') {
            let name = word.strip_prefix(' ').unwrap_or(word);
            let (_, right) = NAMES.iter().find(|(known, _)| *known == name).ok_or(UnknownRight { offset })?;
            rights |= *right;
            offset = offset.saturating_add(word.len()).saturating_add(1);
        }
        Ok(rights)
    }
}

/// Writes the form that [`FromStr`] parses; no permissions are an empty text.
impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = *self;
        let mut separator = "";
        for (name, right) in NAMES {
            if left.contains(right) {
                write!(f, "{separator}{name}")?;
                separator = ", ";
                left = left.difference(right);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::string::ToString;

    #[test]
    fn registry_write_includes_registry_read() {
        assert!(Permissions::REGISTRY_WRITE.contains(Permissions::REGISTRY_READ));
        assert_eq!("RegistryWrite".parse(), Ok(Permissions::REGISTRY_WRITE));
        assert!(!Permissions::REGISTRY_READ.contains(Permissions::REGISTRY_WRITE));
    }

    #[test]
    fn a_list_is_parsed_and_written() {
        let list = "RegistryWrite, ServiceConnect, DeviceConnect";
        assert_eq!(list.parse::<Permissions>().unwrap().to_string(), list);
        assert_eq!(Permissions::empty().to_string(), "");
    }

    #[test]
    fn an_unknown_word_is_an_error_with_its_offset() {
        for (list, offset) in
            [("", 0), ("RegistryRead,", 13), ("RegistryRead,  ServiceConnect", 13), ("Owner", 0)]
        {
            assert_eq!(list.parse::<Permissions>(), Err(UnknownRight { offset }), "{list}");
        }
    }
}
