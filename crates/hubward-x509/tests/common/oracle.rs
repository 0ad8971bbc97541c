//! A second reading of certificates, by `x509-cert`: both read the same fields, or one of the named differences applies.
//! Nothing is verified over a second encoding.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use hubward_x509::Certificate;
use hubward_x509::certificate::{Extension, Version};
use hubward_x509::error::CertificateError;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// Both read the same fields.
    Same,
    /// Both refuse the bytes.
    Refused,
    /// One of them refuses the bytes for a known reason.
    Differs(Difference),
}

/// A known difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    // only hubward-x509 reads them
    /// A default value is written out (X.690 11.5).
    DefaultWritten,
    /// A time before 1970.
    Before1970,
    /// An issuer or a subject that is not a Name, which the validation of a path refuses.
    NotAName,
    /// The contents of an AlgorithmIdentifier, which are compared as bytes.
    Algorithm,
    /// The OBJECT IDENTIFIER of an extension, which is compared as bytes.
    ExtensionOid,
    /// A unique identifier, which is not decoded.
    UniqueId,
    // only x509-cert reads them
    /// A rule on the whole certificate: equal algorithms, single extensions and their number, the version's fields.
    Rule,
    /// A key or a signature of bits that are not whole bytes.
    UnusedBits,
    /// A list of extensions that is empty.
    NoExtensions,
    /// A year that RFC 5280 4.1.2.5 gives another form, or a time that is not in a form of DER.
    Time,
}

/// Compares both readings.
///
/// # Panics
/// If they differ, and no known difference applies.
pub fn compare(bytes: &[u8]) -> Agreement {
    let (ours, theirs) = (Certificate::parse(bytes), CertificateInner::<Raw>::from_der(bytes));
    match (ours, theirs) {
        (Err(_), Err(_)) => Agreement::Refused,
        (Ok(ours), Ok(theirs)) => {
            compare_fields(&ours, &theirs);
            Agreement::Same
        }
        (Ok(ours), Err(error)) => {
            Agreement::Differs(only_ours(&ours).unwrap_or_else(|| panic!("only we read it: {error}")))
        }
        (Err(error), Ok(theirs)) => Agreement::Differs(
            only_theirs(error, &theirs).unwrap_or_else(|| panic!("only we refuse: {error}")),
        ),
    }
}

fn compare_fields(ours: &Certificate<'_>, theirs: &CertificateInner<Raw>) {
    let tbs = theirs.tbs_certificate();
    let version = match tbs.version() {
        x509_cert::Version::V1 => Version::V1,
        x509_cert::Version::V2 => Version::V2,
        x509_cert::Version::V3 => Version::V3,
    };
    assert_eq!(ours.version(), version);
    assert_eq!(ours.serial(), tbs.serial_number().as_bytes());
    for (ours, theirs) in [
        (ours.validity().not_before, tbs.validity().not_before),
        (ours.validity().not_after, tbs.validity().not_after),
    ] {
        assert_eq!(u64::try_from(ours), Ok(theirs.to_unix_duration().as_secs()));
    }
    let key = tbs.subject_public_key_info();
    assert!(ours.public_key().as_der().ends_with(key.subject_public_key.raw_bytes()));
    for (ours, theirs) in [(ours.issuer(), tbs.issuer()), (ours.subject(), tbs.subject())] {
        assert_eq!(ours.is_empty(), theirs.is_empty());
        // their sets are sorted again, so only the length of another encoding is the same
        assert_eq!(name(ours.as_der()).len(), theirs.to_der().unwrap().len());
    }
    let known = ours.extensions();
    for (oid, ours) in [
        ("2.5.29.35", known.authority_key_identifier),
        ("2.5.29.14", known.subject_key_identifier),
        ("2.5.29.15", known.key_usage),
        ("2.5.29.32", known.certificate_policies),
        ("2.5.29.33", known.policy_mappings),
        ("2.5.29.17", known.subject_alt_name),
        ("2.5.29.19", known.basic_constraints),
        ("2.5.29.30", known.name_constraints),
        ("2.5.29.36", known.policy_constraints),
        ("2.5.29.37", known.extended_key_usage),
        ("2.5.29.31", known.crl_distribution_points),
        ("2.5.29.54", known.inhibit_any_policy),
        ("1.3.6.1.5.5.7.1.1", known.authority_info_access),
    ] {
        let oid = ObjectIdentifier::new_unwrap(oid);
        let theirs = tbs.extensions().and_then(|all| all.iter().find(|one| one.extn_id == oid));
        let fields = |one: Extension<'_>| (one.critical, one.value.to_vec());
        assert_eq!(
            ours.map(fields),
            theirs.map(|one| (one.critical, one.extn_value.as_bytes().to_vec())),
            "{oid}"
        );
    }
}

/// Returns a Name with these contents.
fn name(contents: &[u8]) -> Vec<u8> {
    super::der::tlv(0x30, contents)
}

fn only_ours(ours: &Certificate<'_>) -> Option<Difference> {
    let der = ours.as_der();
    let outer = super::der::fields(der);
    let inner = super::der::fields(outer[0]);
    if [ours.issuer(), ours.subject()].iter().any(|one| Name::from_der(&name(one.as_der())).is_err()) {
        return Some(Difference::NotAName);
    }
    if ours.validity().not_before < 0 || ours.validity().not_after < 0 {
        return Some(Difference::Before1970);
    }
    let spki = super::der::fields(ours.public_key().as_der());
    if [outer[1], spki[0]].iter().any(|one| AlgorithmIdentifierOwned::from_der(one).is_err()) {
        return Some(Difference::Algorithm);
    }
    if inner.iter().any(|field| matches!(field[0], 0x81 | 0x82)) {
        return Some(Difference::UniqueId);
    }
    if inner[0] == [0xa0, 3, 2, 1, 0] {
        return Some(Difference::DefaultWritten);
    }
    let extensions = inner.iter().find(|field| field[0] == 0xa3)?;
    for extension in super::der::fields(super::der::fields(extensions)[0]) {
        match super::der::fields(extension)[..] {
            [oid, ..] if <ObjectIdentifier>::from_der(oid).is_err() => return Some(Difference::ExtensionOid),
            [_, [1, 1, 0], _] => return Some(Difference::DefaultWritten),
            _ => {}
        }
    }
    None
}

fn only_theirs(error: CertificateError, theirs: &CertificateInner<Raw>) -> Option<Difference> {
    let tbs = theirs.tbs_certificate();
    match error {
        CertificateError::AlgorithmsDiffer
        | CertificateError::DuplicateExtension
        | CertificateError::TooManyExtensions { .. }
        | CertificateError::VersionTooLow => Some(Difference::Rule),
        CertificateError::Time(_) => Some(Difference::Time),
        _ if theirs.signature().unused_bits() != 0 => Some(Difference::UnusedBits),
        _ if tbs.subject_public_key_info().subject_public_key.unused_bits() != 0 => {
            Some(Difference::UnusedBits)
        }
        _ if tbs.extensions().is_some_and(|all| all.is_empty()) => Some(Difference::NoExtensions),
        _ => None,
    }
}
