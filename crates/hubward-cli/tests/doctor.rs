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

fn certificate(folder: &Folder, name: &str, end: &str) -> String {
    folder.well(&format!("ca init {name} --name {name} --ttl {end} --now 2028-01-01"));
    folder.text(&format!("{name}/certificate.pem"))
}

/// Returns the block with other bytes in the middle of its base64.
fn damaged(block: &str, by: &str) -> String {
    let mut lines: Vec<String> = block.lines().map(str::to_owned).collect();
    let middle = lines.len() / 2;
    lines[middle].replace_range(5..5_usize.checked_add(by.len()).unwrap(), by);
    lines.join("\n")
}

#[test]
fn what_cannot_be_judged_is_no_good_verdict() {
    let folder = Folder::new("doctor-unjudged");
    let good = certificate(&folder, "good", "3650d");
    let expired = certificate(&folder, "old", "30d");
    folder.well("ca crl good --output list.crl --ttl 3650d --now 2028-01-01");
    let list = folder.text("list.crl");
    let no_end = good.replace("-----END CERTIFICATE-----\n", "");
    let empty = |label: &str| format!("-----BEGIN {label}-----\nMAMCAQE=\n-----END {label}-----\n");
    let key = folder.text("good/key.pem");
    let sig = "hZvWhj34jFN%2FvVXIU3qEKjMM5T8pjPSKfabskI1p%2F74%3D";
    let cut = "SharedAccessSignature sr=h.example%2Fdevices%2Fpump&se=1593456000";
    let storage =
        format!("https://a.blob.core.windows.net/c/b?sv=2020-12-06&sr=b&sp=rz&se=2020-01-01&sig={sig}");
    let long = format!("{}{expired}", "#".repeat(16 * 1024 * 1024));
    for (name, text, place) in [
        ("base64", format!("{good}{}{expired}", damaged(&good, "*")), "line "),
        ("no-end", format!("{good}{no_end}{expired}"), "line "),
        ("no-certificate", format!("{good}{}", empty("CERTIFICATE")), "line "),
        ("no-list", format!("{list}{}", empty("X509 CRL")), "line "),
        ("pkcs7", empty("PKCS7"), "line 1"),
        ("utf-16", "\u{feff}".to_owned(), ""),
        ("cut", cut.to_owned(), "byte "),
        ("quoted", format!("\"{cut}&sig={sig}\""), "quoted"),
        ("in-string", format!("HostName=h;DeviceId=d;SharedAccessSignature={cut}"), "in-string"),
        ("storage", storage, "`sp`"),
        ("bearer", "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJo.c2ln".to_owned(), "bearer"),
        ("long", long, "16 MiB"),
    ] {
        if name == "utf-16" {
            folder.write(name, [0xff, 0xfe, b'-', 0]);
        } else {
            folder.write(name, &text);
        }
        let (status, answer) = folder.hubward(&format!("doctor {name} --now 2028-06-01"));
        assert_eq!(status, 3, "{name}: {answer}");
        assert!(answer.contains(&format!("{name}: ")) && answer.contains(place), "{name}: {answer}");
        assert!(!answer.contains("good: nothing"), "{name}: {answer}");
        let (status, answer) = folder.hubward(&format!("doctor {name} --now 2028-06-01 --json"));
        assert!(status == 3 && answer.contains("\"status\":3"), "{name}: {answer}");
    }
    // what follows a damaged block, and the other files, are judged nevertheless
    let (status, answer) = folder.hubward("doctor base64 missing list.crl --now 2028-06-01");
    assert!(status == 3 && answer.contains("root CA") && answer.contains("revocation list of"), "{answer}");
    assert!(answer.contains("old") && answer.contains("ago") && answer.contains("missing: "), "{answer}");
    // a damaged certificate in DER has no label
    let der = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        good.lines().filter(|line| !line.starts_with('-')).collect::<String>(),
    )
    .unwrap();
    let year = der.windows(2).position(|bytes| bytes == b"28").unwrap();
    folder.write("der", [&der[..year], b"xx", &der[year + 2..]].concat());
    folder.write("short.der", &der[..der.len() - 9]);
    assert_eq!(folder.hubward("doctor der --now 2028-06-01").0, 3);
    assert_eq!(folder.hubward("doctor short.der --now 2028-06-01").0, 3);
    // these have no date
    for text in
        [key.as_str(), &empty("ENCRYPTED PRIVATE KEY"), SEAL, "what? why&code=none of these", "# notes"]
    {
        folder.write("undated", text);
        let (status, answer) = folder.hubward("doctor undated --now 2028-06-01");
        assert!(status == 0 && answer.contains("nothing with a date"), "{text}: {answer}");
    }
}

#[cfg(unix)]
#[test]
fn links_and_pipes_in_a_folder_do_not_hold_it_up() {
    let folder = folder("doctor-special");
    std::os::unix::fs::symlink(".", folder.path("all/loop")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path("all/pipe")).status().unwrap();
    assert!(made.success());
    let (status, text) = folder.hubward("doctor all --now 2028-01-01");
    assert_eq!(status, 3, "{text}");
    for part in ["loop: a link to a folder", "pipe: not a file"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
