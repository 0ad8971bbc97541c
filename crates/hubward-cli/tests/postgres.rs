//! `hubward registry` on a database that gateways share. It needs Debian's PostgreSQL, and passes without it.
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

use core::fmt::Write as _;

use common::{Folder, run};
use hubward_store::Store;
use postgres::Server;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
const SEAL_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n";

struct Database {
    server: Server,
    folder: Folder,
    address: String,
}

impl Database {
    fn start(test: &str) -> Option<Self> {
        let server = Server::start()?;
        server.create("hub");
        let folder = Folder::new(test);
        folder.write("registry.key", SEAL_KEY);
        let address = format!("postgres://hub@127.0.0.1:{}/hub", server.port);
        Some(Self { server, folder, address })
    }

    /// Runs `hubward registry COMMAND ADDRESS ARGUMENTS --registry-key-file registry.key`.
    fn registry(&self, command: &str, arguments: &str) -> (i32, String) {
        let words = format!("registry {command} {} {arguments}", self.address);
        self.folder.hubward(&format!("{} --registry-key-file registry.key", words.trim()))
    }

    fn well(&self, command: &str, arguments: &str) -> String {
        let (status, out) = self.registry(command, arguments);
        assert_eq!(status, 0, "{command} {arguments}: {out}");
        out
    }
}

