//! [`Groups`]: the enrollment groups by name, and by the thumbprints of their certificates.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};

use hubward_core::{MacKey, Thumbprint};

use super::{Attestation, Enrollment};
use crate::keys::SymmetricKeys;

/// The groups by name. Their certificates are indexed, so that a chain selects its group without a search through all.
#[derive(Debug)]
pub(crate) struct Groups<K> {
    all: BTreeMap<Box<str>, Box<Enrollment<K>>>,
    /// The names of the groups with a certificate of this thumbprint.
    by_issuer: BTreeMap<[u8; 32], BTreeSet<Box<str>>>,
}

/// A group with keys: its name, the group, its keys.
type WithKeys<'g, K> = (&'g str, &'g Enrollment<K>, &'g SymmetricKeys<K>);

impl<K> Groups<K> {
    pub(crate) const fn new() -> Self {
        Self { all: BTreeMap::new(), by_issuer: BTreeMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Enrollment<K>)> {
        self.all.iter().map(|(name, group)| (&**name, &**group))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Enrollment<K>> {
        self.all.get(name).map(|group| &**group)
    }

    pub(crate) fn insert(&mut self, name: &str, group: Enrollment<K>) {
        self.remove(name);
        for thumbprint in thumbprints(&group) {
            self.by_issuer.entry(thumbprint).or_default().insert(name.into());
        }
        self.all.insert(name.into(), Box::new(group));
    }

    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let Some(group) = self.all.remove(name) else { return false };
        for thumbprint in thumbprints(&group) {
            if let Some(names) = self.by_issuer.get_mut(&thumbprint) {
                names.remove(name);
                if names.is_empty() {
                    self.by_issuer.remove(&thumbprint);
                }
            }
        }
        true
    }

    /// Returns the first group by name with a certificate of this thumbprint.
    pub(super) fn of_issuer(&self, issuer: &Thumbprint) -> Option<(&str, &Enrollment<K>)> {
        let Thumbprint::Sha256(thumbprint) = issuer else { return None };
        let name = self.by_issuer.get(thumbprint)?.first()?;
        Some((name, self.get(name)?))
    }
}

impl<K: MacKey> Groups<K> {
    /// Iterates over the groups with keys, by name.
    pub(super) fn with_keys(&self) -> impl Iterator<Item = WithKeys<'_, K>> {
        self.iter().filter_map(|(name, group)| Some((name, group, keys(group)?)))
    }

    /// Returns the group of this name, if it has keys.
    pub(super) fn with_key(&self, name: &str) -> Option<WithKeys<'_, K>> {
        let (name, group) = self.all.get_key_value(name)?;
        Some((name, group, keys(group)?))
    }
}

const fn keys<K>(group: &Enrollment<K>) -> Option<&SymmetricKeys<K>> {
    match &group.attestation {
        Attestation::SymmetricKey(keys) => Some(keys),
        _ => None,
    }
}

/// Returns the SHA-256 thumbprints of a group's certificates: an issuer is compared by these alone.
fn thumbprints<K>(group: &Enrollment<K>) -> impl Iterator<Item = [u8; 32]> + use<K> {
    let stored = match &group.attestation {
        Attestation::X509(stored) | Attestation::Issuer(stored) => {
            [stored.primary().copied(), stored.secondary().copied()]
        }
        _ => [None, None],
    };
    stored.into_iter().flatten().filter_map(|stored| match stored {
        Thumbprint::Sha256(bytes) => Some(bytes),
        _ => None,
    })
}
