//! A custom role in JSON: if a part is not understood, the whole text is refused.
#![cfg(feature = "json")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hubward_policy::roles::{ActionName, Plane, role_from_json};

const ROLE: &str = r#"{
  "Name": "Twin reader",
  "IsCustom": true,
  "Description": "Reads twins and nothing else",
  "Actions": [],
  "NotActions": [],
  "DataActions": ["Microsoft.Devices/IotHubs/twins/*"],
  "NotDataActions": ["*/write"],
  "AssignableScopes": ["/subscriptions/8d3c"]
}"#;

#[test]
fn a_document_is_parsed() {
    let role = role_from_json(ROLE).unwrap();
    assert_eq!(role.name(), "Twin reader");
    let twin = |verb: &str| format!("Microsoft.Devices/IotHubs/twins/{verb}");
    assert!(role.grants(Plane::Data, ActionName::parse(&twin("read")).unwrap()));
    assert!(!role.grants(Plane::Data, ActionName::parse(&twin("write")).unwrap()));
    assert!(!role.grants(Plane::Control, ActionName::parse(&twin("read")).unwrap()));
}

#[test]
fn a_document_with_an_unknown_part_is_refused() {
    for (from, to, place) in [
        ("NotDataActions", "NotDataAction", "line "),
        ("\"Actions\": [],", "", "line "),
        ("\"NotActions\": []", "\"DataActions\": []", "line "),
        ("\"NotActions\": []", "\"NotActions\": null", "line "),
        ("\"NotActions\": []", "\"Condition\": \"true\"", "line "),
        ("*/write", "*/wr ite", "notDataActions, entry 0"),
        ("/subscriptions/8d3c", "subscriptions", "scope"),
        ("\n}", "", "line "),
        ("\n}", ", \"Name\": \"again\" }", "line "),
    ] {
        assert!(ROLE.contains(from), "{from}");
        let error = role_from_json(&ROLE.replace(from, to)).unwrap_err().to_string();
        assert!(error.starts_with(place), "{to}: {error}");
    }
}

#[test]
fn a_role_must_be_an_object() {
    for text in [
        r#"["Twin reader", null, true, null, ["*"], [], [], [], ["/"]]"#,
        r#"["Twin reader", "", ["*"], [], [], [], ["/"]]"#,
        "[]",
        "null",
        "\"Owner\"",
    ] {
        assert!(role_from_json(text).unwrap_err().to_string().starts_with("line "), "{text}");
    }
}