#[test]
fn all_commands_work_on_a_database() {
    let Some(it) = Database::start("postgres-all") else { return };
    let keys = format!("{{\"primaryKey\":\"{KEY}\",\"secondaryKey\":\"{KEY}\"}}");
    it.folder.write(
        "devices.txt",
        format!(
            "{{\"id\":\"pump\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"sas\",\"symmetricKey\":{keys}}}}}\n\
             {{\"id\":\"pump\",\"moduleId\":\"cam\"}}\n{{\"id\":\"gate\",\"status\":\"disabled\"}}\n"
        ),
    );
    let (status, out) = it.registry("show", "");
    assert!(status == 3 && out.contains("has no registry"), "{out}");
    let (status, out) = it.folder.hubward(&format!("registry show {}", it.address));
    assert!(status == 2 && out.contains("--registry-key-file"), "{out}");
    let out = it.well("import", "devices.txt --hub hub.example");
    assert!(out.starts_with("3 created, 0 updated, 0 deleted, 0 not imported\n"), "{out}");
    let store = it.server.open("hub");
    assert!(it.well("export", "--with-keys").contains(KEY));
    assert!(!it.well("export", "").contains(KEY));
    assert!(it.well("show", "").contains("devices   2, of which 1 disabled"));
    let before = store.position().unwrap();
    let out = it.well("rotate", "--device pump --slot primary");
    assert!(out.contains("device pump has new credentials"), "{out}");
    let words = format!("registry lists {} --registry-key-file registry.key block --device gate", it.address);
    it.folder.well(&words);
    assert_eq!(store.position().unwrap().change, before.change + 2);
    assert!(it.well("renew-epoch", "").contains("has a new epoch"));
    assert_ne!(store.position().unwrap().epoch, before.epoch);
    let words = "token sign --host hub.example --device gate --key-file gate.key --expiry 2030-01-01";
    it.folder.write("gate.key", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    it.folder.write("token", it.folder.well(words));
    let (status, out) = it.folder.hubward(&format!(
        "diagnose mqtt {} --registry-key-file registry.key --client-id gate --username \
         hub.example/gate/?api-version=2021-04-12 --password-file token --now 2029-01-01",
        it.address
    ));
    assert!(status == 1 && out.contains("looked up device gate: disabled"), "{out}");
    // another key: only with the former one below it
    let export = it.well("export", "--with-keys");
    it.folder
        .write("registry.key", format!("{}\n{SEAL_KEY}", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="));
    assert!(it.well("reseal", "").starts_with("3 rows are sealed anew"));
    it.folder.write("registry.key", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n");
    assert_eq!(it.well("export", "--with-keys"), export);
    it.folder.write("registry.key", SEAL_KEY);
    let (status, out) = it.registry("reseal", "");
    assert!(status == 1 && out.contains("not sealed: pump"), "{out}");
}

#[test]
fn an_import_says_how_far_it_came_and_goes_on_there() {
    let Some(it) = Database::start("postgres-import") else { return };
    let mut lines = String::new();
    for number in 1..=20_000 {
        writeln!(lines, "{{\"id\":\"d{number}\",\"status\":\"enabled\"}}").unwrap();
    }
    it.folder.write("devices.txt", &lines);
    it.folder.write("none.txt", "");
    it.well("import", "none.txt --hub hub.example");
    it.server.sql(
        "hub",
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$; \
         CREATE TRIGGER z_fails BEFORE INSERT ON hubward.record FOR EACH ROW WHEN (NEW.name = 'd12345') \
         EXECUTE FUNCTION fails()",
    );
    let (status, out) = it.registry("import", "devices.txt");
    assert!(status == 3 && out.contains("the disk is full"), "{out}");
    assert!(out.contains("the lines before 8193 are imported: go on with --from-line 8193"), "{out}");
    let count = "SELECT count(*) FROM hubward.record WHERE kind = 0";
    assert_eq!(it.server.sql("hub", count), "8192");
    it.server.sql("hub", "DROP TRIGGER z_fails ON hubward.record");
    let out = it.well("import", "devices.txt --from-line 8193");
    assert!(out.starts_with("11808 created, 0 updated"), "{out}");
    assert_eq!(it.server.sql("hub", count), "20000");
    // the number of a wrong line is that of the file
    it.folder.write("devices.txt", format!("{lines}{{\"id\":\"x\"}}\n"));
    let (status, out) = it.registry("import", "devices.txt --from-line 19999");
    assert!(status == 1 && out.contains("line 20001: `status` is missing"), "{out}");
    assert!(out.contains("0 created, 2 updated, 0 deleted, 1 not imported"), "{out}");
    // a later batch sees what an earlier one wrote
    let line = |mode: &str| format!("{{\"id\":\"d1\",\"status\":\"enabled\",\"importMode\":\"{mode}\"}}\n");
    let (delete, create) = (line("delete"), line("create"));
    it.folder.write("devices.txt", format!("{delete}{lines}{delete}{create}"));
    let out = it.well("import", "devices.txt");
    assert!(out.starts_with("2 created, 19999 updated, 2 deleted, 0 not imported"), "{out}");
}

#[test]
fn a_change_that_fails_is_not_said_to_be_written() {
    let Some(it) = Database::start("postgres-fails") else { return };
    it.folder.write("devices.txt", "{\"id\":\"pump\",\"status\":\"enabled\"}\n");
    it.well("import", "devices.txt --hub hub.example");
    it.server.sql(
        "hub",
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$; \
         CREATE TRIGGER z_fails BEFORE UPDATE ON hubward.record FOR EACH ROW EXECUTE FUNCTION fails()",
    );
    let (status, out) = it.registry("disable", "--device pump");
    assert!(status == 3 && out.contains("the disk is full"), "{out}");
    assert!(!out.contains("is written") && !out.contains("is disabled"), "{out}");
}

#[test]
fn a_password_is_not_in_the_address_and_tls_is_required_off_this_machine() {
    let folder = Folder::new("postgres-address");
    folder.write("registry.key", SEAL_KEY);
    let show = |address: &str| {
        run(&mut folder.command(&format!("registry show {address} --registry-key-file registry.key")), "")
    };
    let (status, out) = show("postgres://hub:s3cret@127.0.0.1/hub");
    assert!(status == 2 && out.contains("HUBWARD_REGISTRY_PASSWORD") && !out.contains("s3cret"), "{out}");
    let (status, out) = show("postgres://hub@db.example/hub");
    assert!(status == 2 && out.contains("--registry-ca"), "{out}");
}
