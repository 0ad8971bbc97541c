//! Proof of possession of a CA's private key.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use common::{ca, entity, key, now, sign};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, CaVerification, Certificate, Problem, VerificationCode,
    error::{CommonNameError, OutsideValidity},
    possession::{PossessionError, VerificationCodeError},
};
use rcgen::{CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};

fn code(byte: u8) -> VerificationCode {
    VerificationCode::from_entropy([byte; 24]).unwrap()
}

/// Returns the registered CA and its key.
fn registered() -> (CertificateParams, KeyPair, Vec<u8>) {
    let (params, key) = (ca("Fleet Root"), key());
    let der = params.self_signed(&key).unwrap().der().to_vec();
    (params, key, der)
}

#[test]
fn a_code_is_48_digits_of_24_bytes() {
    let mut bytes = [0xff; 24];
    bytes[0] = 0x09;
    bytes[1] = 0xaf;
    let code = VerificationCode::from_entropy(bytes).unwrap();
    assert_eq!(code.expose(), format!("09AF{}", "F".repeat(44)));
    assert_eq!(VerificationCode::parse(code.expose()).unwrap().expose(), code.expose());
    assert_eq!(format!("{code:?}"), "VerificationCode(redacted)");
    assert_eq!(
        VerificationCode::from_entropy([0; 24]).unwrap_err(),
        VerificationCodeError,
        "a random source that failed silently"
    );
    for text in ["", &"0".repeat(48), &"a".repeat(48), &"A".repeat(47), &"G".repeat(48), &"A".repeat(49)] {
        assert_eq!(VerificationCode::parse(text).unwrap_err(), VerificationCodeError, "{text}");
    }
}

#[test]
fn a_certificate_for_the_code_proves_possession() {
    let (params, ca_key, der) = registered();
    let claim = CaVerification::new(Certificate::parse(&der).unwrap(), code(7)).unwrap();
    let proof = sign(&entity(claim.code().expose()), &key(), &params, &ca_key);
    let verified = claim.verify(&Certificate::parse(&proof).unwrap(), ALL, now(0)).unwrap();
    assert_eq!(verified.certificate().as_der(), der);
    let mut anchors = Anchors::new();
    anchors.add(verified.certificate());
    assert_eq!(anchors.iter().count(), 1);
}

#[test]
fn any_other_proof_is_refused_and_returns_the_claim() {
    let (params, ca_key, der) = registered();
    let fresh = code(0xa7);
    let good = entity(fresh.expose());
    let mut two_names = good.clone();
    two_names.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 3]), fresh.expose());
    let mut none = good.clone();
    none.distinguished_name = rcgen::DistinguishedName::new();
    let (outside, another) =
        (OutsideValidity::Expired { seconds: 1, at: 1_798_761_600 }, PossessionError::CodeMismatch);
    let end = 31_536_000;
    let signature = PossessionError::Signature(Problem::BadSignature);
    let name = |error| PossessionError::CommonName(error);
    let lower = entity(&fresh.expose().to_lowercase());
    let longer = entity(&format!("{}0", fresh.expose()));
    for (proof, issuer, issuer_key, at, why) in [
        (&good, &params, &key(), 0, signature),
        (&good, &ca("Another Root"), &ca_key, 0, PossessionError::IssuerMismatch),
        (&entity(code(8).expose()), &params, &ca_key, 0, another),
        (&lower, &params, &ca_key, 0, another),
        (&longer, &params, &ca_key, 0, another),
        (&entity("Fleet Root"), &params, &ca_key, 0, another),
        (&two_names, &params, &ca_key, 0, name(CommonNameError::Several)),
        (&none, &params, &ca_key, 0, name(CommonNameError::Absent)),
        (&good, &params, &ca_key, end + 1, PossessionError::OutsideValidity(outside)),
    ] {
        let proof = sign(proof, &key(), issuer, issuer_key);
        let claim = CaVerification::new(Certificate::parse(&der).unwrap(), fresh.clone()).unwrap();
        let outcome = claim.verify(&Certificate::parse(&proof).unwrap(), ALL, now(at));
        let Err(failed) = outcome else { panic!("accepted instead of {why}") };
        assert_eq!(failed.why(), why);
        let again = sign(&good, &key(), &params, &ca_key);
        let verified = failed.into_claim().verify(&Certificate::parse(&again).unwrap(), ALL, now(0));
        assert!(verified.is_ok());
    }
    // the CA's own certificate is not a proof, even if its name is a code
    let own = ca(fresh.expose());
    let own_der = own.self_signed(&ca_key).unwrap().der().to_vec();
    let claim = CaVerification::new(Certificate::parse(&own_der).unwrap(), code(8)).unwrap();
    assert!(claim.verify(&Certificate::parse(&own_der).unwrap(), ALL, now(0)).is_err());
}

#[test]
fn only_a_ca_can_be_registered() {
    let mut no_ca = ca("Fleet Root");
    no_ca.is_ca = IsCa::ExplicitNoCa;
    let mut signs_lists = ca("Fleet Root");
    signs_lists.key_usages = vec![KeyUsagePurpose::CrlSign];
    for (params, problem) in
        [(entity("pump-17"), Problem::NotCa), (no_ca, Problem::NotCa), (signs_lists, Problem::KeyUsage)]
    {
        let der = params.self_signed(&key()).unwrap().der().to_vec();
        let refused = CaVerification::new(Certificate::parse(&der).unwrap(), code(7)).unwrap_err();
        assert_eq!(refused, PossessionError::Ca(problem));
    }
}
