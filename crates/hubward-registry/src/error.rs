//! Why a change was not made.

use crate::entropy::NoEntropy;

/// Why a change was not made. The registry is then as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The record is another version than the caller read (the hub's 412001).
    #[error("the record has another etag")]
    EtagMismatch,
    /// The device or module exists (409001, 409301).
    #[error("the identity exists already")]
    Exists,
    /// There are as many records as there are numbers for them, or changes can be counted no further.
    #[error("there is no room for another record")]
    Full,
    /// No new key could be made.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// A change of one key, or an exchange of two, of an identity that has none or only one.
    #[error("the identity has not the keys that are to be changed")]
    NoKeys,
    /// A status, a capability or a scope for a module: it has its device's (400004).
    #[error("a module has its device's status and scopes")]
    NotOfAModule,
    /// There is no such device, module or policy (404001, 404010).
    #[error("there is no such identity")]
    NotFound,
}

impl RegistryError {
    /// The hub's code for it.
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
