//! The functions that need a heap.

use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::types::{HostName, SymmetricKey};
use hubward::{Credentials, HubConfig};
use hubward_core::{DeviceId, Identity};
use hubward_policy::Operation;
use hubward_policy::statements::{Statement, StatementRequest, Statements};
use hubward_rustcrypto::HmacKey;
use hubward_x509::{Anchors, Chain, ExpectedSubject, Profile};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

use crate::input::{LENGTH, bytes, text, time};

/// `hubward-policy`: a set of statements is compiled, and evaluated.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_policy_statements() -> u32 {
    let mut buffer = [0; LENGTH];
    let Some((resource, topic)) = text(&mut buffer).split_once('\n') else { return 0 };
    let Ok(id) = DeviceId::parse("dev1") else { return 0 };
    let rule = Statement::allow().with_identity("dev1").with_resource(resource);
    let Ok(set) = Statements::compile(&[rule]) else { return 0 };
    let operation = Operation::mqtt_publish(topic);
    set.evaluate(&StatementRequest::new(Identity::Device(id), None, &operation)).is_allow().into()
}

/// `hubward-x509`: a path is built and validated, but for the arithmetic of its signatures.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_x509_verify(seconds: u32) -> u32 {
    let mut buffer = [0; LENGTH];
    verify(bytes(&mut buffer), seconds).is_some().into()
}

fn verify(der: &[u8], seconds: u32) -> Option<()> {
    let (leaf, ca) = der.split_at_checked(LENGTH / 2)?;
    let anchors = Anchors::parse(&[ca]).ok()?;
    let profile = Profile::device(ExpectedSubject::Device(DeviceId::parse("dev1").ok()?));
    let algorithms: [&dyn SignatureVerificationAlgorithm; 1] = [&Signatures];
    Chain::parse(leaf, &[ca]).ok()?.verify(&anchors, &profile, &algorithms, time(seconds)).ok().map(drop)
}

/// In the place of a library that verifies signatures.
#[derive(Debug)]
struct Signatures;

impl SignatureVerificationAlgorithm for Signatures {
    fn verify_signature(&self, _: &[u8], _: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        if signature.is_empty() { Ok(()) } else { Err(InvalidSignature) }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

/// `hubward`: the CONNECT of a device is authenticated by a registry, and its session decides.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_connect(seconds: u32) -> u32 {
    let mut buffer = [0; LENGTH];
    connect(text(&mut buffer), seconds).is_some().into()
}

fn connect(text: &str, seconds: u32) -> Option<()> {
    let (id, rest) = text.split_once('\n')?;
    let (username, rest) = rest.split_once('\n')?;
    let (password, topic) = rest.split_once('\n')?;
    let key = |byte| SymmetricKey::from_bytes(&[byte; 32]).ok().map(|key| HmacKey::new(&key));
    let mut registry = Registry::unseeded();
    let keys = SymmetricKeys::new(key(1)?, key(2)?);
    registry.create_device(DeviceId::parse("dev1").ok()?, Authentication::Sas(keys)).ok()?;
    let config = HubConfig::new(HostName::parse("h.example").ok()?, key(3)?);
    let credentials = Credentials::mqtt(id, username, Some(password)).ok()?;
    let session = config.authenticate(credentials, &registry, || time(seconds)).ok()?.into_session();
    let checked = config.recheck(&session, &registry, || time(seconds)).ok()?;
    checked.decide(&Operation::mqtt_publish(topic)).is_allow().then_some(())
}
