//! What a CA does not issue: for each rule, the case that breaks it.
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

use hubward_core::DeviceId;
use hubward_ring::{KeyType, signature};
use hubward_x509::issue::{
    CertificateAuthority, DeviceCertificate, IssueError, IssuerKey, KeyProblem, SerialNumber,
    ServerCertificate, Signer, SubjectKey, ValidityProblem, request,
};
use hubward_x509::{CertificateRequest, Problem, UnixTime, Validity};
use issuing::{Fleet, day, days, new_key, serial};
use rustls_pki_types::alg_id;

fn id(text: &str) -> DeviceId<'_> {
    DeviceId::parse(text).unwrap()
}

#[test]
fn a_request_is_for_the_expected_id_and_signed_with_its_key() {
    let key = new_key(KeyType::P256);
    let der = request("pump-17", &IssuerKey::of(&key).unwrap()).unwrap().sign(&key).unwrap();
    let verified = CertificateRequest::parse(&der).unwrap().verify(signature::ALL).unwrap();
    assert!(DeviceCertificate::from_request(&verified, id("pump-17")).is_ok());
    for other in ["pump-1", "pump-177", "Pump-17"] {
        let refused = DeviceCertificate::from_request(&verified, id(other)).unwrap_err();
        assert_eq!(refused, IssueError::NameMismatch);
    }
    let mut altered = der.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let refused = CertificateRequest::parse(&altered).unwrap().verify(signature::ALL).unwrap_err();
    assert_eq!(refused, Problem::BadSignature, "no proof of possession");
    // a subject without a common name
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let der = params.serialize_request(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec();
    let verified = CertificateRequest::parse(&der).unwrap().verify(signature::ALL).unwrap();
    let refused = DeviceCertificate::from_request(&verified, id("pump-17")).unwrap_err();
    assert!(matches!(refused, IssueError::CommonName(_)));
}

#[test]
fn an_id_has_at_most_64_characters() {
    let fleet = Fleet::new(KeyType::P256, KeyType::P256);
    let key = new_key(KeyType::P256);
    let issue = |name: &str| {
        let device = DeviceCertificate::from_public_key(key.public_key(), id(name)).unwrap();
        fleet.ca.device(&device, serial(3), days(0, 1))
    };
    assert!(issue(&"a".repeat(64)).is_ok());
    assert_eq!(issue(&"a".repeat(65)).unwrap_err(), IssueError::NameLength { most: 64 });
    let issuer_key = IssuerKey::of(&key).unwrap();
    for name in [String::new(), "ä".repeat(65)] {
        assert!(request(&name, &issuer_key).is_err());
        assert!(CertificateAuthority::root(&name, &issuer_key, None, serial(1), days(0, 1)).is_err());
    }
    assert!(ServerCertificate::from_public_key(key.public_key(), &[]).is_err());
}

#[test]
fn the_validity_is_within_that_of_the_issuer() {
    let fleet = Fleet::new(KeyType::P256, KeyType::P256);
    let key = new_key(KeyType::P256);
    let device = DeviceCertificate::from_public_key(key.public_key(), id("pump")).unwrap();
    let issue = |validity| fleet.ca.device(&device, serial(3), validity).map(|_| ());
    assert_eq!(issue(days(0, 3650)), Ok(()));
    let late = ValidityProblem::OutlivesIssuer { seconds: 86_400 };
    assert_eq!(issue(days(0, 3651)), Err(late.into()));
    assert_eq!(IssueError::from(late).to_string(), "the validity ends 1 day after that of the issuer");
    let early = UnixTime::since_unix_epoch(core::time::Duration::from_secs(day(0).as_secs() - 1));
    let early = Validity::between(early, day(1)).unwrap();
    assert_eq!(issue(early), Err(ValidityProblem::BeforeIssuer { seconds: 1 }.into()));
    assert_eq!(Validity::between(day(1), day(0)), Err(ValidityProblem::Empty));
    let end = |seconds| UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds));
    assert!(Validity::between(day(0), end(253_402_300_799)).is_ok());
    for seconds in [253_402_300_800, u64::MAX] {
        assert_eq!(Validity::between(day(0), end(seconds)), Err(ValidityProblem::TooLate));
    }
    let code = hubward_x509::VerificationCode::from_entropy([7; 24]).unwrap();
    assert!(fleet.ca.proof(&code, serial(3), days(0, 3651)).is_err());
}

