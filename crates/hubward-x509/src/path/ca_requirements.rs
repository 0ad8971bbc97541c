//! Requirements of RFC 5280 section 4 on the CAs that issue certificates. Section 6 does not check them.

use crate::certificate::Certificate;
use crate::certificate::extensions::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, subject_key_identifier,
};
use crate::certificate::general_name::GeneralName;
use crate::error::{ChainError, Duty, Known, Problem};
use crate::identity::dns::is_presented;
use crate::profile::Profile;

use super::validate::extension;

fn require(holds: bool, duty: Duty) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::Duty(duty)) }
}

/// Checks the requirements on every certificate, regardless of its position.
pub(super) fn check_certificate(certificate: &Certificate<'_>, profile: &Profile<'_>) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    require(matches!(certificate.serial(), [0x01..=0x7f, ..] | [0, 0x80..=0xff, ..]), Duty::Serial)?;
    require(certificate.serial().len() <= 20, Duty::Serial)?;
    require(certificate.validity().has_required_forms, Duty::TimeForm)?;
    require(!certificate.issuer().is_empty(), Duty::EmptyIssuer)?;
    if let Some(aki) = extensions.authority_key_identifier {
        require(!aki.critical, Duty::AuthorityKeyIdentifierCritical)?;
        let aki =
            AuthorityKeyIdentifier::read(aki.value).map_err(extension(Known::AuthorityKeyIdentifier))?;
        // 4.2.1.1: the key identifier; issuer and serial go together
        require(aki.key.is_some(), Duty::AuthorityKeyIdentifierMissing)?;
    }
    if let Some(ski) = extensions.subject_key_identifier {
        require(!ski.critical, Duty::SubjectKeyIdentifierCritical)?;
        subject_key_identifier(ski.value).map_err(extension(Known::SubjectKeyIdentifier))?;
    }
    if let Some(access) = extensions.authority_info_access {
        require(!access.critical, Duty::AuthorityInfoAccessCritical)?;
    }
    if let Some(names) = extensions.name_constraints {
        // the Baseline Requirements allow them to be non-critical (7.1.2.5.2)
        require(names.critical || profile.web_pki, Duty::NameConstraintsNotCritical)?;
    }
    require(extensions.policy_constraints.is_none_or(|e| e.critical), Duty::PolicyConstraintsNotCritical)?;
    require(extensions.inhibit_any_policy.is_none_or(|e| e.critical), Duty::InhibitAnyPolicyNotCritical)
}

/// Checks that a certificate which is not self-signed has an authority key identifier (4.2.1.1). Calls `signs_itself`
/// only if the extension is absent.
pub(super) fn check_authority_key(
    certificate: &Certificate<'_>,
    signs_itself: impl FnOnce() -> Result<bool, ChainError>,
) -> Result<Result<(), Problem>, ChainError> {
    let named = certificate.extensions().authority_key_identifier.is_some();
    Ok(require(named || signs_itself()?, Duty::AuthorityKeyIdentifierMissing))
}

/// Checks a certificate that issues others.
pub(super) fn check_issuer(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    require(!certificate.subject().is_empty(), Duty::EmptySubject)?;
    require(extensions.basic_constraints.is_some_and(|e| e.critical), Duty::BasicConstraintsNotCritical)?;
    require(extensions.subject_key_identifier.is_some(), Duty::SubjectKeyIdentifierMissing)
}

/// Checks the last certificate of a path, which may be a CA's.
pub(super) fn check_leaf(
    certificate: &Certificate<'_>,
    basic: BasicConstraints,
    usage: Option<KeyUsage>,
) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    require(usage.is_none_or(|usage| !usage.is_empty()), Duty::KeyUsageEmpty)?;
    require(basic.ca || usage.is_none_or(|usage| !usage.key_cert_sign()), Duty::KeyCertSignWithoutCa)?;
    require(basic.ca || basic.path_len.is_none(), Duty::PathLenWithoutCa)?;
    require(basic.ca || extensions.name_constraints.is_none(), Duty::NameConstraintsInLeaf)?;
    if basic.ca {
        check_issuer(certificate)?;
    }
    if certificate.subject().is_empty() {
        require(extensions.subject_alt_name.is_some_and(|e| e.critical), Duty::SubjectAltNameNotCritical)?;
    }
    for name in certificate.subject_alt_names().map_err(extension(Known::SubjectAltName))? {
        match name.map_err(extension(Known::SubjectAltName))? {
            GeneralName::Dns(name) => require(is_presented(name), Duty::DnsSyntax)?,
            GeneralName::Ip(bytes) => require(matches!(bytes.len(), 4 | 16), Duty::IpLength)?,
            _ => {}
        }
    }
    Ok(())
}
