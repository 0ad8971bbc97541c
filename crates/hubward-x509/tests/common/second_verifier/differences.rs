//! The named differences between hubward-x509 and rustls-webpki, each with the section that decides it. A name applies only if
//! the path has the property that it is about.

use core::mem;

use hubward_x509::certificate::{GeneralName, Version};
use hubward_x509::error::{CertificateError, KnownExtension, NameForm};
use hubward_x509::{Certificate, CertificatePosition, ChainError, Problem};
use webpki::Error;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Tag, Tagged};
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::chains::Case;
use super::der::fields;
use super::without::{self, Part};
use super::{Path, Refusal, Use, list_differences, readers, signatures};

/// The certificates of a path.
pub(super) struct Certificates<'a> {
    leaf: Certificate<'a>,
    intermediates: Vec<Certificate<'a>>,
    anchor: Certificate<'a>,
}

impl<'a> Certificates<'a> {
    pub(super) fn below_anchor(&self) -> impl Iterator<Item = &Certificate<'a>> {
        [&self.leaf].into_iter().chain(&self.intermediates)
    }

    pub(super) fn issuers(&self) -> impl Iterator<Item = &Certificate<'a>> {
        self.intermediates.iter().chain([&self.anchor])
    }

    /// Each certificate below the anchor with its issuer.
    fn links(&self) -> impl Iterator<Item = (&Certificate<'a>, &Certificate<'a>)> {
        self.below_anchor().zip(self.issuers())
    }

    /// Returns `true` if a certificate has another issuer than its own by name, so that the path has another order.
    fn has_other_order(&self) -> bool {
        self.links().any(|(one, issuer)| {
            self.below_anchor().chain([&self.anchor]).any(|other| {
                other.as_der() != issuer.as_der() && other.subject().as_der() == one.issuer().as_der()
            })
        })
    }

    /// Returns `true` if the path has self-issued intermediates, without which no path length is exceeded.
    fn is_within_lengths(&self) -> bool {
        let is_self_issued = |one: &Certificate<'_>| one.issuer().as_der() == one.subject().as_der();
        let mut counted = 0;
        self.intermediates.iter().any(is_self_issued)
            && self.intermediates.iter().all(|one| {
                let most = one.basic_constraints().unwrap().and_then(|basic| basic.path_len);
                let is_within = most.is_none_or(|most| counted <= most);
                counted += u32::from(!is_self_issued(one));
                is_within
            })
    }
}

/// Returns the name of the difference if only hubward-x509 accepts the path and rustls-webpki refuses it for this reason. A path
/// with a signature that ring alone refuses has none, and neither has one with a revoked certificate.
pub fn only_hubward(case: &Case, purpose: Use, path: &Path, reason: &Error) -> Option<&'static str> {
    if !signatures::are_valid(case, path) {
        return None;
    }
    let parsed = Certificates {
        leaf: Certificate::parse(&case.leaf).unwrap(),
        intermediates: path.intermediates.iter().map(|der| Certificate::parse(der).unwrap()).collect(),
        anchor: Certificate::parse(&path.anchor).unwrap(),
    };
    if list_differences::is_revoked(case, &parsed) {
        return None;
    }
    // the wrong signature is of another order of the same certificates, which hides the reason for this one
    let is_hidden = *reason == Error::InvalidSignatureForPublicKey && parsed.has_other_order();
    let behind = is_hidden.then(|| match without::reason(case, purpose, path, &|_, _| {}) {
        Err(behind) => behind,
        // only the names are left
        Ok(()) => Error::UnknownIssuer,
    });
    let reason = behind.as_ref().unwrap_or(reason);
    of_extensions(case, purpose, path, reason)
        .or_else(|| of_certificates(&parsed, reason))
        .or_else(|| list_differences::only_hubward(case, &parsed, reason, is_hidden))
}

