//! `hubward enrollment` on the durable registry of a gateway, which has it open meanwhile.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]
mod common;
#[path = "../../hubward-postgres/tests/common/mod.rs"]
mod postgres;

use common::Folder;
use hubward_sqlite::SqliteStore;
use hubward_store::{Expected, Kind, RowKey, Store, Write};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
const SEAL_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n";

/// A durable registry of either engine, and the program on it.
struct Hub {
    folder: Folder,
    place: String,
}

impl Hub {
    fn new(test: &str, place: &str) -> Self {
        let folder = Folder::new(test);
        folder.write("registry.key", SEAL_KEY);
        folder.write("key", KEY);
        folder.write("none.txt", "");
        let hub = Self { folder, place: place.to_owned() };
        let words = format!("registry import {place} none.txt --hub hub.example");
        hub.folder.well(&format!("{words} --registry-key-file registry.key"));
        hub
    }

    /// Runs `hubward enrollment COMMAND PLACE ARGUMENTS --registry-key-file registry.key`.
    fn run(&self, command: &str, arguments: &str) -> (i32, String) {
        let words = format!("enrollment {command} {} {arguments}", self.place);
        self.folder.hubward(&format!("{} --registry-key-file registry.key", words.trim()))
    }

    fn well(&self, command: &str, arguments: &str) -> String {
        let (status, out) = self.run(command, arguments);
        assert_eq!(status, 0, "{command} {arguments}: {out}");
        out
    }

    fn refused(&self, command: &str, arguments: &str, why: &str) {
        let (status, out) = self.run(command, arguments);
        assert!(status == 1 && out.starts_with("refused: ") && out.contains(why), "{status} {out}");
    }

    fn etag(&self, arguments: &str) -> String {
        let out = self.well("show", arguments);
        out.lines().find_map(|line| line.strip_prefix("  etag      ")).unwrap().to_owned()
    }
}

/// All verbs, for a device and for a group. `change` is the last change of the store.
fn all_verbs(hub: &Hub, change: impl Fn() -> u64) {
    for name in ["--registration SN-7", "--group North"] {
        let start = change();
        let out = hub.well("create", &format!("{name} --key-file key --iot-hub hub.example"));
        assert!(out.contains(" is created, etag ") && out.contains("and gateways see it"), "{out}");
        assert_eq!(change(), start + 1);
        hub.refused("create", &format!("{name} --generate-keys"), "there is an enrollment");
        let first = hub.etag(name);
        assert!(!hub.well("show", name).contains(KEY));
        assert!(hub.well("show", &format!("{name} --with-keys")).contains(KEY));
        // the other parts stay
        let out = hub.well("update", &format!("{name} --disabled --if-match {first}"));
        let second = hub.etag(name);
        assert!(first != second && out.contains(&second), "{out}");
        let shown = hub.well("show", &format!("{name} --with-keys"));
        assert!(
            shown.contains(", disabled") && shown.contains(KEY) && shown.contains("hub.example"),
            "{shown}"
        );
        for command in ["update --enabled", "delete"] {
            let (verb, more) = command.split_once(' ').unwrap_or((command, ""));
            let arguments = format!("{name} {more} --if-match {first}");
            hub.refused(verb, &arguments.replace("  ", " "), "another etag");
        }
        assert_eq!(hub.run("update", name).0, 2, "nothing to change");
        let out = hub.well("list", "");
        assert!(
            out.contains(&second) && out.contains("disabled") && out.ends_with("1 enrollments\n"),
            "{out}"
        );
        assert!(hub.well("list", "--json").contains(&format!("\"etag\":\"{second}\"")));
        // `add` replaces all but the status
        hub.well("add", &format!("{name} --generate-keys"));
        let shown = hub.well("show", name);
        assert!(shown.contains(", disabled") && !shown.contains("hub.example"), "{shown}");
        let last = hub.etag(name);
        hub.well("delete", &format!("{name} --if-match {last}"));
        hub.refused("delete", name, "no such enrollment");
        hub.refused("update", &format!("{name} --enabled"), "no such enrollment");
        hub.refused("show", name, "no such enrollment");
    }
}

