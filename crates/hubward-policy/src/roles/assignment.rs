//! [`Access`]: role assignments and deny assignments, and the [`RoleDecision`] on a [`Request`].

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use crate::endpoint::Endpoint;

use super::action::{ActionName, Plane};
use super::hub_actions::hub_actions;
use super::role::{Role, RoleError};
use super::scope::ArmScope;

/// The most assignments, and the most deny assignments. A subscription has at most 4,000 of the former. A check
/// reads the role assignments of the caller's principals, and compares each deny assignment once.
const MAX_ASSIGNMENTS: usize = 16_384;
/// The most principals of one deny assignment, and the most exceptions of one.
const MAX_PRINCIPALS: usize = 1024;
/// The id of all principals in a deny assignment of the directory.
const ALL_PRINCIPALS: &str = "00000000-0000-0000-0000-000000000000";

/// Role assignments and deny assignments, checked when they are added. Without any, everything is denied.
///
/// ```
/// use hubward_policy::roles::{Access, ActionName, ArmScope, Plane, Request, built_in};
///
/// let hub = "/subscriptions/8d3c/resourceGroups/iot/providers/Microsoft.Devices/IotHubs/contoso";
/// let mut access = Access::new();
/// access.assign("ann", built_in("IoT Hub Data Reader").ok_or("no such role")?, hub)?;
///
/// let read = ActionName::parse("Microsoft.Devices/IotHubs/devices/read")?;
/// let request = Request::new(&["ann"], Plane::Data, read, ArmScope::parse(hub)?);
/// assert!(access.check(&request).is_allow());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Access {
    assignments: Vec<Assignment>,
    /// The indices of the assignments, sorted by principal, so that a check reads those of the caller alone.
    by_principal: Vec<usize>,
    denies: Vec<DenyAssignment>,
}

#[derive(Debug, Clone)]
struct Assignment {
    principal: Box<str>,
    role: Role,
    scope: Box<str>,
}

/// A deny assignment, which wins over every role. It denies the operations that a role would grant. [`Access::deny`]
/// refuses one without operations or without principals.
///
/// ```
/// use hubward_policy::roles::{Access, DenyAssignment, RoleList, Role};
///
/// let deletes = Role::named("deletes", "").with_list(RoleList::DataActions, &["*/delete"])?;
/// let mut access = Access::new();
/// access.deny(DenyAssignment::new(deletes, "/subscriptions/8d3c")?.with_everyone().with_exception("root")?)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DenyAssignment {
    denied: Role,
    scope: Box<str>,
    principals: Vec<Box<str>>,
    everyone: bool,
    except: Vec<Box<str>>,
    children: bool,
}

/// A request to judge: the caller's principals, an operation and the scope of its resource.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    principals: &'a [&'a str],
    plane: Plane,
    action: ActionName<'a>,
    scope: ArmScope<'a>,
}

/// The decision on a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a third answer would be read as one of these two")]
pub enum RoleDecision {
    /// This assignment allows the request.
    Allow {
        /// The assignment's index, from zero in the order of adding.
        assignment: usize,
    },
    /// The request is denied.
    Deny(MissingPermission),
}

/// The reason for which roles deny a request. Assignments have indices from zero in the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingPermission {
    /// The deny assignment of this index denies the operation.
    Denied(usize),
    /// The role of this assignment grants the operation and excludes it again.
    Excluded(usize),
    /// The role of this assignment grants the operation, but the assignment's scope does not cover the resource.
    OutOfScope(usize),
    /// No role of the caller's principals grants the operation.
    NoRole,
}

impl<'a> Request<'a> {
    /// Returns a request. `principals` are the ids of the caller and of its groups.
    #[must_use]
    pub const fn new(
        principals: &'a [&'a str],
        plane: Plane,
        action: ActionName<'a>,
        scope: ArmScope<'a>,
    ) -> Self {
        Self { principals, plane, action, scope }
    }

    fn has_principal(&self, principal: &str) -> bool {
        self.principals.iter().any(|own| own.eq_ignore_ascii_case(principal))
    }
}

fn principal(id: &str) -> Result<Box<str>, RoleError> {
    let valid = !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
    if valid && id != ALL_PRINCIPALS { Ok(id.into()) } else { Err(RoleError::Principal) }
}

