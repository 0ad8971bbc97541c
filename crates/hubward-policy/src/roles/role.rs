//! A role: what it grants, less what it takes back.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::action::{ActionError, ActionName, Plane, check_pattern, matches};
use super::scope::{ArmScope, ScopeError};

/// The most entries of one list; a service accepts fewer.
const MAX_ENTRIES: usize = 2048;

type Patterns = Cow<'static, [Cow<'static, str>]>;

/// A role definition. What it takes back it takes from its own grants alone: another role may still grant it.
#[derive(Debug, Clone)]
pub struct Role {
    name: Cow<'static, str>,
    id: Cow<'static, str>,
    actions: Patterns,
    not_actions: Patterns,
    data_actions: Patterns,
    not_data_actions: Patterns,
    assignable: Patterns,
}

/// A list of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum List {
    /// What it grants on the control plane.
    #[error("actions")]
    Actions,
    /// What it takes back of that.
    #[error("notActions")]
    NotActions,
    /// What it grants on the data plane.
    #[error("dataActions")]
    DataActions,
    /// What it takes back of that.
    #[error("notDataActions")]
    NotDataActions,
    /// Where it may be assigned.
    #[error("assignableScopes")]
    AssignableScopes,
}

/// Why a role or an assignment is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// An entry of a list is no pattern.
    #[error("{list}, entry {index}: {error}")]
    Action {
        /// Which list.
        list: List,
        /// Which entry, counted from zero.
        index: usize,
        /// What is wrong with it.
        error: ActionError,
    },
    /// A scope is none.
    #[error("scope: {0}")]
    Scope(#[from] ScopeError),
    /// The role may not be assigned there.
    #[error("the role cannot be assigned at this scope")]
    NotAssignable,
    /// Not the id of somebody: empty, longer than 128 bytes, not visible ASCII, or that of all principals.
    #[error("not the id of a principal")]
    Principal,
    /// More entries than a list may have.
    #[error("{0}: too many entries")]
    TooMany(List),
    /// A deny assignment that names no principal.
    #[error("a deny assignment must say to whom: name a principal, or everyone")]
    Nobody,
    /// A deny assignment of what grants nothing.
    #[error("a deny assignment must say what it denies")]
    Nothing,
    /// More assignments, or principals of one, than there may be.
    #[error("too many assignments or principals")]
    TooManyAssignments,
}

const NONE: Patterns = Cow::Borrowed(&[]);
const EVERYWHERE: Patterns = Cow::Borrowed(&[Cow::Borrowed("/")]);

impl Role {
    /// A role that grants nothing yet and may be assigned everywhere.
    #[must_use]
    pub const fn new(name: &'static str, id: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            id: Cow::Borrowed(id),
            actions: NONE,
            not_actions: NONE,
            data_actions: NONE,
            not_data_actions: NONE,
            assignable: EVERYWHERE,
        }
    }

    /// The same for a name and an id that are read.
    #[must_use]
    pub fn named(name: &str, id: &str) -> Self {
        let mut role = Self::new("", "");
        role.name = Cow::Owned(name.into());
        role.id = Cow::Owned(id.into());
        role
    }

    /// A built-in role: actions, notActions, dataActions. A test holds the entries to the rules of patterns.
    pub(super) const fn known(
        name: &'static str,
        id: &'static str,
        actions: &'static [Cow<'static, str>],
        not_actions: &'static [Cow<'static, str>],
        data_actions: &'static [Cow<'static, str>],
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            id: Cow::Borrowed(id),
            actions: Cow::Borrowed(actions),
            not_actions: Cow::Borrowed(not_actions),
            data_actions: Cow::Borrowed(data_actions),
            not_data_actions: NONE,
            assignable: EVERYWHERE,
        }
    }

    /// This role with one list replaced.
    ///
    /// # Errors
    /// [`RoleError`] where an entry is no pattern, no scope, or one too many.
    pub fn list_of(mut self, list: List, entries: &[&str]) -> Result<Self, RoleError> {
        if entries.len() > MAX_ENTRIES {
            return Err(RoleError::TooMany(list));
        }
        for (index, entry) in entries.iter().enumerate() {
            match list {
                List::AssignableScopes => drop(ArmScope::parse(entry)?),
                _ => check_pattern(entry).map_err(|error| RoleError::Action { list, index, error })?,
            }
        }
        let entries: Vec<_> = entries.iter().map(|entry| Cow::Owned(String::from(*entry))).collect();
        *self.list(list) = Cow::Owned(entries);
        Ok(self)
    }

    fn list(&mut self, list: List) -> &mut Patterns {
        match list {
            List::Actions => &mut self.actions,
            List::NotActions => &mut self.not_actions,
            List::DataActions => &mut self.data_actions,
            List::NotDataActions => &mut self.not_data_actions,
            List::AssignableScopes => &mut self.assignable,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The entries of one of its lists.
    pub fn entries(&self, list: List) -> impl Iterator<Item = &str> {
        let patterns = match list {
            List::Actions => &self.actions,
            List::NotActions => &self.not_actions,
            List::DataActions => &self.data_actions,
            List::NotDataActions => &self.not_data_actions,
            List::AssignableScopes => &self.assignable,
        };
        patterns.iter().map(|pattern| &**pattern)
    }

    /// Whether it grants the operation on this plane.
    #[must_use]
    pub fn grants(&self, plane: Plane, action: ActionName<'_>) -> bool {
        self.names(plane, action) && !self.takes_back(plane, action)
    }

    /// Whether it has any grants.
    pub(super) fn names_anything(&self) -> bool {
        !self.actions.is_empty() || !self.data_actions.is_empty()
    }

    /// Whether its grants name the operation, taken back or not.
    pub(super) fn names(&self, plane: Plane, action: ActionName<'_>) -> bool {
        let granted = match plane {
            Plane::Control => &self.actions,
            Plane::Data => &self.data_actions,
        };
        granted.iter().any(|pattern| matches(pattern, action))
    }

    pub(super) fn takes_back(&self, plane: Plane, action: ActionName<'_>) -> bool {
        let taken = match plane {
            Plane::Control => &self.not_actions,
            Plane::Data => &self.not_data_actions,
        };
        taken.iter().any(|pattern| matches(pattern, action))
    }

    pub(super) fn assignable_at(&self, scope: &ArmScope<'_>) -> bool {
        self.assignable.iter().any(|at| ArmScope::parse(at).is_ok_and(|at| at.covers(scope)))
    }
}
