//! Lookups of an authentication.

use hubward_core::{
    Credential, DeviceId, Identity, IdentityRecord, Keys, Lookup, LookupResult, MacKey, RecordVersion,
    Status, Thumbprint,
};

use crate::lists::ListVerdict;
use crate::registry::Registry;
use crate::store::id::{LONGEST, identity, of_lookup, undecoded};
use crate::store::{Hot, Slot, StoredCredential};

impl<K: MacKey> Registry<K> {
    /// Looks up a record for an authentication or a recheck. Ids are compared byte by byte; nothing is allocated.
    ///
    /// `issuers` are the SHA-256 thumbprints of the authorities above a verified certificate, which the
    /// [access lists](crate::AccessLists) may have entries for; empty for a token. An identity that the lists refuse
    /// has the status `Disabled`.
    #[must_use]
    pub fn find(&self, lookup: &Lookup<'_>, issuers: &[Thumbprint]) -> LookupResult<'_, K> {
        let result = match lookup {
            Lookup::Policy(name) => self.find_policy(name),
            _ => self.entry_of(lookup).and_then(|(slot, hot)| self.record_of(lookup, slot, hot, issuers)),
        };
        result.unwrap_or(LookupResult::NotFound)
    }

    #[inline]
    fn entry_of(&self, lookup: &Lookup<'_>) -> Option<(Slot, &Hot<K>)> {
        if let Some(id) = undecoded(lookup) {
            return self.store.find_hot(id);
        }
        let mut buffer = [0; LONGEST];
        self.store.find_hot(of_lookup(lookup, &mut buffer)?)
    }

    fn record_of<'r>(
        &'r self,
        lookup: &Lookup<'_>,
        slot: Slot,
        hot: &'r Hot<K>,
        issuers: &[Thumbprint],
    ) -> Option<LookupResult<'r, K>> {
        // a device name with a `/` in it is not an id, and must not match a module
        if hot.device.is_some() != matches!(lookup, Lookup::Module(..)) {
            return None;
        }
        let identity = match hot.device {
            None => Identity::Device(DeviceId::assertion(&hot.id)),
            Some(_) => identity(&hot.id),
        };
        let second = self.store.second(slot);
        let credential = match (&hot.primary, second) {
            (Some(primary), Some(second)) => Credential::Keys(Keys::pair(primary, &second.key)),
            (Some(primary), None) => Credential::Keys(Keys::one(primary)),
            (None, _) => self.certificate_at(slot)?,
        };
        let status = match self.lists.verdict(&identity, issuers) {
            ListVerdict::Pass => self.status_of(hot)?,
            ListVerdict::Blocked | ListVerdict::NotAllowed => Status::Disabled,
        };
        let result = IdentityRecord::new(identity, status, hot.version, credential);
        let second = second.map(|second| RecordVersion::new(hot.version.generation(), second.version()));
        let result = result.with_secondary_version(second.unwrap_or(hot.version));
        Some(LookupResult::Identity(result.with_edge_device(hot.edge_device)))
    }

    /// Returns the credential of an identity without keys, which is in the cold layer.
    fn certificate_at(&self, slot: Slot) -> Option<Credential<'_, K>> {
        Some(match &self.store.record(slot)?.proof {
            StoredCredential::SelfSigned(stored) => {
                Credential::Thumbprints { primary: stored.primary(), secondary: stored.secondary() }
            }
            StoredCredential::CertificateAuthority => Credential::CertificateAuthority,
            // keys would be in the hot layer
            StoredCredential::Keys { .. } | StoredCredential::None => Credential::None,
        })
    }

    /// Returns the status. A module has its device's.
    pub(crate) fn status_of(&self, hot: &Hot<K>) -> Option<Status> {
        match hot.device {
            Some(device) => Some(self.store.hot(device)?.status),
            None => Some(hot.status),
        }
    }
}
