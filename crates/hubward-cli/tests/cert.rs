//! `hubward cert`, with certificates that each test makes.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SanType,
    date_time_ymd,
};

/// 2026-01-01, within every minted validity.
const NOW: &str = "1767225600";

/// The pump's serial number.
const PUMP: &[u8] = &[0x17];

/// A root, an intermediate below it and leaves below that, in a folder of the test's own.
struct Files(PathBuf);

impl Files {
    fn mint(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        fs::create_dir_all(&folder).unwrap();
        let files = Self(folder);
        let keys = [KeyPair::generate().unwrap(), KeyPair::generate().unwrap(), KeyPair::generate().unwrap()];
        let [root_key, ca_key, key] = &keys;
        let (root, ca) = (ca("Fleet Root"), ca("Fleet CA"));
        files.write("root.pem", pem("CERTIFICATE", root.self_signed(root_key).unwrap().der()));
        let below_root = Issuer::from_params(&root, root_key);
        let intermediate = ca.signed_by(ca_key, &below_root).unwrap();
        files.write("ca.pem", pem("CERTIFICATE", intermediate.der()));
        let below_ca = Issuer::from_params(&ca, ca_key);
        let mut pump = named("pump-17");
        pump.serial_number = Some(PUMP.to_vec().into());
        let pump = pump.signed_by(key, &below_ca).unwrap();
        files.write("pump.der", pump.der());
        files.write("pump.pem", pem("CERTIFICATE", pump.der()));
        // the form of many servers: the key and the chain in one file
        let chain = [pem("CERTIFICATE", pump.der()), pem("CERTIFICATE", intermediate.der())].concat();
        files.write("all.pem", pem("PRIVATE KEY", &key.serialize_der()) + &chain);
        let mut hub = named("hub");
        hub.subject_alt_names.push(SanType::DnsName("hub.example".try_into().unwrap()));
        hub.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 1].into()));
        files.write("hub.pem", pem("CERTIFICATE", hub.signed_by(key, &below_ca).unwrap().der()));
        let rude = named("a\u{1b}[2J").signed_by(key, &below_ca).unwrap();
        let lists = |name: &str, by: Issuer<'_, &KeyPair>, serials: &[&[u8]]| {
            files.write(&format!("{name}.crl"), list(&by, serials));
            files.write(&format!("{name}-crl.pem"), pem("X509 CRL", &list(&by, serials)));
        };
        lists("root", Issuer::from_params(&root, root_key), &[]);
        lists("clear", Issuer::from_params(&ca, ca_key), &[&[9]]);
        lists("revoked", Issuer::from_params(&ca, ca_key), &[&[9], PUMP]);
        files.write("rude.pem", pem("CERTIFICATE", rude.der()));
        files
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), content).unwrap();
    }

    /// Returns the status and the output. Files are in the folder of the test.
    fn hubward(&self, words: &str) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubward"));
        command.current_dir(&self.0).arg("cert").args(words.split(' ')).stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    }

    fn verify(&self, words: &str) -> (i32, String) {
        self.hubward(&format!("verify --now {NOW} --ca root.pem {words}"))
    }
}