#[test]
fn all_verbs_work_while_a_gateway_has_the_file() {
    let hub = Hub::new("enrollment-rows", "sqlite:hub.db");
    let store = SqliteStore::open(&hub.folder.path("hub.db")).unwrap();
    all_verbs(&hub, || store.position().unwrap().change);
}

#[test]
fn all_verbs_work_on_a_database() {
    let Some(server) = postgres::Server::start() else { return };
    server.create("hub");
    let hub = Hub::new("enrollment-postgres", &format!("postgres://hub@127.0.0.1:{}/hub", server.port));
    let store = server.open("hub");
    all_verbs(&hub, || store.position().unwrap().change);
}

#[test]
fn a_registration_is_selected_among_the_rows() {
    let hub = Hub::new("enrollment-select", "sqlite:hub.db");
    hub.well("create", "--registration sn-7 --key-file key --device-id Pump");
    let sign = "token sign --id-scope 0ne001 --registration sn-7 --key-file key --expiry 1893456000";
    hub.folder.write("token", hub.folder.well(sign));
    let out = hub.well("select", "--token-file token --now 1893455000");
    assert_eq!(out, "individual enrollment provisions sn-7 as device Pump\n");
    // a row that cannot be read is reported, and denies
    let store = SqliteStore::open(&hub.folder.path("hub.db")).unwrap();
    let key = RowKey { kind: Kind::Enrollment, name: "sn-7".into() };
    let mut row = None;
    store.read(&[key], &mut |found| row = Some(found.into_owned())).unwrap();
    let mut row = row.unwrap();
    row.detail = "[]".into();
    store.commit(&[Write::Put(row, Expected::Present)]).unwrap();
    let (status, out) = hub.run("select", "--token-file token --now 1893455000");
    assert!(status == 1 && out.contains("is not used") && out.contains("refused"), "{out}");
    let (status, out) = hub.run("show", "--registration sn-7");
    assert!(status == 3 && out.contains("cannot be read"), "{out}");
    let (status, out) = hub.run("update", "--registration sn-7 --enabled");
    assert!(status == 2 && out.contains("give the attestation"), "{out}");
    // the others are listed
    hub.well("create", "--group north --key-file key");
    for command in ["list", "show", "list --json"] {
        let (verb, more) = command.split_once(' ').unwrap_or((command, ""));
        let (status, out) = hub.run(verb, more);
        assert!(status == 3 && out.contains("north"), "{command}: {out}");
        assert!(out.contains("enrollment sn-7 cannot be read: "), "{command}: {out}");
    }
    // it may have been disabled
    let (status, out) = hub.run("update", "--registration sn-7 --key-file key");
    assert!(status == 2 && out.contains("say --enabled or --disabled"), "{out}");
    hub.well("update", "--registration sn-7 --key-file key --enabled");
    hub.well("select", "--token-file token --now 1893455000");
}

#[test]
fn a_sealed_file_has_the_same_verbs_without_etags() {
    let folder = Folder::new("enrollment-verbs");
    folder.write("key", KEY);
    folder.well("enrollment create fleet --registration pump --key-file key");
    let (status, out) = folder.hubward("enrollment create fleet --registration PUMP --generate-keys");
    assert!(status == 1 && out.contains("there is an enrollment"), "{out}");
    folder.well("enrollment update fleet --registration pump --disabled --device-id Pump");
    let out = folder.well("enrollment show fleet --registration pump --with-keys");
    assert!(out.contains("disabled") && out.contains("assigns Pump") && out.contains(KEY), "{out}");
    for more in ["--enabled --if-match 3eda81355dfd36d4", "--edge", "--iot-hub hub.example"] {
        let (status, out) = folder.hubward(&format!("enrollment update fleet --registration pump {more}"));
        assert!(status == 2 && out.contains("a sealed file"), "{out}");
    }
    assert!(folder.well("enrollment list fleet").contains("enrollment pump  disabled"));
    folder.well("enrollment delete fleet --registration pump");
    assert_eq!(folder.hubward("enrollment update fleet --registration pump --enabled").0, 1);
}
