//! The answers to the questions of an admission, one at a time and many at once.

use core::hint::black_box;

use hubward_core::{
    Credential, DeviceId, Identity, IdentityRecord, Keys, Lookup, LookupResult, MacKey, RecordVersion,
    Status, Thumbprint,
};

use crate::lists::ListVerdict;
use crate::store::{Hot, Proof, Second};
use crate::registry::Registry;
use crate::store::{IdTag, Slot};
use crate::store::id::{LONGEST, identity, of_lookup, undecoded};

/// One of many questions, and what is known of its answer.
struct Asked<'r, 'a, K> {
    id: Option<&'a str>,
    tag: IdTag,
    slot: Option<Slot>,
    hot: Option<&'r Option<Hot<K>>>,
    second: Option<&'r Option<Second<K>>>,
}

impl<'r, K> Asked<'r, '_, K> {
    #[inline]
    fn hot(&self) -> Option<&'r Hot<K>> {
        self.hot?.as_ref()
    }

    #[inline]
    fn second(&self) -> Option<&'r Second<K>> {
        self.second?.as_ref()
    }
}

impl<K> Clone for Asked<'_, '_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Asked<'_, '_, K> {}

impl<K: MacKey> Registry<K> {
    /// Answers the question of an admission by a token. Ids are compared byte by byte; nothing is allocated.
    ///
    /// Whoever the [access lists](crate::AccessLists) do not let pass is found `Disabled`. An issuer on a list is not looked
    /// at: an admission that can be by a certificate needs [`Registry::find_issued`].
    #[must_use]
    pub fn find(&self, lookup: &Lookup<'_>) -> LookupResult<'_, K> {
        self.find_issued(lookup, &[])
    }

    /// [`Registry::find`] for one whose certificate chain was verified, with the SHA-256 thumbprints of those above it,
    /// by which the access lists may name it. A session that began with them is rechecked with them.
    #[must_use]
    pub fn find_issued(&self, lookup: &Lookup<'_>, issuers: &[Thumbprint]) -> LookupResult<'_, K> {
        let found = match lookup {
            Lookup::Policy(name) => self.find_policy(name),
            _ => self.entry_of(lookup).and_then(|(slot, hot)| self.found(lookup, slot, hot, issuers)),
        };
        found.unwrap_or(LookupResult::NotFound)
    }

    /// [`Registry::find`] for each of `lookups`, without issuers. Records of many devices are rarely in the processor's cache: here
    /// the loads of all questions are under way together, instead of each waiting for the one before.
    #[must_use]
    pub fn find_many<const N: usize>(&self, lookups: &[Lookup<'_>; N]) -> [LookupResult<'_, K>; N] {
        let mut asked = [Asked { id: None, tag: IdTag::default(), slot: None, hot: None, second: None }; N];
        for (asked, lookup) in asked.iter_mut().zip(lookups) {
            asked.id = undecoded(lookup);
            asked.tag = self.store.tag(asked.id.unwrap_or_default());
        }
        self.store.touch_all(asked.iter().map(|asked| asked.tag));
        // where each entry is takes its own loop: the loop that waits for them is then a load and little else
        for asked in &mut asked {
            asked.slot = self.store.likely(asked.tag);
            asked.hot = asked.slot.and_then(|slot| self.store.entry(slot));
            asked.second = asked.slot.and_then(|slot| self.store.second_entry(slot));
        }
        black_box(asked.iter().filter_map(Asked::hot).fold(0, |sum: u64, hot| {
            sum.wrapping_add(hot.version.keys()) ^ u64::from(hot.status == Status::Enabled)
        }));
        let seconds = asked.iter().filter_map(Asked::second);
        black_box(seconds.fold(0, |sum: u64, second| sum.wrapping_add(second.version())));
        let mut found = [const { LookupResult::NotFound }; N];
        for ((found, asked), lookup) in found.iter_mut().zip(&asked).zip(lookups) {
            *found = match (asked.id, asked.slot, asked.hot()) {
                (Some(id), Some(slot), Some(hot)) if hot.id == *id => {
                    self.found(lookup, slot, hot, &[]).unwrap_or(LookupResult::NotFound)
                }
                _ => self.find(lookup),
            };
        }
        found
    }

    #[inline]
    fn entry_of(&self, lookup: &Lookup<'_>) -> Option<(Slot, &Hot<K>)> {
        if let Some(id) = undecoded(lookup) {
            return self.store.find_hot(id);
        }
        let mut buffer = [0; LONGEST];
        self.store.find_hot(of_lookup(lookup, &mut buffer)?)
    }

    fn found<'r>(
        &'r self,
        lookup: &Lookup<'_>,
        slot: Slot,
        hot: &'r Hot<K>,
        issuers: &[Thumbprint],
    ) -> Option<LookupResult<'r, K>> {
        // a device's name with a `/` in it is no id, and must not be taken for a module's
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
        let found = IdentityRecord::new(identity, status, hot.version, credential);
        let second = second.map(|second| RecordVersion::new(hot.version.generation(), second.version()));
        Some(LookupResult::Identity(found.with_secondary_version(second.unwrap_or(hot.version))))
    }

    /// What one without keys proves itself by: it lies in the other layer.
    fn certificate_at(&self, slot: Slot) -> Option<Credential<'_, K>> {
        Some(match &self.store.record(slot)?.proof {
            Proof::SelfSigned(kept) => {
                Credential::Thumbprints { primary: kept.primary(), secondary: kept.secondary() }
            }
            Proof::CertificateAuthority => Credential::CertificateAuthority,
            // keys would be in the first layer
            Proof::Keys { .. } | Proof::None => Credential::None,
        })
    }

    /// A module's status is its device's.
    pub(crate) fn status_of(&self, hot: &Hot<K>) -> Option<Status> {
        match hot.device {
            Some(device) => Some(self.store.hot(device)?.status),
            None => Some(hot.status),
        }
    }
}