/// Returns a list of December 2025, valid for two months.
fn list(by: &Issuer<'_, &KeyPair>, serials: &[&[u8]]) -> Vec<u8> {
    let at = date_time_ymd(2025, 12, 1);
    let revoked = serials.iter().map(|serial| RevokedCertParams {
        serial_number: serial.to_vec().into(),
        revocation_time: at,
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: at,
        next_update: date_time_ymd(2026, 2, 1),
        crl_number: vec![1].into(),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(by).unwrap().der().to_vec()
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2027, 1, 1));
    params.use_authority_key_identifier_extension = true;
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

#[track_caller]
fn expect((status, out): (i32, String), expected: i32, parts: &[&str]) {
    assert_eq!(status, expected, "{out}");
    for part in parts {
        assert!(out.contains(part), "{part} is not in {out}");
    }
}

#[test]
fn a_certificate_is_printed() {
    let files = Files::mint("printed");
    let parts = [
        "subject      CN=hub\n",
        "common name  hub\n",
        "alt name     DNS hub.example\n",
        "alt name     IP 192.0.2.1\n",
        "issuer       CN=Fleet CA\n",
        "valid from   2025-01-01T00:00:00Z\n",
        "valid until  2027-01-01T00:00:00Z, 364 days 18 h left\n",
        "CA           no\n",
    ];
    // `words` counts a year as 365.25 days
    let now = NOW.parse::<u64>().unwrap() + 6 * 3_600;
    expect(files.hubward(&format!("inspect hub.pem --now {now}")), 0, &parts);
    expect(
        files.hubward("inspect root.pem --now 1798761601"),
        0,
        &["(self-issued)", "expired 1 s ago", "CA           yes"],
    );
    expect(files.hubward("inspect root.pem --now 0"), 0, &["not valid for another 55 years"]);
    let (status, out) = files.hubward("inspect all.pem");
    assert_eq!((status, out.matches("SHA-256").count()), (0, 2), "{out}");
    let (_, out) = files.hubward("inspect rude.pem");
    assert!(!out.contains('\u{1b}'), "a name reaches the terminal");
}

#[test]
fn thumbprints_are_over_the_der() {
    let files = Files::mint("thumbprints");
    for (words, length) in [("thumbprint", 64), ("thumbprint --sha1", 40)] {
        let (status, out) = files.hubward(&format!("{words} pump.pem"));
        assert_eq!((status, out.trim_end().len()), (0, length), "{out}");
        assert!(out.trim_end().bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)), "{out}");
        assert_eq!(files.hubward(&format!("{words} pump.der")).1, out);
        expect(files.hubward("inspect pump.der"), 0, &[out.trim_end()]);
    }
    assert_eq!(files.hubward("thumbprint all.pem").1.lines().count(), 2);
}

#[test]
fn a_chain_is_verified() {
    let files = Files::mint("verified");
    let facts = [
        "good: CN=pump-17",
        "intermediate CN=Fleet CA",
        "CN=Fleet Root (anchor 0)",
        "until        2027-01-01",
    ];
    expect(files.verify("--device pump-17 all.pem"), 0, &facts);
    expect(files.verify("--device pump-17 --intermediates ca.pem pump.der"), 0, &facts);
    expect(files.verify("--rules rfc5280 --intermediates ca.pem pump.pem"), 0, &facts);
    expect(
        files.verify("--host hub.example --intermediates ca.pem hub.pem"),
        0,
        &["alt name     DNS hub.example"],
    );
    expect(files.verify("--host 192.0.2.1 --intermediates ca.pem hub.pem"), 0, &[]);

    expect(files.verify("--device pump-18 all.pem"), 1, &["refused: leaf: does not match the expected name"]);
    expect(files.verify("--device pump-17 --module m all.pem"), 1, &["refused: "]);
    expect(files.verify("--host hub.test --intermediates ca.pem hub.pem"), 1, &["refused: "]);
    expect(files.hubward("verify --now 1798761601 --ca root.pem all.pem"), 1, &["expired 1 s before now"]);
    expect(files.verify("--intermediates root.pem ca.pem"), 1, &["refused: leaf: is a CA's certificate"]);
}

#[test]
fn a_refusal_is_explained() {
    let files = Files::mint("explained");
    let why = "refused: leaf: issuer CN=Fleet CA was neither presented nor registered\n  leaf: CN=pump-17, by CN=Fleet CA, 2025";
    expect(files.verify("--explain pump.pem"), 1, &[why, "  anchor 0: CN=Fleet Root, by CN=Fleet Root"]);
    expect(
        files.verify("--explain --device x all.pem"),
        1,
        &["leaf (CN=pump-17): does not match", "intermediate 0: CN=Fleet CA"],
    );
}

