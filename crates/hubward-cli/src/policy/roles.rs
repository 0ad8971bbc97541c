//! A decision on somebody of the directory, by roles.

use core::error::Error;
use std::io::Write;

use hubward::policy::roles::{
    Access, ActionName, ArmScope, BUILT_IN, Plane, Request, Role, RoleDecision, RoleList, built_in,
    role_from_json, roles_for_endpoint, roles_granting,
};
use hubward::types::Shown;
use serde_json::json;

use super::explain::{Explain, How, operation};
use crate::Outcome;

/// Somebody, and a hub: their names decide nothing here.
const SOMEBODY: &str = "somebody";
const HUB: &str = "/hub";

pub(super) fn run(arguments: &Explain) -> Result<Outcome, Box<dyn Error>> {
    let mut access = Access::new();
    for name in &arguments.role {
        access.assign(SOMEBODY, &role(name)?, HUB)?;
    }
    let hub = ArmScope::parse(HUB)?;
    let (ruling, would_do): (_, Vec<_>) = match (arguments.how, &arguments.what[..]) {
        (How::Action | How::DataAction, [name]) => {
            let plane = if arguments.how == How::Action { Plane::Control } else { Plane::Data };
            let action = ActionName::parse(name)?;
            let ruling = access.check(&Request::new(&[SOMEBODY], plane, action, hub));
            (ruling, roles_granting(plane, action).collect())
        }
        (How::Action | How::DataAction, _) => return Err("it takes one provider operation".into()),
        _ => match operation(arguments)?.endpoint() {
            Some(endpoint) => {
                (access.check_endpoint(&[SOMEBODY], endpoint, hub), roles_for_endpoint(endpoint).collect())
            }
            None => return Err("a hub has no such endpoint".into()),
        },
    };
    let names: Vec<_> = would_do.iter().map(|role| role.name()).collect();
    let mut out = std::io::stdout();
    match (ruling, arguments.json) {
        (RoleDecision::Allow { assignment }, true) => {
            let role = access.role_of(assignment).map(Role::name);
            writeln!(out, "{:#}", json!({ "decision": "allow", "role": role }))?;
        }
        (RoleDecision::Allow { assignment }, false) => {
            let role = access.role_of(assignment).map_or("", Role::name);
            writeln!(out, "allowed: the role `{role}` grants it")?;
        }
        (RoleDecision::Deny(shortfall), true) => {
            let value = json!({ "decision": "deny", "code": shortfall.code(), "rolesThatWouldDo": names,
                "explanation": ruling.to_string() });
            writeln!(out, "{value:#}")?;
        }
        (RoleDecision::Deny(_), false) if names.is_empty() => {
            writeln!(out, "denied: {ruling}, and no built-in role would")?;
        }
        (RoleDecision::Deny(_), false) => {
            writeln!(out, "denied: {ruling}; roles that would do: {}", names.join(", "))?;
        }
    }
    Ok(if ruling.is_allow() { Outcome::Well } else { Outcome::Refused })
}

fn role(name: &str) -> Result<Role, Box<dyn Error>> {
    let Some(file) = name.strip_prefix('@') else {
        return built_in(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = BUILT_IN.iter().map(Role::name).collect();
            format!("`{}` is no built-in role; these are: {}", Shown::new(name), known.join(", ")).into()
        });
    };
    let shown = Shown::new(file);
    let text = std::fs::read_to_string(file).map_err(|error| format!("{shown}: {error}"))?;
    let role = role_from_json(&text).map_err(|error| format!("{shown}: {error}"))?;
    // it is asked what the role would do at a hub, wherever it may be assigned
    Ok(role.list_of(RoleList::AssignableScopes, &["/"])?)
}