fn lower(id: &str) -> impl Iterator<Item = u8> {
    id.bytes().map(|byte| byte.to_ascii_lowercase())
}

fn add_principal(list: &mut Vec<Box<str>>, id: &str) -> Result<(), RoleError> {
    if list.len() >= MAX_PRINCIPALS {
        return Err(RoleError::TooManyAssignments);
    }
    list.push(principal(id)?);
    Ok(())
}

impl DenyAssignment {
    /// Returns a deny assignment, still without principals, of the operations that `denied` grants, at `scope` and
    /// below.
    ///
    /// # Errors
    /// [`RoleError::Scope`] if `scope` is not a scope.
    pub fn new(denied: Role, scope: &str) -> Result<Self, RoleError> {
        let scope = ArmScope::parse(scope)?.as_str().into();
        Ok(Self {
            denied,
            scope,
            principals: Vec::new(),
            everyone: false,
            except: Vec::new(),
            children: true,
        })
    }

    /// Adds a principal. The id of all principals, which is all zeros, adds everyone.
    ///
    /// # Errors
    /// [`RoleError::Principal`] if `id` is not a principal's id, [`RoleError::TooManyAssignments`] for more than 1,024.
    pub fn with_principal(mut self, id: &str) -> Result<Self, RoleError> {
        if id == ALL_PRINCIPALS {
            return Ok(self.with_everyone());
        }
        add_principal(&mut self.principals, id)?;
        Ok(self)
    }

    /// Adds everyone.
    #[must_use]
    pub const fn with_everyone(mut self) -> Self {
        self.everyone = true;
        self
    }

    /// Excepts a principal.
    ///
    /// # Errors
    /// [`RoleError::Principal`] if `id` is not a principal's id, [`RoleError::TooManyAssignments`] for more than 1,024.
    pub fn with_exception(mut self, id: &str) -> Result<Self, RoleError> {
        add_principal(&mut self.except, id)?;
        Ok(self)
    }

    /// Restricts the assignment to the scope itself, without the resources below.
    #[must_use]
    pub const fn without_child_scopes(mut self) -> Self {
        self.children = false;
        self
    }

    fn denies(&self, request: &Request<'_>) -> bool {
        let Ok(scope) = ArmScope::parse(&self.scope) else { return true };
        let in_scope = scope.covers(&request.scope) && (self.children || request.scope.covers(&scope));
        in_scope
            && (self.everyone || self.principals.iter().any(|id| request.has_principal(id)))
            && !self.except.iter().any(|id| request.has_principal(id))
            && self.denied.grants(request.plane, request.action)
    }
}

impl Access {
    /// Returns an `Access` without assignments.
    #[must_use]
    pub const fn new() -> Self {
        Self { assignments: Vec::new(), by_principal: Vec::new(), denies: Vec::new() }
    }

    /// Assigns a role to the principal `id` at `scope` and below.
    ///
    /// # Errors
    /// [`RoleError`] if `id` is not a principal's id, `scope` is not a scope that the role may be assigned at, or there
    /// are 16,384 assignments already.
    pub fn assign(&mut self, id: &str, role: &Role, scope: &str) -> Result<(), RoleError> {
        if self.assignments.len() >= MAX_ASSIGNMENTS {
            return Err(RoleError::TooManyAssignments);
        }
        let principal = principal(id)?;
        let at = ArmScope::parse(scope)?;
        if !role.assignable_at(&at) {
            return Err(RoleError::NotAssignable);
        }
        let place = self.by_principal.partition_point(|at| self.order(*at, &principal).is_le());
        self.by_principal.insert(place, self.assignments.len());
        self.assignments.push(Assignment { principal, role: role.clone(), scope: scope.into() });
        Ok(())
    }

    /// Adds a deny assignment.
    ///
    /// # Errors
    /// [`RoleError::NoPrincipal`] if it has no principal and [`RoleError::NoActions`] if it has neither actions nor data
    /// actions: it would have no effect. [`RoleError::TooManyAssignments`] if there are 16,384 already.
    pub fn deny(&mut self, deny: DenyAssignment) -> Result<(), RoleError> {
        if self.denies.len() >= MAX_ASSIGNMENTS {
            return Err(RoleError::TooManyAssignments);
        }
        if !deny.everyone && deny.principals.is_empty() {
            return Err(RoleError::NoPrincipal);
        }
        if !deny.denied.has_grants() {
            return Err(RoleError::NoActions);
        }
        self.denies.push(deny);
        Ok(())
    }

