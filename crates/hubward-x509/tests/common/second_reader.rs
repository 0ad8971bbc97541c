//! Any bytes, read by this crate and by `x509-cert`: the same fields, or one of these named differences.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test uses what it needs")]

use hubward_x509::Certificate;
use hubward_x509::certificate::Version;
use x509_cert::certificate::{Rfc5280, TbsCertificateInner};
use x509_cert::der::{Decode, Encode};

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
        // RFC 5280 4.1.2.2 bounds serial numbers, X.680 bounds strings and times: this crate checks when it uses them
        (Ok(_), Err(_)) => {
            return Compared::Named("read by this crate only: x509-cert decodes every name and time");
        }
        // duplicate extensions, versions without their fields, two different algorithms (RFC 5280 4.1.1.2, 4.2)
        (Err(_), Ok(_)) => {
            return Compared::Named("read by x509-cert only: rules of RFC 5280 between fields");
        }
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
