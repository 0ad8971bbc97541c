//! Operations on files of certificates, keys and thumbprints.

use core::fmt;

use hubward::registry::{
    Attestation, AuthenticationView, Derivation, Enrollment, Enrollments, Importer, NoEntropy, Registry,
    Thumbprints,
};
use hubward::types::{Digest, IdScope, RegistrationId, SymmetricKey, Thumbprint, UnixTime};
use hubward::{ProvisioningConfig, RegistrationCredentials, X509Config};
use hubward_ring::{Digests, signature};
use hubward_rustcrypto::HmacKey;
use hubward_x509::{
    Anchors, BundleDraft, Certificate, SignedBundle, TrustPeriod, UpdateKey, pem,
    thumbprint::parse_pasted_thumbprint,
};
use rustls_pki_types::CertificateDer;

use super::refusal::Refusal;
use super::verify::now;
use super::{Accepted, Case};

/// An error for which a library has no type.
#[derive(Debug)]
pub(super) struct Untyped(pub(super) String);

impl fmt::Display for Untyped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Untyped {}

pub(super) fn sha256(der: &[u8]) -> Thumbprint {
    Thumbprint::Sha256(Digests.sha256(der))
}

fn hex(print: &Thumbprint) -> String {
    print.to_string().to_lowercase()
}

fn accepted(ders: &[CertificateDer<'_>]) -> Accepted {
    let thumbprints = ders.iter().map(|der| hex(&sha256(der))).collect();
    Accepted { thumbprints: Some(thumbprints), certificates: Some(ders.len()) }
}

pub(super) fn read(case: &Case) -> Result<Accepted, Refusal> {
    let ders = pem::certificates(&case.file("certificates"))?;
    for der in &ders {
        Certificate::parse(der)?;
    }
    Ok(accepted(&ders))
}

pub(super) fn thumbprints(case: &Case) -> Result<Accepted, Refusal> {
    Ok(accepted(&pem::certificates(&case.file("certificates"))?))
}

pub(super) fn private_key(case: &Case) -> Result<Accepted, Refusal> {
    pem::private_key(&case.file("key"))?;
    Ok(Accepted::default())
}

/// A bundle needs at least one key; nothing was signed with this one.
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

pub(super) fn trust_bundle(case: &Case) -> Result<Accepted, Refusal> {
    let ders = pem::certificates(&case.file("anchors"))?;
    let key = UpdateKey::from_spki_der(&[&ED25519[..], &[9; 32]].concat())?;
    let second = |time: i64| {
        UnixTime::since_unix_epoch(core::time::Duration::from_secs(time.try_into().unwrap_or_default()))
    };
    let mut draft = BundleDraft::new(1, second(now(case).as_secs().cast_signed() + 86_400), 1).key(key);
    for der in &ders {
        let validity = Certificate::parse(der)?.validity();
        draft = draft.anchor(
            der,
            TrustPeriod { from: second(validity.not_before), until: second(validity.not_after) },
        );
    }
    let bytes = draft.finish()?;
    let bundle = SignedBundle::parse(&bytes)?;
    let roots = bundle.anchors().map(|anchor| hex(&sha256(anchor.certificate().as_der()))).collect();
    Ok(Accepted { thumbprints: Some(roots), ..Accepted::default() })
}

/// Creates an enrollment from the first certificate of a file.
fn enrollment(file: &[u8]) -> Result<(Enrollment<HmacKey>, Thumbprint), Refusal> {
    let ders = pem::certificates(file)?;
    let print = sha256(ders.first().expect("at least one"));
    Ok((Enrollment::new(Attestation::X509(Thumbprints::new(Some(print), None)?)), print))
}

pub(super) fn enroll_individual(case: &Case) -> Result<Accepted, Refusal> {
    let (enrollment, print) = enrollment(&case.file("certificate"))?;
    let mut all = Enrollments::new(Derivation::AsPresented);
    all.enroll(RegistrationId::parse(case.arg("registration").expect("a registration"))?, enrollment);
    Ok(Accepted { thumbprints: Some(vec![hex(&print)]), ..Accepted::default() })
}

/// Enrolls a group, and registers a member and a stranger at a service that trusts every CA of the file.
pub(super) fn enroll_group(case: &Case) -> Result<Accepted, Refusal> {
    let file = case.file("certificate");
    let (enrollment, print) = enrollment(&file)?;
    let mut all = Enrollments::new(Derivation::AsPresented);
    all.enroll_group(case.arg("group").expect("a group"), enrollment);
    let registered = pem::certificates(&file)?;
    let anchors = Anchors::parse(&registered)?;
    let id = case.arg("registration").expect("a registration");
    let dummy = HmacKey::new(&SymmetricKey::from_bytes(&[7; 32])?);
    let config = ProvisioningConfig::new(IdScope::parse("0ne00000A0A")?, dummy).with_x509(X509Config::new(
        anchors,
        signature::ALL,
        &Digests,
    ));
    let register = |role: &str| -> Result<(), Refusal> {
        let shown = pem::certificates(&case.file(role))?;
        let name = format!("0ne00000A0A/registrations/{id}/api-version=2019-03-31");
        let credentials = RegistrationCredentials::mqtt(id, &name, None)?.with_certificates(&shown);
        config.authenticate(credentials, &all, HmacKey::new, now(case))?;
        Ok(())
    };
    // neither is an error of the file, which may be correct under `either`
    assert!(register("stranger").is_err(), "the stranger is registered");
    if let Err(refusal) = register("member") {
        panic!("the member is refused: {}", refusal.message);
    }
    Ok(Accepted { thumbprints: Some(vec![hex(&print)]), ..Accepted::default() })
}

pub(super) fn thumbprint_text(case: &Case) -> Result<Accepted, Refusal> {
    let text = String::from_utf8(case.file("text"))?;
    let print = parse_pasted_thumbprint(&text)?;
    Ok(Accepted { thumbprints: Some(vec![hex(&print)]), ..Accepted::default() })
}

pub(super) fn registry_import(case: &Case) -> Result<Accepted, Refusal> {
    let mut registry = Registry::<HmacKey>::unseeded();
    let mut refused = Ok(());
    let file = case.file("devices");
    Importer::new(&mut registry, &mut |_| Err(NoEntropy), HmacKey::new)
        .run(file.split(|byte| *byte == b'\n'), |error| refused = Err(error));
    refused?;
    let record = registry.iter().next().ok_or_else(|| Untyped("no device".into()))?;
    let AuthenticationView::SelfSigned(prints) = record.authentication() else {
        return Err(Untyped("another authentication".into()).into());
    };
    let print = prints.primary().ok_or_else(|| Untyped("no thumbprint".into()))?;
    Ok(Accepted { thumbprints: Some(vec![hex(print)]), ..Accepted::default() })
}
