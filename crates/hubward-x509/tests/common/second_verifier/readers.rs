//! The reading of extensions and names by x509-cert, the third reader: what hubward-x509 calls malformed, this one refuses too, or
//! it is against a rule of RFC 5280 that the ASN.1 of x509-cert does not have.

use hubward_x509::error::KnownExtension;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::constraints::{BasicConstraints, NameConstraints, PolicyConstraints};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, CertificatePolicies, CrlDistributionPoints,
    ExtendedKeyUsage, InhibitAnyPolicy, KeyUsage, PolicyMappings, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;

use super::der::{fields, tlv};

/// Returns `true` if these are the contents of a Name.
pub fn is_name(contents: &[u8]) -> bool {
    u16::try_from(contents.len()).is_ok() && Name::from_der(&tlv(0x30, contents)).is_ok()
}

/// Returns `true` if an extension with this value is malformed.
pub fn is_malformed(extension: KnownExtension, value: &[u8]) -> bool {
    match extension {
        KnownExtension::BasicConstraints => BasicConstraints::from_der(value).is_err(),
        // at least one bit is set: 4.2.1.3
        KnownExtension::KeyUsage => {
            KeyUsage::from_der(value).map_or(true, |usage| usage.0.is_empty()) || has_zero_bits(value)
        }
        KnownExtension::SubjectKeyIdentifier => SubjectKeyIdentifier::from_der(value).is_err(),
        KnownExtension::InhibitAnyPolicy => InhibitAnyPolicy::from_der(value).is_err(),
        KnownExtension::AuthorityKeyIdentifier => AuthorityKeyIdentifier::from_der(value).is_err(),
        // SIZE (1..MAX), or a member at least: 4.2.1.4 to 4.2.1.13, 4.2.2.1
        _ if value == [0x30, 0] => true,
        KnownExtension::CertificatePolicies => match CertificatePolicies::from_der(value) {
            Ok(all) => {
                let ids: Vec<_> = all.0.iter().map(|one| one.policy_identifier).collect();
                // a policy occurs once: 4.2.1.4
                ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id))
                    || all.0.iter().any(|one| one.policy_qualifiers.as_ref().is_some_and(Vec::is_empty))
            }
            Err(_) => true,
        },
        KnownExtension::PolicyMappings => PolicyMappings::from_der(value).is_err(),
        KnownExtension::PolicyConstraints => PolicyConstraints::from_der(value).is_err(),
        KnownExtension::ExtendedKeyUsage => ExtendedKeyUsage::from_der(value).is_err(),
        KnownExtension::SubjectAltName => {
            SubjectAltName::from_der(value).map_or(true, |names| names.0.is_empty())
        }
        KnownExtension::NameConstraints => match NameConstraints::from_der(value) {
            Ok(all) => {
                let lists = [all.permitted_subtrees, all.excluded_subtrees];
                let bases = lists.iter().flatten().flatten().map(|subtree| &subtree.base);
                lists.iter().flatten().any(Vec::is_empty)
                    // minimum is 0, which DER does not write, and maximum is absent: 4.2.1.10
                    || fields(value).into_iter().flat_map(fields).any(|subtree| fields(subtree).len() != 1)
                    || bases.into_iter().any(is_no_constraint)
            }
            Err(_) => true,
        },
        KnownExtension::AuthorityInfoAccess => AuthorityInfoAccessSyntax::from_der(value).is_err(),
        KnownExtension::CrlDistributionPoints => match CrlDistributionPoints::from_der(value) {
            Ok(all) => {
                all.0.iter().any(|one| {
                    let names = match &one.distribution_point {
                        Some(DistributionPointName::FullName(names)) => Some(names),
                        _ => None,
                    };
                    // a name or an issuer, not reasons alone: 4.2.1.13
                    (one.distribution_point.is_none() && one.crl_issuer.is_none())
                        || names.into_iter().chain(&one.crl_issuer).any(Vec::is_empty)
                }) || fields(value)
                    .into_iter()
                    .flat_map(fields)
                    .any(|field| field[0] == 0x81 && has_zero_bits(field))
            }
            Err(_) => true,
        },
        _ => false,
    }
}

/// Returns `true` for a base that has not the syntax of its form: 4.2.1.10.
fn is_no_constraint(base: &GeneralName) -> bool {
    let below = |text: &str| is_host(text.strip_prefix('.').unwrap_or(text));
    match base {
        GeneralName::DnsName(text) => !text.as_str().is_empty() && !is_host(text.as_str()),
        GeneralName::UniformResourceIdentifier(text) => !below(text.as_str()),
        GeneralName::Rfc822Name(text) => match text.as_str().split_once('@') {
            Some((local, host)) => {
                let is_atom = |atom: &str| {
                    let is_text = |b: u8| b.is_ascii_graphic() && !b"()<>[]:;@\\,.\"".contains(&b);
                    !atom.is_empty() && atom.bytes().all(is_text)
                };
                !is_host(host) || local.len() > 64 || !local.split('.').all(is_atom)
            }
            None => !below(text.as_str()),
        },
        GeneralName::IpAddress(bytes) => !is_subnet(bytes.as_bytes()),
        _ => false,
    }
}

/// Returns `true` for the preferred name syntax, with underscores, without a wildcard or a dot at the end, which is no address:
/// 4.2.1.6, RFC 1034 3.5.
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        matches!(label.len(), 1..=63)
            && label.trim_matches('-') == label
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() < 254 && text.split('.').all(is_label) && !last.chars().all(|c| c.is_ascii_digit())
}

/// An address and a mask of leading ones: 4.2.1.10, RFC 4632 3.1.
fn is_subnet(bytes: &[u8]) -> bool {
    let mask = &bytes[bytes.len() / 2..];
    let bits: Vec<bool> =
        mask.iter().flat_map(|byte| (0..8).map(move |bit| byte << bit & 0x80 != 0)).collect();
    matches!(bytes.len(), 8 | 32) && bits.is_sorted_by(|one, next| one >= next)
}

/// Returns `true` if the last bit of a list of named bits is 0: X.690 11.2.2.
fn has_zero_bits(value: &[u8]) -> bool {
    match value {
        [_, _, unused, .., last] => u32::from(*unused) != last.trailing_zeros(),
        _ => true,
    }
}

/// Returns `true` if the text of both names is equal: the case and the number of spaces do not count (RFC 5280 7.1).
pub fn have_same_text(one: &[u8], other: &[u8]) -> bool {
    let read = |contents: &[u8]| -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
        fields(&tlv(0x30, contents)).into_iter().map(attributes).collect()
    };
    one == other || (is_name(one) && is_name(other) && read(one) == read(other))
}

/// Returns the type and the text of the attributes, in order.
fn attributes(set: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all: Vec<_> = fields(set)
        .into_iter()
        .map(|attribute| {
            let parts = fields(attribute);
            (parts[0].to_vec(), text(parts[1]))
        })
        .collect();
    all.sort();
    all
}

fn text(value: &[u8]) -> Vec<u8> {
    let contents = super::differences::contents(value);
    match (value[0], core::str::from_utf8(contents)) {
        // UTF8String, PrintableString, IA5String
        (0x0c | 0x13 | 0x16, Ok(text)) => {
            text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ").into_bytes()
        }
        _ => value.to_vec(),
    }
}
