//! Model of the registry: records, lists and rights.

use hubward_core::SymmetricKey;

use super::certificates::certificates;
use super::world::{Credential, Entry, Policy, World};

/// The host name of the hub.
pub const HUB: &str = "contoso.azure-devices.net";
/// The id scope of the provisioning service.
pub const SCOPE: &str = "0ne00000A0A";

/// Returns the bytes of the key with a name of at most 64 characters.
#[must_use]
pub fn key_bytes(name: &str) -> SymmetricKey {
    let mut bytes = [b'.'; 64];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    SymmetricKey::from_bytes(&bytes).unwrap()
}

/// A device id and perhaps a module id.
pub(crate) type Id<'a> = (&'a str, Option<&'a str>);

/// A record as an authentication sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'w> {
    pub(crate) credential: &'w Credential,
    pub(crate) above: &'w [String],
    enabled: bool,
}

impl World {
    /// Returns the record of an identity.
    fn record(&self, (device, module): Id<'_>) -> Option<Record<'_>> {
        let own = self.devices.iter().find(|own| own.id == device)?;
        let Some(module) = module else {
            return Some(Record { credential: &own.credential, above: &own.above, enabled: own.enabled });
        };
        let its = self.modules.iter().find(|its| its.device == device && its.id == module)?;
        // a module has its device's status
        Some(Record { credential: &its.credential, above: &its.above, enabled: own.enabled })
    }

    /// Returns the record of an identity that exists, is enabled, and is not refused by a list. `issuers` are those of a
    /// verified path.
    pub(crate) fn enabled(&self, id: Id<'_>, issuers: &[usize]) -> Option<Record<'_>> {
        let record = self.record(id)?;
        let listed = |entries: &[Entry]| entries.iter().any(|entry| self.matches(entry, id, issuers));
        let allowed = self.lists.allow.as_deref().is_none_or(listed);
        (record.enabled && allowed && !listed(&self.lists.block)).then_some(record)
    }

    fn matches(&self, entry: &Entry, id: Id<'_>, issuers: &[usize]) -> bool {
        match entry {
            Entry::Identity(name) => includes(name, id),
            Entry::Group(group) => {
                self.lists.members.iter().any(|(own, member)| own == group && includes(member, id))
            }
            Entry::Issuer(number) => issuers.contains(number),
        }
    }

    /// Returns the policy of that name.
    pub(crate) fn policy(&self, name: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.name == name)
    }
}

/// Returns whether a listed name, a device or `device/module`, includes an identity.
fn includes(name: &str, (device, module): Id<'_>) -> bool {
    match name.split_once('/') {
        Some((own, its)) => own == device && module == Some(its),
        None => name == device,
    }
}

impl Record<'_> {
    /// Returns the keys, if the record requires a token.
    pub(crate) fn keys(&self) -> Option<Vec<SymmetricKey>> {
        match self.credential {
            Credential::Keys(primary, secondary) => {
                let names = [Some(primary), secondary.as_ref()];
                Some(names.into_iter().flatten().map(|name| key_bytes(name)).collect())
            }
            _ => None,
        }
    }

    /// Returns whether the record accepts a certificate by its thumbprint.
    pub(crate) fn has_thumbprint_of(&self, shown: usize, now: u64) -> bool {
        let Credential::Thumbprints(one, other) = self.credential else { return false };
        let registered = [one, other].into_iter().flatten().any(|print| print.certificate == shown);
        registered && certificates()[shown].is_current(now)
    }
}

impl Policy {
    /// Returns whether the policy has a right. RegistryWrite includes RegistryRead.
    pub(crate) fn has(&self, right: &str) -> bool {
        self.rights.split(", ").any(|own| own == right || own == "RegistryWrite" && right == "RegistryRead")
    }

    /// Returns both keys.
    pub(crate) fn keys(&self) -> [SymmetricKey; 2] {
        [key_bytes(&self.keys.0), key_bytes(&self.keys.1)]
    }
}
