//! The named differences where only rustls-webpki accepts: what hubward-x509 refuses, and which section refuses it.

use hubward_x509::error::{CertificateError, KnownExtension, NameForm};
use hubward_x509::{Certificate, CertificatePosition, ChainError, Problem};
use x509_cert::der::Decode;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::chains::Case;
use super::der::fields;
use super::differences::{SCTS, contents};
use super::{Path, Refusal, Use, list_differences, readers, signatures};

/// Returns the name of the difference if only rustls-webpki accepts the path and hubward-x509 refuses it for this reason.
pub fn only_webpki(case: &Case, purpose: Use, path: &Path, reason: Refusal) -> Option<&'static str> {
    if !signatures::are_valid(case, path) {
        return None;
    }
    let error = match reason {
        Refusal::Leaf(error) => return unreadable(&case.leaf, error),
        Refusal::Chain(error) => error,
    };
    let (place, problem) = match error {
        ChainError::Refused { place, problem } => (place, problem),
        ChainError::BudgetExceeded(_) => {
            return Some("the limits on the work differ: RFC 5280 6.1 sets none");
        }
        _ => return None,
    };
    let der = match place {
        CertificatePosition::Leaf => &case.leaf,
        CertificatePosition::Intermediate(at) => path.intermediates.get(at)?,
        CertificatePosition::Anchor(_) => &path.anchor,
    };
    if let Problem::Unreadable(error) = problem {
        return unreadable(der, error);
    }
    // a wrong signature is of another order of the same certificates, and hides the reason for this path
    if problem == Problem::BadSignature {
        let unread = |der: &Vec<u8>| unreadable(der, Certificate::parse(der).err()?);
        return path.intermediates.iter().find_map(unread);
    }
    let one = Certificate::parse(der).ok()?;
    if matches!(place, CertificatePosition::Anchor(_)) {
        return limits_of_anchor(problem, &one);
    }
    match problem {
        Problem::KeyUsage
            if place == CertificatePosition::Leaf && !may(&one, KeyUsages::DigitalSignature) =>
        {
            Some("the key of a leaf must be for signatures: RFC 5280 4.2.1.3, RFC 8446 4.4.3")
        }
        Problem::KeyUsage if place != CertificatePosition::Leaf && !may(&one, KeyUsages::KeyCertSign) => {
            Some("the key of a CA must be for certificates: RFC 5280 6.1.4 (n)")
        }
        Problem::MalformedName
            if [one.issuer(), one.subject()].iter().any(|name| !readers::is_name(name.as_der())) =>
        {
            Some("issuer and subject are names: RFC 5280 4.1.2.4")
        }
        Problem::UnknownCriticalExtension if has_extension(&one, SCTS) => {
            Some("a critical list of timestamps is not processed: RFC 5280 4.2, RFC 6962 3.3")
        }
        Problem::Extension { extension, .. }
            if extension_of(&one, extension).is_some_and(|value| readers::is_malformed(extension, value)) =>
        {
            unreadable_extension(extension)
        }
        Problem::MapsAnyPolicy
            if one.extensions().policy_mappings.is_some_and(|e| has(e.value, &[0x55, 0x1d, 32, 0])) =>
        {
            Some("anyPolicy is not mapped: RFC 5280 6.1.4 (a)")
        }
        // no profile asks for a policy itself
        Problem::PolicyRequired if ders(case, path).any(|der| has(der, &[0x55, 0x1d, 36])) => {
            Some("a required policy is missing: RFC 5280 6.1.5")
        }
        Problem::UnknownPolicyQualifier
            if one.extensions().certificate_policies.is_some_and(|policies| policies.critical) =>
        {
            Some("a critical qualifier is unknown: RFC 5280 4.2.1.4")
        }
        Problem::NotPermitted { form: NameForm::Email, .. }
        | Problem::Excluded { form: NameForm::Email, .. }
        | Problem::NotComparable { form: NameForm::Email }
            if has_email_address(&one) =>
        {
            Some("an emailAddress in a subject is constrained: RFC 5280 4.2.1.10")
        }
        Problem::Purpose if purpose == Use::WebPki && one.extensions().extended_key_usage.is_none() => {
            Some("the purpose of a web server is required: Baseline Requirements 7.1.2.7.6")
        }
        Problem::WebPki(_) if purpose == Use::WebPki => Some("rules of the Baseline Requirements"),
        Problem::CaRequirement(_) if purpose == Use::WebPki => {
            Some("requirements on issuers are enforced: RFC 5280 4")
        }
        Problem::DefaultValueWritten if purpose == Use::WebPki => {
            Some("default values are not written out: X.690 11.5")
        }
        _ => list_differences::only_webpki(case, &one, &Certificate::parse(&path.anchor).ok()?, problem),
    }
}

