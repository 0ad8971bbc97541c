//! The named differences between hubward-x509 and rustls-webpki, each with the section that decides it. A name applies only if
//! the path has the property that it is about.

use hubward_x509::certificate::{Extension, GeneralName, Version};
use hubward_x509::error::{CertificateError, KnownExtension, NameForm};
use hubward_x509::{Certificate, CertificatePosition, ChainError, Problem};
use webpki::Error;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Tag, Tagged};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::chains::Case;
use super::der::fields;
use super::{Path, Refusal, Use, list_differences};

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
}

/// Returns the name of the difference if only hubward-x509 accepts the path and rustls-webpki refuses it for this reason.
pub fn only_hubward(case: &Case, path: &Path, reason: &Error) -> Option<&'static str> {
    let path = Certificates {
        leaf: Certificate::parse(&case.leaf).unwrap(),
        intermediates: path.intermediates.iter().map(|der| Certificate::parse(der).unwrap()).collect(),
        anchor: Certificate::parse(&path.anchor).unwrap(),
    };
    if list_differences::is_revoked(case, &path) {
        return None;
    }
    let below = |holds: fn(&Certificate<'_>) -> bool| path.below_anchor().any(holds);
    let self_issued = path.intermediates.iter().any(Certificate::is_self_issued);
    // a wrong signature is of another order of the same certificates, and hides the reason for this path
    let hidden = matches!(reason, Error::InvalidSignatureForPublicKey);
    let malformed = matches!(reason, Error::BadDer | Error::TrailingData(_));
    let known = [
        (
            matches!(reason, Error::UnknownIssuer),
            path.links().any(|(one, issuer)| one.issuer().as_der() != issuer.subject().as_der()),
            "names are compared as text, not as bytes: RFC 5280 7.1",
        ),
        (
            matches!(reason, Error::UnknownIssuer),
            path.intermediates.iter().any(|one| has_name_and_key_of(one, &path.leaf)),
            "a leaf with the name and the key of a CA is no loop: RFC 4158 2.4.2",
        ),
        (
            matches!(reason, Error::RequiredEkuNotFoundContext(_)),
            below(has_any_purpose),
            "anyExtendedKeyUsage includes every purpose: RFC 5280 4.2.1.12",
        ),
        (
            matches!(reason, Error::PathLenConstraintViolated),
            self_issued && path.intermediates.iter().any(has_path_length),
            "self-issued intermediates do not count: RFC 5280 6.1.4 (l)",
        ),
        (
            matches!(reason, Error::UnsupportedCriticalExtension),
            below(has_critical_of_rfc_5280),
            "critical policies, mappings and inhibitions are processed: RFC 5280 4.2",
        ),
        (
            matches!(reason, Error::NameConstraintViolation),
            path.issuers().any(|one| constrains(one, &[1, 4, 6])),
            "constraints on directory names, mailboxes and URIs are processed: RFC 5280 4.2.1.10",
        ),
        (
            matches!(reason, Error::NameConstraintViolation),
            self_issued && path.issuers().any(|one| one.extensions().name_constraints.is_some()),
            "self-issued intermediates are exempt from name constraints: RFC 5280 6.1.3 (b)",
        ),
        (
            matches!(reason, Error::MalformedDnsIdentifier),
            path.issuers().any(|one| constrains(one, &[2])) && below(has_short_wildcard),
            "a wildcard above one label is compared with name constraints: RFC 5280 4.2.1.10",
        ),
        (
            matches!(reason, Error::MaximumPathDepthExceeded),
            path.intermediates.len() > 6,
            "a path may have more than six intermediates: RFC 5280 6.1",
        ),
        (
            matches!(reason, Error::UnsupportedCertVersion),
            path.leaf.version() != Version::V3,
            "a leaf may have version 1 or 2: RFC 5280 4.1.2.1, 6.1.3",
        ),
        (malformed, below(has_unique_identifier), "unique identifiers are read: RFC 5280 4.1.2.8"),
        (malformed, below(has_unread_extension), "an extension that is not needed is not read: RFC 5280 6.1"),
        (malformed, below(has_long_path_length), "a path length may be above 255: RFC 5280 4.2.1.9"),
        (
            matches!(reason, Error::BadDerTime),
            below(|one| one.validity().not_before < 0),
            "a period may begin before 1970: RFC 5280 4.1.2.5.1",
        ),
        (
            matches!(
                reason,
                Error::MaximumSignatureChecksExceeded
                    | Error::MaximumPathBuildCallsExceeded
                    | Error::MaximumNameConstraintComparisonsExceeded
            ),
            !hidden,
            "the limits on the work differ: RFC 5280 6.1 sets none",
        ),
    ];
    known
        .into_iter()
        .find(|(is_reason, holds, _)| *holds && (*is_reason || hidden))
        .map(|(.., name)| name)
        .or_else(|| list_differences::only_hubward(case, &path, reason))
}

