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

/// Checks that each critical extension which no other check reads can be read.
pub(super) fn check(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let all = certificate.extensions();
    check_one(all.subject_alt_name, KnownExtension::SubjectAltName, check_names)?;
    check_one(
        all.authority_key_identifier,
        KnownExtension::AuthorityKeyIdentifier,
        AuthorityKeyIdentifier::read,
    )?;
    check_one(all.subject_key_identifier, KnownExtension::SubjectKeyIdentifier, subject_key_identifier)?;
    check_one(all.authority_info_access, KnownExtension::AuthorityInfoAccess, check_authority_info_access)?;
    check_one(all.crl_distribution_points, KnownExtension::CrlDistributionPoints, check_distribution_points)?;
    check_one(all.name_constraints, KnownExtension::NameConstraints, name_constraints::check_structure)?;
    check_one(all.policy_mappings, KnownExtension::PolicyMappings, read_mappings)?;
    check_one(all.inhibit_any_policy, KnownExtension::InhibitAnyPolicy, read_inhibit)
}

/// Most certificates have none of these critical, so that this is one comparison for each.
fn check_one<'a, T>(
    present: Option<Extension<'a>>,
    known: KnownExtension,
    read: impl FnOnce(&'a [u8]) -> Result<T, Malformed>,
) -> Result<(), Problem> {
    match present {
        Some(Extension { critical: true, value }) => read(value).map(|_| ()).map_err(extension(known)),
        _ => Ok(()),
    }
}

fn check_names(value: &[u8]) -> Result<(), Malformed> {
    SubjectAltNames::read(value)?.try_for_each(|name| name.map(|_| ()))
}
