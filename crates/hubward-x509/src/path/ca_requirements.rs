//! Requirements of RFC 5280 section 4 on the CAs that issue certificates. Section 6 does not check them.

use crate::certificate::Certificate;
use crate::certificate::GeneralName;
use crate::certificate::extensions::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, subject_key_identifier,
};
use crate::error::{CaRequirement, KnownExtension, Problem};
use crate::identity::dns::is_presented;
use crate::profile::Profile;

use super::validate::extension;

fn require(holds: bool, requirement: CaRequirement) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::CaRequirement(requirement)) }
}

/// Checks the requirements on every certificate below an anchor.
pub(super) fn check_certificate(certificate: &Certificate<'_>, profile: &Profile<'_>) -> Result<(), Problem> {
    require(matches!(certificate.serial(), [0x01..=0x7f, ..] | [0, 0x80..=0xff, ..]), CaRequirement::Serial)?;
    require(certificate.serial().len() <= 20, CaRequirement::Serial)?;
    require(certificate.validity().has_required_forms, CaRequirement::TimeForm)?;
    if let Some(aki) = certificate.extensions().authority_key_identifier {
        let aki = AuthorityKeyIdentifier::read(aki.value)
            .map_err(extension(KnownExtension::AuthorityKeyIdentifier))?;
        // 4.2.1.1: the key identifier; issuer and serial go together
        require(aki.key.is_some(), CaRequirement::AuthorityKeyIdentifierMissing)?;
    }
    check_extensions(certificate, profile)
}

/// Checks an anchor: a name and a key (6.1.1 (d)), and the extensions that limit what the name and the key are trusted
/// for. Its serial number, the form of its dates and the fields of its authority key identifier affect no path below it.
pub(super) fn check_anchor(certificate: &Certificate<'_>, profile: &Profile<'_>) -> Result<(), Problem> {
    check_extensions(certificate, profile)?;
    check_issuer(certificate)
}

/// Checks the criticality of the extensions that every certificate may have.
fn check_extensions(certificate: &Certificate<'_>, profile: &Profile<'_>) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    require(!certificate.issuer().is_empty(), CaRequirement::EmptyIssuer)?;
    if let Some(aki) = extensions.authority_key_identifier {
        require(!aki.critical, CaRequirement::AuthorityKeyIdentifierCritical)?;
    }
    if let Some(ski) = extensions.subject_key_identifier {
        require(!ski.critical, CaRequirement::SubjectKeyIdentifierCritical)?;
        subject_key_identifier(ski.value).map_err(extension(KnownExtension::SubjectKeyIdentifier))?;
    }
    if let Some(access) = extensions.authority_info_access {
        require(!access.critical, CaRequirement::AuthorityInfoAccessCritical)?;
    }
    if let Some(names) = extensions.name_constraints {
        // the Baseline Requirements allow them to be non-critical (7.1.2.5.2)
        require(names.critical || profile.web_pki, CaRequirement::NameConstraintsNotCritical)?;
    }
    require(
        extensions.policy_constraints.is_none_or(|e| e.critical),
        CaRequirement::PolicyConstraintsNotCritical,
    )?;
    require(
        extensions.inhibit_any_policy.is_none_or(|e| e.critical),
        CaRequirement::InhibitAnyPolicyNotCritical,
    )
}

/// Checks a certificate without an authority key identifier: only a self-signed one may omit it (4.2.1.1).
pub(super) fn check_authority_key(signs_itself: bool) -> Result<(), Problem> {
    require(signs_itself, CaRequirement::AuthorityKeyIdentifierMissing)
}

/// Checks a certificate that issues others.
pub(super) fn check_issuer(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    require(!certificate.subject().is_empty(), CaRequirement::EmptySubject)?;
    require(
        extensions.basic_constraints.is_some_and(|e| e.critical),
        CaRequirement::BasicConstraintsNotCritical,
    )?;
    require(extensions.subject_key_identifier.is_some(), CaRequirement::SubjectKeyIdentifierMissing)
}

/// Checks the last certificate of a path, which may be a CA's.
pub(super) fn check_leaf(
    certificate: &Certificate<'_>,
    basic: BasicConstraints,
    usage: Option<KeyUsage>,
) -> Result<(), Problem> {
    let extensions = certificate.extensions();
    require(usage.is_none_or(|usage| !usage.is_empty()), CaRequirement::KeyUsageEmpty)?;
    require(
        basic.ca || usage.is_none_or(|usage| !usage.key_cert_sign()),
        CaRequirement::KeyCertSignWithoutCa,
    )?;
    require(basic.ca || basic.path_len.is_none(), CaRequirement::PathLenWithoutCa)?;
    require(basic.ca || extensions.name_constraints.is_none(), CaRequirement::NameConstraintsInLeaf)?;
    if basic.ca {
        check_issuer(certificate)?;
    }
    if certificate.subject().is_empty() {
        require(
            extensions.subject_alt_name.is_some_and(|e| e.critical),
            CaRequirement::SubjectAltNameNotCritical,
        )?;
    }
    for name in certificate.subject_alt_names().map_err(extension(KnownExtension::SubjectAltName))? {
        match name.map_err(extension(KnownExtension::SubjectAltName))? {
            GeneralName::Dns(name) => require(is_presented(name), CaRequirement::DnsSyntax)?,
            GeneralName::Ip(bytes) => require(matches!(bytes.len(), 4 | 16), CaRequirement::IpLength)?,
            _ => {}
        }
    }
    Ok(())
}