    /// Returns the role of an assignment, by the assignment's index.
    #[must_use]
    pub fn role_of(&self, assignment: usize) -> Option<&Role> {
        self.assignments.get(assignment).map(|assignment| &assignment.role)
    }

    /// Decides on a request. It does not allocate.
    pub fn check(&self, request: &Request<'_>) -> RoleDecision {
        if let Some(at) = self.denies.iter().position(|deny| deny.denies(request)) {
            return RoleDecision::Deny(MissingPermission::Denied(at));
        }
        let (mut allowed, mut excluded, mut out_of_scope) = (None, None, None);
        for (at, assignment) in request.principals.iter().flat_map(|id| self.of_principal(id)) {
            if !assignment.role.includes(request.plane, request.action) {
                continue;
            }
            let in_scope = ArmScope::parse(&assignment.scope).is_ok_and(|scope| scope.covers(&request.scope));
            let first = match (in_scope, assignment.role.excludes(request.plane, request.action)) {
                (true, false) => &mut allowed,
                (true, true) => &mut excluded,
                (false, false) => &mut out_of_scope,
                (false, true) => continue,
            };
            *first = Some(first.map_or(at, |first: usize| first.min(at)));
        }
        if let Some(assignment) = allowed {
            return RoleDecision::Allow { assignment };
        }
        let excluded = excluded.map(MissingPermission::Excluded);
        let out_of_scope = out_of_scope.map(MissingPermission::OutOfScope);
        RoleDecision::Deny(excluded.or(out_of_scope).unwrap_or(MissingPermission::NoRole))
    }

    /// Returns the assignments of a principal with their indices.
    fn of_principal<'s>(&'s self, id: &'s str) -> impl Iterator<Item = (usize, &'s Assignment)> {
        let first = self.by_principal.partition_point(|at| self.order(*at, id).is_lt());
        let from = self.by_principal.iter().skip(first);
        from.take_while(move |at| self.order(**at, id).is_eq())
            .filter_map(|at| Some((*at, self.assignments.get(*at)?)))
    }

    /// Compares the principal of an assignment with `id`, without regard to case.
    fn order(&self, at: usize, id: &str) -> Ordering {
        let principal = self.assignments.get(at).map_or("", |assignment| &assignment.principal);
        lower(principal).cmp(lower(id))
    }

    /// Decides on an endpoint of the hub whose resource id is `hub`. Every data action of the endpoint must be allowed;
    /// an endpoint without data actions is denied.
    pub fn check_endpoint(
        &self,
        principals: &[&str],
        endpoint: &Endpoint,
        hub: ArmScope<'_>,
    ) -> RoleDecision {
        let mut ruling = RoleDecision::Deny(MissingPermission::NoRole);
        for action in hub_actions(endpoint) {
            let Ok(action) = ActionName::parse(action) else {
                return RoleDecision::Deny(MissingPermission::NoRole);
            };
            ruling = self.check(&Request::new(principals, Plane::Data, action, hub));
            if !ruling.is_allow() {
                break;
            }
        }
        ruling
    }
}

impl RoleDecision {
    /// Returns `true` if the request is allowed.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

impl MissingPermission {
    /// Returns a code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Denied(_) => "deny-assignment",
            Self::Excluded(_) => "excluded",
            Self::OutOfScope(_) => "role-out-of-scope",
            Self::NoRole => "no-role",
        }
    }
}

impl fmt::Display for RoleDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { assignment } => write!(f, "assignment {assignment} allows it"),
            Self::Deny(MissingPermission::Denied(at)) => write!(f, "deny assignment {at} denies it"),
            Self::Deny(MissingPermission::Excluded(at)) => {
                write!(f, "the role of assignment {at} excludes it")
            }
            Self::Deny(MissingPermission::OutOfScope(at)) => {
                write!(f, "assignment {at} allows it, but at another scope")
            }
            Self::Deny(MissingPermission::NoRole) => f.write_str("no role grants it"),
        }
    }
}
