//! Lists of a certificate's own issuer that do not cover it, but contain it. step-ca's lists name a distribution point that
//! its certificates do not name, so by RFC 5280 6.3.3 (b) they say nothing about them: they cannot clear a certificate. An
//! issuer gives each serial number once (4.1.2.2), so an entry with the certificate's number revokes it all the same.

use alloc::vec::Vec;

use super::entry::Revoked;
use super::list::Crl;
use super::signer;
use super::status::{ApplicableCrl, CrlResult, StatusQuery, look_up, supersedes};
use crate::certificate::Certificate;
use crate::error::ChainError;
use crate::path::work::Work;

/// Returns `true` if the list is the issuer's own. The serial numbers of attribute certificates are others.
pub(super) fn is_own(crl: &Crl<'_>, certificate: &Certificate<'_>) -> bool {
    let of_attributes = crl.extensions.issuing_distribution_point.is_some_and(|idp| idp.only_attributes);
    !of_attributes && crl.issuer().same(&certificate.issuer())
}

/// Returns the entry of the certificate in the current lists among `own`, which do not cover it. Only the signature of a
/// list that contains it, and of a later edition of that, is checked.
pub(super) fn find_revoked<'s>(
    query: &StatusQuery<'s>,
    own: &[Crl<'s>],
    certificate: &Certificate<'_>,
    work: &mut Work,
) -> Result<Option<Revoked<'s>>, ChainError> {
    let (issuer, serial) = (certificate.issuer(), certificate.serial());
    let mut containing = Vec::new();
    for crl in own {
        if crl.entries.find(&crl.issuer(), &issuer, serial, &mut work.meter)?.is_some() {
            containing.push(crl.number);
        }
    }
    if containing.is_empty() {
        return Ok(None);
    }
    let is_later = |crl: &Crl<'_>| {
        own.iter()
            .filter(|one| containing.contains(&one.number))
            .any(|one| crl.is_newer_than(one) && crl.has_scope_of(one))
    };
    let mut verified = Vec::new();
    for crl in own.iter().filter(|crl| containing.contains(&crl.number) || is_later(crl)) {
        if crl.extensions.unknown_critical {
            continue;
        }
        if let Ok(signer) = signer::find(query, crl.number, work)? {
            verified.push(ApplicableCrl::without_scope(*crl, signer));
        }
    }
    for one in verified.iter().filter(|one| containing.contains(&one.at)) {
        if !query.is_current(&one.crl) || verified.iter().any(|other| supersedes(query, other, one)) {
            continue;
        }
        if let CrlResult::Revoked(entry) = look_up(query, one, certificate, work)? {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}
