//! Roles of every form against a naive evaluator.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test counts and indexes its own data, and a failed step is a failed test"
)]

use hubward_policy::roles::{
    Access, ActionName, ArmScope, DenyAssignment, Plane, Request, Role, RoleDecision, RoleList,
};
use proptest::prelude::*;

const LISTS: [RoleList; 4] =
    [RoleList::Actions, RoleList::NotActions, RoleList::DataActions, RoleList::NotDataActions];

fn check(access: &Access, principals: &[&str], plane: Plane, action: &str, scope: &str) -> RoleDecision {
    let (action, scope) = (ActionName::parse(action).unwrap(), ArmScope::parse(scope).unwrap());
    access.check(&Request::new(principals, plane, action, scope))
}

/// Tries every way to split the name, as a wildcard is defined.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', rest @ ..] => (0..=name.len()).any(|at| glob(rest, &name[at..])),
        [byte, rest @ ..] => !name.is_empty() && name[0].eq_ignore_ascii_case(byte) && glob(rest, &name[1..]),
    }
}

#[derive(Debug, Clone)]
struct Plain {
    principal: &'static str,
    /// In the order of `LISTS`.
    lists: [Vec<String>; 4],
    scope: Vec<&'static str>,
}

impl Plain {
    fn role(&self) -> Role {
        LISTS.iter().zip(&self.lists).fold(Role::named("r", ""), |role, (list, entries)| {
            let entries: Vec<_> = entries.iter().map(String::as_str).collect();
            role.with_list(*list, &entries).unwrap()
        })
    }

    fn scope(&self) -> String {
        format!("/{}", self.scope.join("/"))
    }

    fn applies(&self, plane: Plane, action: &str, scope: &[&str]) -> bool {
        let pair = if plane == Plane::Control { 0 } else { 2 };
        let any = |list: &[String]| list.iter().any(|pattern| glob(pattern.as_bytes(), action.as_bytes()));
        let scope: Vec<_> = scope.iter().map(|name| name.to_ascii_lowercase()).collect();
        let own: Vec<_> = self.scope.iter().map(|name| name.to_ascii_lowercase()).collect();
        scope.starts_with(&own) && any(&self.lists[pair]) && !any(&self.lists[pair + 1])
    }
}

fn pattern() -> impl Strategy<Value = String> {
    prop::collection::vec("[abA*]{1,2}", 1..4).prop_map(|parts| match parts.join("/") {
        lone if !lone.contains(['/', '*']) => format!("{lone}/*"),
        pattern => pattern,
    })
}

fn name() -> impl Strategy<Value = String> {
    prop::collection::vec("[abAB]{1,3}", 2..4).prop_map(|parts| parts.join("/"))
}

fn principal() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["ann", "bob", "ops"])
}

prop_compose! {
    fn plain()(
        principal in principal(),
        actions in prop::collection::vec(pattern(), 0..3),
        not_actions in prop::collection::vec(pattern(), 0..2),
        data_actions in prop::collection::vec(pattern(), 0..3),
        not_data_actions in prop::collection::vec(pattern(), 0..2),
        scope in prop::collection::vec(prop::sample::select(vec!["s", "S", "s1", "t"]), 0..3),
    ) -> Plain {
        Plain { principal, lists: [actions, not_actions, data_actions, not_data_actions], scope }
    }
}

fn compile(roles: &[Plain], denies: &[Plain]) -> Access {
    let mut access = Access::new();
    for plain in roles {
        access.assign(plain.principal, &plain.role(), &plain.scope()).unwrap();
    }
    for plain in denies {
        let deny = DenyAssignment::new(plain.role(), &plain.scope())
            .unwrap()
            .with_principal(plain.principal)
            .unwrap();
        // a deny assignment without operations is refused, and changes nothing
        let without_effect = plain.lists[0].is_empty() && plain.lists[2].is_empty();
        assert_eq!(access.deny(deny).is_err(), without_effect);
    }
    access
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_wildcard_is_any_text(pattern in pattern(), name in name()) {
        let role = Role::named("r", "").with_list(RoleList::Actions, &[&pattern]).unwrap();
        let granted = role.grants(Plane::Control, ActionName::parse(&name).unwrap());
        prop_assert_eq!(granted, glob(pattern.as_bytes(), name.as_bytes()));
        prop_assert!(!role.grants(Plane::Data, ActionName::parse(&name).unwrap()));
    }

    #[test]
    fn access_agrees_with_the_naive_evaluator(
        roles in prop::collection::vec(plain(), 0..5),
        denies in prop::collection::vec(plain(), 0..2),
        extra in plain(),
        principals in prop::collection::vec(principal(), 0..3),
        data in any::<bool>(),
        action in name(),
        scope in prop::collection::vec(prop::sample::select(vec!["s", "S", "s1", "t"]), 0..4),
    ) {
        let plane = if data { Plane::Data } else { Plane::Control };
        let at = format!("/{}", scope.join("/"));
        let judge = |access: &Access| check(access, &principals, plane, &action, &at).is_allow();
        let applies = |plain: &Plain| principals.contains(&plain.principal) && plain.applies(plane, &action, &scope);
        let naive = roles.iter().any(applies) && !denies.iter().any(applies);
        let before = judge(&compile(&roles, &denies));
        prop_assert_eq!(before, naive);

        let mut more_roles = roles.clone();
        more_roles.push(extra.clone());
        prop_assert!(judge(&compile(&more_roles, &denies)) || !before, "a role never denies");
        let mut more_denies = denies.clone();
        more_denies.push(extra);
        prop_assert!(before || !judge(&compile(&roles, &more_denies)), "a deny never allows");
    }
}
