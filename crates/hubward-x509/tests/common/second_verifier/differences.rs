//! The named differences where only hubward-x509 accepts, each with the section that decides it. A name applies only if the path
//! has the property that it is about, and nothing else that rustls-webpki refuses for the same reason.

use core::mem;

use hubward_x509::Certificate;
use hubward_x509::certificate::GeneralName;
use webpki::Error;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Tag, Tagged};

use super::chains::Case;
use super::der::{fields, sequence, tlv};
use super::without::{self, Part};
use super::{Path, Use, list_differences, readers, signatures};

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
    let behind = is_hidden.then(|| match without::reason(case, purpose, path, &|_, _| {}, &|_, _| {}) {
        Err(behind) => behind,
        // only names and lists are left
        Ok(()) => Error::UnknownIssuer,
    });
    let reason = behind.as_ref().unwrap_or(reason);
    // without lists nothing was refused: names or lists are the reason
    let are_left = is_hidden && *reason == Error::UnknownIssuer;
    of_extensions(case, purpose, path, reason)
        .or_else(|| of_fields(case, purpose, path, &parsed, reason))
        .or_else(|| of_certificates(&parsed, reason))
        .or_else(|| list_differences::only_hubward(case, &parsed, reason, are_left))
}

/// The differences that are about extensions: without them, rustls-webpki has not the same reason.
fn of_extensions(case: &Case, purpose: Use, path: &Path, reason: &Error) -> Option<&'static str> {
    let ends = |change: &dyn Fn(&[u8], &mut Part)| {
        without::reason(case, purpose, path, change, &|_, _| {})
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
        _ => None,
    }
}

/// The differences that are about fields, or about what rustls-webpki cannot read: without all of them, it has no such reason.
fn of_fields(
    case: &Case,
    purpose: Use,
    path: &Path,
    parsed: &Certificates<'_>,
    reason: &Error,
) -> Option<&'static str> {
    let below = |holds: fn(&Certificate<'_>) -> bool| parsed.below_anchor().any(holds);
    let is_malformed = |reason: &Error| matches!(reason, Error::BadDer | Error::TrailingData(_));
    let keep = |_: &[u8], _: &mut Part| {};
    let ends = |alter: without::Alter<'_>| {
        without::reason(case, purpose, path, &keep, alter)
            .map_or_else(|other| mem::discriminant(&other) != mem::discriminant(reason), |()| true)
    };
    match reason {
        reason if is_malformed(reason) => {
            let take = |der: &[u8], part: &mut Part| {
                if is_unread(&part.oid, &part.value) {
                    part.oid.clear();
                } else if part.oid == [0x55, 0x1d, 19]
                    && Certificate::parse(der).is_ok_and(|one| has_long_path_length(&one))
                {
                    part.value = vec![0x30, 3, 1, 1, 0xff];
                }
            };
            let take_identifiers = |_: &[u8], inner: &mut Vec<Vec<u8>>| {
                inner.retain(|field| !matches!(field[..], [0x81 | 0x82, ..]));
            };
            let left = without::reason(case, purpose, path, &take, &take_identifiers);
            if left.is_err_and(|left| is_malformed(&left)) {
                return None;
            }
            Some(if below(has_unique_identifier) {
                "unique identifiers are read: RFC 5280 4.1.2.8"
            } else if below(has_long_path_length) {
                "a path length may be above 255: RFC 5280 4.2.1.9"
            } else {
                "an extension that is not needed is not read: RFC 5280 6.1"
            })
        }
        Error::UnsupportedCertVersion
            if ends(&|der, inner| {
                if der == case.leaf {
                    inner[0] = vec![0xa0, 3, 2, 1, 2];
                }
            }) =>
        {
            Some("a leaf may have version 1 or 2: RFC 5280 4.1.2.1")
        }
        Error::BadDerTime
            if ends(&|der, inner| {
                if Certificate::parse(der).is_ok_and(|one| one.validity().not_before < 0) {
                    let after = fields(&inner[4])[1].to_vec();
                    inner[4] = sequence(&[&tlv(0x17, b"700101000000Z"), &after]);
                }
            }) =>
        {
            Some("a period may begin before 1970: RFC 5280 4.1.2.5.1")
        }
        _ => None,
    }
}

/// The differences that are about other parts of a certificate, or about the path.
fn of_certificates(path: &Certificates<'_>, reason: &Error) -> Option<&'static str> {
    match reason {
        Error::UnknownIssuer
            if path.links().any(|(one, issuer)| one.issuer().as_der() != issuer.subject().as_der())
                && path.links().all(|(one, issuer)| {
                    readers::have_same_text(one.issuer().as_der(), issuer.subject().as_der())
                }) =>
        {
            Some("names are compared as text, not as bytes: RFC 5280 7.1")
        }
        Error::UnknownIssuer if path.intermediates.iter().any(|one| has_name_and_key_of(one, &path.leaf)) => {
            Some("a leaf with the name and the key of a CA is no loop: RFC 4158 2.4.1")
        }
        Error::PathLenConstraintViolated if path.is_within_lengths() => {
            Some("self-issued intermediates do not count: RFC 5280 6.1.4 (l)")
        }
        Error::MaximumPathDepthExceeded if path.intermediates.len() > 6 => {
            Some("a path may have more than six intermediates: RFC 5280 6.1")
        }
        Error::MaximumSignatureChecksExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => {
            Some("the limits on the work differ: RFC 5280 6.1 sets none")
        }
        _ => None,
    }
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
pub(super) const SCTS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];

/// Returns the contents of a value.
pub(super) fn contents(value: &[u8]) -> &[u8] {
    AnyRef::from_der(value).unwrap().value()
}

fn has_long_path_length(one: &Certificate<'_>) -> bool {
    one.basic_constraints().is_ok_and(|basic| basic.is_some_and(|basic| basic.path_len > Some(255)))
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
