//! Critical extensions that cannot be processed (RFC 5280 4.2): their certificate is refused, even if the path depends on
//! nothing in them. The checks of a path read the other extensions, critical or not.

use super::name_constraints;
use super::policy::{read_inhibit, read_mappings};
use crate::certificate::extensions::{
    AuthorityKeyIdentifier, check_authority_info_access, subject_key_identifier,
};
use crate::certificate::{Certificate, Extension, SubjectAltNames};
use crate::crl::check_distribution_points;
use crate::error::{KnownExtension, Problem};
use crate::tlv::Malformed;

use super::validate::extension;

/// Reads the value of an extension.
type Reader = fn(&[u8]) -> Result<(), Malformed>;

/// Checks that each critical extension which no other check reads can be read.
pub(super) fn check(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let all = certificate.extensions();
    let readers: [(Option<Extension<'_>>, KnownExtension, Reader); 8] = [
        (all.subject_alt_name, KnownExtension::SubjectAltName, check_names),
        (all.authority_key_identifier, KnownExtension::AuthorityKeyIdentifier, |value| {
            AuthorityKeyIdentifier::read(value).map(|_| ())
        }),
        (all.subject_key_identifier, KnownExtension::SubjectKeyIdentifier, |value| {
            subject_key_identifier(value).map(|_| ())
        }),
        (all.authority_info_access, KnownExtension::AuthorityInfoAccess, check_authority_info_access),
        (all.crl_distribution_points, KnownExtension::CrlDistributionPoints, check_distribution_points),
        (all.name_constraints, KnownExtension::NameConstraints, name_constraints::check_structure),
        (all.policy_mappings, KnownExtension::PolicyMappings, |value| read_mappings(value).map(|_| ())),
        (all.inhibit_any_policy, KnownExtension::InhibitAnyPolicy, |value| read_inhibit(value).map(|_| ())),
    ];
    for (present, known, read) in readers {
        if let Some(present) = present.filter(|present| present.critical) {
            read(present.value).map_err(extension(known))?;
        }
    }
    Ok(())
}

fn check_names(value: &[u8]) -> Result<(), Malformed> {
    SubjectAltNames::read(value)?.try_for_each(|name| name.map(|_| ()))
}
