//! What is issued verifies in the crate's profiles and in OpenSSL, and `x509-cert` reads the same fields back.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

#[path = "common/issuing.rs"]
mod issuing;

use std::process::Command;

use hubward_core::{DeviceId, ModuleId};
use hubward_ring::{KeyType, signature};
use hubward_x509::issue::{DeviceCertificate, IssuerKey, SerialNumber, ServerCertificate, Signer, request};
use hubward_x509::{
    Anchors, CaVerification, Certificate, CertificateRequest, Chain, ExpectedSubject, Profile, Validity,
    VerificationCode,
};
use issuing::{Fleet, day, days, new_key, serial};
use proptest::prelude::{Strategy, any, prop, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use rustls_pki_types::ServerName;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};

const KEY_TYPES: [KeyType; 3] = [KeyType::P256, KeyType::P384, KeyType::Ed25519];

fn key_type() -> impl Strategy<Value = KeyType> {
    prop_oneof![2 => proptest::prelude::Just(KeyType::P256), 1 => prop::sample::select(&KEY_TYPES[..])]
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn a_device_verifies_and_x509_cert_reads_it_back(
        id in "[A-Za-z0-9:.+%_#*?!(),=@$'-]{1,64}",
        (root, issuing, device) in (key_type(), key_type(), key_type()),
        entropy in any::<[u8; 16]>(),
        (from, length) in (0_u64..3650, 0_u64..3650),
    ) {
        proptest::prop_assume!(entropy != [0; 16]);
        let fleet = Fleet::new(root, issuing);
        let key = new_key(device);
        let until = (from + length).min(3650);
        let validity = days(from, until);
        let device = DeviceCertificate::from_public_key(key.public_key(), DeviceId::parse(&id).unwrap()).unwrap();
        let unsigned = fleet.ca.device(&device, SerialNumber::from_entropy(entropy).unwrap(), validity).unwrap();
        let der = unsigned.sign(&fleet.key).unwrap();

        let anchors = Anchors::parse([&fleet.root]).unwrap();
        let above = [fleet.ca.as_der()];
        let chain = Chain::parse(&der, &above).unwrap();
        let subject = ExpectedSubject::Device(DeviceId::parse(&id).unwrap());
        for profile in [Profile::device(subject.clone()), Profile::rfc5280().with_subject(subject)] {
            for now in [from, until] {
                prop_assert!(chain.verify(&anchors, &profile, signature::ALL, day(now)).is_ok());
            }
            prop_assert!(chain.verify(&anchors, &profile, signature::ALL, day(until + 1)).is_err());
        }

        let ours = Certificate::parse(&der).unwrap();
        let theirs = x509_cert::Certificate::from_der(&der).unwrap();
        prop_assert_eq!(theirs.to_der().unwrap(), der.clone());
        let tbs = theirs.tbs_certificate();
        prop_assert_eq!(tbs.to_der().unwrap(), unsigned.message());
        prop_assert_eq!(tbs.serial_number().as_bytes(), ours.serial());
        prop_assert_eq!(tbs.subject_public_key_info().to_der().unwrap(), key.public_key());
        prop_assert_eq!(tbs.validity().not_after.to_unix_duration().as_secs(), day(until).as_secs());
        prop_assert_eq!(tbs.issuer().to_der().unwrap(), x509_cert::Certificate::from_der(fleet.ca.as_der()).unwrap()
            .tbs_certificate().subject().to_der().unwrap());
        let (critical, usage) = tbs.get_extension::<KeyUsage>().unwrap().unwrap();
        prop_assert!(critical && usage.digital_signature() && !usage.key_cert_sign());
        let (critical, basic) = tbs.get_extension::<BasicConstraints>().unwrap().unwrap();
        prop_assert!(critical && !basic.ca);
        let purposes = tbs.get_extension::<ExtendedKeyUsage>().unwrap().unwrap().1;
        prop_assert_eq!(purposes.0[0].to_string(), "1.3.6.1.5.5.7.3.2");
        let issuer = x509_cert::Certificate::from_der(fleet.ca.as_der()).unwrap();
        let named = tbs.get_extension::<AuthorityKeyIdentifier>().unwrap().unwrap().1.key_identifier;
        let own = issuer.tbs_certificate().get_extension::<SubjectKeyIdentifier>().unwrap().unwrap().1;
        prop_assert_eq!(named, Some(own.0));
    }
}

