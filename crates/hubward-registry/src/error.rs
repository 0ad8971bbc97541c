//! The errors of a change.

use crate::entropy::NoEntropy;

/// The reason why a change was not made. The registry is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The record has another version than the caller read (the hub's 412001).
    #[error("the etag does not match: the record was changed since it was read")]
    EtagMismatch,
    /// The device or module already exists (409001, 409301).
    #[error("the identity already exists")]
    Exists,
    /// All slot numbers are in use, or the change counter has reached its end.
    #[error("there is no room for another record")]
    Full,
    /// The caller's source gave no bytes for a new key.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// One key was to be changed, or two were to be swapped, but the identity has none or only one.
    #[error("the identity does not have the keys that this changes")]
    NoKeys,
    /// A status, a capability or a scope was set for a module, which has its device's (400004).
    #[error("a module has its device's status, capabilities and scopes; change the device")]
    NotOfAModule,
    /// The device, module or policy does not exist (404001, 404010).
    #[error("the identity does not exist")]
    NotFound,
}

impl RegistryError {
    /// Returns the hub's error code.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::EtagMismatch => 412_001,
            Self::Exists => 409_001,
            Self::Full => 403_002,
            Self::NoEntropy(_) => 500_001,
            Self::NoKeys | Self::NotOfAModule => 400_004,
            Self::NotFound => 404_001,
        }
    }
}
