//! `hubward policy`: authorization decisions, and what would change them.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::process::Command;

/// Returns the status, and the output on both streams.
fn explain(arguments: &[&str]) -> (i32, String) {
    let program = env!("CARGO_BIN_EXE_hubward");
    let output = Command::new(program).args(["policy", "explain"]).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap().trim_end().to_owned())
}

fn file(name: &str, text: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&explain(&[&["--json"], arguments].concat()).1).unwrap()
}

#[test]
fn a_policy_without_the_permission() {
    let twin = ["--policy", "device", "http", "GET", "/twins/dev1"];
    assert_eq!(
        explain(&twin),
        (
            1,
            "denied: policy `device` may not HTTP GET /twins/dev1: needs ServiceConnect; policy `device` grants \
             DeviceConnect; policies with this right: service, iothubowner"
                .to_owned()
        )
    );
    let value = json(&twin);
    assert_eq!(value["code"], "missing-right");
    assert_eq!(value["rights"]["needed"], "ServiceConnect");
    assert_eq!(value["remedy"], "policy");
    assert_eq!(value["policiesThatWouldDo"], serde_json::json!(["service", "iothubowner"]));
    // additional policies of the hub are given by an option
    let (status, text) = explain(&[&["--hub-policy", "twins@ops=ServiceConnect"], &twin[..]].concat());
    assert!(
        status == 1 && text.ends_with("policies with this right: service, iothubowner, twins@ops"),
        "{text}"
    );
    let own = ["--hub-policy", "ops=ServiceConnect", "--policy", "ops", "http", "GET", "/twins/dev1"];
    assert_eq!(explain(&own).0, 0);
    assert_eq!(explain(&["--hub-policy", "ops=Everything", "--device", "d", "mqtt-connect"]).0, 2);
}

#[test]
fn another_method_is_suggested() {
    let value = json(&["--policy", "iothubowner", "http", "PATCH", "/devices/d"]);
    assert_eq!((&value["code"], &value["remedy"]), (&"unknown-operation".into(), &"another-verb".into()));
    assert_eq!(value["verbsThere"], serde_json::json!(["GET", "PUT", "DELETE"]));
}

#[test]
fn statements_must_allow_it_too() {
    let rules = file(
        "rules.json",
        r##"{"statements": [
            {"effect": "allow", "identities": ["{{iot:identity}}"], "operations": ["mqtt:connect"]},
            {"effect": "allow", "identities": ["{{iot:identity}}"], "operations": ["mqtt:publish"],
             "resources": ["devices/{{iot:device_id}}/#"]},
            {"effect": "deny", "identities": ["retired"], "operations": ["mqtt:publish"], "resources": ["#"]}]}"##,
    );
    let publish =
        |id: &str, topic: &str| explain(&["--device", id, "--statements", &rules, "mqtt-publish", topic]);
    let (status, text) = publish("d", "devices/d/messages/events/");
    assert!(status == 0 && text.ends_with("by the statements: statement 1 allows it"), "{text}");
    let (status, text) = publish("retired", "devices/retired/messages/events/");
    assert!(status == 1 && text.ends_with("by the statements: statement 2 denies it"), "{text}");
    let (status, text) = publish("d", "devices/e/messages/events/");
    assert!(
        status == 1 && text.starts_with("denied: ") && text.ends_with("no statement allows it"),
        "{text}"
    );
    let value = json(&[
        "--device",
        "retired",
        "--statements",
        &rules,
        "mqtt-publish",
        "devices/retired/messages/events/",
    ]);
    assert_eq!(
        (&value["decision"], &value["statements"]["code"]),
        (&"deny".into(), &"denied-by-statement".into())
    );

    let array = file("array.json", r#"[[[null, "allow", ["d"], [], ["mqtt:connect"], []]]]"#);
    let (status, text) = explain(&["--device", "d", "--statements", &array, "mqtt-connect"]);
    assert!(status == 3 && text.contains("line 1, column"), "{text}");
}