#[test]
fn a_revoked_device_is_refused() {
    let files = Files::mint("revoked");
    let good = ["good: CN=pump-17", "until        2026-02-01", "revocation   not revoked"];
    expect(files.verify("--crl root.crl --crl clear.crl all.pem"), 0, &good);
    expect(files.verify("--crl root-crl.pem --crl clear-crl.pem all.pem"), 0, &good);
    expect(files.verify("--crl clear.crl --leaf-only all.pem"), 0, &good);
    expect(files.verify("all.pem"), 0, &["revocation   not checked"]);
    let why = ["refused: leaf (CN=pump-17): was revoked (keyCompromise)", "revoked on   2025-12-01"];
    let lists = [
        "revocation list 0: by CN=Fleet Root, 0 revoked, 2025-12-01T00:00:00Z to 2026-02-01T00:00:00Z",
        "revocation list 1: by CN=Fleet CA, 2 revoked",
    ];
    expect(
        files.verify("--explain --crl root.crl --crl revoked.crl all.pem"),
        1,
        &[&why[..], &lists].concat(),
    );

    let unknown = "refused: leaf: may be revoked: no revocation list is about it";
    expect(files.verify("--crl root.crl all.pem"), 1, &[unknown]);
    expect(
        files.verify("--crl root.crl --allow-unknown all.pem"),
        0,
        &["revocation   unknown: no revocation"],
    );
    let stale = "refused: intermediate 0: may be revoked: revocation list 0: expired 9 days before now";
    expect(
        files.hubward("verify --now 1770681600 --ca root.pem --crl root.crl --crl clear.crl all.pem"),
        1,
        &[stale],
    );
    expect(files.verify("--crl root.pem all.pem"), 3, &["root.pem: holds no revocation list"]);
    expect(files.verify("--crl pump.der all.pem"), 3, &["revocation list 0: "]);
    expect(files.verify("--leaf-only all.pem"), 2, &["--crl"]);
}

#[test]
fn unreadable_input_has_status_3() {
    let files = Files::mint("unreadable");
    files.write("text", "nothing here");
    files.write("cut.der", [0x30, 0x82, 1]);
    files.write("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    files.write("empty", "");
    for file in ["text", "cut.der", "cut.pem", "empty", "missing"] {
        for words in ["inspect", "thumbprint", "verify --ca root.pem"] {
            expect(files.hubward(&format!("{words} {file}")), 3, &["hubward: "]);
        }
        expect(files.hubward(&format!("verify --ca {file} pump.pem")), 3, &["hubward: "]);
    }
    expect(files.hubward("verify pump.pem"), 2, &["--ca"]);
    expect(files.verify("--rules server pump.pem"), 2, &["need --host"]);
    expect(files.verify("--rules device --host hub.example pump.pem"), 2, &["take no --host"]);
}

#[test]
fn a_time_may_be_a_date() {
    let files = Files::mint("dates");
    let by_second = files.verify("all.pem");
    assert_eq!(by_second.0, 0);
    assert_eq!(files.hubward("verify --now 2026-01-01 --ca root.pem all.pem"), by_second);
    let (status, out) = files.hubward("verify --now soon --ca root.pem all.pem");
    assert!(status == 2 && out.contains("a time such as 2026-06-30"), "{out}");
    let (status, out) = files.hubward("inspect");
    assert_eq!(
        (status, &*out),
        (3, "hubward: standard input: holds no certificate: it has no `BEGIN CERTIFICATE` line\n")
    );
}

#[test]
fn an_unreadable_ca_or_list_is_reported_and_passed_over_unless_strict() {
    let files = Files::mint("passed-over");
    // not a certificate even outwardly, and one without a serial number
    for (odd, ca, list) in [
        ("MAA=", "odd.pem: line 1: not a certificate", "odd.crl: line 1: not a revocation list"),
        ("MAowADAAAwQABQYH", "anchor 1: unexpected DER", "revocation list 0: unexpected DER"),
    ] {
        let odd = format!("-----BEGIN CERTIFICATE-----\n{odd}\n-----END CERTIFICATE-----\n");
        files.write("odd.pem", &odd);
        files.write("odd.crl", odd.replace("CERTIFICATE", "X509 CRL"));
        let passed_over = format!("passed over {ca}");
        expect(files.verify("--ca odd.pem --device pump-17 all.pem"), 0, &[&passed_over]);
        expect(files.verify("--ca odd.pem --strict-ca --device pump-17 all.pem"), 3, &[ca]);

        let lists = "--crl odd.crl --crl root.crl --crl clear.crl --device pump-17 all.pem";
        expect(files.verify(lists), 0, &[&format!("passed over {list}")]);
        // where an unknown status is accepted, the list could be the one that revokes
        for strict in ["--strict-ca", "--allow-unknown"] {
            expect(files.verify(&format!("{strict} {lists}")), 3, &[list]);
        }
        // nothing else is there
        expect(files.verify("--crl odd.crl --device pump-17 all.pem"), 3, &[list]);
    }
}
