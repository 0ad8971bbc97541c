//! The rows of access lists and of groups: the name has all of it.

use std::collections::BTreeSet;

use hubward::registry::{AccessLists, ListEntry};
use hubward::types::{Identity, Thumbprint};

use crate::row::{Kind, RowKey, identity};

/// The content of a row of kind [`Kind::ListEntry`] or [`Kind::Member`].
///
/// | name of the row | meaning |
/// |---|---|
/// | `block identity dev1/mod1` | the block list has this identity |
/// | `allow group pumps` | the allow list has this group |
/// | `block issuer 3f8a..` | the block list has this issuer, by SHA-256 |
/// | `allow` | an allow list is in force, even if it is empty |
/// | `dev1 pumps` (kind [`Kind::Member`]) | the device is a member of the group |
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "the lists have these rows")]
pub enum ListRow<'a> {
    /// An entry of the block list.
    Block(ListEntry<'a>),
    /// An entry of the allow list.
    Allow(ListEntry<'a>),
    /// An allow list is in force.
    InForce,
    /// A member of a group.
    Member(&'a str, Identity<'a>),
}

impl<'a> ListRow<'a> {
    /// Returns the key of the row. `None` for an entry that lists do not have, such as a policy.
    #[must_use]
    pub fn key(&self) -> Option<RowKey> {
        let of = |list: &str, entry: &ListEntry<'_>| {
            let name = match entry {
                ListEntry::Identity(identity) => format!("{list} identity {}", RowKey::of(identity)?.name),
                ListEntry::Group(group) => format!("{list} group {group}"),
                ListEntry::Issuer(thumbprint) => format!("{list} issuer {thumbprint}"),
                _ => return None,
            };
            Some(RowKey { kind: Kind::ListEntry, name: name.into() })
        };
        match self {
            Self::Block(entry) => of("block", entry),
            Self::Allow(entry) => of("allow", entry),
            Self::InForce => Some(RowKey { kind: Kind::ListEntry, name: "allow".into() }),
            Self::Member(group, identity) => {
                let name = format!("{} {group}", RowKey::of(identity)?.name);
                Some(RowKey { kind: Kind::Member, name: name.into() })
            }
        }
    }

    /// Parses the name of a row.
    #[must_use]
    pub fn parse(kind: Kind, name: &'a str) -> Option<Self> {
        if kind == Kind::Member {
            // no id has a space
            let (id, group) = name.split_once(' ')?;
            return Some(Self::Member(group, identity(id)?));
        }
        let Some((list, entry)) = name.split_once(' ') else {
            return (name == "allow").then_some(Self::InForce);
        };
        let (what, value) = entry.split_once(' ')?;
        let entry = match what {
            "identity" => ListEntry::Identity(identity(value)?),
            "group" => ListEntry::Group(value),
            "issuer" => ListEntry::Issuer(value.parse::<Thumbprint>().ok()?),
            _ => return None,
        };
        match list {
            "block" => Some(Self::Block(entry)),
            "allow" => Some(Self::Allow(entry)),
            _ => None,
        }
    }
}

/// The rows of the allow list. They count only while a row puts the list in force, in any order of the rows.
#[derive(Debug, Default)]
pub(crate) struct AllowRows {
    in_force: bool,
    names: BTreeSet<Box<str>>,
}

impl AllowRows {
    /// Applies a row, or its deletion, to the lists.
    pub(crate) fn apply(&mut self, name: &str, row: &ListRow<'_>, deleted: bool, lists: &mut AccessLists) {
        match (row, deleted) {
            (ListRow::Block(entry), false) => lists.block_mut().add(*entry),
            (ListRow::Block(entry), true) => drop(lists.block_mut().remove(*entry)),
            (ListRow::Member(group, identity), false) => lists.join(group, *identity),
            (ListRow::Member(group, identity), true) => drop(lists.leave(group, *identity)),
            (ListRow::InForce, true) => {
                self.in_force = false;
                lists.lift_allow();
            }
            (ListRow::InForce, false) => {
                self.in_force = true;
                let list = lists.require_allow();
                for name in &self.names {
                    if let Some(ListRow::Allow(entry)) = ListRow::parse(Kind::ListEntry, name) {
                        list.add(entry);
                    }
                }
            }
            (ListRow::Allow(entry), false) => {
                self.names.insert(name.into());
                if self.in_force {
                    lists.require_allow().add(*entry);
                }
            }
            (ListRow::Allow(entry), true) => {
                self.names.remove(name);
                if self.in_force {
                    lists.require_allow().remove(*entry);
                }
            }
        }
    }
}
