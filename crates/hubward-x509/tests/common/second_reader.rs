//! Any bytes, read by this crate and by `x509-cert`: the same fields, or one of these named differences.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "each test uses what it needs"
)]

use hubward_x509::Certificate;
use hubward_x509::certificate::Version;
use hubward_x509::error::CertificateError;
use x509_cert::certificate::{Rfc5280, TbsCertificateInner};
use x509_cert::der::{Decode, Encode, ErrorKind, Tag};

/// The result of both readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compared {
    /// Both read the same fields.
    Same,
    /// Neither reads the bytes.
    Neither,
    /// A difference that is known, and its reason.
    Named(&'static str),
}

/// Compares both readings, and panics at a difference without a name.
pub fn compare(bytes: &[u8]) -> Compared {
    let theirs = x509_cert::Certificate::from_der(bytes);
    let ours = match (Certificate::parse(bytes), &theirs) {
        (Ok(ours), Ok(_)) => ours,
        (Err(_), Err(_)) => return Compared::Neither,
        (Ok(_), Err(error)) => return Compared::Named(only_ours(error.kind())),
        (Err(error), Ok(theirs)) => return Compared::Named(only_theirs(error, theirs)),
    };
    let theirs = theirs.unwrap();
    let tbs: &TbsCertificateInner<Rfc5280> = theirs.tbs_certificate();
    let version = match ours.version() {
        Version::V1 => x509_cert::Version::V1,
        Version::V2 => x509_cert::Version::V2,
        Version::V3 => x509_cert::Version::V3,
    };
    assert_eq!(tbs.version(), version);
    assert_eq!(tbs.serial_number().as_bytes(), ours.serial());
    assert!(tbs.issuer().to_der().unwrap().ends_with(ours.issuer().as_der()));
    assert!(tbs.subject().to_der().unwrap().ends_with(ours.subject().as_der()));
    assert_eq!(tbs.subject_public_key_info().to_der().unwrap(), ours.public_key().as_der());
    let validity = tbs.validity();
    for (theirs, ours) in
        [(validity.not_before, ours.validity().not_before), (validity.not_after, ours.validity().not_after)]
    {
        assert_eq!(i64::try_from(theirs.to_unix_duration().as_secs()).unwrap(), ours);
    }
    let of = |last: u8| {
        let id = format!("2.5.29.{last}");
        let list = tbs.extensions().map(Vec::as_slice).unwrap_or_default();
        list.iter()
            .find(|one| one.extn_id.to_string() == id)
            .map(|one| (one.critical, one.extn_value.as_bytes()))
    };
    let all = ours.extensions();
    for (last, ours) in [
        (14, all.subject_key_identifier),
        (15, all.key_usage),
        (17, all.subject_alt_name),
        (19, all.basic_constraints),
        (30, all.name_constraints),
        (31, all.crl_distribution_points),
        (32, all.certificate_policies),
        (35, all.authority_key_identifier),
        (37, all.extended_key_usage),
    ] {
        assert_eq!(of(last), ours.map(|one| (one.critical, one.value)), "2.5.29.{last}");
    }
    Compared::Same
}

/// Returns the reason why only this crate reads a certificate.
fn only_ours(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Incomplete { .. }
        | ErrorKind::Length { .. }
        | ErrorKind::OidMalformed
        | ErrorKind::TagModeUnknown
        | ErrorKind::TagNumberInvalid
        | ErrorKind::TagUnexpected { .. }
        | ErrorKind::TagUnknown { .. }
        | ErrorKind::TrailingData { .. } => {
            "names, object identifiers and parameters of algorithms are decoded when they are used"
        }
        ErrorKind::Value { tag: Tag::UtcTime } | ErrorKind::DateTime => "times before 1970 are read",
        ErrorKind::Value { tag: Tag::Integer } | ErrorKind::Overlength | ErrorKind::Overflow => {
            "serial numbers of any length are read (RFC 5280 4.1.2.2)"
        }
        ErrorKind::Noncanonical { tag: Tag::Boolean } => "a default that is written out is read",
        other => panic!("a difference without a name: only this crate reads it, x509-cert: {other:?}"),
    }
}

/// Returns the reason why only `x509-cert` reads a certificate.
fn only_theirs(error: CertificateError, theirs: &x509_cert::Certificate) -> &'static str {
    let key = theirs.tbs_certificate().subject_public_key_info();
    match error {
        CertificateError::AlgorithmsDiffer => "RFC 5280 4.1.1.2: both algorithms are the same",
        CertificateError::DuplicateExtension => "RFC 5280 4.2: an extension occurs once",
        CertificateError::TooManyExtensions { .. } => "the number of extensions is limited",
        CertificateError::UnknownVersion => "X.690 11.5: version 1 is a default",
        CertificateError::VersionTooLow => "RFC 5280 4.1.2.1: the version has the fields",
        CertificateError::Malformed(_)
            if theirs.signature().unused_bits() > 0 || key.subject_public_key.unused_bits() > 0 =>
        {
            "a key and a signature have whole bytes"
        }
        CertificateError::Malformed(_)
            if theirs.tbs_certificate().extensions().is_some_and(Vec::is_empty) =>
        {
            "RFC 5280 4.1: a list of extensions is not empty"
        }
        other => panic!("a difference without a name: only x509-cert reads it, this crate: {other:?}"),
    }
}
