//! [`Role`]: a role definition with its four lists of operations and its assignable scopes.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::action::{ActionError, ActionName, Plane, check_pattern, matches};
use super::scope::{ArmScope, ScopeError};

/// The most entries of one list. Azure accepts fewer.
const MAX_ENTRIES: usize = 2048;

type Patterns = Cow<'static, [Cow<'static, str>]>;

/// A role definition. `notActions` and `notDataActions` exclude operations from this role's own grants: another role
/// may still grant them.
///
/// ```
/// use hubward_policy::roles::{ActionName, RoleList, Plane, Role};
///
/// let role = Role::named("Twin reader", "")
///     .with_list(RoleList::DataActions, &["Microsoft.Devices/IotHubs/twins/*"])?
///     .with_list(RoleList::NotDataActions, &["*/write"])?;
/// assert!(role.grants(Plane::Data, ActionName::parse("Microsoft.Devices/IotHubs/twins/read")?));
/// assert!(!role.grants(Plane::Data, ActionName::parse("Microsoft.Devices/IotHubs/twins/write")?));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
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
pub enum RoleList {
    /// The operations that it grants on the control plane.
    #[error("actions")]
    Actions,
    /// The operations that it excludes from `actions`.
    #[error("notActions")]
    NotActions,
    /// The operations that it grants on the data plane.
    #[error("dataActions")]
    DataActions,
    /// The operations that it excludes from `dataActions`.
    #[error("notDataActions")]
    NotDataActions,
    /// The scopes at which it may be assigned.
    #[error("assignableScopes")]
    AssignableScopes,
}

/// The error of a role or an assignment that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// An entry of a list is not a pattern.
    #[error("{list}, entry {index}: {error}")]
    Action {
        /// The list.
        list: RoleList,
        /// The entry's index, from zero.
        index: usize,
        /// The problem of the entry.
        error: ActionError,
    },
    /// A text is not a scope.
    #[error("scope: {0}")]
    Scope(#[from] ScopeError),
    /// The role's assignable scopes do not include this one.
    #[error("the role's assignable scopes do not include this scope")]
    NotAssignable,
    /// A text is not a principal's id: it is empty, longer than 128 bytes, not visible ASCII, or the id of all
    /// principals.
    #[error("not the id of a principal")]
    Principal,
    /// The list has more than 2,048 entries.
    #[error("{0}: more than 2,048 entries")]
    TooMany(RoleList),
    /// The deny assignment has no principal.
    #[error("the deny assignment has no principal: add one, or deny to everyone")]
    NoPrincipal,
    /// The deny assignment has neither actions nor data actions.
    #[error("the deny assignment has no actions: add some to the role that it denies")]
    NoActions,
    /// More than 16,384 assignments, or more than 1,024 principals of one.
    #[error("too many assignments or principals")]
    TooManyAssignments,
}

const NONE: Patterns = Cow::Borrowed(&[]);
const EVERYWHERE: Patterns = Cow::Borrowed(&[Cow::Borrowed("/")]);

impl Role {
    /// Returns a role that grants nothing yet and may be assigned everywhere.
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

    /// Returns the same with a name and an id that are copied.
    #[must_use]
    pub fn named(name: &str, id: &str) -> Self {
        let mut role = Self::new("", "");
        role.name = Cow::Owned(name.into());
        role.id = Cow::Owned(id.into());
        role
    }

    /// Returns a built-in role with its actions, notActions and dataActions. A test checks that the entries are
    /// patterns.
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

    /// Replaces one list of the role.
    ///
    /// # Errors
    /// [`RoleError`] if an entry is not a pattern or not a scope, or the list has more than 2,048 entries.
    pub fn with_list(mut self, list: RoleList, entries: &[&str]) -> Result<Self, RoleError> {
        if entries.len() > MAX_ENTRIES {
            return Err(RoleError::TooMany(list));
        }
        for (index, entry) in entries.iter().enumerate() {
            match list {
                RoleList::AssignableScopes => drop(ArmScope::parse(entry)?),
                _ => check_pattern(entry).map_err(|error| RoleError::Action { list, index, error })?,
            }
        }
        let entries: Vec<_> = entries.iter().map(|entry| Cow::Owned(String::from(*entry))).collect();
        *self.list(list) = Cow::Owned(entries);
        Ok(self)
    }

    fn list(&mut self, list: RoleList) -> &mut Patterns {
        match list {
            RoleList::Actions => &mut self.actions,
            RoleList::NotActions => &mut self.not_actions,
            RoleList::DataActions => &mut self.data_actions,
            RoleList::NotDataActions => &mut self.not_data_actions,
            RoleList::AssignableScopes => &mut self.assignable,
        }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the entries of one of its lists.
    pub fn entries(&self, list: RoleList) -> impl Iterator<Item = &str> {
        let patterns = match list {
            RoleList::Actions => &self.actions,
            RoleList::NotActions => &self.not_actions,
            RoleList::DataActions => &self.data_actions,
            RoleList::NotDataActions => &self.not_data_actions,
            RoleList::AssignableScopes => &self.assignable,
        };
        patterns.iter().map(|pattern| &**pattern)
    }

    /// Returns whether the role grants the operation on this plane.
    #[must_use]
    pub fn grants(&self, plane: Plane, action: ActionName<'_>) -> bool {
        self.includes(plane, action) && !self.excludes(plane, action)
    }

    /// Returns whether the role has actions or data actions.
    pub(super) fn has_grants(&self) -> bool {
        !self.actions.is_empty() || !self.data_actions.is_empty()
    }

    /// Returns whether the actions match the operation, excluded or not.
    pub(super) fn includes(&self, plane: Plane, action: ActionName<'_>) -> bool {
        let granted = match plane {
            Plane::Control => &self.actions,
            Plane::Data => &self.data_actions,
        };
        granted.iter().any(|pattern| matches(pattern, action))
    }

    /// Returns whether the notActions match the operation.
    pub(super) fn excludes(&self, plane: Plane, action: ActionName<'_>) -> bool {
        let excluded = match plane {
            Plane::Control => &self.not_actions,
            Plane::Data => &self.not_data_actions,
        };
        excluded.iter().any(|pattern| matches(pattern, action))
    }

    /// Returns whether the assignable scopes cover `scope`.
    pub(super) fn assignable_at(&self, scope: &ArmScope<'_>) -> bool {
        self.assignable.iter().any(|at| ArmScope::parse(at).is_ok_and(|at| at.covers(scope)))
    }
}
