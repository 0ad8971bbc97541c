//! Who has which role where, and what is denied to whom.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::endpoint::Endpoint;

use super::action::{ActionName, Plane};
use super::hub::hub_actions;
use super::role::{Role, RoleError};
use super::scope::ArmScope;

/// The most assignments, and the most deny assignments; a subscription has at most 4,000 of the former. A check asks
/// each of them once.
const MAX_ASSIGNMENTS: usize = 16_384;
/// The most principals that one deny assignment names, and the most that it excepts.
const MAX_PRINCIPALS: usize = 1024;
/// The directory's name for all principals in a deny assignment.
const ALL_PRINCIPALS: &str = "00000000-0000-0000-0000-000000000000";

/// Assignments, checked when they are added. Without any, everything is denied.
#[derive(Debug, Clone, Default)]
pub struct Access {
    assignments: Vec<Assignment>,
    denies: Vec<DenyAssignment>,
}

#[derive(Debug, Clone)]
struct Assignment {
    principal: Box<str>,
    role: Role,
    scope: Box<str>,
}

/// A deny assignment: it wins over every role. What it denies is written like a role: what that would grant. One that
/// denies nothing, or to nobody, is no deny assignment, and [`Access::deny`] refuses it.
#[derive(Debug, Clone)]
pub struct DenyAssignment {
    denied: Role,
    scope: Box<str>,
    principals: Vec<Box<str>>,
    everyone: bool,
    except: Vec<Box<str>>,
    children: bool,
}

/// A question: may one of these do that there?
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    principals: &'a [&'a str],
    plane: Plane,
    action: ActionName<'a>,
    scope: ArmScope<'a>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a third answer would be read as one of these two")]
pub enum Ruling {
    /// This assignment allows it, counted from zero in the order of adding.
    Allow {
        /// Which assignment.
        assignment: usize,
    },
    /// It may not go on.
    Deny(Shortfall),
}

/// Why roles deny. Assignments are counted from zero in the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortfall {
    /// This deny assignment denies it.
    Denied(usize),
    /// A role of this assignment names it and takes it back.
    TakenBack(usize),
    /// A role of this assignment grants it, elsewhere.
    OutOfScope(usize),
    /// No role of theirs grants it.
    NoRole,
}

impl<'a> Request<'a> {
    /// `principals` are the ids of whoever asks and of the groups they are in.
    #[must_use]
    pub const fn new(
        principals: &'a [&'a str],
        plane: Plane,
        action: ActionName<'a>,
        scope: ArmScope<'a>,
    ) -> Self {
        Self { principals, plane, action, scope }
    }

    fn is(&self, principal: &str) -> bool {
        self.principals.iter().any(|own| own.eq_ignore_ascii_case(principal))
    }
}

fn principal(id: &str) -> Result<Box<str>, RoleError> {
    let sound = !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
    if sound && id != ALL_PRINCIPALS { Ok(id.into()) } else { Err(RoleError::Principal) }
}

fn name(list: &mut Vec<Box<str>>, id: &str) -> Result<(), RoleError> {
    if list.len() >= MAX_PRINCIPALS {
        return Err(RoleError::TooManyAssignments);
    }
    list.push(principal(id)?);
    Ok(())
}

impl DenyAssignment {
    /// Denies to nobody yet, at `scope` and below, what `denied` would grant.
    ///
    /// # Errors
    /// [`RoleError::Scope`] where the scope is none.
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

    /// Denies it to this principal; to everyone where that is the id of all principals, of zeros alone.
    ///
    /// # Errors
    /// [`RoleError::Principal`] where that is no id, [`RoleError::TooManyAssignments`] for more than 1,024 of them.
    pub fn to(mut self, id: &str) -> Result<Self, RoleError> {
        if id == ALL_PRINCIPALS {
            return Ok(self.to_everyone());
        }
        name(&mut self.principals, id)?;
        Ok(self)
    }

    /// Denies it to everyone.
    #[must_use]
    pub const fn to_everyone(mut self) -> Self {
        self.everyone = true;
        self
    }

    /// Not to this principal.
    ///
    /// # Errors
    /// [`RoleError::Principal`] where that is no id, [`RoleError::TooManyAssignments`] for more than 1,024 of them.
    pub fn except(mut self, id: &str) -> Result<Self, RoleError> {
        name(&mut self.except, id)?;
        Ok(self)
    }

    /// At the scope itself, not below.
    #[must_use]
    pub const fn not_below(mut self) -> Self {
        self.children = false;
        self
    }

