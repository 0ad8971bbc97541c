//! What RFC 5280 section 4 asks of whoever makes certificates. Section 6 lets all of it pass.

use crate::certificate::Certificate;
use crate::certificate::extensions::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, subject_key_identifier,
};
use crate::certificate::general_name::GeneralName;
use crate::error::{ChainError, Duty, Known, Problem};
use crate::identity::dns::is_presented;
use crate::profile::Profile;

use super::validate::extension;

fn must(holds: bool, duty: Duty) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::Duty(duty)) }
}

/// Whatever its place.
pub(super) fn every(certificate: &Certificate<'_>, profile: &Profile<'_>) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    must(matches!(certificate.serial(), [0x01..=0x7f, ..] | [0, 0x80..=0xff, ..]), Duty::Serial)?;
    must(certificate.serial().len() <= 20, Duty::Serial)?;
    must(certificate.validity().forms, Duty::TimeForm)?;
    must(!certificate.issuer().is_empty(), Duty::EmptyIssuer)?;
    if let Some(aki) = extensions.authority_key_identifier {
        must(!aki.critical, Duty::AuthorityKeyIdentifierCritical)?;
        let aki =
            AuthorityKeyIdentifier::read(aki.value).map_err(extension(Known::AuthorityKeyIdentifier))?;
        // 4.2.1.1: the key identifier; issuer and serial go together
        must(aki.key.is_some(), Duty::AuthorityKeyIdentifierMissing)?;
    }
    if let Some(ski) = extensions.subject_key_identifier {
        must(!ski.critical, Duty::SubjectKeyIdentifierCritical)?;
        subject_key_identifier(ski.value).map_err(extension(Known::SubjectKeyIdentifier))?;
    }
    if let Some(access) = extensions.authority_info_access {
        must(!access.critical, Duty::AuthorityInfoAccessCritical)?;
    }
    if let Some(names) = extensions.name_constraints {
        // the Baseline Requirements let them be not critical (7.1.2.5.2)
        must(names.critical || profile.web_pki, Duty::NameConstraintsNotCritical)?;
    }
    must(extensions.policy_constraints.is_none_or(|e| e.critical), Duty::PolicyConstraintsNotCritical)?;
    must(extensions.inhibit_any_policy.is_none_or(|e| e.critical), Duty::InhibitAnyPolicyNotCritical)
}

/// Who does not sign itself names its issuer's key (4.2.1.1). `signs_itself` is asked only where it decides.
pub(super) fn authority_key(
    certificate: &Certificate<'_>,
    signs_itself: impl FnOnce() -> Result<bool, ChainError>,
) -> Result<Result<(), Problem>, ChainError> {
    let named = certificate.extensions().authority_key_identifier.is_some();
    Ok(must(named || signs_itself()?, Duty::AuthorityKeyIdentifierMissing))
}

/// A certificate that signs others.
pub(super) fn issuer(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    must(!certificate.subject().is_empty(), Duty::EmptySubject)?;
    must(extensions.basic_constraints.is_some_and(|e| e.critical), Duty::BasicConstraintsNotCritical)?;
    must(extensions.subject_key_identifier.is_some(), Duty::SubjectKeyIdentifierMissing)
}

/// The last certificate of a path, which may be a CA's.
pub(super) fn leaf(
    certificate: &Certificate<'_>,
    basic: BasicConstraints,
    usage: Option<KeyUsage>,
) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    must(usage.is_none_or(|usage| !usage.is_empty()), Duty::KeyUsageEmpty)?;
    must(basic.ca || usage.is_none_or(|usage| !usage.key_cert_sign()), Duty::KeyCertSignWithoutCa)?;
    must(basic.ca || basic.path_len.is_none(), Duty::PathLenWithoutCa)?;
    must(basic.ca || extensions.name_constraints.is_none(), Duty::NameConstraintsInLeaf)?;
    if basic.ca {
        issuer(certificate)?;
    }
    if certificate.subject().is_empty() {
        must(extensions.subject_alt_name.is_some_and(|e| e.critical), Duty::SubjectAltNameNotCritical)?;
    }
    for name in certificate.subject_alt_names().map_err(extension(Known::SubjectAltName))? {
        match name.map_err(extension(Known::SubjectAltName))? {
            GeneralName::Dns(name) => must(is_presented(name), Duty::DnsSyntax)?,
            GeneralName::Ip(bytes) => must(matches!(bytes.len(), 4 | 16), Duty::IpLength)?,
            _ => {}
        }
    }
    Ok(())
}
