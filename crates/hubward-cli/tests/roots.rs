//! `hubward roots`: trust bundles from the owner to the device and over the years.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ED25519, date_time_ymd,
};

/// A folder of the test with update keys and root CAs.
struct Desk(PathBuf);

impl Desk {
    fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("roots").join(test);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let desk = Self(folder);
        for (name, key) in [
            ("a", KeyPair::generate_for(&PKCS_ED25519).unwrap()),
            ("b", KeyPair::generate().unwrap()),
            ("c", KeyPair::generate().unwrap()),
        ] {
            desk.write(&format!("{name}.key"), pem("PRIVATE KEY", &key.serialize_der()));
            desk.write(&format!("{name}.der"), key.serialize_der());
            let public = rcgen::PublicKeyData::subject_public_key_info(&key);
            desk.write(&format!("{name}.pub"), pem("PUBLIC KEY", &public));
        }
        let roots = ["Old Root", "New Root"].map(|name| pem("CERTIFICATE", &self_signed(&ca(name))));
        desk.write("old.pem", &roots[0]);
        desk.write("new.pem", &roots[1]);
        desk.write("both.pem", roots.concat());
        desk.write("leaf.pem", pem("CERTIFICATE", &self_signed(&params("hub"))));
        desk
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubward"));
        command.current_dir(&self.0).arg("roots").args(words.split_whitespace()).stdin(Stdio::null());
        command.env_remove("HUBWARD_UPDATE_KEY");
        command
    }

    #[track_caller]
    fn expect(&self, words: &str, status: i32, parts: &[&str]) {
        expect(self.command(words), status, parts);
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[track_caller]
fn expect(mut command: Command, status: i32, parts: &[&str]) {
    let output = command.output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("PRIVATE KEY-----"), "a key is printed");
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// Valid through 2025 and 2026.
fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2027, 1, 1));
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn self_signed(params: &CertificateParams) -> Vec<u8> {
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

#[test]
fn a_root_and_a_key_are_replaced_in_the_field() {
    let desk = Desk::new("replaced");
    // the first bundle: two of a, b must sign
    desk.expect(
        "build --number 1 --expires 2026-12-31 --threshold 2 --public-key a.pub --public-key b.pub --ca old.pem \
         --output v1 --now 2026-01-01",
        0,
        &["version 1, until 2026-12-31T23:59:59Z", "only 0 have", "anchor 0: trusted CN=Old Root"],
    );
    desk.expect(
        "sign v1 --key-file a.key",
        0,
        &["signed by Ed25519 ", "1 of its own update keys", "not enough yet"],
    );
    desk.expect(
        "apply v1 --first --output device --now 2026-01-01",
        1,
        &["refused: 1 of the 2", "no file was changed"],
    );
    desk.expect(
        "sign v1 --key-file b.key",
        0,
        &["signed by P-256 ", "2 of its own update keys have signed, 2 must: enough"],
    );
    desk.expect("apply v1", 2, &["--first"]);
    desk.expect("apply v1 --current device", 3, &["device: "]);
    desk.expect("apply v1 --first --output device --now 2026-01-01", 0, &["applied: version 1 is in force"]);
    desk.expect("apply v1 --first --output device", 2, &["exists; --force replaces it"]);
    assert_eq!(desk.read("device"), desk.read("v1"));

    // the second: the new root next to the old one until June, and c in place of a
    desk.expect(
        "build --number 2 --expires 2027-06-30 --threshold 2 --public-key b.pub --public-key c.pub \
         --ca old.pem@..2026-06-30 --ca new.pem@2026-03-01.. --output v2 --now 2026-02-01",
        0,
        &["anchor 0: trusted CN=Old Root", "anchor 1: not yet trusted CN=New Root"],
    );
    desk.expect("sign v2 --key-file b.key --current device", 0, &["1 of the update keys in force"]);
    desk.expect(
        "sign v2 --key-file c.key --current device",
        0,
        &["2 of its own update keys have signed, 2 must: enough"],
    );
    let before = desk.read("device");
    desk.expect(
        "apply v2 --current device --now 2026-02-01",
        1,
        &["1 of the 2 signatures that the bundle in force"],
    );
    assert_eq!(desk.read("device"), before);
    desk.expect(
        "sign v2 --key-file a.key --current device",
        0,
        &["2 of the update keys in force have signed, 2 must: enough"],
    );
    desk.expect("apply v2 --current device --now 2027-07-01", 1, &["refused: expired 1 s before now"]);
    desk.expect(
        "apply v2 --current device --now 2026-02-01",
        0,
        &["applied: version 2", "is not a key of this bundle"],
    );
    assert_eq!(desk.read("device"), desk.read("v2"));

    // the same or an older version is not applied
    desk.expect(
        "apply v2 --current device --now 2026-02-01",
        1,
        &["refused: version 2 is not newer than version 2"],
    );
    desk.expect(
        "apply v1 --current device --now 2026-02-01",
        1,
        &["refused: version 1 is not newer than version 2"],
    );
    // an altered update changes nothing
    desk.expect(
        "build --number 3 --expires 2027-06-30 --threshold 1 --public-key b.pub --public-key c.pub --ca new.pem --output v3 \
         --now 2026-02-01",
        0,
        &[],
    );
    desk.expect("sign v3 --key-file a.key --current device", 0, &["this key is not one of them"]);
    desk.expect("sign v3 --key-file b.key", 0, &[]);
    desk.expect("apply v3 --current device --now 2026-02-01", 1, &["1 of the 2 signatures"]);
    desk.expect("sign v3 --key-file c.key", 0, &[]);
    let good = desk.read("v3");
    let mut altered = good.clone();
    *altered.last_mut().unwrap() ^= 1;
    desk.write("altered", &altered);
    desk.write("cut", &good[..good.len() / 2]);
    desk.expect(
        "apply altered --current device --now 2026-02-01",
        1,
        &["refused: signature 2 does not verify with its key", "no file was changed"],
    );
    desk.expect("apply cut --current device --now 2026-02-01", 1, &["refused: unexpected DER"]);
    assert_eq!(desk.read("device"), desk.read("v2"));

    // the expiry of each CA
    let facts = [
        "2026-06-30T23:59:59Z  anchor 0: its trust period ends",
        "2027-01-01T00:00:00Z  anchor 1: its certificate expires",
        "2027-06-30T23:59:59Z  the bundle expires: no CA is trusted after that",
        "at least one CA is trusted without a gap until 2027-01-01T00:00:00Z",
    ];
    desk.expect("report device --now 2026-05-01", 0, &facts);
    desk.expect(
        "report device --now 2026-07-01",
        0,
        &["anchor 0: no longer trusted", "anchor 1: trusted", facts[3]],
    );
    desk.expect("report device --now 2027-01-02", 1, &["no CA is trusted at that time"]);
    desk.expect("report altered --now 2026-05-01", 1, &["signature 2 does not verify with its key"]);
    desk.write("device", &altered);
    desk.expect("apply v3 --current device --now 2026-02-01", 3, &["the bundle in force is damaged"]);
    assert!(!desk.files().iter().any(|name| name.ends_with(".new")), "{:?}", desk.files());
}

#[test]
fn an_hsm_signs_in_two_steps() {
    let desk = Desk::new("hsm");
    let build = "build --number 1 --expires 2026-12-31 --threshold 1 --ca old.pem --now 2026-01-01";
    desk.expect(&format!("{build} --public-key b.pub --output v1"), 0, &[]);
    desk.expect("sign v1 --message --output message", 0, &["bytes to be signed"]);
    let key = KeyPair::try_from(desk.read("b.der")).unwrap();
    desk.write("signature", rcgen::SigningKey::sign(&key, &desk.read("message")).unwrap());
    desk.expect(
        "sign v1 --signature signature --public-key a.pub",
        1,
        &["refused: the signature does not verify with this key"],
    );
    desk.expect("sign v1 --signature signature --public-key b.pub", 0, &["1 must: enough"]);
    desk.expect("report v1 --now 2026-01-01", 0, &["have\n", ", has signed"]);
    desk.expect("sign v1 --signature signature", 2, &["--public-key"]);
}

#[test]
fn only_selects_roots_by_thumbprint() {
    let desk = Desk::new("only");
    let thumbprint = |file: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubward"));
        let output = command.current_dir(&desk.0).args(["cert", "thumbprint", file]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    let (old, new) = (thumbprint("old.pem"), thumbprint("new.pem"));
    let build = "build --number 1 --expires 2026-12-31 --threshold 1 --public-key a.pub --now 2026-01-01 --ca both.pem";
    desk.expect(&format!("{build} --output all"), 0, &["Old Root", "New Root", &old, &new]);
    desk.expect(&format!("{build} --only {new} --output one"), 0, &["anchor 0: trusted CN=New Root"]);
    assert!(desk.read("one").len() < desk.read("all").len());
    let other = thumbprint("leaf.pem");
    desk.expect(
        &format!("{build} --only {other} --output none"),
        2,
        &["no CA of the files has the thumbprint"],
    );
    desk.expect(&format!("{build} --only 12 --output none"), 2, &["40 or 64 hex digits"]);
    assert!(!desk.files().contains(&"none".to_owned()));
}

#[test]
fn mistakes_are_explained() {
    let desk = Desk::new("mistakes");
    let build =
        |rest: &str| format!("build --number 1 --expires 2026-12-31 --now 2026-01-01 --output v1 {rest}");
    for (rest, status, part) in [
        ("--threshold 1 --public-key a.key --ca old.pem", 3, "openssl pkey -pubout"),
        ("--threshold 1 --public-key old.pem --ca old.pem", 3, "BEGIN PUBLIC KEY"),
        ("--threshold 1 --public-key missing --ca old.pem", 3, "missing: "),
        ("--threshold 2 --public-key a.pub --ca old.pem", 2, "requires 2 signatures but has 1 keys"),
        ("--threshold 1 --public-key a.pub --public-key a.pub --ca old.pem", 2, "occurs twice"),
        ("--threshold 1 --public-key a.pub --ca leaf.pem", 3, "CN=hub is not a CA's certificate"),
        ("--threshold 1 --public-key a.pub --ca old.pem --ca both.pem", 2, "anchor 1 occurs twice"),
        (
            "--threshold 1 --public-key a.pub --ca old.pem@2028-01-01..2029-01-01",
            2,
            "not valid at any time of its trust period",
        ),
        ("--threshold 1 --public-key a.pub --ca old.pem@2026-02-01..2026-01-01", 2, "ends before it begins"),
        ("--threshold 1 --public-key a.pub --ca old.pem@soon..", 2, "a time such as"),
    ] {
        desk.expect(&build(rest), status, &["hubward: ", part]);
    }
    assert!(!desk.files().contains(&"v1".to_owned()));
    desk.expect(&build("--threshold 1 --public-key a.pub --ca old.pem"), 0, &[]);
    desk.expect(&build("--threshold 1 --public-key a.pub --ca old.pem"), 2, &["exists; --force replaces it"]);
    for (words, status, part) in [
        ("sign v1", 2, "HUBWARD_UPDATE_KEY"),
        ("sign v1 --key-file a.pub", 3, "holds no private key"),
        ("sign v1 --key-file missing", 3, "missing: "),
        ("sign a.key --key-file a.key", 3, "not a trust bundle"),
        ("report a.key", 3, "not a trust bundle"),
    ] {
        desk.expect(words, status, &["hubward: ", part]);
    }
    desk.write("sec1.key", pem("EC PRIVATE KEY", &[0x30, 6, 2, 1, 1, 4, 1, 7]));
    desk.expect("sign v1 --key-file sec1.key", 3, &["openssl pkcs8 -topk8"]);
    desk.write("sealed.key", pem("ENCRYPTED PRIVATE KEY", &[0x30, 0]));
    desk.expect("sign v1 --key-file sealed.key", 3, &["openssl pkey -in"]);
    // the form of another file is named
    let text = desk.read("a.key");
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.iter().flat_map(|byte| [*byte, 0])).collect();
    desk.write("utf16.key", utf16);
    desk.expect("sign v1 --key-file utf16.key", 3, &["utf16.key: ", "UTF-16"]);
    desk.write("rsa.key", pem("RSA PRIVATE KEY", &[0x30, 6, 2, 1, 0, 2, 1, 7]));
    desk.expect("sign v1 --key-file rsa.key", 3, &["not an Ed25519, P-256 or P-384"]);
    // a key given instead of a file name is not repeated
    let key = String::from_utf8(desk.read("a.key")).unwrap();
    let mut command = desk.command("sign v1 --key-file");
    command.arg(&key);
    expect(command, 2, &["not the name of a file"]);
    // the environment and standard input work too
    let mut command = desk.command("sign v1");
    command.env("HUBWARD_UPDATE_KEY", &key);
    expect(command, 0, &["enough"]);
    let mut command = desk.command("sign v1 --key-file -");
    command.stdin(fs::File::open(desk.0.join("a.key")).unwrap());
    expect(command, 0, &["enough"]);
}

#[test]
fn a_server_is_verified_as_a_device_does() {
    let desk = Desk::new("server");
    let (key, mut hub) = (KeyPair::generate().unwrap(), params("hub"));
    let (root_key, root) = (KeyPair::generate().unwrap(), ca("Hub Root"));
    hub.subject_alt_names.push(rcgen::SanType::DnsName("hub.example".try_into().unwrap()));
    let hub = hub.signed_by(&key, &rcgen::Issuer::from_params(&root, &root_key)).unwrap();
    desk.write("hub.pem", pem("CERTIFICATE", hub.der()));
    desk.write("root.pem", pem("CERTIFICATE", root.self_signed(&root_key).unwrap().der()));
    desk.expect(
        "build --number 1 --expires 2026-12-01 --threshold 1 --public-key a.pub --ca old.pem \
         --ca root.pem@2026-03-01..2026-06-30 --output v1 --now 2026-01-01",
        0,
        &[],
    );
    desk.expect("sign v1 --key-file a.key", 0, &[]);
    let report = "report v1 --chain hub.pem --host hub.example --now";
    desk.expect(&format!("{report} 2026-04-01"), 0, &["hub.example is trusted, by CN=Hub Root"]);
    desk.expect(&format!("{report} 2026-02-28"), 1, &["refused: leaf: issuer CN=Hub Root was neither"]);
    desk.expect(&format!("{report} 2026-07-01"), 1, &["hub.example is refused: "]);
    desk.expect(&format!("{report} 2026-12-02"), 1, &["refused: the trust bundle expired 1 s before now"]);
    desk.expect(
        "report v1 --chain hub.pem --host other.example --now 2026-04-01",
        1,
        &["not match the expected name"],
    );
    desk.expect("report v1 --chain hub.pem", 2, &["--host"]);
}

/// Files cannot grow, as on a full disk: the bundle in force is unchanged, and there is no other file.
#[cfg(unix)]
#[test]
fn a_full_disk_changes_no_file() {
    let desk = Desk::new("full");
    let build = "build --expires 2026-12-31 --threshold 1 --public-key a.pub --ca old.pem --now 2026-01-01";
    for number in [1, 2] {
        desk.expect(&format!("{build} --number {number} --output v{number}"), 0, &[]);
        desk.expect(&format!("sign v{number} --key-file a.key"), 0, &[]);
    }
    desk.expect("apply v1 --first --output device --now 2026-01-01", 0, &[]);
    let before = desk.files();
    for words in ["apply v2 --current device --now 2026-01-01", "sign v2 --key-file a.key"] {
        let mut command = Command::new("sh");
        command.current_dir(&desk.0).args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" roots \"$@\""]);
        command.arg(env!("CARGO_BIN_EXE_hubward")).args(words.split_whitespace());
        let v2 = desk.read("v2");
        expect(command, 3, &[" is unchanged: "]);
        assert_eq!((desk.read("device"), desk.read("v2")), (desk.read("v1"), v2));
        assert_eq!(desk.files(), before);
    }
    desk.expect("apply v2 --current device --now 2026-01-01", 0, &["applied: version 2"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_failed_output_writes_no_file() {
    let desk = Desk::new("full-output");
    let build =
        "build --number 1 --expires 2030-01-01 --threshold 1 --public-key a.pub --ca old.pem --output v1";
    for (words, file) in [
        (build, "v1"),
        ("sign v1 --key-file a.key", "v1"),
        ("sign v1 --message --output m", "m"),
        ("apply v1 --first --output in", "in"),
    ] {
        let before = (desk.files(), fs::read(desk.0.join(file)).ok());
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = desk.command(words).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{words}: {said}");
        assert!(said.contains(" is unchanged: standard output: "), "{words}: {said}");
        assert_eq!((desk.files(), fs::read(desk.0.join(file)).ok()), before, "{words}");
        desk.expect(words, 0, &[]);
    }
}