#[test]
fn a_caller_with_roles() {
    let read = ["http", "GET", "/devices/dev1"];
    assert_eq!(
        explain(&[&["--role", "IoT Hub Data Reader"], &read[..]].concat()),
        (0, "allowed: the role `IoT Hub Data Reader` grants it".to_owned())
    );
    let (status, text) = explain(&[&["--role", "IoT Hub Twin Contributor"], &read[..]].concat());
    let roles = "roles that do: IoT Hub Data Contributor, IoT Hub Data Reader, IoT Hub Registry Contributor";
    assert_eq!((status, text), (1, format!("denied: no role grants it; {roles}")));
    let (status, text) = explain(&["--role", "Owner", "data-action", "Microsoft.Devices/IotHubs/twins/read"]);
    assert!(
        status == 1 && text.contains("IoT Hub Twin Contributor"),
        "control plane actions do not grant data actions: {text}"
    );
    assert_eq!(explain(&["--role", "Owner", "action", "Microsoft.Devices/IotHubs/listkeys/action"]).0, 0);
    let events = ["--role", "IoT Hub Data Contributor", "mqtt-connect"];
    assert_eq!(explain(&events), (1, "denied: no role grants it, and no built-in role does".to_owned()));

    let role = file(
        "role.json",
        r#"{"Name": "No deleting", "Actions": [], "DataActions": ["Microsoft.Devices/IotHubs/*"],
            "NotDataActions": ["*/delete"], "AssignableScopes": ["/subscriptions/s"]}"#,
    );
    let own = |method| json(&["--role", &format!("@{role}"), "http", method, "/devices/dev1"]);
    assert_eq!((&own("PUT")["decision"], &own("PUT")["role"]), (&"allow".into(), &"No deleting".into()));
    assert_eq!(own("DELETE")["code"], "excluded");
    assert_eq!(explain(&["--role", "Emperor", "mqtt-connect"]).0, 2);
}

#[test]
fn there_is_exactly_one_caller() {
    for who in [&["--device", "d", "--policy", "device"][..], &["--device", "d", "--role", "Owner"], &[]] {
        assert_eq!(explain(&[who, &["mqtt-connect"]].concat()).0, 2, "{who:?}");
    }
    assert_eq!(explain(&["--device", "d", "action", "Microsoft.Devices/IotHubs/read"]).0, 2);
}

#[test]
fn tables_name_the_permission_of_each_endpoint() {
    let table = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_hubward"))
            .args([&["policy", "table"], arguments].concat())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, text) = table(&["--json"]);
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bulk = rows.as_array().unwrap().iter().find(|row| row["name"] == "identity.bulk").unwrap();
    assert_eq!((status, bulk["right"].as_str()), (Some(0), Some("RegistryWrite")));
    let actions = ["write", "delete"].map(|verb| format!("Microsoft.Devices/IotHubs/devices/{verb}"));
    assert_eq!(bulk["dataActions"], serde_json::json!(actions));
    assert_eq!(
        bulk["roles"],
        serde_json::json!(["IoT Hub Data Contributor", "IoT Hub Registry Contributor"])
    );
    let (status, text) = table(&["--provisioning"]);
    assert!(status == Some(0) && text.contains("| the registering device |"), "{text}");
    let (status, text) = table(&["--provisioning", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(status == Some(0) && rows["lines"].as_array().unwrap().len() > 10, "{text}");
}

#[test]
fn errors_list_the_accepted_values() {
    for (arguments, message) in [
        (&["--device", "dev1", "mqtt-publish"][..], "mqtt-publish takes one topic"),
        (&["--policy", "mine", "--rights", "Fly", "mqtt-connect"], "--rights: unknown permission at byte 0"),
        (&["--policy", "mine", "--rights", "Fly", "mqtt-connect"], "ServiceConnect and DeviceConnect"),
        (
            &["--role", "Reader of all", "http", "GET", "/twins/dev1"],
            "built-in roles: IoT Hub Data Contributor, ",
        ),
    ] {
        let (status, out) = explain(arguments);
        assert!(status == 2 && out.contains(message), "{out}");
    }
}
