//! A decision on a directory user or service, by its RBAC roles.

use core::error::Error;
use std::io::Write;

use hubward::policy::roles::{
    Access, ActionName, ArmScope, BUILT_IN, Plane, Request, Role, RoleDecision, RoleList, built_in,
    role_from_json, roles_for_endpoint, roles_granting,
};
use hubward::types::Shown;
use serde_json::json;

use super::explain::{Explain, OperationKind, operation};
use crate::Outcome;
use crate::exit::{OrMisuse, misuse};

/// Placeholders for the principal and the hub: the decision does not depend on their names.
const PRINCIPAL: &str = "principal";
const HUB: &str = "/hub";

pub(super) fn run(arguments: &Explain) -> Result<Outcome, Box<dyn Error>> {
    let mut access = Access::new();
    for name in &arguments.role {
        access.assign(PRINCIPAL, &role(name)?, HUB)?;
    }
    let hub = ArmScope::parse(HUB)?;
    let (decision, sufficient): (_, Vec<_>) = match (arguments.kind, &arguments.object[..]) {
        (OperationKind::Action | OperationKind::DataAction, [name]) => {
            let plane = if arguments.kind == OperationKind::Action { Plane::Control } else { Plane::Data };
            let action = ActionName::parse(name).or_misuse()?;
            let decision = access.check(&Request::new(&[PRINCIPAL], plane, action, hub));
            (decision, roles_granting(plane, action).collect())
        }
        (OperationKind::Action | OperationKind::DataAction, _) => {
            return Err(misuse("action and data-action take one provider operation"));
        }
        _ => match operation(arguments)?.endpoint() {
            Some(endpoint) => {
                (access.check_endpoint(&[PRINCIPAL], endpoint, hub), roles_for_endpoint(endpoint).collect())
            }
            None => return Err(misuse("a hub has no such endpoint")),
        },
    };
    let names: Vec<_> = sufficient.iter().map(|role| role.name()).collect();
    let mut out = crate::out::stdout();
    match (decision, crate::out::is_json()) {
        (RoleDecision::Allow { assignment }, true) => {
            let role = access.role_of(assignment).map(Role::name);
            writeln!(out, "{:#}", json!({ "decision": "allow", "role": role }))?;
        }
        (RoleDecision::Allow { assignment }, false) => {
            let role = access.role_of(assignment).map_or("", Role::name);
            writeln!(out, "allowed: the role `{role}` grants it")?;
        }
        (RoleDecision::Deny(reason), true) => {
            let value = json!({ "decision": "deny", "code": reason.code(), "rolesThatWouldDo": names,
                "explanation": decision.to_string() });
            writeln!(out, "{value:#}")?;
        }
        (RoleDecision::Deny(_), false) if names.is_empty() => {
            writeln!(out, "denied: {decision}, and no built-in role does")?;
        }
        (RoleDecision::Deny(_), false) => {
            writeln!(out, "denied: {decision}; roles that do: {}", names.join(", "))?;
        }
    }
    Ok(if decision.is_allow() { Outcome::Good } else { Outcome::Refused })
}

/// Returns a built-in role by its name or id, or the custom role of a file.
pub(crate) fn role(name: &str) -> Result<Role, Box<dyn Error>> {
    let Some(file) = name.strip_prefix('@') else {
        return built_in(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = BUILT_IN.iter().map(Role::name).collect();
            misuse(format!(
                "`{}` is not a built-in role; built-in roles: {}",
                Shown::new(name),
                known.join(", ")
            ))
        });
    };
    let shown = Shown::new(file);
    let text = std::fs::read_to_string(file).map_err(|error| format!("{shown}: {error}"))?;
    let role = role_from_json(&text).map_err(|error| format!("{shown}: {error}"))?;
    // the question is what the role grants at a hub, so that its assignable scopes do not matter
    Ok(role.with_list(RoleList::AssignableScopes, &["/"])?)
}