#[test]
fn a_ca_keeps_its_path_length_and_its_key() {
    let fleet = Fleet::new(KeyType::P256, KeyType::P256);
    let key = new_key(KeyType::P256);
    let subject = SubjectKey::from_public_key(key.public_key()).unwrap();
    // the root allows one level, which the issuing CA takes
    let below = |ca: &CertificateAuthority, length| {
        ca.intermediate("CA", subject, length, serial(3), days(0, 1)).map(|_| ())
    };
    assert_eq!(below(&fleet.root_ca(), Some(0)), Ok(()));
    assert_eq!(below(&fleet.root_ca(), Some(1)), Err(IssueError::PathLength));
    assert_eq!(below(&fleet.ca, None), Err(IssueError::PathLength));
    // the CA's own key is not certified for a device
    let device = DeviceCertificate::from_public_key(fleet.key.public_key(), id("pump")).unwrap();
    assert_eq!(fleet.ca.device(&device, serial(3), days(0, 1)).unwrap_err(), IssueError::IssuerKey);
    // another key, and a certificate that is not a CA's
    let issuer_key = IssuerKey::of(&key).unwrap();
    assert_eq!(
        CertificateAuthority::new(&fleet.root, issuer_key.clone()).unwrap_err(),
        IssueError::KeyMismatch
    );
    let leaf = fleet.device("pump", &key, 4, days(0, 1));
    assert_eq!(CertificateAuthority::new(&leaf, issuer_key).unwrap_err(), IssueError::NotCa(Problem::NotCa));
    assert!(CertificateAuthority::new(&leaf[1..], IssuerKey::of(&key).unwrap()).is_err());
    assert!(fleet.ca.with_crl_url("http://ä.example/").is_err());
}

#[test]
fn a_serial_number_is_not_zero() {
    assert_eq!(SerialNumber::from_entropy([0; 16]).unwrap_err(), IssueError::Entropy);
    assert_eq!(format!("{:?}", serial(10)), format!("SerialNumber({})", "0a".repeat(16)));
}

#[test]
fn a_signature_algorithm_belongs_to_its_key() {
    let (p256, ed25519) = (new_key(KeyType::P256), new_key(KeyType::Ed25519));
    for (key, algorithm) in [
        (&p256, alg_id::ED25519),
        (&p256, alg_id::RSA_PKCS1_SHA256),
        (&ed25519, alg_id::ECDSA_SHA256),
        (&p256, alg_id::ECDSA_P256),
    ] {
        assert_eq!(IssuerKey::new(key.public_key(), algorithm).unwrap_err(), IssueError::AlgorithmMismatch);
    }
}

/// Returns the SubjectPublicKeyInfo of an RSA key.
fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    use x509_cert::der::asn1::{AnyRef, BitStringRef, UintRef};
    use x509_cert::der::{Encode, Tag};
    let key = [UintRef::new(modulus).unwrap(), UintRef::new(exponent).unwrap()].to_der().unwrap();
    let parts = [
        AnyRef::new(Tag::Sequence, &alg_id::RSA_ENCRYPTION).unwrap().to_der().unwrap(),
        BitStringRef::from_bytes(&key).unwrap().to_der().unwrap(),
    ];
    AnyRef::new(Tag::Sequence, &parts.concat()).unwrap().to_der().unwrap()
}

#[test]
fn weak_keys_are_refused_by_name() {
    let judge = |der: &[u8]| SubjectKey::from_public_key(der).map(|_| ());
    let (strong, e) = ([0xc1; 256], [1, 0, 1]);
    assert_eq!(judge(&rsa(&strong, &e)), Ok(()));
    assert_eq!(judge(&rsa(&[0x81; 1024], &[1, 0, 0, 0, 1])), Ok(()));
    let short = |bits| Err(KeyProblem::RsaLength { bits });
    assert_eq!(judge(&rsa(&[0xc1; 128], &e)), short(1024));
    let mut almost = strong;
    almost[0] = 0x7f;
    assert_eq!(judge(&rsa(&almost, &e)), short(2047));
    assert_eq!(judge(&rsa(&[&[1][..], &[1; 1024]].concat(), &e)), short(8193));
    assert_eq!(judge(&rsa(&[0xc0; 256], &e)), short(2048), "even");
    for exponent in [&[3][..], &[1, 0, 0], &[0xff, 0xff], &[1, 0, 0, 0]] {
        assert_eq!(judge(&rsa(&strong, exponent)), Err(KeyProblem::RsaExponent), "{exponent:?}");
    }
    let p256 = new_key(KeyType::P256).public_key_der();
    let mut compressed = p256.clone();
    compressed[26] = 2;
    assert_eq!(judge(&compressed), Err(KeyProblem::Compressed));
    compressed[26] = 6;
    assert_eq!(judge(&compressed), Err(KeyProblem::Malformed));
    let mut ed25519 = new_key(KeyType::Ed25519).public_key_der();
    assert_eq!(judge(&ed25519), Ok(()));
    ed25519[12..].fill(0);
    assert_eq!(judge(&ed25519), Err(KeyProblem::Weak));
    let mut other = p256.clone();
    other[20] ^= 1;
    assert_eq!(judge(&other), Err(KeyProblem::Type));
    assert_eq!(judge(&p256[1..]), Err(KeyProblem::Malformed));
    assert_eq!(judge(&[&p256[..], &[0]].concat()), Err(KeyProblem::Malformed));
}
