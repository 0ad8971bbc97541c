//! The program never repeats a secret, from any input.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use std::path::Path;

use common::{Folder, SEAL};
use hubward_testkit::echo::Program;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519,
};

/// Each command, with arguments that work and files of [`folder`].
const LINES: &[&str] = &[
    "explain token-expired",
    "inspect token --now 2029-01-01",
    "inspect leaf.pem",
    "diagnose mqtt hub --client-id pump-7 --username h.example/pump-7/?api-version=2021-04-12 --password-file token --now 1893455000",
    "diagnose mqtt plain --client-id pump-7 --username h.example/pump-7/?api-version=2021-04-12 --chain leaf.pem --ca ca.pem",
    "diagnose amqp hub --username pump-7@sas.h --password-file token --host h.example --now 1893455000",
    "diagnose cbs hub --resource h.example/devices/pump-7 --token-file token --now 1893455000",
    "diagnose http hub --request request --host h.example",
    "diagnose dps enrolled --id-scope 0ne1 --client-id pump-7 --username 0ne1/registrations/pump-7/api-version=2019-03-31 --password-file registration.token --now 1893455000",
    "diagnose amqp hub --username owner@sas.root.h --password-file token --host h.example --policies policies",
    "registry create hub --device pump-9 --key-file key --secondary-key-file key --disabled --edge --with-keys",
    "registry create hub --device pump-7 --module m --register ca",
    "registry create hub --device pump-9 --thumbprint 0123456789abcdef0123456789abcdef01234567",
    "registry delete hub --device pump-7 --if-match 3eda81355dfd36d4",
    "registry enable hub --device pump-7",
    "registry disable hub --device pump-7",
    "registry list hub --enabled --starts-with pump --device pump-7",
    "registry list hub --disabled --az",
    "registry policies hub show",
    "registry policies hub set --policy owner --rights ServiceConnect --key-file key --secondary-key-file key --with-keys",
    "registry policies hub delete --policy owner",
    "completions bash",
    "man new",
    "doctor token leaf.pem --within 1d --now 2029-01-01",
    "explain --markdown",
    "demo",
    "bench --seconds 1",
    "connection-string inspect string --rules compatible",
    "connection-string inspect",
    "credentials mqtt string --now 2030-01-01",
    "credentials amqp --ttl 1h30m",
    "credentials http",
    "token sign --host h.example --device pump-7 --module m --ttl 60 --key-file key --now 2030-01-01",
    "token sign --host h.example --policy owner --expiry 1893456000",
    "token sign --id-scope 0ne1 --registration pump-7",
    "token verify token --key-file key --secondary-key-file key --host h.example --now 1893455000",
    "token verify token --device pump-7 --now 1893455000",
    "token inspect token --rules strict --now 2029-12-31T23:43:20Z",
    "cloud sign --scheme storage --resource https://contosoacct.blob.core.windows.net/plant/log.txt --permissions r --key-file key --now 2030-01-01",
    "cloud sign --scheme service-bus --resource sb://ns.servicebus.windows.net/telemetry --policy send --key-file key --now 2030-01-01",
    "cloud verify blob --key-file key --resource https://contosoacct.blob.core.windows.net/plant/log.txt --now 2030-01-01",
    "cloud verify shared --key-file key --request request --resource https://contosoacct.blob.core.windows.net/plant/log.txt --now 2030-01-01",
    "cloud inspect blob --now 2030-01-01",
    "cert inspect leaf.pem --now 1893455000",
    "cert thumbprint leaf.pem --sha1",
    "cert verify leaf.pem --ca ca.pem --intermediates ca.pem --device pump-7 --explain",
    "cert verify leaf.pem --ca ca.pem --host h.example --rules server --explain",
    "cert request --device pump-7 --module m --key-file owner.key --output new",
    "cert request --device pump-7 --new-key-file new.key --key-type p256",
    "ca init new --name Root --key-type ed25519 --path-length 1 --crl-url http://h.example/list --now 2026-01-01",
    "ca init new --name Issuing --parent root --ttl 30d --now 2026-01-02",
    "ca issue root request.csr --device pump-7 --output new --now 2026-01-02",
    "ca issue root --host h.example --public-key owner.pub --now 2026-01-02",
    "ca issue root --device pump-7 --module m --new-key-file new.key --key-type p384 --now 2026-01-02",
    "ca issue root --ids ids --output-folder new --requests requests --register ca --now 2026-01-02",
    "ca prove root code --now 2026-01-02",
    "ca revoke root issued.pem --reason superseded --now 2026-01-02",
    "ca revoke root issued.pem --release --now 2026-01-02",
    "ca crl root --base base.crl --output new --now 2026-01-02",
    "ca renew root --output-folder new --keep-key --now 2026-01-02",
    "ca renew issuing --output-folder new --parent root --key-type p256 --now 2026-01-02",
    "policy table",
    "policy explain --device pump-7 --module m mqtt-publish devices/pump-7/modules/m/messages/events/",
    "policy explain --device pump-7 --json http GET /devices/pump-7",
    "policy explain --device pump-7 --statements statements.json mqtt-connect",
    "policy explain --policy mine --rights RegistryRead http GET /devices/pump-7",
    "policy explain --policy owner --hub-policy owner=RegistryRead --json http GET /devices/pump-7",
    "policy explain --role Contributor action Microsoft.Devices/iotHubs/read",
    "policy explain --role Contributor http GET /devices/pump-7",
    "policy tls --rules hub",
    "policy tls --version 1.2 --suite 0xc02f",
    "registry import new lines --plain",
    "registry import hub lines --seal-key-file seal --dry-run --json",
    "registry import sqlite:durable lines --from-line 2 --registry-key-file seal",
    "registry export sqlite:durable --registry-key-file seal",
    "registry reseal sqlite:durable --registry-key-file seal",
    "registry renew-epoch sqlite:durable --registry-key-file seal",
    "registry export hub",
    "registry export hub --output exported",
    "registry export hub --output lines --force",
    "registry export plain --with-keys",
    "registry show hub",
    "registry show hub --device pump-7 --seal-key-file seal",
    "registry show plain --device pump-7 --with-keys",
    "registry show plain --device pump-7 --with-keys --json",
    "registry rotate hub --device pump-7 --slot primary --key-file key --with-keys",
    "registry rotate hub --device pump-7 --swap",
    "registry lists hub show",
    "registry lists hub check --device pump-7",
    "registry lists hub block --device pump-7",
    "registry lists hub block --group hall-3",
    "registry lists hub unblock --device pump-8",
    "registry lists hub allow --device pump-7",
    "registry lists hub disallow --device pump-8",
    "registry lists hub lift-allow",
    "registry lists hub join --device pump-7 hall-3",
    "registry lists hub leave --device pump-8 hall-3",
    "enrollment add enrolled --registration pump-9 --key-file key --secondary-key-file key --device-id pump-9",
    "enrollment add enrolled --group hall-4 --certificate ca.pem",
    "enrollment add enrolled --registration pump-9 --endorsement-key-file key",
    "enrollment add enrolled --registration pump-9 --thumbprint 0123456789abcdef0123456789abcdef01234567",
    "enrollment add new --group hall-3 --generate-keys",
    "enrollment remove enrolled --registration pump-7",
    "enrollment remove enrolled --group hall-3",
    "enrollment create enrolled --registration pump-9 --key-file key --device-id pump-9",
    "enrollment create enrolled --registration pump-7 --generate-keys",
    "enrollment update enrolled --registration pump-7 --disabled",
    "enrollment delete sqlite:durable --registration pump-7 --if-match 3eda81355dfd36d4 --registry-key-file seal",
    "enrollment delete enrolled --group hall-3",
    "enrollment list enrolled",
    "enrollment list enrolled --json",
    "enrollment show enrolled --registration pump-7",
    "enrollment create sqlite:durable --group hall-3 --generate-keys --edge --iot-hub h.example --registry-key-file seal",
    "enrollment list sqlite:durable --registry-key-file seal",
    "enrollment show enrolled --seal-key-file seal",
    "enrollment show enrolled --with-keys",
    "enrollment show enrolled --json",
    "enrollment select enrolled --token-file registration.token --now 1893455000",
    "enrollment select enrolled --token-file registration.token --group hall-3 --now 1893455000",
    "enrollment select enrolled --registration pump-8 --chain leaf.pem",
    "enrollment derive --registration pump-7 --print-key",
    "enrollment derive --registration pump-7 --key-file key --output derived",
    "roots build --number 1 --expires 2040-12-31 --threshold 1 --public-key owner.pub --ca ca.pem --output new",
    "roots sign bundle --key-file owner.key",
    "roots sign bundle --message --output new",
    "roots sign bundle --signature signature --public-key owner.pub --current bundle",
    "roots apply signed --first --output new",
    "roots apply signed --current signed",
    "roots report signed --now 2030-01-01",
    "roots report signed --chain leaf.pem --host h.example",
];