/// The limits of an anchor's certificate: its period, its CA's extensions and unknown critical ones.
fn limits_of_anchor(problem: Problem, anchor: &Certificate<'_>) -> Option<&'static str> {
    let is_limit = match problem {
        Problem::OutsideValidity(_)
        | Problem::NotCa
        | Problem::PathTooLong { .. }
        | Problem::Purpose
        | Problem::CaRequirement(_)
        | Problem::WebPki(_)
        | Problem::PolicyRequired
        | Problem::MapsAnyPolicy
        | Problem::UnknownPolicyQualifier
        | Problem::NotPermitted { .. }
        | Problem::Excluded { .. }
        | Problem::NotComparable { .. }
        | Problem::UnknownCriticalExtension => true,
        Problem::KeyUsage => !may(anchor, KeyUsages::KeyCertSign),
        Problem::Extension { extension, .. } => {
            extension_of(anchor, extension).is_some_and(|value| readers::is_malformed(extension, value))
        }
        _ => false,
    };
    is_limit.then_some("an anchor's certificate limits what it is trusted for: RFC 5280 6.1.1 (d)")
}

/// Returns `true` unless the certificate's key usage does not have this bit, as x509-cert reads it.
fn may(one: &Certificate<'_>, usage: KeyUsages) -> bool {
    one.extensions()
        .key_usage
        .is_none_or(|present| KeyUsage::from_der(present.value).is_ok_and(|bits| bits.0.contains(usage)))
}

fn extension_of<'a>(one: &Certificate<'a>, extension: KnownExtension) -> Option<&'a [u8]> {
    let all = one.extensions();
    let found = match extension {
        KnownExtension::BasicConstraints => all.basic_constraints,
        KnownExtension::CertificatePolicies => all.certificate_policies,
        KnownExtension::PolicyMappings => all.policy_mappings,
        KnownExtension::PolicyConstraints => all.policy_constraints,
        KnownExtension::InhibitAnyPolicy => all.inhibit_any_policy,
        KnownExtension::KeyUsage => all.key_usage,
        KnownExtension::ExtendedKeyUsage => all.extended_key_usage,
        KnownExtension::NameConstraints => all.name_constraints,
        KnownExtension::SubjectAltName => all.subject_alt_name,
        KnownExtension::AuthorityKeyIdentifier => all.authority_key_identifier,
        KnownExtension::SubjectKeyIdentifier => all.subject_key_identifier,
        KnownExtension::AuthorityInfoAccess => all.authority_info_access,
        KnownExtension::CrlDistributionPoints => all.crl_distribution_points,
        _ => None,
    };
    found.map(|found| found.value)
}

/// Returns the name of the difference if only rustls-webpki can read a certificate.
fn unreadable(der: &[u8], error: CertificateError) -> Option<&'static str> {
    let outer = fields(der);
    let inner = fields(outer[0]);
    let [_, serial, _, _, _, _, spki, extensions @ ..] = &inner[..] else { return None };
    match error {
        CertificateError::DuplicateExtension if extensions.last().is_some_and(|all| has_duplicate(all)) => {
            Some("no extension occurs twice: RFC 5280 4.2")
        }
        CertificateError::TooManyExtensions { .. } => {
            Some("the limits on the work differ: RFC 5280 6.1 sets none")
        }
        CertificateError::Malformed(_) if !is_integer(serial) => {
            Some("a serial number is an INTEGER of DER: RFC 5280 4.1.2.2")
        }
        CertificateError::Malformed(_) if !is_public_key(spki) => {
            Some("the key of a leaf is read: RFC 5280 4.1.2.7")
        }
        CertificateError::Malformed(_)
            if extensions.first().is_some_and(|all| matches!(all, [0xa3, 0] | [0xa3, 2, 0x30, 0])) =>
        {
            Some("a list of extensions is not empty: RFC 5280 4.1.2.9")
        }
        _ => None,
    }
}