/// The differences that are about extensions: without them, rustls-webpki has not the same reason.
fn of_extensions(case: &Case, purpose: Use, path: &Path, reason: &Error) -> Option<&'static str> {
    let ends = |change: &dyn Fn(&[u8], &mut Part)| {
        without::reason(case, purpose, path, change)
            .map_or_else(|other| mem::discriminant(&other) != mem::discriminant(reason), |()| true)
    };
    let take_names = |der: &[u8], part: &mut Part| {
        if part.oid == [0x55, 0x1d, 17]
            && der != case.leaf
            && Certificate::parse(der).is_ok_and(|one| one.is_self_issued())
        {
            part.oid.clear();
        }
    };
    match reason {
        Error::RequiredEkuNotFoundContext(_)
            if ends(&|_, part| {
                let any = [6, 4, 0x55, 0x1d, 37, 0];
                if part.oid == [0x55, 0x1d, 37] && fields(&part.value).contains(&&any[..]) {
                    part.oid.clear();
                }
            }) =>
        {
            Some("anyExtendedKeyUsage includes every purpose: RFC 5280 4.2.1.12")
        }
        Error::UnsupportedCriticalExtension
            if ends(&|_, part| {
                if is_processed(&part.oid) {
                    part.critical.clear();
                }
            }) =>
        {
            Some("critical policies, mappings and inhibitions are processed: RFC 5280 4.2")
        }
        Error::NameConstraintViolation if ends(&|_, part| without::take_forms(part, &[1, 4, 6])) => {
            Some("constraints on directory names, mailboxes and URIs are processed: RFC 5280 4.2.1.10")
        }
        Error::NameConstraintViolation if ends(&take_names) => {
            Some("self-issued intermediates are exempt from name constraints: RFC 5280 6.1.3 (b)")
        }
        Error::NameConstraintViolation
            if ends(&|der, part| {
                take_names(der, part);
                without::take_forms(part, &[1, 4, 6]);
            }) =>
        {
            Some("constraints on directory names, mailboxes and URIs are processed: RFC 5280 4.2.1.10")
        }
        Error::MalformedDnsIdentifier
            if ends(&|der, part| {
                if part.oid == [0x55, 0x1d, 17]
                    && Certificate::parse(der).is_ok_and(|one| has_short_wildcard(&one))
                {
                    part.oid.clear();
                }
            }) =>
        {
            Some("a wildcard above one label is compared with name constraints: RFC 5280 4.2.1.10")
        }
        Error::BadDer | Error::TrailingData(_)
            if ends(&|_, part| {
                if is_unread(&part.oid, &part.value) {
                    part.oid.clear();
                }
            }) =>
        {
            Some("an extension that is not needed is not read: RFC 5280 6.1")
        }
        Error::BadDer | Error::TrailingData(_)
            if ends(&|der, part| {
                if part.oid == [0x55, 0x1d, 19]
                    && Certificate::parse(der).is_ok_and(|one| has_long_path_length(&one))
                {
                    part.value = vec![0x30, 3, 1, 1, 0xff];
                }
            }) =>
        {
            Some("a path length may be above 255: RFC 5280 4.2.1.9")
        }
        _ => None,
    }
}

