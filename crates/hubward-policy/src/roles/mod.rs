//! Roles: what a service may do that shows a token of the directory instead of a hub's key. Also management
//! operations of the services that a hub feeds, by their provider operations.

mod access;
mod action;
mod built_in;
mod hub;
#[cfg(feature = "json")]
mod json;
mod role;
mod scope;

pub use access::{Access, DenyAssignment, Request, Ruling, Shortfall};
pub use action::{ActionError, ActionName, Plane};
pub use built_in::{BUILT_IN, built_in, roles_that_open, roles_that_would_do};
pub use hub::hub_actions;
#[cfg(feature = "json")]
pub use json::{RoleJsonError, role_from_json};
pub use role::{List, Role, RoleError};
pub use scope::{ArmScope, ScopeError};
