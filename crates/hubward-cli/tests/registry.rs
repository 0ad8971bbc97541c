//! `hubward registry`: a registry in a file, which is never written in part.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]
mod common;

use std::fs;

use common::{Folder, SEAL, run};

const PRIMARY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
const SECONDARY: &str = "ZmVkY2JhOTg3NjU0MzIxMA==";

fn lines() -> String {
    format!(
        "{{\"id\":\"pump\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"sas\",\"symmetricKey\":\
         {{\"primaryKey\":\"{PRIMARY}\",\"secondaryKey\":\"{SECONDARY}\"}}}}}}\n\
         {{\"id\":\"gate\",\"status\":\"disabled\",\"statusReason\":\"\\u001b[2J stolen\",\
         \"authentication\":{{\"type\":\"certificateAuthority\"}}}}\n\
         {{\"id\":\"pump\",\"moduleId\":\"cam\"}}\n"
    )
}

/// Returns a folder with a registry of two devices and a module.
fn with_hub(test: &str, plain: bool) -> Folder {
    let folder = Folder::new(test);
    folder.write("devices.txt", lines());
    let out = folder.well(if plain {
        "registry import hub devices.txt --plain"
    } else {
        "registry import hub devices.txt"
    });
    assert!(out.starts_with("3 created, 0 updated, 0 deleted, 0 not imported\nhub is written, "), "{out}");
    folder
}

