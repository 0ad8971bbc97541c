//! Statements in JSON: if a part is not understood, the whole text is refused.
#![cfg(feature = "json")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hubward_core::{DeviceId, Identity};
use hubward_policy::Operation;
use hubward_policy::statements::{StatementDenial, StatementRequest, StatementVerdict, statements_from_json};

const RULES: &str = r##"{
  "statements": [
    { "description": "every identity connects with its own name",
      "effect": "allow",
      "identities": ["{{iot:identity}}"],
      "operations": ["mqtt:connect"] },
    { "effect": "allow",
      "identities": ["{{iot:identity}}"],
      "operations": ["mqtt:publish", "mqtt:subscribe"],
      "resources": ["fleet/{{iot:device_id}}/#", "news/\u002b"] },
    { "effect": "deny",
      "identities": ["retired"],
      "operations": ["mqtt:publish"],
      "resources": ["#"] }
  ]
}"##;

#[test]
fn a_document_is_evaluated() {
    let rules = statements_from_json(RULES).unwrap();
    assert_eq!(rules.len(), 3);
    let judge = |id, operation| {
        let identity = Identity::Device(DeviceId::parse(id).unwrap());
        rules.evaluate(&StatementRequest::new(identity, Some(id), &operation))
    };
    assert_eq!(judge("dev1", Operation::mqtt_connect()), StatementVerdict::Allow { statement: 0 });
    assert_eq!(
        judge("dev1", Operation::mqtt_publish("fleet/dev1/t")),
        StatementVerdict::Allow { statement: 1 }
    );
    assert_eq!(judge("dev1", Operation::mqtt_subscribe("news/+")), StatementVerdict::Allow { statement: 1 });
    assert_eq!(
        judge("dev1", Operation::mqtt_publish("fleet/dev2/t")),
        StatementVerdict::Deny(StatementDenial::NoStatement)
    );
    assert_eq!(
        judge("retired", Operation::mqtt_publish("fleet/retired/t")),
        StatementVerdict::Deny(StatementDenial::Statement(2))
    );
}

#[test]
fn a_document_with_an_unknown_part_is_refused() {
    for (from, to, place) in [
        ("\"effect\": \"deny\"", "\"effect\": \"Deny\"", "statement 2, effect 0"),
        ("\"effect\": \"deny\"", "\"effect\": {\"deny\": null}", "line "),
        ("\"effect\": \"deny\"", "\"effect\": [\"deny\"]", "line "),
        ("\"effect\": \"deny\"", "\"effect\": null", "line "),
        ("\"#\"]", "{\"0\": \"#\"}]", "line "),
        ("\"operations\": [\"mqtt:connect\"]", "\"operations\": \"mqtt:connect\"", "line "),
        ("[\"mqtt:connect\"]", "[\"mqtt:connect\"], \"resources\": [\"#\"]", "statement 0, resource 0"),
        ("\"effect\": \"deny\"", "\"effect\": \"deny\", \"effect\": \"allow\"", "line "),
        ("\"effect\": \"deny\"", "\"effect\": \"deny\", \"priority\": 1", "line "),
        ("\"effect\": \"deny\",", "", "line "),
        ("\"retired\"", "7", "line "),
        ("mqtt:publish\"]", "mqtt:publsh\"]", "statement 2, operation 0"),
        ("\"#\"", "\"#/a\"", "statement 2, resource 0"),
        ("{{iot:device_id}}", "{{iot:device}}", "statement 1, resource 0"),
        ("\n  ]\n}", "\n  ]\n} x", "line "),
        ("\n  ]\n}", "", "line "),
    ] {
        assert!(RULES.contains(from), "{from}");
        let error = statements_from_json(&RULES.replace(from, to)).unwrap_err().to_string();
        assert!(error.starts_with(place), "{to}: {error}");
    }
}

#[test]
fn a_statement_must_be_an_object() {
    for text in [
        r##"[[["allow"]]]"##,
        r##"[[]]"##,
        r##"[]"##,
        r##"{"statements": [[null, "allow", ["d"], [], ["mqtt:publish"], ["#"]]]}"##,
        r##"{"statements": [["allow", ["d"], [], ["mqtt:publish"], ["#"]]]}"##,
        r##"[[{"effect": "allow", "identities": ["d"], "operations": ["mqtt:publish"], "resources": ["#"]}]]"##,
        r##"{"statements": {"0": {"effect": "allow"}}}"##,
        r##"{"statements": [], "statements": []}"##,
    ] {
        assert!(statements_from_json(text).unwrap_err().to_string().starts_with("line "), "{text}");
    }
    assert!(statements_from_json(r##"{"statements": []}"##).unwrap().is_empty());
}
