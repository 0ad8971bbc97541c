//! Role-based access control (RBAC): the rights of a caller with a token of the directory instead of a hub's key, also
//! for managing the services that a hub feeds.
//!
//! [`Access`] has role assignments and [`DenyAssignment`]s, [`Access::check`] judges a [`Request`], and
//! [`Access::check_endpoint`] an endpoint of a hub by its [`hub_actions()`]. A [`Role`] is one of [`BUILT_IN`] or
//! custom.

mod action;
mod assignment;
mod built_in;
mod hub_actions;
#[cfg(feature = "json")]
mod json;
mod role;
mod scope;

pub use action::{ActionError, ActionName, Plane};
pub use assignment::{Access, DenyAssignment, MissingPermission, Request, RoleDecision};
pub use built_in::{BUILT_IN, built_in, roles_for_endpoint, roles_granting};
pub use hub_actions::hub_actions;
#[cfg(feature = "json")]
pub use json::{RoleJsonError, role_from_json};
pub use role::{Role, RoleError, RoleList};
pub use scope::{ArmScope, ScopeError};
