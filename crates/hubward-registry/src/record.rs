//! What is kept of an identity or a policy.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use hubward_core::{Credential, Keys, MacKey, Permissions, Stamp, Status};

/// A primary key and, where one is set, a secondary. A slot without a key is empty: it is never an empty key.
#[derive(Debug)]
pub struct KeyPair<K> {
    primary: K,
    secondary: Option<K>,
}

impl<K: MacKey> KeyPair<K> {
    /// Both keys, as a hub has them.
    #[must_use]
    pub const fn new(primary: K, secondary: K) -> Self {
        Self { primary, secondary: Some(secondary) }
    }

    /// One key.
    #[must_use]
    pub const fn one(primary: K) -> Self {
        Self { primary, secondary: None }
    }

    /// The keys to verify with.
    #[must_use]
    pub const fn keys(&self) -> Keys<'_, K> {
        match &self.secondary {
            Some(secondary) => Keys::pair(&self.primary, secondary),
            None => Keys::one(&self.primary),
        }
    }
}

/// How an identity proves itself.
#[derive(Debug)]
#[non_exhaustive]
pub enum Authentication<K> {
    /// By tokens under its keys (`sas`).
    Sas(KeyPair<K>),
    /// Not at all (`none`).
    None,
}

impl<K: MacKey> Authentication<K> {
    pub(crate) const fn credential(&self) -> Credential<'_, K> {
        match self {
            Self::Sas(pair) => Credential::Keys(pair.keys()),
            Self::None => Credential::NoKeys,
        }
    }
}

/// A device.
#[derive(Debug)]
pub(crate) struct Device<K> {
    pub(crate) status: Status,
    pub(crate) stamp: Stamp,
    pub(crate) authentication: Authentication<K>,
    pub(crate) modules: BTreeMap<Box<str>, Module<K>>,
}

/// A module; its status is its device's.
#[derive(Debug)]
pub(crate) struct Module<K> {
    pub(crate) stamp: Stamp,
    pub(crate) authentication: Authentication<K>,
}

/// A shared access policy.
#[derive(Debug)]
pub(crate) struct Policy<K> {
    pub(crate) rights: Permissions,
    pub(crate) stamp: Stamp,
    pub(crate) keys: KeyPair<K>,
}