#[test]
fn modules_and_servers_verify() {
    let fleet = Fleet::new(KeyType::P256, KeyType::P256);
    let anchors = Anchors::parse([&fleet.root]).unwrap();
    let key = new_key(KeyType::P256);
    let (device, module) = (DeviceId::parse("pump-17").unwrap(), ModuleId::parse("filter").unwrap());
    let wanted = DeviceCertificate::module_from_public_key(key.public_key(), device, module).unwrap();
    let issued = fleet.ca.device(&wanted, serial(3), days(0, 30)).unwrap().sign(&fleet.key).unwrap();
    let above = [fleet.ca.as_der()];
    let chain = Chain::parse(&issued, &above).unwrap();
    let profile = Profile::device(ExpectedSubject::Module(device, module));
    chain.verify(&anchors, &profile, signature::ALL, day(1)).unwrap();

    let names = ["hub.example", "10.0.0.7", "2001:db8::7"].map(|name| ServerName::try_from(name).unwrap());
    let wanted = ServerCertificate::from_public_key(key.public_key(), &names).unwrap();
    let issued = fleet.ca.server(&wanted, serial(4), days(0, 30)).unwrap().sign(&fleet.key).unwrap();
    let above = [fleet.ca.as_der()];
    let chain = Chain::parse(&issued, &above).unwrap();
    for name in names {
        for profile in [Profile::server(name.clone()), Profile::web_pki(name)] {
            chain.verify(&anchors, &profile, signature::ALL, day(1)).unwrap();
        }
    }
    let other = Profile::server(ServerName::try_from("other.example").unwrap());
    assert!(chain.verify(&anchors, &other, signature::ALL, day(1)).is_err());
    // a server's certificate is not a device's
    let device = Profile::device(ExpectedSubject::Any);
    assert!(chain.verify(&anchors, &device, signature::ALL, day(1)).is_err());
}

#[test]
fn the_proof_of_a_ca_is_accepted_and_fits_one_code() {
    let fleet = Fleet::new(KeyType::P256, KeyType::P384);
    let code = VerificationCode::from_entropy([7; 24]).unwrap();
    let proof = fleet.ca.proof(&code, serial(5), days(0, 1)).unwrap().sign(&fleet.key).unwrap();
    let proof = Certificate::parse(&proof).unwrap();
    let claim = |code| CaVerification::new(Certificate::parse(fleet.ca.as_der()).unwrap(), code).unwrap();
    claim(code).verify(&proof, signature::ALL, day(0)).unwrap();
    let other = VerificationCode::from_entropy([8; 24]).unwrap();
    assert!(claim(other).verify(&proof, signature::ALL, day(0)).is_err());
    // the proof certifies the CA's key, but is not a CA
    let leaf = fleet.device("pump", &new_key(KeyType::P256), 6, days(0, 1));
    let above = [proof.as_der()];
    let chain = Chain::parse(&leaf, &above).unwrap();
    let anchors = Anchors::parse([&fleet.root]).unwrap();
    assert!(chain.verify(&anchors, &Profile::device(ExpectedSubject::Any), signature::ALL, day(0)).is_err());
}

