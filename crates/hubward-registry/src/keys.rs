//! The symmetric keys of an identity or a policy.

use hubward_core::{Keys, MacKey, SymmetricKey};

use crate::authentication::KeysView;
use crate::entropy::NoEntropy;
use crate::store::RawKey;

/// A primary and an optional secondary key. A missing secondary key is absent, never an empty key.
///
/// A key is stored ready for use, as a `K`. The symmetric key that it was made of may be stored too, to hand it to
/// the device or export it. Without it only the hub can use the key.
#[derive(Debug)]
pub struct SymmetricKeys<K> {
    pub(crate) primary: StoredKey<K>,
    pub(crate) secondary: Option<StoredKey<K>>,
}

/// A key ready for use and, if stored, the key that it was made of.
#[derive(Debug)]
pub(crate) struct StoredKey<K> {
    pub(crate) ready: K,
    pub(crate) raw: Option<RawKey>,
}

impl<K> StoredKey<K> {
    pub(crate) fn of(key: SymmetricKey, make: impl FnOnce(&SymmetricKey) -> K) -> Self {
        Self { ready: make(&key), raw: Some(key.into()) }
    }
}

impl<K: MacKey> SymmetricKeys<K> {
    /// Takes both keys, without the symmetric keys that they were made of.
    #[must_use]
    pub const fn new(primary: K, secondary: K) -> Self {
        let primary = StoredKey { ready: primary, raw: None };
        Self { primary, secondary: Some(StoredKey { ready: secondary, raw: None }) }
    }

    /// Takes one key.
    #[must_use]
    pub const fn one(primary: K) -> Self {
        Self { primary: StoredKey { ready: primary, raw: None }, secondary: None }
    }

    /// Stores both symmetric keys, and the keys that `make` makes of them.
    #[must_use]
    pub fn kept(primary: SymmetricKey, secondary: SymmetricKey, make: impl Fn(&SymmetricKey) -> K) -> Self {
        Self { primary: StoredKey::of(primary, &make), secondary: Some(StoredKey::of(secondary, &make)) }
    }

    /// Stores one symmetric key, and the key that `make` makes of it.
    #[must_use]
    pub fn kept_one(primary: SymmetricKey, make: impl Fn(&SymmetricKey) -> K) -> Self {
        Self { primary: StoredKey::of(primary, make), secondary: None }
    }

    /// Generates two keys of 32 bytes. `fill` is the caller's source of unpredictable bytes, as for
    /// [`SymmetricKey::generate`]: `getrandom::fill` is one.
    ///
    /// # Errors
    /// [`NoEntropy`] if the source fails, or returns without writing.
    pub fn generate<E>(
        mut fill: impl FnMut(&mut [u8]) -> Result<(), E>,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<Self, NoEntropy> {
        Ok(Self::kept(SymmetricKey::generate(&mut fill)?, SymmetricKey::generate(&mut fill)?, make))
    }

    /// Returns both keys, with the symmetric keys that they were made of if those are stored.
    #[must_use]
    pub fn view(&self) -> KeysView<'_, K> {
        let secondary = self.secondary.as_ref().and_then(|key| key.raw.as_ref());
        KeysView { ready: self.keys(), primary: self.primary.raw.as_ref(), secondary }
    }

    /// Returns the keys to verify with.
    #[must_use]
    pub const fn keys(&self) -> Keys<'_, K> {
        match &self.secondary {
            Some(secondary) => Keys::pair(&self.primary.ready, &secondary.ready),
            None => Keys::one(&self.primary.ready),
        }
    }
}
