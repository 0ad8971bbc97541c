//! Any text as the JSON of statements, and of a role: what is accepted is what the builder makes of the same members, and
//! one unknown member refuses all of it.
#![no_main]
#![allow(clippy::unwrap_used, reason = "a failed step is a finding")]

use hubward_policy::roles::{Role, RoleList, role_from_json};
use hubward_policy::statements::{Statement, Statements, statements_from_json};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|text: &str| {
    if let Ok(read) = statements_from_json(text) {
        let document = object(text, &["statements"]);
        let entries: Vec<Statement> =
            document["statements"].as_array().unwrap().iter().map(statement).collect();
        let built = Statements::compile(&entries).unwrap();
        assert_eq!(format!("{read:?}"), format!("{built:?}"));
        assert!(statements_from_json(&with_another(document)).is_err());
    }
    if let Ok(read) = role_from_json(text) {
        let document = object(text, &ROLE);
        assert_eq!(format!("{read:?}"), format!("{:?}", role(&document)));
        assert!(role_from_json(&with_another(document)).is_err());
    }
});

const LISTS: [(&str, RoleList); 5] = [
    ("Actions", RoleList::Actions),
    ("NotActions", RoleList::NotActions),
    ("DataActions", RoleList::DataActions),
    ("NotDataActions", RoleList::NotDataActions),
    ("AssignableScopes", RoleList::AssignableScopes),
];

const ROLE: [&str; 9] = [
    "Name",
    "Id",
    "IsCustom",
    "Description",
    "Actions",
    "NotActions",
    "DataActions",
    "NotDataActions",
    "AssignableScopes",
];

/// Reads an object that has members of these names only.
fn object(text: &str, names: &[&str]) -> Map<String, Value> {
    let Ok(Value::Object(document)) = serde_json::from_str(text) else { panic!("no object was accepted") };
    only(&document, names);
    document
}

fn only(object: &Map<String, Value>, names: &[&str]) {
    assert!(object.keys().all(|name| names.contains(&name.as_str())), "an unknown member was accepted");
}

fn with_another(mut document: Map<String, Value>) -> String {
    document.insert("another".to_owned(), Value::Null);
    Value::Object(document).to_string()
}

fn statement(entry: &Value) -> Statement {
    let entry = entry.as_object().unwrap();
    only(entry, &["description", "effect", "identities", "policies", "operations", "resources"]);
    let mut statement = match entry["effect"].as_str() {
        Some("allow") => Statement::allow(),
        Some("deny") => Statement::deny(),
        other => panic!("the effect {other:?} was accepted"),
    };
    for operation in texts(entry, "operations") {
        statement = statement.with_action(operation.parse().unwrap());
    }
    for identity in texts(entry, "identities") {
        statement = statement.with_identity(identity);
    }
    for policy in texts(entry, "policies") {
        statement = statement.with_policy(policy);
    }
    for resource in texts(entry, "resources") {
        statement = statement.with_resource(resource);
    }
    statement
}

fn role(document: &Map<String, Value>) -> Role {
    let id = document.get("Id").and_then(Value::as_str).unwrap_or_default();
    let role = Role::named(document["Name"].as_str().unwrap(), id);
    LISTS.iter().fold(role, |role, (name, list)| {
        role.with_list(*list, &texts(document, name).collect::<Vec<_>>()).unwrap()
    })
}

fn texts<'v>(object: &'v Map<String, Value>, name: &str) -> impl Iterator<Item = &'v str> {
    let list = object.get(name).map_or(&[][..], |list| list.as_array().unwrap());
    list.iter().map(|text| text.as_str().unwrap())
}