#[test]
fn a_signature_of_an_hsm_completes_what_a_signer_completes() {
    let fleet = Fleet::new(KeyType::Ed25519, KeyType::Ed25519);
    let key = new_key(KeyType::P256);
    let device =
        DeviceCertificate::from_public_key(key.public_key(), DeviceId::parse("pump").unwrap()).unwrap();
    let unsigned = fleet.ca.device(&device, serial(9), days(0, 1)).unwrap();
    let made = fleet.key.sign(unsigned.message()).unwrap();
    // Ed25519 is deterministic
    let here = unsigned.sign(&fleet.key).unwrap();
    assert_eq!(unsigned.with_signature(&made, signature::ALL).unwrap(), here);
    let another = fleet.root_key.sign(unsigned.message()).unwrap();
    assert!(unsigned.with_signature(&another, signature::ALL).is_err(), "the HSM signed with another key");
    assert!(unsigned.sign(&fleet.root_key).is_err());
}

#[test]
fn times_after_2049_and_the_end_of_9999_are_kept() {
    let key = new_key(KeyType::P256);
    let issuer_key = IssuerKey::of(&key).unwrap();
    let at = |seconds| hubward_x509::UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds));
    for (from, until) in [(0, 2_524_607_999), (2_524_607_999, 2_524_608_000), (5, 253_402_300_799)] {
        let validity = Validity::between(at(from), at(until)).unwrap();
        let unsigned =
            hubward_x509::issue::CertificateAuthority::root("R", &issuer_key, None, serial(1), validity)
                .unwrap();
        let der = unsigned.sign(&key).unwrap();
        assert_eq!(Certificate::parse(&der).unwrap().validity(), validity);
    }
}

#[test]
fn a_request_is_read_back_and_by_openssl() {
    for key_type in KEY_TYPES {
        let key = new_key(key_type);
        let der = request("pump-17", &IssuerKey::of(&key).unwrap()).unwrap().sign(&key).unwrap();
        let read = CertificateRequest::parse(&der).unwrap().verify(signature::ALL).unwrap();
        assert_eq!(read.subject().to_string(), "CN=pump-17");
        let theirs = x509_cert::request::CertReq::from_der(&der).unwrap();
        assert_eq!(theirs.to_der().unwrap(), der);
        openssl(&["req", "-verify", "-noout", "-inform", "DER", "-in"], &[("request.der", &der)]);
    }
}

#[test]
fn openssl_verifies_what_is_issued() {
    for (issuing, device) in [(KeyType::P256, KeyType::P384), (KeyType::Ed25519, KeyType::P256)] {
        let fleet = Fleet::new(KeyType::P384, issuing);
        let leaf = fleet.device("pump-17", &new_key(device), 3, days(0, 30));
        let at = (day(1).as_secs()).to_string();
        let arguments = [
            "verify",
            "-x509_strict",
            "-purpose",
            "sslclient",
            "-attime",
            &at,
            "-CAfile",
            "",
            "-untrusted",
            "",
        ];
        openssl(&arguments, &[("root.pem", &fleet.root), ("ca.pem", fleet.ca.as_der()), ("leaf.pem", &leaf)]);
    }
}

/// Runs OpenSSL where it is installed. Each file takes the place of an empty argument, the last one comes at the end.
fn openssl(arguments: &[&str], files: &[(&str, &[u8])]) {
    if Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    let folder = tempfile(arguments, files);
    let mut paths = files.iter().map(|(name, _)| folder.join(name));
    let mut command = Command::new("openssl");
    for argument in arguments {
        if argument.is_empty() {
            command.arg(paths.next().unwrap())
        } else {
            command.arg(argument)
        };
    }
    let output = command.args(paths).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
    std::fs::remove_dir_all(folder).unwrap();
}

fn tempfile(arguments: &[&str], files: &[(&str, &[u8])]) -> std::path::PathBuf {
    use base64::Engine;
    use core::hash::{BuildHasher, Hasher};
    let unique = std::collections::hash_map::RandomState::new().build_hasher().finish();
    let folder =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{unique:x}", arguments[0]));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, der) in files {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<String> =
            text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into()).collect();
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
        let content = if name.ends_with(".der") { der.to_vec() } else { pem.into_bytes() };
        std::fs::write(folder.join(name), content).unwrap();
    }
    folder
}
