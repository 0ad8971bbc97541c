//! `hubward registry create | delete | enable | disable | list | policies`, and the JSON of the az command line.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{Folder, SEAL};
use serde_json::Value;

/// The forms of a registry, each with the options that create it.
const FORMS: [(&str, &str); 2] = [("sealed", "sealed"), ("sqlite:hub.db", "sqlite:hub.db --hub h.example")];

#[test]
fn identities_are_created_listed_disabled_and_deleted() {
    for (count, (registry, new)) in FORMS.iter().enumerate() {
        let folder = Folder::new(&format!("verbs-{count}"));
        folder.write("key", SEAL);
        let text = folder.well(&format!("registry create {new} --device pump --with-keys"));
        assert!(text.starts_with("device pump is created, etag ") && text.contains("primary"), "{text}");
        folder.well(&format!("registry create {registry} --device pump --module m --key-file key"));
        folder.well(&format!("registry create {registry} --device cold --register ca --disabled"));
        let print = "AB".repeat(32);
        folder.well(&format!("registry create {registry} --device edge --thumbprint {print} --edge"));
        let (status, text) = folder.hubward(&format!("registry create {registry} --device pump"));
        assert!(status == 1 && text.contains("already exists (409001)"), "{text}");
        let text = folder.well(&format!("registry list {registry}"));
        for row in
            ["device pump", "module pump/m", "device cold", "disabled  CA", "thumbprint", "4 identities"]
        {
            assert!(text.contains(row), "{row}: {text}");
        }
        let disabled = folder.well(&format!("registry list {registry} --disabled"));
        assert!(disabled.contains("cold") && disabled.contains("1 identities"), "{disabled}");
        assert!(folder.well(&format!("registry list {registry} --starts-with pu")).contains("2 identities"));
        let lines = folder.well(&format!("registry list {registry} --device pump --json"));
        let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(
            (&line["id"], &line["authentication"]["symmetricKey"]["primaryKey"]),
            (&"pump".into(), &Value::Null)
        );
        folder.well(&format!("registry disable {registry} --device pump"));
        folder.well(&format!("registry enable {registry} --device cold"));
        let text = folder.well(&format!("registry show {registry} --device pump"));
        assert!(text.contains("status    disabled"), "{text}");
        let (status, text) = folder.hubward(&format!("registry disable {registry} --device pump --module m"));
        assert!(status == 1 && text.contains("(400004)"), "{text}");
        let wrong =
            folder.hubward(&format!("registry delete {registry} --device cold --if-match 3eda81355dfd36d4"));
        assert!(wrong.0 == 1 && wrong.1.contains("(412001)"), "{wrong:?}");
        let text = folder.well(&format!("registry delete {registry} --device pump"));
        assert!(text.contains("with 1 modules"), "{text}");
        let (status, text) = folder.hubward(&format!("registry delete {registry} --device pump"));
        assert!(status == 1 && text.contains("(404001)"), "{text}");
        assert!(folder.well(&format!("registry list {registry}")).contains("2 identities"));
    }
}

#[test]
fn policies_are_set_shown_and_deleted() {
    for (count, (registry, new)) in FORMS.iter().enumerate() {
        let folder = Folder::new(&format!("policies-{count}"));
        folder.write("key", SEAL);
        folder.well(&format!("registry create {new} --device pump"));
        let mut set = folder
            .command(&format!("registry policies {registry} set --policy service --key-file key --rights"));
        let (status, text) = common::run(set.arg("RegistryRead, ServiceConnect"), "");
        assert!(status == 0 && text.contains("policy service has RegistryRead, ServiceConnect"), "{text}");
        assert!(
            folder
                .well(&format!("registry policies {registry} show"))
                .contains("policy    service: RegistryRead, ServiceConnect")
        );
        let sign = "token sign --host h.example --policy service --key-file key --expiry 2030-01-01";
        folder.write("token", folder.well(sign));
        let judge = format!(
            "diagnose amqp {registry} --username service@sas.root.h --password-file token --host h.example --now 2029-01-01"
        );
        assert!(folder.well(&judge).contains("accepted"), "{registry}");
        folder.well(&format!("registry policies {registry} delete --policy service"));
        let (status, text) = folder.hubward(&judge);
        assert!(status == 1 && text.contains("(unknown)"), "{text}");
        assert_eq!(folder.hubward(&format!("registry policies {registry} delete --policy service")).0, 1);
    }
}

#[test]
fn a_list_of_the_az_command_line_is_read_and_written() {
    let folder = Folder::new("az");
    let twins = r#"
      [ {"deviceId": "pump", "etag": "AAAAAAAAAAE=", "authenticationType": "sas", "status": "enabled",
         "capabilities": {"iotEdge": true}, "properties": {"desired": {}}, "x509Thumbprint":
         {"primaryThumbprint": null, "secondaryThumbprint": null}, "cloudToDeviceMessageCount": 0},
        {"deviceId": "cold", "authenticationType": "certificateAuthority", "status": "disabled", "statusReason": "sold"} ]"#;
    folder.write("list.json", twins);
    let text = folder.well("registry import hub list.json --plain");
    assert!(text.contains("2 created"), "{text}");
    let text = folder.well("registry show hub --device cold");
    assert!(text.contains("disabled: sold") && text.contains("issued by a CA"), "{text}");
    let identity = format!(
        "[{{\"deviceId\":\"own\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"sas\",\"symmetricKey\":\
         {{\"primaryKey\":\"{SEAL}\",\"secondaryKey\":\"{SEAL}\"}}}}}}]"
    );
    let (status, text) = folder.with_input("registry import hub -", &identity);
    assert!(status == 0 && text.contains("1 created"), "{text}");
    assert!(folder.well("registry show hub --device own --with-keys").contains(SEAL));
    let written = folder.well("registry list hub --az");
    let list: Vec<Value> = serde_json::from_str(&written).unwrap();
    assert_eq!(list.len(), 3);
    assert_eq!((&list[0]["deviceId"], &list[0]["capabilities"]["iotEdge"]), (&"pump".into(), &true.into()));
    assert!(!written.contains(SEAL));
    folder.write("again.json", written);
    assert!(folder.well("registry import second again.json --plain").contains("3 created"));
    let (status, text) = folder.with_input("registry import hub -", "[{\"deviceId\":");
    assert!(status == 3 && text.contains("not a JSON list of identities, line 1"), "{text}");
}

#[test]
fn the_table_fits_a_narrow_terminal() {
    let folder = Folder::new("narrow");
    let long = "pump.".repeat(24) + "x";
    folder.write("lines", format!("{{\"id\":\"{long}\",\"status\":\"enabled\"}}\n"));
    folder.well("registry import hub lines --plain");
    let text = folder.well("registry list hub");
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    assert!(text.contains('\u{2026}'), "{text}");
}
