//! The grammar of the command line at work: outputs, times, durations and exit statuses.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Folder, SEAL};

/// Returns a folder with a plain registry, a key and a token.
fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.write("lines", "{\"id\":\"pump\",\"status\":\"enabled\"}\n");
    folder.well("registry import hub lines --plain");
    folder.write("key", SEAL);
    let sign = "token sign --host h.example --device pump --key-file key --expiry 2030-01-01";
    folder.write("token", folder.well(sign));
    folder
}

#[test]
fn an_output_never_replaces_a_file_without_force() {
    let folder = folder("grammar-output");
    for words in ["registry export hub", "enrollment derive --registration pump --key-file key"] {
        folder.write("out", "earlier");
        for output in ["-o", "--output"] {
            let (status, text) = folder.hubward(&format!("{words} {output} out"));
            assert_eq!((status, text.contains("out exists; --force replaces it")), (2, true), "{text}");
            assert_eq!(folder.text("out"), "earlier");
        }
        assert_eq!(folder.well(&format!("{words} -o out --force")), "");
        assert_ne!(folder.text("out"), "earlier");
    }
    assert_eq!(folder.hubward("registry export hub --force").0, 2, "--force needs --output");
}

#[test]
fn times_are_rfc_3339_in_and_out() {
    let folder = folder("grammar-times");
    for now in ["2029-12-31T23:43:20Z", "2030-01-01T01:43:20+02:00", "1893455000"] {
        let text = folder.well(&format!("token inspect token --now {now}"));
        assert!(text.contains("expires   2030-01-01T00:00:00Z, in 16 min 40 s"), "{now}: {text}");
    }
    let text = folder.well("token inspect token --now 2030-01-01T02:05:00Z");
    assert!(text.contains("expired   2030-01-01T00:00:00Z, 2 h 5 min ago"), "{text}");
}

#[test]
fn durations_have_units_or_are_seconds() {
    let folder = folder("grammar-durations");
    let sign = |ttl: &str| {
        let words = format!("token sign --host h --device d --key-file key --now 2030-01-01 --ttl {ttl}");
        folder.well(&words).trim().rsplit_once("se=").unwrap().1.to_owned()
    };
    assert_eq!([sign("1h30m"), sign("5400"), sign("90m")], ["1893461400", "1893461400", "1893461400"]);
    assert_eq!(sign("7d"), "1894060800");
    let (status, text) = folder.hubward("token sign --host h --device d --key-file key --ttl soon");
    assert_eq!((status, text.contains("not a duration such as 1h30m")), (2, true), "{text}");
}

#[test]
fn the_exit_status_has_four_values() {
    let folder = folder("grammar-status");
    folder.write("empty", "");
    for (words, expected) in [
        ("token verify token --key-file key --now 2029-01-01", 0),
        ("token verify token --key-file key --now 2031-01-01", 1),
        ("token verify token --key-file key --device a/b --now 2029-01-01", 2),
        ("token verify - --key-file -", 2),
        ("token verify missing --key-file key", 3),
        ("token verify token --key-file empty", 3),
        ("registry show hub --device pump", 0),
        ("registry show hub --device other", 1),
        ("registry show hub --device a/b", 2),
        ("registry show missing", 3),
        ("policy explain --device d mqtt-connect", 0),
        ("policy explain --device d http GET /devices/d", 1),
        ("policy explain --device d mqtt-publish", 2),
        ("policy explain --device d --statements missing mqtt-connect", 3),
        ("connection-string inspect missing", 3),
    ] {
        let (status, text) = folder.hubward(words);
        assert_eq!(status, expected, "{words}: {text}");
    }
}
