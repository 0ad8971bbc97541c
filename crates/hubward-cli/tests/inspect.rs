//! `hubward inspect`: pasted texts of every kind, good and spoilt. The first line names the kind, a hint or a code names the
//! mistake, and no secret is shown.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Folder, SEAL};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

const SIG: &str = "hZvWhj34jFN%2FvVXIU3qEKjMM5T8pjPSKfabskI1p%2F74%3D";
const NOW: &str = "2029-01-01";

/// A pasted text: the beginning of its kind, a part of the answer, and the exit status.
type Case = (String, &'static str, &'static str, i32);

fn jwt(claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.c2lnbmF0dXJlLW9mLWEtand0LXRoYXQtaXMtc2VjcmV0",
        part(r#"{"alg":"RS256","kid":"k1"}"#),
        part(claims)
    )
}

fn tokens() -> Vec<Case> {
    let token = |sr: &str, end: &str| format!("SharedAccessSignature sr={sr}&sig={SIG}&se={end}");
    let device = token("h.example%2Fdevices%2Fpump", "1893456000");
    let hub = "SAS token of an IoT hub";
    vec![
        (device.clone(), "SAS token of an IoT hub, of a device", "h.example/devices/pump", 0),
        (token("h.example%2Fdevices%2Fpump%2Fmodules%2Fm", "1893456000"), "SAS token of an IoT hub, of a module", "modules/m", 0),
        (token("h.example", "1893456000&skn=service"), "SAS token of an IoT hub, of a shared access policy", "service", 0),
        (token("0ne1%2Fregistrations%2Fpump", "1893456000&skn=registration"), "SAS token of a DPS registration", "pump", 0),
        (token("h.example%2Fdevices%2Fpump", "1593456000"), hub, "token-expired", 1),
        (token("h.example%2Fdevices%2Fpump", "1893456000000"), hub, "milliseconds", 0),
        (token("h.example%2Fdevices%2Fpump", "2030-01-01"), hub, "date-for-expiry", 1),
        (token("h.example%252Fdevices%252Fpump", "1893456000"), hub, "escaped-twice", 1),
        (token("h.example%2Fdevice%2Fpump", "1893456000"), hub, "device-for-devices", 1),
        (format!("\"{device}\""), hub, "quoted", 1),
        (format!("  {device} "), hub, "white-space", 1),
        (format!("\u{feff}{device}"), hub, "byte-order-mark", 1),
        (format!("Authorization: {device}"), "HTTP header Authorization with a SAS token", "pump", 0),
        (device.replace('&', "&amp;"), hub, "html", 1),
        (device.replace('&', "\\u0026"), hub, "json", 1),
        (device.replacen(' ', "%20", 1), hub, "escaped-space", 1),
        (device.replace("SharedAccessSignature ", ""), hub, "scheme-word-missing", 1),
        (format!("SharedAccessSignature={device}"), hub, "value-with-name", 1),
        (format!("export TOKEN=\"{device}\""), hub, "name-in-front", 1),
        (device.split("&se").next().unwrap().to_owned(), hub, "token-missing-field", 1),
        (
            token("sb%3A%2F%2Fns.servicebus.windows.net%2Fhub", "1893456000&skn=send"),
            "SAS token of Event Hubs or Service Bus",
            "rule      send",
            0,
        ),
        (
            format!("https://a.blob.core.windows.net/c/b?sv=2020-12-06&sr=b&sp=r&se=2030-01-01&sig={SIG}"),
            "SAS URL of Azure Storage",
            "field     sp",
            0,
        ),
        (format!("sv=2020-12-06&sr=b&sp=r&se=2030-01-01&sig={SIG}"), "SAS token of Azure Storage", "field     sp", 0),
        (
            format!("sv=2020-12-06&sr=b&sp=rz&se=2030-01-01&sig={SIG}"),
            "token or URL of a service around a hub, malformed",
            "cloud-permission-letter",
            1,
        ),
        (
            "https://prod-1.westeurope.logic.azure.com/workflows/0123/triggers/manual/paths/invoke?api-version=2016-10-01\
             &sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"
                .to_owned(),
            "callback URL of Logic Apps",
            "host",
            0,
        ),
        (
            jwt(r#"{"iss":"https://sts.windows.net/t/","aud":"https://iothubs.azure.net","oid":"o","exp":1893456000}"#),
            "JWT (bearer token)",
            "audience  https://iothubs.azure.net",
            0,
        ),
        (
            format!("Authorization: Bearer {}", jwt(r#"{"aud":"https://iothubs.azure.net","oid":"o","exp":1593456000}"#)),
            "HTTP header Authorization with a JWT",
            "bearer-expired",
            1,
        ),
        (jwt(r#"{"aud":"https://graph.microsoft.com","oid":"o","exp":1893456000}"#), "JWT", "audience-mismatch", 0),
        (jwt(r#"{"aud":"https://iothubs.azure.net","exp":1893456000}"#), "JWT", "bearer-refused", 1),
        ("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJo".to_owned(), "JWT (bearer token), malformed", "(bearer)", 1),
    ]
}

fn strings() -> Vec<Case> {
    let device = format!("HostName=h.example;DeviceId=pump;SharedAccessKey={SEAL}");
    let kind = "connection string";
    vec![
        (device.clone(), kind, "device string", 0),
        (
            format!("HostName=localhost:8443;SharedAccessKeyName=iothubowner;SharedAccessKey={SEAL}"),
            kind,
            "service string",
            0,
        ),
        (
            format!(
                "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey={SEAL}"
            ),
            kind,
            "Event Hubs",
            0,
        ),
        (format!("'{device}'"), kind, "quoted", 1),
        (format!("IOTHUB_CONNECTION_STRING={device}"), kind, "name-in-front", 1),
        (device.replace(';', "&"), kind, "ampersand-for-semicolon", 1),
        (device.replace("SharedAccessKey=", "ShareAccessKey="), kind, "did you mean", 1),
        ("HostName=h.example".to_owned(), kind, "cut-at-semicolon", 1),
        (device.replace(SEAL, "****"), kind, "redacted", 1),
        (device.replace("h.example", "https://h.example"), kind, "scheme-in-host", 1),
        (device.replace("h.example", "h"), kind, "short-hub-name", 0),
        (SEAL.to_owned(), "symmetric key in base64", "32 bytes", 0),
        (
            SEAL.trim_end_matches('=').to_owned(),
            "symmetric key in base64, malformed",
            "key-without-padding",
            1,
        ),
        ("********************************".to_owned(), "symmetric key, redacted", "(redacted)", 1),
        (STANDARD.encode([7; 64]), "symmetric key in base64", "enrollment group of DPS", 0),
        (
            "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01".to_owned(),
            "SHA-1 thumbprint of a certificate",
            "40 digits",
            0,
        ),
        ("a".repeat(64), "SHA-256 thumbprint of a certificate", "64 digits", 0),
        (
            "h.example/pump/?api-version=2021-04-12".to_owned(),
            "MQTT username of a device",
            "client    pump",
            0,
        ),
        (
            "h.example/pump/m/?api-version=2021-04-12".to_owned(),
            "MQTT username of a module",
            "client    pump/m",
            0,
        ),
        (
            "h.example/pump?api-version=2021-04-12".to_owned(),
            "MQTT username of a device",
            "no-slash-before-query",
            1,
        ),
        (
            "h.example/pump/?api-version=2021-04-12&DeviceClientType=a/b".to_owned(),
            "MQTT username of a device",
            "slash-in-query",
            1,
        ),
        (
            "0ne1/registrations/pump/api-version=2019-03-31".to_owned(),
            "MQTT username of a DPS registration",
            "scope     0ne1",
            0,
        ),
        ("pump@sas.contoso.azure-devices.net".to_owned(), "username of SASL PLAIN", "whole-host", 1),
        ("service@sas.root.contoso".to_owned(), "username of SASL PLAIN", "hub       contoso", 0),
        (
            format!("{{\"connectionString\": \"{device}\"}}"),
            "JSON of the az command line with a connection string",
            "pump",
            0,
        ),
        (
            format!(
                "[{{\"deviceId\":\"pump\",\"moduleId\":null,\"authentication\":{{\"symmetricKey\":{{\"primaryKey\":\
                 \"{SEAL}\",\"secondaryKey\":\"{SEAL}\"}}}}}}]"
            ),
            "JSON list of 1 objects: device identity",
            "field     deviceId = pump",
            0,
        ),
        (
            format!(
                "{{\"keyName\":\"service\",\"primaryKey\":\"***\",\"secondaryKey\":\"{SEAL}\",\"rights\":\"ServiceConnect\"}}"
            ),
            "JSON: shared access policy",
            "(redacted)",
            1,
        ),
        (format!("{{\"deviceId\": \"pump\", \"primaryKey\": \"{SEAL}"), "JSON, malformed", "it is cut", 1),
        ("hello".to_owned(), "not recognised", "refused", 1),
    ]
}

/// Writes a CA, a leaf, a request, a list and a key, and returns their cases.
fn files(folder: &Folder) -> Vec<Case> {
    folder.well("ca init root --name Root --now 2028-01-01");
    folder.well("cert request --device pump --new-key-file pump.key --output request.csr");
    folder.well("ca issue root request.csr --device pump --output chain.pem --now 2028-12-01");
    folder.well("ca issue root request.csr --device pump --output old.pem --ttl 1d --now 2028-01-02");
    folder.well("ca crl root --output list.crl --now 2028-12-31");
    let other_key = KeyPair::generate().unwrap();
    let mut other = CertificateParams::new([]).unwrap();
    other.distinguished_name.push(DnType::CommonName, "Other");
    other.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let other_pem = {
        let issuer = Issuer::from_params(&other, &other_key);
        let mut leaf = CertificateParams::new([]).unwrap();
        leaf.distinguished_name.push(DnType::CommonName, "leaf");
        leaf.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().to_vec()
    };
    let block = |label: &str, der: &[u8]| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    };
    let leaf = folder.text("chain.pem");
    let leaf = leaf.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap().to_owned();
    let key = folder.text("pump.key");
    vec![
        (leaf.clone(), "certificate in PEM", "common name  pump", 0),
        (leaf.replace('\n', "\r\n"), "certificate in PEM", "common name  pump", 0),
        (folder.text("old.pem"), "certificate in PEM", "refused: expired 364 days before now", 1),
        (
            format!("{leaf}{}", block("CERTIFICATE", &other_pem)),
            "chain of 2 certificates",
            "certificate-unknown-issuer",
            1,
        ),
        (leaf.replace("-----END CERTIFICATE-----\n", ""), "certificate in PEM, malformed", "refused", 1),
        (key.clone(), "private key in PEM", "not shown", 0),
        (key.replace('\n', "\\n"), "private key in PEM, malformed", "refused", 1),
        (format!("{leaf}{key}"), "PEM file of certificate, private key", "not shown", 0),
        (folder.text("request.csr"), "certificate request in PEM", "pump", 0),
        (folder.text("list.crl"), "revocation list in PEM", "complete list", 0),
        (block("ENCRYPTED PRIVATE KEY", b"abc"), "encrypted private key in PEM", "refused", 1),
    ]
}

#[test]
fn sixty_texts_are_named_and_their_mistakes_too() {
    let folder = Folder::new("inspect");
    let mut cases = tokens();
    cases.extend(strings());
    cases.extend(files(&folder));
    assert!(cases.len() >= 60, "{}", cases.len());
    let key = folder.text("pump.key");
    let secrets =
        [SEAL.trim_end_matches('='), SIG.get(..20).unwrap(), "c2lnbmF0dXJl", key.lines().nth(1).unwrap()];
    let mut wrong = Vec::new();
    for (text, kind, part, expected) in &cases {
        let (status, answer) = folder.with_input(&format!("inspect --now {NOW}"), text);
        let first = answer.lines().next().unwrap_or_default();
        if !first.starts_with(&format!("kind      {kind}")) || !answer.contains(part) || status != *expected {
            wrong.push(format!("{kind} / {part} / {expected}: status {status}\n{answer}"));
        }
        for secret in secrets {
            assert!(!answer.contains(secret), "{kind} / {part}: a secret is shown");
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn binary_files_are_named() {
    let folder = Folder::new("inspect-binary");
    for (bytes, kind) in [
        (&[0x30, 0x82, 9, 9, 2, 1, 3, 0][..], "PKCS #12 file (PFX)"),
        (&[0xff, 0xfe, 0x48, 0][..], "text in UTF-16"),
        (&[0, 1, 2, 3][..], "binary data that is not recognised"),
    ] {
        folder.write("file", bytes);
        let (status, answer) = folder.hubward("inspect file");
        assert!(status == 1 && answer.starts_with(&format!("kind      {kind}")), "{answer}");
    }
    assert_eq!(folder.with_input("inspect", "\n").0, 3);
}

#[test]
fn json_output_has_the_kind_and_the_code() {
    let folder = Folder::new("inspect-json");
    let text = format!("\"HostName=h.example;DeviceId=d;SharedAccessKey={SEAL}\"");
    let (status, answer) = folder.with_input("inspect --json", &text);
    let answer: serde_json::Value = serde_json::from_str(answer.trim()).unwrap();
    assert_eq!((status, &answer["hint_code"][0]), (1, &"quoted".into()), "{answer}");
}

#[test]
fn a_key_in_the_place_of_a_name_is_not_shown() {
    let folder = Folder::new("inspect-misplaced");
    let hexadecimal = "F391E70B5DC4881FA26ED937B04CFA157BE1962DC8530EBF64A9F23D81CE571A";
    for text in
        [hexadecimal.to_owned(), format!("{{\"{SEAL}\": 1}}"), format!("{{\"deviceId\": \"{SEAL}\"}}")]
    {
        let (_, answer) = folder.with_input("inspect", &text);
        assert!(!answer.contains("F391E70B") && !answer.contains(SEAL), "{answer}");
    }
    folder.write("key", SEAL);
    folder.well("enrollment add enrolled --registration pump --key-file key");
    let words = format!(
        "diagnose dps enrolled --id-scope {hexadecimal} --client-id pump --username \
         0ne1/registrations/pump/api-version=2019-03-31 --password-file key"
    );
    let (status, answer) = folder.hubward(&words);
    assert!(status == 1 && !answer.contains("F391E70B"), "{answer}");
}

#[test]
fn a_hub_token_is_judged_with_the_leeway_of_a_hub() {
    let folder = Folder::new("inspect-leeway");
    let token = format!("SharedAccessSignature sr=h.example%2Fdevices%2Fpump&sig={SIG}&se=1893456000");
    for (now, expected) in [(1_893_456_300, 0), (1_893_456_301, 1)] {
        let (status, answer) = folder.with_input(&format!("inspect --now {now}"), &token);
        assert_eq!(status, expected, "{answer}");
    }
}

#[test]
fn an_expired_token_of_a_service_is_refused() {
    let folder = Folder::new("inspect-cloud-expired");
    for text in [
        format!("SharedAccessSignature sr=sb%3A%2F%2Fn.servicebus.windows.net&sig={SIG}&se=1593456000&skn=k"),
        format!("sv=2020-12-06&sr=b&sp=r&se=2020-01-01&sig={SIG}"),
    ] {
        let (status, answer) = folder.with_input(&format!("inspect --now {NOW}"), &text);
        assert!(status == 1 && answer.contains("(cloud-expired)"), "{answer}");
    }
}

#[test]
fn sixteen_marks_are_removed_and_no_more() {
    let folder = Folder::new("inspect-marks");
    let device = format!("HostName=h.example;DeviceId=d;SharedAccessKey={SEAL}");
    let quoted = |count: usize| format!("{0}{device}{0}", "'".repeat(count));
    let (status, answer) = folder.with_input("inspect", &quoted(16));
    assert!(status == 1 && answer.starts_with("kind      connection string"), "{answer}");
    for count in [17, 1000] {
        let (status, answer) = folder.with_input("inspect", &quoted(count));
        assert!(status == 1 && answer.contains("more than 16 marks"), "{answer}");
        assert!(
            answer.contains("what remains begins with another one: ") && answer.contains("(quoted)"),
            "{answer}"
        );
        assert!(!answer.contains(SEAL), "{answer}");
    }
}

#[test]
fn a_caret_is_under_the_mistake_and_no_secret_is_above_it() {
    let folder = Folder::new("inspect-carets");
    for (text, above, caret) in [
        (format!("{{\"deviceId\": \"pump\" \"key\": \"{SEAL}\"}}"), "{\"********\": \"****\" \"***\"", 20),
        ("eyJhbGciOiJSUzI1NiJ9.eyJhdWQ.c2ln".to_owned(), "********************.*******.****", 21),
        // `_` is a value of base64url
        ("MDEyMzQ1Njc4OWFi_YzZGVm".to_owned(), "***********************", 23),
        ("MDEyMzQ1Njc4OWFi YzZGVm".to_owned(), "**************** ******", 16),
        (
            "h.example/pump/?api-version=2021-04-12&x".to_owned(),
            "h.example/pump/?api-version=2021-04-12&*",
            39,
        ),
        (
            "https://a.blob.core.windows.net/c/b?sv=2020-12-06&sr=b&sp=rz&se=2030-01-01&sig=abc".to_owned(),
            // of a longer text 60 characters are shown on each side
            ".*******.***/*/*?**=",
            60,
        ),
    ] {
        let (_, answer) = folder.with_input(&format!("inspect --now {NOW}"), &text);
        let lines: Vec<&str> = answer.lines().collect();
        let at = lines.iter().position(|line| line.trim() == "^").unwrap_or_else(|| panic!("{answer}"));
        assert!(lines[at - 1].starts_with(&format!("  {above}")), "{text}: {answer}");
        assert_eq!(lines[at].find('^').unwrap() - 2, caret, "{text}: {answer}");
        assert!(!answer.contains(&SEAL[..20]), "{answer}");
    }
}
