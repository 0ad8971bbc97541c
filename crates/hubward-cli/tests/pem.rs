//! Files as people have them: no certificate is skipped so that the next is taken for it, and no key is printed.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]
mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Folder, run};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ED25519, PublicKeyData, date_time_ymd,
};

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn ca(name: &str) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2027, 1, 1));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

/// Returns files with the block of an issuing CA before that of a root, and whether both are read.
fn spoilt(issuing: &str, root: &str) -> Vec<(&'static str, String, bool)> {
    let both = format!("{issuing}{root}");
    let first = |from: &str, to: &str| both.replacen(from, to, 1);
    let begin = "-----BEGIN CERTIFICATE-----\n";
    let labelled = |label: &str| format!("{}{root}", issuing.replace("CERTIFICATE", label));
    vec![
        ("plain", both.clone(), true),
        ("mark", format!("\u{feff}{both}"), true),
        ("marks", format!("\u{feff}{issuing}\u{feff}{root}"), true),
        ("trusted", labelled("TRUSTED CERTIFICATE"), true),
        ("x509", labelled("X509 CERTIFICATE"), true),
        ("indented", format!("  {both}"), true),
        ("tab", format!("\t{both}"), true),
        ("glued", format!("{}{root}", issuing.trim_end()), true),
        ("comment", format!("# {both}"), false),
        ("quoted", format!("\"{both}"), false),
        ("dashes", first("-----BEGIN", "----BEGIN"), false),
        ("long dashes", first("-----BEGIN", "\u{2014}\u{2014}BEGIN"), false),
        ("header", first(begin, &format!("{begin}Comment: plant\n\n")), false),
        ("one line", format!("{}\n{root}", issuing.replace('\n', " ")), false),
        ("escaped", format!("{}\n{root}", issuing.replace('\n', "\\n")), false),
        ("no begin", first(begin, ""), false),
        ("no end", first("-----END CERTIFICATE-----\n", ""), false),
        ("label", labelled("CERTIFCATE"), false),
        ("pkcs7", labelled("PKCS7"), false),
    ]
}

/// The first certificate of the file is enrolled, or the file is an error: the root CA is never enrolled instead.
#[test]
fn a_group_is_enrolled_by_the_first_certificate_of_the_file() {
    let folder = Folder::new("pem-group");
    let (issuing, root) = (ca("Issuing"), ca("Root"));
    folder.write("issuing.der", &issuing);
    let print = folder.well("cert thumbprint issuing.der").trim().to_owned();
    for (form, file, read) in spoilt(&pem("CERTIFICATE", &issuing), &pem("CERTIFICATE", &root)) {
        folder.write("file", file);
        for name in ["--group plant", "--registration valve-31"] {
            let (status, out) = folder.hubward(&format!("enrollment add fleet {name} --certificate file"));
            if read {
                assert_eq!((status, out.contains("certificates in file, ")), (0, true), "{form}: {out}");
                assert!(out.contains(&print), "it says which was enrolled: {out}");
                let shown = folder.well("enrollment show fleet");
                assert_eq!(
                    shown.matches(&print).count(),
                    shown.matches("certificate ").count(),
                    "{form}: {shown}"
                );
            } else {
                assert_eq!((status, out.contains("file: ")), (3, true), "{form}: {out}");
                assert!(out.len() < 300, "{form}: {out}");
            }
        }
    }
}

/// A bundle has every root CA of the file, or it is not built.
#[test]
fn a_bundle_has_every_root_of_the_file() {
    let folder = Folder::new("pem-bundle");
    let (old, new) = (ca("Old Root"), ca("New Root"));
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    folder.write("key.pub", pem("PUBLIC KEY", &key.subject_public_key_info()));
    for (form, file, read) in spoilt(&pem("CERTIFICATE", &new), &pem("CERTIFICATE", &old)) {
        folder.write("file", file);
        let (status, out) = folder.hubward(&format!(
            "roots build --number 1 --expires 2026-12-31 --threshold 1 --public-key key.pub --ca file --now 2026-01-01 \
             --output {form}"
        ).replace("--output ", "--output out-").replace("long dashes", "long").replace("one line", "one").replace("no ", "no-"));
        assert_eq!(status, if read { 0 } else { 3 }, "{form}: {out}");
        assert_eq!(out.contains("Old Root") && out.contains("New Root"), read, "{form}: {out}");
    }
}