/// Commands whose result is a secret, or a text with the given id. They print it on standard output only.
const ARTEFACTS: &[&str] = &[
    "token sign",
    "cloud sign",
    "credentials",
    "registry export --with-keys",
    "registry show --with-keys",
    "registry rotate --with-keys",
    "registry create --with-keys",
    "registry policies set --with-keys",
];

#[test]
fn no_secret_is_repeated() {
    let folder = folder();
    let variables = variables();
    let variables: Vec<&str> = variables.iter().map(String::as_str).collect();
    let owner = folder.text("owner.key");
    let program = Program {
        binary: Path::new(env!("CARGO_BIN_EXE_hubward")),
        tree: hubward_cli::command(),
        lines: LINES,
        works: |status, _| matches!(status, 0 | 1),
        environment: &[
            ("HUBWARD_SEAL_KEY", SEAL),
            ("HUBWARD_KEY", SEAL),
            ("HUBWARD_CONNECTION_STRING", &folder.text("string")),
            ("HUBWARD_UPDATE_KEY", &owner),
        ],
        variables: &variables,
        files: &folder.path(""),
        artefacts: ARTEFACTS,
    };
    program.repeats_no_secret();
}

/// Returns each environment variable that the sources name.
fn variables() -> Vec<String> {
    let mut all = std::collections::BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            for (at, _) in text.match_indices("\"HUBWARD_") {
                all.insert(text[at + 1..].split('"').next().unwrap().to_owned());
            }
        }
    }
    assert!(all.len() >= 4, "{all:?}");
    all.into_iter().collect()
}