fn unreadable_extension(extension: KnownExtension) -> Option<&'static str> {
    Some(match extension {
        KnownExtension::BasicConstraints => "basic constraints are read: RFC 5280 4.2.1.9",
        KnownExtension::CertificatePolicies => "certificate policies are read: RFC 5280 4.2.1.4",
        KnownExtension::PolicyMappings => "policy mappings are read: RFC 5280 4.2.1.5",
        KnownExtension::PolicyConstraints => "policy constraints are read: RFC 5280 4.2.1.11",
        KnownExtension::InhibitAnyPolicy => "inhibitAnyPolicy is read: RFC 5280 4.2.1.14",
        KnownExtension::KeyUsage => "key usage is read: RFC 5280 4.2.1.3",
        KnownExtension::ExtendedKeyUsage => "all purposes are read: RFC 5280 4.2.1.12",
        KnownExtension::NameConstraints => "name constraints are read in full: RFC 5280 4.2.1.10",
        KnownExtension::SubjectAltName => "alternative names are read in full: RFC 5280 4.2.1.6",
        KnownExtension::AuthorityKeyIdentifier => "authority key identifiers are read: RFC 5280 4.2.1.1",
        KnownExtension::SubjectKeyIdentifier => "subject key identifiers are read: RFC 5280 4.2.1.2",
        KnownExtension::AuthorityInfoAccess => "authority information access is read: RFC 5280 4.2.2.1",
        KnownExtension::CrlDistributionPoints => "distribution points are read: RFC 5280 4.2.1.13",
        _ => return None,
    })
}

/// Returns the contents of the OBJECT IDENTIFIER and of the OCTET STRING of each extension.
fn extensions<'a>(one: &Certificate<'a>) -> Vec<(&'a [u8], &'a [u8])> {
    let inner = fields(fields(one.as_der())[0]);
    let Some(list) = inner.iter().find(|field| field[0] == 0xa3) else { return Vec::new() };
    let parts = fields(fields(list)[0]).into_iter().map(fields);
    parts.map(|parts| (contents(parts[0]), contents(parts[parts.len() - 1]))).collect()
}

fn has_extension(one: &Certificate<'_>, oid: &[u8]) -> bool {
    extensions(one).iter().any(|(found, _)| *found == oid)
}

fn has_email_address(one: &Certificate<'_>) -> bool {
    const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
    has(one.subject().as_der(), EMAIL_ADDRESS)
}

fn ders<'a>(case: &'a Case, path: &'a Path) -> impl Iterator<Item = &'a Vec<u8>> {
    [&case.leaf, &path.anchor].into_iter().chain(&path.intermediates)
}

/// Returns `true` if an OBJECT IDENTIFIER occurs twice in the field of extensions.
fn has_duplicate(field: &[u8]) -> bool {
    let oids: Vec<&[u8]> = fields(fields(field)[0]).into_iter().map(|one| fields(one)[0]).collect();
    oids.iter().enumerate().any(|(at, oid)| oids[..at].contains(oid))
}

fn is_integer(field: &[u8]) -> bool {
    !matches!(field, [2, 0] | [2, _, 0, 0..=0x7f, ..] | [2, _, 0xff, 0x80..=0xff, ..])
}

/// Returns `true` for an algorithm and a BIT STRING of whole bytes.
fn is_public_key(spki: &[u8]) -> bool {
    SubjectPublicKeyInfoRef::from_der(spki).is_ok_and(|key| key.subject_public_key.unused_bits() == 0)
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