#[test]
fn an_export_has_the_imported_identities_without_keys() {
    for plain in [false, true] {
        let folder = with_hub(if plain { "export-plain" } else { "export-sealed" }, plain);
        let out = folder.well("registry export hub");
        assert!(out.contains(r#""primaryKey":null,"secondaryKey":null"#), "{out}");
        assert!(!out.contains(PRIMARY));
        let out = folder.well("registry export hub --with-keys --output all.txt");
        assert_eq!(out, "");
        assert!(folder.text("all.txt").contains(PRIMARY));
        // a new hub made of it is the same but for its etags
        folder.well("registry import second all.txt");
        let without_etags = |text: &str| {
            let cut = |line: &str| {
                line.split(r#""eTag":""#).map(|part| part.chars().skip(16).collect::<String>()).last()
            };
            text.lines().map(cut).collect::<Vec<_>>()
        };
        let second = folder.well("registry export second --with-keys");
        assert_eq!(without_etags(&second), without_etags(&folder.text("all.txt")));
        assert_eq!(folder.read("hub").starts_with(b"{\"id\":"), plain);
    }
}

/// Returns the record of the pump.
fn pump(folder: &Folder) -> String {
    folder.well("registry show hub --device pump --with-keys")
}

#[test]
fn show_prints_no_keys() {
    let folder = with_hub("show", false);
    let out = folder.well("registry show hub");
    assert!(out.contains("sealed, snapshot 1") && out.contains("devices   2, of which 1 disabled"), "{out}");
    let out = folder.well("registry show hub --device pump");
    assert!(out.contains("identity  device pump\nstatus    enabled\nlists     passes\n"), "{out}");
    assert!(out.contains("primary   16 bytes, not shown") && !out.contains(PRIMARY), "{out}");
    assert!(pump(&folder).contains(&format!("primary   {PRIMARY}\nsecondary {SECONDARY}")));
    let out = folder.well("registry show hub --device gate");
    assert!(out.contains("disabled: \\u{1b}[2J stolen"), "control characters are escaped: {out}");
    let out = folder.well("registry show hub --device pump --module cam --json");
    assert!(out.starts_with(r#"{"id":"pump","moduleId":"cam""#) && out.contains("null"), "{out}");
    assert_eq!(
        folder.hubward("registry show hub --device unknown"),
        (1, "refused: there is no device unknown\n".into())
    );
}

#[test]
fn a_wrong_line_is_reported_and_the_others_are_imported() {
    let folder = with_hub("bad-line", false);
    let good = "{\"id\":\"new\",\"status\":\"enabled\"}";
    let (status, out) = folder.with_input("registry import hub", &format!("{good}\nnonsense\n"));
    assert_eq!(status, 1);
    assert!(
        out.contains("1 created, 0 updated, 0 deleted, 1 not imported\nhub is written, sealed, snapshot 2"),
        "{out}"
    );
    assert!(out.contains("hubward: line 2: not the JSON object of an identity, at column 2"), "{out}");
    let (status, out) = folder.with_input("registry import hub --json", "nonsense");
    let [error, counts] = [0, 1].map(|at| out.lines().nth(at).unwrap());
    assert_eq!(
        (status, error),
        (1, r#"{"line":1,"problem":"not the JSON object of an identity, at column 2"}"#)
    );
    let counts: serde_json::Value = serde_json::from_str(counts).unwrap();
    let expected = serde_json::json!({"created": 0, "updated": 0, "deleted": 0, "twins": 0, "failed": 1});
    assert_eq!(counts, expected);
    let before = folder.read("hub");
    let delete = r#"{"id":"pump","importMode":"delete"}"#;
    let (status, out) = folder.with_input("registry import hub --dry-run", delete);
    assert_eq!((status, out.contains("1 deleted") && out.contains("--dry-run")), (0, true), "{out}");
    assert_eq!(folder.read("hub"), before);
}

#[test]
fn a_new_registry_is_plain_only_with_the_option() {
    let folder = Folder::new("new");
    folder.write("devices.txt", lines());
    let (status, out) =
        run(folder.command("registry import hub devices.txt").env_remove("HUBWARD_SEAL_KEY"), "");
    assert_eq!(
        (status, out.contains("--seal-key-file or HUBWARD_SEAL_KEY"), out.contains("--plain")),
        (2, true, true),
        "{out}"
    );
    assert_eq!(folder.names(), ["devices.txt"]);
}

#[test]
fn a_key_is_rotated_with_an_etag() {
    let folder = with_hub("rotate", false);
    let shown = pump(&folder);
    let etag =
        |shown: &str| shown.lines().find_map(|line| line.strip_prefix("etag      ")).unwrap().to_owned();
    let first = etag(&shown);
    let rotate = format!("registry rotate hub --device pump --slot secondary --if-match {first}");
    let out = folder.well(&rotate);
    assert!(!out.contains(PRIMARY), "{out}");
    let (status, out) = folder.hubward(&rotate);
    assert_eq!((status, out.contains("the etag does not match")), (1, true), "{out}");
    let rolled = pump(&folder);
    assert!(rolled.contains(PRIMARY) && !rolled.contains(SECONDARY), "{rolled}");
    let out = folder.well("registry rotate hub --device pump --swap --with-keys");
    assert!(out.contains(&format!("secondary {PRIMARY}")), "{out}");
    folder.write("key", format!("{SECONDARY}\n"));
    folder.well("registry rotate hub --device pump --slot primary --key-file key");
    assert!(pump(&folder).contains(&format!("primary   {SECONDARY}\nsecondary {PRIMARY}")));
    let (status, out) = folder.hubward("registry rotate hub --device gate --swap");
    assert_eq!((status, out.contains("does not have the keys")), (1, true), "{out}");
    let (status, out) = folder.hubward("registry rotate hub --swap");
    assert_eq!((status, out.contains("--device")), (2, true), "{out}");
}

#[test]
fn an_etag_of_a_plain_registry_is_never_used_twice() {
    let folder = with_hub("etags", true);
    let etag = || pump(&folder).lines().find_map(|line| line.strip_prefix("etag      ")).unwrap().to_owned();
    let first = etag();
    assert_eq!(etag(), first, "reading changes no etag");
    let again = |line: &str| folder.with_input("registry import hub", line).0;
    assert_eq!(again(r#"{"id":"pump","importMode":"delete"}"#), 0);
    assert_eq!(again(r#"{"id":"pump","status":"enabled"}"#), 0);
    assert_ne!(etag(), first);
    let stale = format!(r#"{{"id":"pump","importMode":"deleteIfMatchETag","eTag":"{first}"}}"#);
    assert_eq!(again(&stale), 1, "the record is a different one");
}

#[test]
fn a_plain_file_of_another_program_is_not_overwritten() {
    let folder = Folder::new("foreign");
    let twin = "{\"id\":\"a\",\"status\":\"enabled\",\"tags\":{\"floor\":1}}\n";
    folder.write("hub", twin);
    for words in ["registry show hub", "registry rotate hub --device a --swap", "registry import hub hub"] {
        let (status, out) = folder.hubward(words);
        assert_eq!(
            (status, out.contains("line 1 is not in the form that this program writes")),
            (3, true),
            "{out}"
        );
    }
    folder.write("hub", "{\"id\":\"a\",\"status\":\"enabled\"}\nnonsense\n");
    let (status, out) = folder.hubward("registry show hub");
    assert_eq!((status, out.contains("line 2: not the JSON object")), (3, true), "{out}");
    assert_eq!(folder.names(), ["hub"]);
}

#[test]
fn a_wrong_key_an_older_file_and_an_altered_file_are_refused() {
    let folder = with_hub("sealed", false);
    folder.write("other", SEAL.replace("MDEy", "MDEz"));
    let (status, out) = folder.hubward("registry show hub --seal-key-file other");
    assert_eq!((status, out.contains("not authentic under this key")), (3, true), "{out}");
    folder.write("short", PRIMARY);
    let (status, out) = folder.hubward("registry show hub --seal-key-file short");
    assert_eq!((status, out.contains("it has 16 bytes, 32 are needed")), (3, true), "{out}");
    let (status, out) = folder.hubward("registry show hub --newest 2");
    assert_eq!((status, out.contains("snapshot 1 is older than 2")), (3, true), "{out}");
    let whole = folder.read("hub");
    // truncated at any byte
    for len in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        folder.write("cut", &whole[..len]);
        assert_eq!(folder.hubward("registry export cut").0, 3);
    }
    // an empty file is not an empty registry, which the next write would not seal
    folder.write("cut", "");
    let (status, out) = folder.with_input("registry import cut", &lines());
    assert_eq!((status, out.contains("cut: the file is empty")), (3, true), "{out}");
    assert_eq!(folder.read("cut"), b"");
}

#[test]
fn lists_are_stored_and_checked() {
    let folder = with_hub("lists", false);
    let check = |who: &str| folder.hubward(&format!("registry lists hub check {who}"));
    assert_eq!(check("--device pump"), (0, "device pump passes\n".into()));
    folder.well("registry lists hub block --device pump");
    assert_eq!(check("--device pump --module cam"), (1, "module pump/cam is blocked\n".into()));
    folder.well("registry lists hub unblock --device pump");
    assert_eq!(folder.hubward("registry lists hub unblock --device pump").0, 1);
    folder.well("registry lists hub allow --group north");
    assert_eq!(check("--device pump"), (1, "device pump is not on the allow list\n".into()));
    folder.well("registry lists hub join north --device pump");
    assert_eq!(check("--device pump").0, 0);
    let issuer = "5".repeat(64);
    folder.well(&format!("registry lists hub block --issuer {issuer}"));
    // a SHA-1 thumbprint would match no certificate
    assert_eq!(folder.hubward(&format!("registry lists hub block --issuer {}", "5".repeat(40))).0, 2);
    assert_eq!(check(&format!("--device pump --issuer {issuer}")).0, 1);
    let out = folder.well("registry lists hub show");
    assert_eq!(
        out,
        format!(
            "blocked   below certificate {issuer}\nallowed   group north\ngroup     north: device pump\n"
        )
    );
    folder.well("registry lists hub leave north --device pump");
    folder.well("registry lists hub lift-allow");
    assert_eq!(check("--device pump").0, 0);
    let plain = with_hub("lists-plain", true);
    let (status, out) = plain.hubward("registry lists hub block --device pump");
    assert_eq!((status, out.contains("a plain registry cannot store lists")), (3, true), "{out}");
}

/// The process may write a limited number of bytes: at the next byte it is killed, or gets an error.
#[cfg(target_os = "linux")]
#[test]
fn a_kill_at_any_byte_leaves_the_old_or_the_new_file() {
    for plain in [true, false] {
        let folder = Folder::new(if plain { "killed-plain" } else { "killed-sealed" });
        let one = "{\"id\":\"a\",\"status\":\"enabled\",\"authentication\":{\"type\":\"none\"}}";
        folder.write("devices.txt", one);
        folder.well(if plain {
            "registry import hub devices.txt --plain"
        } else {
            "registry import hub devices.txt"
        });
        let old = folder.read("hub");
        let input = one.replace("enabled", "disabled");
        for room in 0.. {
            let limited = |ignored: &str| {
                let program = env!("CARGO_BIN_EXE_hubward");
                let script =
                    format!("{ignored} exec prlimit --core=0 --fsize={room} {program} registry import hub -");
                let mut shell = std::process::Command::new("sh");
                shell.current_dir(folder.path("")).env("HUBWARD_SEAL_KEY", SEAL).args(["-c", &script]);
                run(&mut shell, &input)
            };
            let (status, out) = limited("");
            if status == 0 {
                assert_eq!(room, folder.read("hub").len(), "the limit is the size of the file: {out}");
                break;
            }
            assert_eq!((status, folder.read("hub")), (-1, old.clone()), "killed");
            if room % 16 == 0 {
                // leftovers disturb no reader and no writer
                assert_eq!(folder.names(), ["devices.txt", "hub", "hub.lock", "hub.new"]);
                assert_eq!(folder.well("registry export hub").matches("enabled").count(), 1);
                assert_eq!(folder.with_input("registry import hub", &input).0, 0);
                assert_eq!(folder.names(), ["devices.txt", "hub"]);
                assert_eq!(folder.well("registry export hub").matches("disabled").count(), 1);
                folder.write("hub", &old);
            }
            if room % 16 == 0 {
                // a full disk is an error that names the file and leaves nothing behind
                let (status, out) = limited("trap '' XFSZ;");
                assert_eq!((status, out.contains("hub is unchanged: ")), (3, true), "{out}");
                assert_eq!(folder.names(), ["devices.txt", "hub"]);
                assert_eq!(folder.read("hub"), old);
            }
        }
        assert!(folder.well("registry export hub").contains("disabled"));
        assert_eq!(folder.names(), ["devices.txt", "hub"]);
    }
}

/// Output to a full disk or a closed pipe did not reach the user: nothing may depend on it.
#[cfg(target_os = "linux")]
#[test]
fn a_failed_output_changes_no_file() {
    use std::process::Stdio;
    let folder = with_hub("full-output", false);
    folder.write("one.txt", r#"{"id":"one","status":"enabled"}"#);
    folder.well("enrollment add fleet --group north --generate-keys");
    let before = (folder.read("hub"), folder.read("fleet"), folder.names());
    let commands = [
        "registry rotate hub --device pump --slot primary --with-keys",
        "registry rotate hub --device pump --swap",
        "registry lists hub block --device pump",
        "registry lists hub allow --group north",
        "registry import hub one.txt",
        "registry import hub one.txt --json",
        "registry import new one.txt",
        "enrollment add fleet --group south --generate-keys",
        "enrollment add new --group south --generate-keys",
        "enrollment remove fleet --group north",
    ];
    for words in commands {
        let full = || Stdio::from(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        let closed = || Stdio::from(std::io::pipe().unwrap().1);
        for out in [full(), closed()] {
            let output = folder.command(words).stdin(Stdio::null()).stdout(out).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(3), "{words}: {said}");
            assert!(said.contains(" is unchanged: standard output: "), "{words}: {said}");
            assert_eq!((folder.read("hub"), folder.read("fleet"), folder.names()), before, "{words}");
        }
        assert_eq!(folder.hubward(words).0, 0, "{words}");
        folder.write("hub", &before.0);
        folder.write("fleet", &before.1);
        let _ = fs::remove_file(folder.path("new"));
    }
}

#[test]
fn an_etag_is_not_used_again_after_an_older_file_is_restored() {
    for plain in [false, true] {
        let folder = with_hub(if plain { "older-plain" } else { "older-sealed" }, plain);
        let old = folder.read("hub");
        let rotated = || {
            folder.well("registry rotate hub --device pump --slot primary");
            let shown = pump(&folder);
            shown.lines().find_map(|line| line.strip_prefix("etag      ")).unwrap().to_owned()
        };
        let first = rotated();
        folder.write("hub", old);
        assert_ne!(rotated(), first, "the key is a different one");
    }
}

#[test]
fn a_line_with_text_before_its_object_is_reported() {
    let folder = with_hub("before-a-line", false);
    let lines = "{\"id\":\"x\",\"status\":\"enabled\"}\n\u{c}{\"id\":\"y\",\"status\":\"enabled\"}\n\u{feff}{\"id\":\"z\",\"status\":\"enabled\"}\n";
    let (status, out) = folder.with_input("registry import hub", lines);
    assert_eq!((status, out.contains("1 created, 0 updated, 0 deleted, 2 not imported")), (1, true), "{out}");
    for line in [2, 3] {
        assert!(
            out.contains(&format!("line {line}: not the JSON object of an identity, at column 1")),
            "{out}"
        );
    }
    let plain = with_hub("before-a-plain-line", true);
    for before in ["\u{c}", "\u{feff}", "\u{feff}\u{feff}", " "] {
        for at in 0..3 {
            let mut lines: Vec<String> = plain.text("hub").lines().map(ToOwned::to_owned).collect();
            lines[at].insert_str(0, before);
            plain.write("other", lines.join("\n") + "\n");
            let (status, out) = plain.hubward("registry show other");
            assert_eq!((status, out.contains(&format!("line {}", at + 1))), (3, true), "{before:?} {out}");
        }
    }
}
