//! docs/PAINS.md: each command of the table is typed, and each page is looked up.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::items_after_statements,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use std::path::{Path, PathBuf};

use common::{Folder, SEAL};
use rcgen::{CertificateParams, DnType, Issuer, KeyPair};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Returns a folder with the files that the table names.
fn folder() -> Folder {
    let folder = Folder::new("pains");
    folder.write("key", SEAL);
    let device = format!("HostName=h.example;DeviceId=pump;SharedAccessKey={SEAL}");
    folder.write("case", device.replace("HostName", "hostname"));
    folder.write("redacted", device.replace(SEAL, "****"));
    folder.write("misspelt", format!("HostName=h.example;ShareAccessKeyName=a;SharedAccessKey={SEAL}"));
    folder.write(
        "sovereign",
        format!("HostName=h.azure-devices.cn;SharedAccessKeyName=a;SharedAccessKey={SEAL}"),
    );
    folder.write("string", device);
    folder.write("shortkey", &SEAL[..42]);
    folder.write("thumbprint", "ab:".repeat(20).trim_end_matches(':'));
    folder.write("empty", "");
    let line = |id: &str| {
        format!(
            "{{\"id\":\"{id}\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"sas\",\"symmetricKey\":\
             {{\"primaryKey\":\"{SEAL}\",\"secondaryKey\":\"{SEAL}\"}}}}}}\n"
        )
    };
    folder.write("lines", line("pump") + &line("other"));
    folder.well("registry import hub lines --plain");
    folder.well("enrollment add enrolled --group fleet --key-file key");
    let sign =
        |name: &str, words: &str| folder.write(name, folder.well(&format!("token sign --key-file {words}")));
    sign("token", "key --host h.example --device pump --expiry 2030-01-01");
    sign("expired", "key --host h.example --device pump --expiry 2028-12-31");
    sign("group.token", "key --id-scope 0ne1 --registration pump --expiry 2030-01-01");
    folder.write("strange", "c3RyYW5nZXIga2V5IG9mIDMyIGJ5dGVzLCBmb3IgdGU=");
    sign("wrong", "strange --host h.example --device pump --expiry 2030-01-01");
    folder.write("twice", folder.text("token").replace("%2F", "%252F"));
    let key = KeyPair::generate().unwrap();
    let certificate = |subject: &str, issuer: &str| {
        let named = |name: &str| {
            let mut params = CertificateParams::new([]).unwrap();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let issuer = named(issuer);
        let der = named(subject).signed_by(&key, &Issuer::from_params(&issuer, &key)).unwrap().der().to_vec();
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    };
    folder.write("broken.pem", certificate("pump", "Issuing") + &certificate("Root", "Root"));
    folder
}

/// Returns the anchors of the headings of a page.
fn anchors(page: &str) -> Vec<String> {
    let heading = |line: &str| {
        let text = line.trim_start_matches('#').trim().to_lowercase();
        text.chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'))
            .collect::<String>()
            .replace(' ', "-")
    };
    page.lines().filter(|line| line.starts_with('#')).map(heading).collect()
}

#[test]
fn each_pain_has_an_answer_that_works() {
    let folder = folder();
    let page = std::fs::read_to_string(docs().join("PAINS.md")).unwrap();
    let mut count = 0;
    let mut wrong = Vec::new();
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| #")) {
        count += 1;
        let cells: Vec<&str> = row.split(" | ").collect();
        let number = cells[0].trim_start_matches("| ");
        assert_eq!(number, count.to_string(), "{row}");
        let (answer, word) = (cells[2].trim(), cells[3].trim_end_matches('|').trim());
        if let Some(command) = answer.strip_prefix("`hubward ") {
            let (status, text) = folder.hubward(command.trim_end_matches('`'));
            if word.is_empty() || !text.contains(word) || text.contains(SEAL) {
                wrong.push(format!("{number}: status {status}: {word}\n{text}"));
            }
        } else {
            let link = answer.split("](").nth(1).unwrap().trim_end_matches(')');
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = std::fs::read_to_string(docs().join(file)).unwrap();
            if !anchor.is_empty() && !anchors(&target).iter().any(|known| known == anchor) {
                wrong.push(format!("{number}: no heading {link}"));
            }
        }
    }
    assert_eq!(count, 41);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