/// The differences that are about other parts of a certificate, or about the path.
fn of_certificates(path: &Certificates<'_>, reason: &Error) -> Option<&'static str> {
    let below = |holds: fn(&Certificate<'_>) -> bool| path.below_anchor().any(holds);
    match reason {
        Error::UnknownIssuer
            if path.links().any(|(one, issuer)| one.issuer().as_der() != issuer.subject().as_der())
                && path.links().all(|(one, issuer)| {
                    readers::have_same_text(one.issuer().as_der(), issuer.subject().as_der())
                }) =>
        {
            Some("names are compared as text, not as bytes: RFC 5280 7.1")
        }
        Error::UnknownIssuer
            if path.intermediates.iter().any(|one| has_name_and_key_of(one, &path.leaf)) =>
        {
            Some("a leaf with the name and the key of a CA is no loop: RFC 4158 2.4.1")
        }
        Error::PathLenConstraintViolated if path.is_within_lengths() => {
            Some("self-issued intermediates do not count: RFC 5280 6.1.4 (l)")
        }
        Error::MaximumPathDepthExceeded if path.intermediates.len() > 6 => {
            Some("a path may have more than six intermediates: RFC 5280 6.1")
        }
        Error::UnsupportedCertVersion
            if path.leaf.version() != Version::V3
                && path.intermediates.iter().all(|one| one.version() == Version::V3) =>
        {
            Some("a leaf may have version 1 or 2: RFC 5280 4.1.2.1")
        }
        Error::BadDer | Error::TrailingData(_) if below(has_unique_identifier) => {
            Some("unique identifiers are read: RFC 5280 4.1.2.8")
        }
        Error::BadDerTime if below(|one| one.validity().not_before < 0) => {
            Some("a period may begin before 1970: RFC 5280 4.1.2.5.1")
        }
        Error::MaximumSignatureChecksExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => {
            Some("the limits on the work differ: RFC 5280 6.1 sets none")
        }
        _ => None,
    }
}

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
        Problem::KeyUsage if place == CertificatePosition::Leaf && !may(&one, KeyUsages::DigitalSignature) => {
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

fn has_name_and_key_of(one: &Certificate<'_>, leaf: &Certificate<'_>) -> bool {
    one.public_key() == leaf.public_key() && one.subject().as_der() == leaf.subject().as_der()
}

/// Returns `true` for an alternative name such as `*.example`, which a server is never known by.
fn has_short_wildcard(one: &Certificate<'_>) -> bool {
    let short = |name: &str| name.strip_prefix("*.").is_some_and(|parent| !parent.contains('.'));
    one.subject_alt_names()
        .is_ok_and(|mut names| names.any(|name| matches!(name, Ok(GeneralName::Dns(name)) if short(name))))
}

fn has_unique_identifier(one: &Certificate<'_>) -> bool {
    fields(fields(one.as_der())[0]).iter().any(|field| matches!(field[0], 0x81 | 0x82))
}

/// The list of SignedCertificateTimestamps.
const SCTS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];

/// Returns the contents of the OBJECT IDENTIFIER and of the OCTET STRING of each extension.
fn extensions<'a>(one: &Certificate<'a>) -> Vec<(&'a [u8], &'a [u8])> {
    let inner = fields(fields(one.as_der())[0]);
    let Some(list) = inner.iter().find(|field| field[0] == 0xa3) else { return Vec::new() };
    let parts = fields(fields(list)[0]).into_iter().map(fields);
    parts.map(|parts| (contents(parts[0]), contents(parts[parts.len() - 1]))).collect()
}

/// Returns the contents of a value.
pub(super) fn contents(value: &[u8]) -> &[u8] {
    AnyRef::from_der(value).unwrap().value()
}

fn has_extension(one: &Certificate<'_>, oid: &[u8]) -> bool {
    extensions(one).iter().any(|(found, _)| *found == oid)
}

fn has_long_path_length(one: &Certificate<'_>) -> bool {
    one.basic_constraints().is_ok_and(|basic| basic.is_some_and(|basic| basic.path_len > Some(255)))
}

fn has_email_address(one: &Certificate<'_>) -> bool {
    const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
    has(one.subject().as_der(), EMAIL_ADDRESS)
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
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

/// Returns `true` for an extension of RFC 5280 that rustls-webpki does not process: policies, mappings, constraints on policies,
/// inhibitAnyPolicy, key identifiers, access to information.
fn is_processed(oid: &[u8]) -> bool {
    matches!(oid, [0x55, 0x1d, 14 | 32 | 33 | 35 | 36 | 54] | [0x2b, 6, 1, 5, 5, 7, 1, 1])
}

/// Returns `true` if an extension that rustls-webpki always opens has another type.
fn is_unread(oid: &[u8], value: &[u8]) -> bool {
    let wanted = match oid {
        [0x55, 0x1d, 17 | 19 | 30 | 31 | 37] => Tag::Sequence,
        SCTS => Tag::OctetString,
        _ => return false,
    };
    !AnyRef::from_der(value).is_ok_and(|any| any.tag() == wanted)
}
