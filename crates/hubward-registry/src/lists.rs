//! Who may connect whatever the records say: lists over ids, groups of ids, and issuers of certificates.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};

use hubward_core::{Identity, MacKey, Thumbprint};

use crate::registry::Registry;
use crate::store::id::{LONGEST, identity, of_identity};

/// What a list names.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ListEntry<'a> {
    /// A device with its modules, or a module alone.
    Identity(Identity<'a>),
    /// Every member of a group.
    Group(&'a str),
    /// Whoever presents a certificate below this one, by its SHA-256 thumbprint: those above a device's are known by no
    /// other, so that one of SHA-1 names nobody.
    Issuer(Thumbprint),
}

/// What the lists say of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a list lets somebody pass or does not, for one of two reasons")]
pub enum ListVerdict {
    /// Nothing against it.
    Pass,
    /// The block list names it.
    Blocked,
    /// An allow list is in force and does not name it.
    NotAllowed,
}

/// A list.
#[derive(Debug, Default)]
pub struct AccessList {
    pub(crate) ids: BTreeSet<Box<str>>,
    pub(crate) groups: BTreeSet<Box<str>>,
    pub(crate) issuers: BTreeSet<Box<[u8]>>,
}

impl AccessList {
    /// Puts something on the list.
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

    /// Takes something off the list, and says whether it was on it.
    pub fn remove(&mut self, listed: ListEntry<'_>) -> bool {
        match listed {
            ListEntry::Identity(identity) => with_id(&identity, |id| self.ids.remove(id)).unwrap_or(false),
            ListEntry::Group(name) => self.groups.remove(name),
            ListEntry::Issuer(thumbprint) => self.issuers.remove(thumbprint.as_bytes()),
        }
    }

    /// What it names: identities, groups, issuers.
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

    /// Whether it names nothing.
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

/// The block list, the allow list if one is in force, and the groups that they name.
///
/// Block wins over allow. An allow list in force denies whom it does not name, everybody where it is empty. Names may
/// be listed before they exist, and stay when they are deleted: an id that is made anew is still blocked.
#[derive(Debug, Default)]
pub struct AccessLists {
    pub(crate) block: AccessList,
    pub(crate) allow: Option<AccessList>,
    pub(crate) groups: Groups,
}

impl AccessLists {
    /// The block list.
    pub const fn block(&mut self) -> &mut AccessList {
        &mut self.block
    }

    /// The allow list, in force from now on.
    pub fn allow(&mut self) -> &mut AccessList {
        self.allow.get_or_insert_default()
    }

    /// The block list, to read it.
    #[must_use]
    pub const fn blocked(&self) -> &AccessList {
        &self.block
    }

    /// The allow list where one is in force, to read it.
    #[must_use]
    pub const fn allowed(&self) -> Option<&AccessList> {
        self.allow.as_ref()
    }

    /// The groups' names.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(|name| &**name)
    }

    /// Who is in a group.
    pub fn members(&self, group: &str) -> impl Iterator<Item = Identity<'_>> {
        self.groups.get(group).into_iter().flatten().map(|id| identity(id))
    }

    /// Drops the allow list: nobody has to be on one.
    pub fn lift_allow(&mut self) {
        self.allow = None;
    }

    /// Adds a device with its modules, or a module alone, to a group.
    pub fn join(&mut self, group: &str, identity: Identity<'_>) {
        let members = self.groups.entry(group.into()).or_default();
        with_id(&identity, |id| members.insert(id.into()));
    }

    /// Takes an identity out of a group, and says whether it was in it.
    pub fn leave(&mut self, group: &str, identity: Identity<'_>) -> bool {
        let Some(members) = self.groups.get_mut(group) else { return false };
        let left = with_id(&identity, |id| members.remove(id)).unwrap_or(false);
        if members.is_empty() {
            self.groups.remove(group);
        }
        left
    }

    /// What the lists say of a device or a module that presents a chain with these issuers, none where it presents a
    /// token. They say nothing of policies.
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
    /// The lists. Whoever they do not let pass is found `Disabled`.
    #[must_use]
    pub const fn access(&self) -> &AccessLists {
        &self.lists
    }

    /// The lists, to change them.
    pub const fn access_mut(&mut self) -> &mut AccessLists {
        &mut self.lists
    }
}
