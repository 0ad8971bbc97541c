//! Access lists: they admit or refuse identities in spite of their records, by id, group of ids, or issuer of
//! certificates.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};

use hubward_core::{Identity, MacKey, Thumbprint};

use crate::registry::Registry;
use crate::store::id::{LONGEST, identity, of_identity};

/// An entry of an access list.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ListEntry<'a> {
    /// A device with its modules, or one module.
    Identity(Identity<'a>),
    /// All members of a group.
    Group(&'a str),
    /// All identities that present a certificate below this issuer, by its SHA-256 thumbprint. Issuers are compared
    /// by SHA-256 only, so an entry with a SHA-1 thumbprint matches none.
    Issuer(Thumbprint),
}

/// The decision of the access lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a list admits, or refuses for one of two reasons")]
pub enum ListVerdict {
    /// No list refuses the identity.
    Pass,
    /// The block list has an entry for the identity.
    Blocked,
    /// An allow list is in force and has no entry for the identity.
    NotAllowed,
}

/// A list of entries.
#[derive(Debug, Default)]
pub struct AccessList {
    pub(crate) ids: BTreeSet<Box<str>>,
    pub(crate) groups: BTreeSet<Box<str>>,
    pub(crate) issuers: BTreeSet<Box<[u8]>>,
}

impl AccessList {
    /// Adds an entry.
    pub fn add(&mut self, listed: ListEntry<'_>) {
        match listed {
            ListEntry::Identity(identity) => {
                with_id(&identity, |id| self.ids.insert(id.into()));
            }
            ListEntry::Group(name) => {
                self.groups.insert(name.into());
            }
            ListEntry::Issuer(thumbprint) => {
                self.issuers.insert(thumbprint.as_bytes().into());
            }
        }
    }

    /// Removes an entry and returns whether it was there.
    pub fn remove(&mut self, listed: ListEntry<'_>) -> bool {
        match listed {
            ListEntry::Identity(identity) => with_id(&identity, |id| self.ids.remove(id)).unwrap_or(false),
            ListEntry::Group(name) => self.groups.remove(name),
            ListEntry::Issuer(thumbprint) => self.issuers.remove(thumbprint.as_bytes()),
        }
    }

    /// Iterates over the entries: identities, groups, issuers.
    pub fn iter(&self) -> impl Iterator<Item = ListEntry<'_>> {
        let issuer = |bytes: &[u8]| match (bytes.try_into(), bytes.try_into()) {
            (Ok(sha1), _) => Some(ListEntry::Issuer(Thumbprint::Sha1(sha1))),
            (_, Ok(sha256)) => Some(ListEntry::Issuer(Thumbprint::Sha256(sha256))),
            _ => None,
        };
        let identities = self.ids.iter().map(|id| ListEntry::Identity(identity(id)));
        let groups = self.groups.iter().map(|name| ListEntry::Group(name));
        identities.chain(groups).chain(self.issuers.iter().filter_map(move |bytes| issuer(bytes)))
    }

    /// Returns whether the list has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.groups.is_empty() && self.issuers.is_empty()
    }

    fn names(&self, groups: &Groups, id: &str, device: &str, issuers: &[Thumbprint]) -> bool {
        self.ids.contains(device)
            || self.ids.contains(id)
            || self
                .groups
                .iter()
                .filter_map(|name| groups.get(name))
                .any(|members| members.contains(device) || members.contains(id))
            || issuers.iter().any(|issuer| self.issuers.contains(issuer.as_bytes()))
    }
}

type Groups = BTreeMap<Box<str>, BTreeSet<Box<str>>>;

/// The block list, the optional allow list, and the groups that their entries refer to.
///
/// The block list has precedence over the allow list. An allow list in force refuses all identities without an entry;
/// an empty one refuses all. Entries may be added before an identity exists, and stay when it is deleted: an id that
/// is created again is still blocked.
#[derive(Debug, Default)]
pub struct AccessLists {
    pub(crate) block: AccessList,
    pub(crate) allow: Option<AccessList>,
    pub(crate) groups: Groups,
}

impl AccessLists {
    /// Returns the block list.
    #[must_use]
    pub const fn block(&self) -> &AccessList {
        &self.block
    }

    /// Returns the block list, to change it.
    pub const fn block_mut(&mut self) -> &mut AccessList {
        &mut self.block
    }

    /// Returns the allow list, if one is in force.
    #[must_use]
    pub const fn allow(&self) -> Option<&AccessList> {
        self.allow.as_ref()
    }

    /// Returns the allow list, to change it, if one is in force.
    pub const fn allow_mut(&mut self) -> Option<&mut AccessList> {
        self.allow.as_mut()
    }

    /// Puts an allow list in force, empty unless one is in force already, and returns it to be filled. All identities
    /// without an entry are refused from now on.
    pub fn require_allow(&mut self) -> &mut AccessList {
        self.allow.get_or_insert_default()
    }

    /// Iterates over the names of the groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(|name| &**name)
    }

    /// Iterates over the members of a group.
    pub fn members(&self, group: &str) -> impl Iterator<Item = Identity<'_>> {
        self.groups.get(group).into_iter().flatten().map(|id| identity(id))
    }

    /// Removes the allow list, so that no entry is required.
    pub fn lift_allow(&mut self) {
        self.allow = None;
    }

    /// Adds a device with its modules, or one module, to a group.
    pub fn join(&mut self, group: &str, identity: Identity<'_>) {
        let members = self.groups.entry(group.into()).or_default();
        with_id(&identity, |id| members.insert(id.into()));
    }

    /// Removes an identity from a group and returns whether it was a member.
    pub fn leave(&mut self, group: &str, identity: Identity<'_>) -> bool {
        let Some(members) = self.groups.get_mut(group) else { return false };
        let left = with_id(&identity, |id| members.remove(id)).unwrap_or(false);
        if members.is_empty() {
            self.groups.remove(group);
        }
        left
    }

    /// Decides about a device or a module that presents a chain with these issuers; the list of issuers is empty for
    /// a token. Lists do not apply to policies.
    #[must_use]
    #[inline]
    pub fn verdict(&self, identity: &Identity<'_>, issuers: &[Thumbprint]) -> ListVerdict {
        if self.allow.is_none() && self.block.is_empty() {
            return ListVerdict::Pass;
        }
        self.judge(identity, issuers)
    }

    fn judge(&self, identity: &Identity<'_>, issuers: &[Thumbprint]) -> ListVerdict {
        let Some(device) = identity.device() else { return ListVerdict::Pass };
        let named = |list: &AccessList| {
            with_id(identity, |id| list.names(&self.groups, id, device.as_str(), issuers))
        };
        match (named(&self.block), self.allow.as_ref().map(named)) {
            (Some(false), None | Some(Some(true))) => ListVerdict::Pass,
            (Some(false), Some(_)) => ListVerdict::NotAllowed,
            _ => ListVerdict::Blocked,
        }
    }
}

fn with_id<T>(identity: &Identity<'_>, then: impl FnOnce(&str) -> T) -> Option<T> {
    let mut buffer = [0; LONGEST];
    of_identity(identity, &mut buffer).map(then)
}

impl<K: MacKey> Registry<K> {
    /// Returns the access lists. A lookup of an identity that they refuse has the status `Disabled`.
    #[must_use]
    pub const fn access(&self) -> &AccessLists {
        &self.lists
    }

    /// Returns the access lists, to change them.
    pub const fn access_mut(&mut self) -> &mut AccessLists {
        &mut self.lists
    }
}
