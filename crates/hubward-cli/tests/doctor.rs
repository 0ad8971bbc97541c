//! `hubward doctor`: what stops first, and the exit status for cron and CI.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{Folder, SEAL};

fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.write("key", SEAL);
    std::fs::create_dir(folder.path("all")).unwrap();
    let sign = |name: &str, expiry: &str| {
        let words = format!("token sign --host h.example --device pump --key-file key --expiry {expiry}");
        folder.write(name, folder.well(&words));
    };
    sign("all/near", "2029-01-10");
    sign("all/far", "2031-01-01");
    folder.write("all/key", SEAL);
    let token = folder.text("all/far");
    folder.write("all/string", format!("HostName=h.example;DeviceId=pump;SharedAccessSignature={token}"));
    folder.well("ca init root --name Root --ttl 3650d --now 2028-01-01");
    folder.well("ca crl root --output all/list.crl --ttl 20d --now 2029-01-01");
    folder.write("all/root.pem", folder.text("root/certificate.pem"));
    folder
}

#[test]
fn the_weakest_is_first_and_sets_the_exit_status() {
    let folder = folder("doctor");
    let (status, text) = folder.hubward("doctor all --now 2029-01-01");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(status, 1, "{text}");
    assert!(
        lines[0].starts_with("! 2029-01-10T00:00:00Z, in 9 days: SAS token for h.example/devices/pump"),
        "{text}"
    );
    assert!(lines[1].starts_with("! 2029-01-2") && lines[1].contains("revocation list of"), "{text}");
    assert!(lines[2].starts_with("  2031-01-01"), "{text}");
    assert!(lines[4].contains("root CA") && lines[4].contains("Root"), "{text}");
    assert!(lines[5].starts_with("refused: 2 of these stop within 30 days"), "{text}");
    assert!(text.contains("undated   1 files"), "{text}");
    assert_eq!(folder.hubward("doctor all --within 7d --now 2029-01-01").0, 0);
    assert_eq!(folder.hubward("doctor all/far all/root.pem --now 2029-01-01").0, 0);
    let (status, text) = folder.hubward("doctor all/near --now 2029-02-01");
    assert!(status == 1 && text.contains("22 days ago"), "{text}");
    assert_eq!(folder.hubward("doctor missing").0, 3);
}

#[test]
fn json_has_an_object_for_each() {
    let folder = folder("doctor-json");
    let (status, text) = folder.hubward("doctor all --now 2029-01-01 --json");
    let objects: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((status, objects.len()), (1, 5), "{text}");
    assert_eq!((&objects[0]["state"], &objects[4]["state"]), (&"soon".into(), &"good".into()));
}