/// Creates the files that the lines name.
fn folder() -> Folder {
    let folder = Folder::new("echo/files");
    let key = "eyJzdHJhbmdlIjoiYSBrZXkgb2YgYSB0ZXN0In0hISE=";
    folder.write("key", key);
    folder.write("seal", SEAL);
    folder.write("string", format!("HostName=h.example;DeviceId=pump-7;SharedAccessKey={key}"));
    let line = |id: &str| {
        format!(
            "{{\"id\":\"{id}\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"sas\",\"symmetricKey\":\
             {{\"primaryKey\":\"{key}\",\"secondaryKey\":\"{SEAL}\"}}}}}}\n"
        )
    };
    folder.write("lines", line("pump-7") + &line("pump-8"));
    folder.well("registry import hub lines --seal-key-file seal");
    folder.well("registry import plain lines --plain");
    folder.well("registry import sqlite:durable lines --hub h.example --registry-key-file seal");
    folder.well("registry lists hub block --device pump-8");
    folder.well("registry lists hub allow --device pump-8");
    folder.well("registry lists hub join hall-3 --device pump-8");
    let sign = "--expiry 1893456000 --key-file key";
    folder.write("token", folder.well(&format!("token sign --host h.example --device pump-7 {sign}")));
    folder.write(
        "registration.token",
        folder.well(&format!("token sign --id-scope 0ne1 --registration pump-7 {sign}")),
    );
    let owner = certificates(&folder);
    authorities(&folder);
    let blob = "https://contosoacct.blob.core.windows.net/plant/log.txt";
    folder.write("request", "GET /plant/log.txt HTTP/1.1\nx-ms-date: Tue, 01 Jan 2030 00:00:00 GMT\n\nbody");
    let signed = |name: &str, scheme: &str| {
        let line = format!("cloud sign --scheme {scheme} --resource {blob} --key-file key --now 2030-01-01");
        folder.write(name, folder.well(&line));
    };
    signed("blob", "storage --permissions r");
    signed("shared", "shared-key --request request");
    folder.well("enrollment add enrolled --registration pump-7 --key-file key");
    folder.well("enrollment add enrolled --registration pump-8 --certificate leaf.pem");
    folder.well("enrollment add enrolled --group hall-3 --generate-keys");
    folder.write(
        "policies",
        format!("[{{\"keyName\":\"owner\",\"primaryKey\":\"{key}\",\"rights\":\"ServiceConnect\"}}]"),
    );
    folder.write("statements.json", r#"{"statements":[]}"#);
    folder.well(
        "roots build --number 1 --expires 2040-12-31 --threshold 1 --public-key owner.pub --ca ca.pem --output bundle",
    );
    folder.write("signed", folder.read("bundle"));
    folder.well("roots sign signed --key-file owner.key");
    folder.well("roots sign bundle --message --output message");
    folder.write("signature", rcgen::SigningKey::sign(&owner, &folder.read("message")).unwrap());
    folder
}

/// Creates a root, a CA below it, and what they issue and need.
fn authorities(folder: &Folder) {
    folder.well("ca init root --name Root --now 2026-01-01");
    folder.well("ca init issuing --name Issuing --parent root --now 2026-01-01");
    folder.well("cert request --device pump-7 --new-key-file pump-7.key --output request.csr");
    folder.well("ca issue root request.csr --device pump-7 --output issued.pem --now 2026-01-01");
    folder.well("ca crl root --output base.crl --now 2026-01-01");
    folder.well("ca revoke root issued.pem --reason certificate-hold --now 2026-01-01");
    folder.write("code", "5A".repeat(24));
    folder.write("ids", "pump-7\n");
    std::fs::create_dir(folder.path("requests")).unwrap();
    folder.write("requests/pump-7.csr", folder.read("request.csr"));
}

/// Creates the certificates of a fleet, and returns the key of its owner.
fn certificates(folder: &Folder) -> KeyPair {
    let named = |name: &str| {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let (ca_key, leaf_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut ca = named("Fleet Root");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    folder.write("ca.pem", pem("CERTIFICATE", ca.self_signed(&ca_key).unwrap().der()));
    let issuer = Issuer::from_params(&ca, &ca_key);
    let leaf = named("pump-7").signed_by(&leaf_key, &issuer).unwrap();
    folder.write("leaf.pem", pem("CERTIFICATE", leaf.der()));
    let owner = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    folder.write("owner.key", pem("PRIVATE KEY", &owner.serialize_der()));
    folder.write("owner.pub", pem("PUBLIC KEY", &rcgen::PublicKeyData::subject_public_key_info(&owner)));
    owner
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}
