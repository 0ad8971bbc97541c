//! The two keys of an identity or a policy.

use hubward_core::{Keys, MacKey, SymmetricKey};

use crate::authentication::KeysView;
use crate::entropy::{Entropy, NoEntropy, fresh_key};
use crate::store::RawKey;

/// A primary key and, where one is set, a secondary. A slot without a key is empty: it is never an empty key.
///
/// A key is kept ready for use, as a `K`. Beside it may stand the symmetric key that it was made of, so that it can
/// be handed to the device and exported; without it only the hub can use it.
#[derive(Debug)]
pub struct SymmetricKeys<K> {
    pub(crate) primary: KeptKey<K>,
    pub(crate) secondary: Option<KeptKey<K>>,
}

/// A key ready for use and, where it is kept, what it was made of.
#[derive(Debug)]
pub(crate) struct KeptKey<K> {
    pub(crate) ready: K,
    pub(crate) raw: Option<RawKey>,
}

impl<K> KeptKey<K> {
    pub(crate) fn of(key: SymmetricKey, make: impl FnOnce(&SymmetricKey) -> K) -> Self {
        Self { ready: make(&key), raw: Some(key.into()) }
    }
}

impl<K: MacKey> SymmetricKeys<K> {
    /// Both keys, as a hub has them.
    #[must_use]
    pub const fn new(primary: K, secondary: K) -> Self {
        let primary = KeptKey { ready: primary, raw: None };
        Self { primary, secondary: Some(KeptKey { ready: secondary, raw: None }) }
    }

    /// One key.
    #[must_use]
    pub const fn one(primary: K) -> Self {
        Self { primary: KeptKey { ready: primary, raw: None }, secondary: None }
    }

    /// Both keys, kept as they are beside what `make` makes of them.
    #[must_use]
    pub fn kept(primary: SymmetricKey, secondary: SymmetricKey, make: impl Fn(&SymmetricKey) -> K) -> Self {
        Self { primary: KeptKey::of(primary, &make), secondary: Some(KeptKey::of(secondary, &make)) }
    }

    /// One key, kept as it is beside what `make` makes of it.
    #[must_use]
    pub fn kept_one(primary: SymmetricKey, make: impl Fn(&SymmetricKey) -> K) -> Self {
        Self { primary: KeptKey::of(primary, make), secondary: None }
    }

    /// Two new keys of 32 bytes.
    ///
    /// # Errors
    /// [`NoEntropy`] where the source fails.
    pub fn generate(entropy: &mut Entropy<'_>, make: impl Fn(&SymmetricKey) -> K) -> Result<Self, NoEntropy> {
        Ok(Self::kept(fresh_key(entropy)?, fresh_key(entropy)?, make))
    }

    /// Both, and what they were made of where that is kept.
    #[must_use]
    pub fn view(&self) -> KeysView<'_, K> {
        let secondary = self.secondary.as_ref().and_then(|key| key.raw.as_ref());
        KeysView { ready: self.keys(), primary: self.primary.raw.as_ref(), secondary }
    }

    /// The keys to verify with.
    #[must_use]
    pub const fn keys(&self) -> Keys<'_, K> {
        match &self.secondary {
            Some(secondary) => Keys::pair(&self.primary.ready, &secondary.ready),
            None => Keys::one(&self.primary.ready),
        }
    }
}