/// A list that is skipped would let a revoked device in.
#[test]
fn other_files_are_read_completely_or_refused_too() {
    let folder = Folder::new("pem-others");
    let (issuing, root) = (ca("Issuing"), ca("Root"));
    folder.write("root", pem("CERTIFICATE", &root));
    for (form, file, read) in spoilt(&pem("CERTIFICATE", &issuing), &pem("CERTIFICATE", &root)) {
        folder.write(
            "lists",
            file.replace("CERTIFICATE", "X509 CRL")
                .replace("TRUSTED X509", "X509")
                .replace("X509 X509", "X509"),
        );
        folder.write("file", file);
        for words in ["cert inspect file", "cert thumbprint file"] {
            let (status, out) = folder.hubward(words);
            assert_eq!(status, if read { 0 } else { 3 }, "{form}: {out}");
        }
        let (_, out) = folder.hubward("cert thumbprint file");
        assert_eq!(out.lines().count(), if read { 2 } else { 1 }, "{form}: {out}");
        for words in [
            "--ca file root",
            "--ca root file",
            "--ca root --intermediates file root",
            "--ca root --crl lists root",
        ] {
            let (_, out) = folder.hubward(&format!("cert verify --now 2026-01-01 {words}"));
            assert_eq!(
                out.contains("hubward: file: ") || out.contains("hubward: lists: "),
                !read,
                "{form}: {out}"
            );
        }
    }
}

/// A thumbprint is a digest of bytes: that of a certificate which cannot be parsed is printed and enrolled.
#[test]
fn a_certificate_that_cannot_be_parsed_has_a_thumbprint() {
    let folder = Folder::new("pem-thumbprint");
    let odd = [0x30, 13, 0x30, 2, 2, 0, 0x30, 1, 5, 3, 4, 7, 1, 2, 3];
    folder.write("odd", pem("CERTIFICATE", &odd));
    folder.write("odd.der", odd);
    folder.write("none", pem("CERTIFICATE", &odd[..14]));
    let print = folder.well("cert thumbprint odd");
    assert_eq!(folder.well("cert thumbprint odd.der"), print);
    folder.well("enrollment add fleet --registration valve-31 --certificate odd");
    assert!(folder.well("enrollment show fleet").contains(print.trim()));
    let (status, out) = folder.hubward("cert thumbprint none");
    assert_eq!((status, out.contains("none: line 1: not a certificate")), (3, true), "{out}");
}

/// Neither as text nor as an array of decimal numbers, and in no long message.
#[test]
fn a_private_key_that_cannot_be_read_is_not_printed() {
    let folder = Folder::new("pem-secrets");
    let key = KeyPair::generate().unwrap();
    let good = pem("PRIVATE KEY", &key.serialize_der());
    folder.write("bundle", "none");
    folder.write("key.pub", pem("PUBLIC KEY", &key.subject_public_key_info()));
    folder.write("root", pem("CERTIFICATE", &ca("Root")));
    folder.well(
        "roots build --number 1 --expires 2026-12-31 --threshold 1 --public-key key.pub --ca root --now 2026-01-01 --output v1",
    );
    let base64 = STANDARD.encode(key.serialize_der());
    for form in [
        good.replace('\n', " "),
        good.replace('\n', ""),
        good.replace('\n', "\\n"),
        good.replacen('\n', " ", 1),
        format!("{{\"key\": \"{}\"}}", good.replace('\n', "\\n")),
        good.replace("-----BEGIN PRIVATE KEY-----\n", ""),
        good.replace("-----END PRIVATE KEY-----\n", ""),
        good.replace("\n-----END", "-----END"),
        good.replacen("\nM", "\n!M", 1),
        good.split_at(120).0.to_owned(),
        base64.clone(),
    ] {
        folder.write("key", &form);
        let mut by_variable = folder.command("roots sign v1");
        by_variable.env("HUBWARD_UPDATE_KEY", &form);
        let mut outputs = vec![run(&mut by_variable, "")];
        outputs.push(folder.with_input("roots sign v1 --key-file -", &form));
        outputs.push(folder.with_input("cert inspect", &form));
        for words in [
            "roots sign v1 --key-file key",
            "cert inspect key",
            "cert thumbprint key",
            "cert verify --ca key root",
            "cert verify --ca root --crl key root",
            "enrollment add fleet --group g --certificate key",
            "roots build --number 1 --expires 2026-12-31 --threshold 1 --public-key key --ca root --output v2",
            "roots build --number 1 --expires 2026-12-31 --threshold 1 --public-key key.pub --ca key --output v2",
        ] {
            outputs.push(folder.hubward(words));
        }
        for (status, out) in outputs {
            assert_eq!(status, 3, "{out}");
            assert!(out.len() < 300, "{out}");
            let array: Vec<String> = form.bytes().map(|byte| byte.to_string()).collect();
            for run in array.windows(4) {
                assert!(!out.contains(&run.join(", ")), "{out}");
            }
            for run in base64.as_bytes().windows(8) {
                assert!(!out.contains(str::from_utf8(run).unwrap()), "{out}");
            }
        }
    }
}