/// Returns the name of the difference if only rustls-webpki accepts the path and hubward-x509 refuses it for this reason.
pub fn only_webpki(case: &Case, purpose: Use, path: &Path, reason: Refusal) -> Option<&'static str> {
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
        return Some("an anchor's certificate limits what it is trusted for: RFC 5280 6.1.1 (d)");
    }
    match problem {
        Problem::KeyUsage if place == CertificatePosition::Leaf => {
            Some("the key of a leaf must be for signatures: RFC 8446 4.4.2.2")
        }
        Problem::KeyUsage => Some("the key of a CA must be for certificates: RFC 5280 6.1.4 (n)"),
        Problem::MalformedName => Some("issuer and subject are names: RFC 5280 4.1.2.4"),
        Problem::UnknownCriticalExtension if has_extension(&one, SCTS) => {
            Some("a critical list of timestamps is not processed: RFC 5280 4.2, RFC 6962 3.3")
        }
        Problem::Extension { extension, .. } => unreadable_extension(extension),
        Problem::MapsAnyPolicy => Some("anyPolicy is not mapped: RFC 5280 6.1.4 (a)"),
        Problem::PolicyRequired => Some("a required policy is missing: RFC 5280 6.1.5"),
        Problem::UnknownPolicyQualifier => Some("a critical qualifier is unknown: RFC 5280 4.2.1.4"),
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

/// Returns the name of the difference if only rustls-webpki can read a certificate.
fn unreadable(der: &[u8], error: CertificateError) -> Option<&'static str> {
    let outer = fields(der);
    let inner = fields(outer[0]);
    let [_, serial, _, _, _, _, spki, extensions @ ..] = &inner[..] else { return None };
    match error {
        CertificateError::DuplicateExtension => Some("no extension occurs twice: RFC 5280 4.2"),
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

fn has_any_purpose(one: &Certificate<'_>) -> bool {
    let any = [6, 4, 0x55, 0x1d, 37, 0];
    one.extensions().extended_key_usage.is_some_and(|e| fields(e.value).contains(&&any[..]))
}

/// Returns `true` for a critical extension of RFC 5280 that rustls-webpki does not process.
fn has_critical_of_rfc_5280(one: &Certificate<'_>) -> bool {
    let known = one.extensions();
    let critical = |extension: Option<Extension<'_>>| extension.is_some_and(|e| e.critical);
    critical(known.certificate_policies)
        || critical(known.policy_mappings)
        || critical(known.policy_constraints)
        || critical(known.inhibit_any_policy)
        || critical(known.authority_key_identifier)
        || critical(known.subject_key_identifier)
        || critical(known.authority_info_access)
}

/// Returns `true` if the certificate constrains names of one of these forms, given by their tag numbers.
fn constrains(one: &Certificate<'_>, forms: &[u8]) -> bool {
    one.extensions().name_constraints.is_some_and(|e| {
        fields(e.value)
            .into_iter()
            .flat_map(fields)
            .any(|subtree| fields(subtree).first().is_some_and(|base| forms.contains(&(base[0] & 0x1f))))
    })
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

/// Returns `true` if an extension that rustls-webpki always opens has another type.
fn has_unread_extension(one: &Certificate<'_>) -> bool {
    extensions(one).into_iter().any(|(oid, value)| {
        let wanted = match oid {
            [0x55, 0x1d, 17 | 19 | 30 | 31 | 37] => Tag::Sequence,
            SCTS => Tag::OctetString,
            _ => return false,
        };
        !AnyRef::from_der(value).is_ok_and(|any| any.tag() == wanted)
    })
}

fn has_path_length(one: &Certificate<'_>) -> bool {
    one.basic_constraints().is_ok_and(|basic| basic.is_some_and(|basic| basic.path_len.is_some()))
}

fn has_long_path_length(one: &Certificate<'_>) -> bool {
    one.basic_constraints().is_ok_and(|basic| basic.is_some_and(|basic| basic.path_len > Some(255)))
}

fn has_email_address(one: &Certificate<'_>) -> bool {
    const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
    one.subject().as_der().windows(EMAIL_ADDRESS.len()).any(|part| part == EMAIL_ADDRESS)
}

fn is_integer(field: &[u8]) -> bool {
    !matches!(field, [2, 0] | [2, _, 0, 0..=0x7f, ..] | [2, _, 0xff, 0x80..=0xff, ..])
}

/// Returns `true` for an algorithm and a BIT STRING of whole bytes.
fn is_public_key(spki: &[u8]) -> bool {
    SubjectPublicKeyInfoRef::from_der(spki).is_ok_and(|key| key.subject_public_key.unused_bits() == 0)
}
