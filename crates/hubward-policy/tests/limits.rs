//! The limits of statements, roles and scopes: the last value that is accepted, and the first that is not.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use hubward_policy::roles::{
    Access, ActionName, ArmScope, DenyAssignment, Role, RoleError, RoleList, ScopeError,
};
use hubward_policy::statements::{Action, Statement, StatementProblem, Statements};

fn rule() -> Statement {
    Statement::allow().with_identity("{{iot:identity}}").with_action(Action::MqttPublish)
}

fn problem(rules: &[Statement]) -> Option<StatementProblem> {
    Statements::compile(rules).err().map(|error| error.problem)
}

#[test]
fn a_list_of_a_statement_has_256_entries() {
    let with = |resources: usize| (0..resources).fold(rule(), |rule, _| rule.with_resource("a"));
    assert_eq!(problem(&[with(256)]), None);
    assert_eq!(problem(&[with(257)]), Some(StatementProblem::TooLong));
}

#[test]
fn an_entry_of_a_statement_has_1024_bytes() {
    assert_eq!(problem(&[rule().with_resource(&"a".repeat(1024))]), None);
    assert_eq!(problem(&[rule().with_resource(&"a".repeat(1025))]), Some(StatementProblem::TooLong));
    // an identity of that length is not too long, but no id
    let named = |len| rule().with_resource("a").with_identity(&"a".repeat(len));
    assert_eq!(problem(&[named(1024)]), Some(StatementProblem::Name));
    assert_eq!(problem(&[named(1025)]), Some(StatementProblem::TooLong));
}

#[test]
fn a_set_of_statements_has_a_mebibyte_of_text() {
    // an identity of 16 bytes and a resource of 1,008: 1,024 times, the set is full
    let full = vec![rule().with_resource(&"a".repeat(1008)); 1024];
    assert_eq!(problem(&full), None);
    let last = rule().with_resource(&"a".repeat(1009));
    assert_eq!(problem(&[&full[1..], &[last]].concat()), Some(StatementProblem::TooLong));
}

#[test]
fn a_set_tells_how_many_statements_it_has() {
    let set = Statements::compile(&[rule().with_resource("a"), rule().with_resource("b")]).unwrap();
    assert_eq!((set.len(), set.is_empty()), (2, false));
    assert_eq!((Statements::default().len(), Statements::default().is_empty()), (0, true));
}

#[test]
fn a_list_of_a_role_has_2048_entries() {
    let with = |count| Role::named("r", "").with_list(RoleList::Actions, &vec!["*/read"; count]).err();
    assert_eq!(with(2048), None);
    assert_eq!(with(2049), Some(RoleError::TooMany(RoleList::Actions)));
}

#[test]
fn a_principal_has_128_visible_bytes() {
    let role = Role::named("r", "").with_list(RoleList::DataActions, &["*"]).unwrap();
    let assign = |id: &str| Access::new().assign(id, &role, "/").err();
    assert_eq!(assign(&"p".repeat(128)), None);
    for id in ["p".repeat(129), String::new(), "a b".into(), "00000000-0000-0000-0000-000000000000".into()] {
        assert_eq!(assign(&id), Some(RoleError::Principal), "{id}");
    }
}

#[test]
fn a_deny_assignment_has_1024_principals_and_1024_exceptions() {
    let deny = DenyAssignment::new(Role::named("r", ""), "/").unwrap();
    let add = |deny: DenyAssignment| deny.with_principal("p");
    let full = (0..1024).try_fold(deny.clone(), |deny, _| add(deny)).unwrap();
    assert_eq!(add(full).err(), Some(RoleError::TooManyAssignments));
    let full = (0..1024).try_fold(deny, |deny, _| deny.with_exception("p")).unwrap();
    assert_eq!(full.with_exception("p").err(), Some(RoleError::TooManyAssignments));
}

#[test]
fn a_scope_has_2048_bytes() {
    let text = |len: usize| format!("/{}", "a".repeat(len - 1));
    assert!(ArmScope::parse(&text(2048)).is_ok());
    assert_eq!(ArmScope::parse(&text(2049)).err(), Some(ScopeError::TooLong));
    assert_eq!(ArmScope::parse("/a").unwrap().as_str(), "/a");
    assert_eq!(ArmScope::parse("/a").unwrap().to_string(), "/a");
}

#[test]
fn the_name_of_an_operation_has_256_bytes_and_a_pattern_8_wildcards() {
    let name = |len: usize| format!("P/{}", "a".repeat(len - 2));
    assert!(ActionName::parse(&name(256)).is_ok());
    assert!(ActionName::parse(&name(257)).is_err());
    let list = |entry: &str| Role::named("r", "").with_list(RoleList::Actions, &[entry]);
    assert!(list(&name(256)).is_ok());
    assert!(list(&name(257)).is_err());
    assert!(list(&["*"; 8].join("/")).is_ok());
    assert!(list(&["*"; 9].join("/")).is_err());
}