    fn denies(&self, request: &Request<'_>) -> bool {
        let Ok(scope) = ArmScope::parse(&self.scope) else { return true };
        let here = scope.covers(&request.scope) && (self.children || request.scope.covers(&scope));
        here && (self.everyone || self.principals.iter().any(|id| request.is(id)))
            && !self.except.iter().any(|id| request.is(id))
            && self.denied.grants(request.plane, request.action)
    }
}

impl Access {
    /// No assignments.
    #[must_use]
    pub const fn new() -> Self {
        Self { assignments: Vec::new(), denies: Vec::new() }
    }

    /// Gives `principal` a role at `scope` and below.
    ///
    /// # Errors
    /// [`RoleError`] where the principal or the scope is none, the role may not be assigned there, or there are 16,384
    /// already.
    pub fn assign(&mut self, id: &str, role: &Role, scope: &str) -> Result<(), RoleError> {
        if self.assignments.len() >= MAX_ASSIGNMENTS {
            return Err(RoleError::TooManyAssignments);
        }
        let principal = principal(id)?;
        let at = ArmScope::parse(scope)?;
        if !role.assignable_at(&at) {
            return Err(RoleError::NotAssignable);
        }
        self.assignments.push(Assignment { principal, role: role.clone(), scope: scope.into() });
        Ok(())
    }

    /// Adds a deny assignment.
    ///
    /// # Errors
    /// [`RoleError::Nobody`] where it names no principal, [`RoleError::Nothing`] where what it denies has neither
    /// actions nor data actions: it would be silent. [`RoleError::TooManyAssignments`] where there are 16,384 already.
    pub fn deny(&mut self, deny: DenyAssignment) -> Result<(), RoleError> {
        if self.denies.len() >= MAX_ASSIGNMENTS {
            return Err(RoleError::TooManyAssignments);
        }
        if !deny.everyone && deny.principals.is_empty() {
            return Err(RoleError::Nobody);
        }
        if !deny.denied.names_anything() {
            return Err(RoleError::Nothing);
        }
        self.denies.push(deny);
        Ok(())
    }

    /// The role of an assignment.
    #[must_use]
    pub fn role_of(&self, assignment: usize) -> Option<&Role> {
        self.assignments.get(assignment).map(|assignment| &assignment.role)
    }

    /// Decides. It does not allocate.
    pub fn check(&self, request: &Request<'_>) -> Ruling {
        if let Some(at) = self.denies.iter().position(|deny| deny.denies(request)) {
            return Ruling::Deny(Shortfall::Denied(at));
        }
        let (mut taken_back, mut elsewhere) = (None, None);
        for (at, assignment) in self.assignments.iter().enumerate() {
            if !request.is(&assignment.principal) || !assignment.role.names(request.plane, request.action) {
                continue;
            }
            let here = ArmScope::parse(&assignment.scope).is_ok_and(|scope| scope.covers(&request.scope));
            match (here, assignment.role.takes_back(request.plane, request.action)) {
                (true, false) => return Ruling::Allow { assignment: at },
                (true, true) => taken_back = taken_back.or(Some(Shortfall::TakenBack(at))),
                (false, false) => elsewhere = elsewhere.or(Some(Shortfall::OutOfScope(at))),
                (false, true) => {}
            }
        }
        Ruling::Deny(taken_back.or(elsewhere).unwrap_or(Shortfall::NoRole))
    }

    /// Decides on an endpoint of the hub whose resource id is `hub`: every data action behind it must be allowed,
    /// and an endpoint without any is denied.
    pub fn check_endpoint(&self, principals: &[&str], endpoint: &Endpoint, hub: ArmScope<'_>) -> Ruling {
        let mut ruling = Ruling::Deny(Shortfall::NoRole);
        for action in hub_actions(endpoint) {
            let Ok(action) = ActionName::parse(action) else { return Ruling::Deny(Shortfall::NoRole) };
            ruling = self.check(&Request::new(principals, Plane::Data, action, hub));
            if !ruling.is_allow() {
                break;
            }
        }
        ruling
    }
}

impl Ruling {
    /// Whether it may go on.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

impl Shortfall {
    /// A code that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Denied(_) => "deny-assignment",
            Self::TakenBack(_) => "taken-back",
            Self::OutOfScope(_) => "role-out-of-scope",
            Self::NoRole => "no-role",
        }
    }
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { assignment } => write!(f, "assignment {assignment} allows it"),
            Self::Deny(Shortfall::Denied(at)) => write!(f, "deny assignment {at} denies it"),
            Self::Deny(Shortfall::TakenBack(at)) => write!(f, "the role of assignment {at} takes it back"),
            Self::Deny(Shortfall::OutOfScope(at)) => write!(f, "assignment {at} would allow it, elsewhere"),
            Self::Deny(Shortfall::NoRole) => f.write_str("no role grants it"),
        }
    }
}
