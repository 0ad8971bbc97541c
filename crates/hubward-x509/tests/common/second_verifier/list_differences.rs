//! The named differences that are about revocation lists.

use hubward_x509::crl::{Crl, CrlProblem, StatusUnknown};
use hubward_x509::{Certificate, Problem};
use webpki::Error;

use super::chains::Case;
use super::der::fields;
use super::differences::{Certificates, contents};
use super::readable_lists;

/// Returns the name of the difference if only hubward-x509 accepts the path and this reason is about a revocation list.
pub(super) fn only_hubward(case: &Case, path: &Certificates<'_>, reason: &Error) -> Option<&'static str> {
    let rules = case.revocation.as_ref()?;
    let lists: Vec<Crl<'_>> = readable_lists(rules).into_iter().map(|der| Crl::parse(der).unwrap()).collect();
    let now = i64::try_from(case.now.as_secs()).unwrap();
    let several = path.below_anchor().any(|one| {
        lists.iter().filter(|list| list.issuer().same(&one.issuer())).count() > 1
            || has_issuers_of_two_keys(case, one)
    });
    match reason {
        Error::UnknownRevocationStatus
            if path
                .below_anchor()
                .any(|one| lists.iter().any(|list| is_of_issuer_by_text(list, one) || has_point(list))) =>
        {
            Some("a list's issuer and distribution point are compared as names: RFC 5280 6.3.3 (b)")
        }
        Error::CrlExpired { .. } if lists.iter().any(|list| list.next_update() == Some(now)) => {
            Some("a list is current in the second of its nextUpdate: RFC 5280 5.1.2.5")
        }
        Error::InvalidCrlSignatureForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
        | Error::CrlExpired { .. }
        | Error::IssuerNotCrlSigner
        // of another order of the same certificates, which hides the reason for this path
        | Error::InvalidSignatureForPublicKey
            if rules.allow_unknown =>
        {
            Some(
                "a list that cannot be used leaves the status unknown, which is allowed here: RFC 5280 6.3.3",
            )
        }
        Error::InvalidCrlSignatureForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
        | Error::CrlExpired { .. }
        | Error::IssuerNotCrlSigner
        | Error::InvalidSignatureForPublicKey
            if several =>
        {
            Some("all lists of an issuer and all its keys are looked at: RFC 5280 6.3.3 (f), (h)")
        }
        Error::CertRevoked => {
            Some("the latest edition of a list decides, from its thisUpdate on: RFC 5280 5.1.2.4, 5.2.3")
        }
        _ => None,
    }
}

/// Returns `true` if a usable list without a later edition contains a certificate of the path. Then no difference has a name:
/// hubward-x509 may not accept the path for any reason.
pub(super) fn is_revoked(case: &Case, path: &Certificates<'_>) -> bool {
    let Some(rules) = &case.revocation else { return false };
    let lists: Vec<Crl<'_>> = readable_lists(rules).into_iter().map(|der| Crl::parse(der).unwrap()).collect();
    let now = i64::try_from(case.now.as_secs()).unwrap();
    let checked = path.below_anchor().take(if rules.leaf_only { 1 } else { usize::MAX });
    checked.enumerate().any(|(below, one)| {
        let mut revoking = lists.iter().filter(|list| revokes(list, one));
        revoking.any(|list| {
            let is_usable = is_usable(case, path.issuers().skip(below), list, now);
            is_usable && !lists.iter().any(|other| is_later(other, list))
        })
    })
}

/// Returns `true` if a list of the certificate's issuer contains it.
fn revokes(list: &Crl<'_>, one: &Certificate<'_>) -> bool {
    list.issuer().same(&one.issuer()) && list.entries().any(|entry| entry.serial == one.serial())
}

/// Returns `true` if a list may revoke: signed with a key above the certificate that may sign lists, not before its thisUpdate,
/// and current if it is of a distribution point. Another signer may be below another anchor, or depend on the certificate
/// (RFC 5280 6.3.3 (f)).
fn is_usable<'c>(
    case: &Case,
    above: impl Iterator<Item = &'c Certificate<'c>>,
    list: &Crl<'_>,
    now: i64,
) -> bool {
    let parts = fields(list.as_der());
    let (message, signature) = (parts[0], &contents(parts[2])[1..]);
    let mut signers = above.filter(|one| {
        one.subject().same(&list.issuer())
            && one.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.crl_sign()))
    });
    let is_past = list.next_update().is_some_and(|next| next < now);
    list.this_update() <= now
        && !(is_past && has_point(list))
        && signers.any(|signer| {
            let key = signer.public_key();
            case.algorithms.iter().any(|algorithm| key.verify(message, signature, *algorithm).is_ok())
        })
}

/// Returns `true` if a list of the same issuer was issued later.
fn is_later(other: &Crl<'_>, list: &Crl<'_>) -> bool {
    let number = |list: &Crl<'_>| list.crl_number().map(|digits| (digits.len(), digits.to_vec()));
    other.issuer().same(&list.issuer())
        && (number(other) > number(list) || other.this_update() > list.this_update())
}

/// The same if only rustls-webpki accepts.
pub(super) fn only_webpki(
    case: &Case,
    one: &Certificate<'_>,
    anchor: &Certificate<'_>,
    problem: Problem,
) -> Option<&'static str> {
    let lists = case.revocation.as_ref().map(readable_lists)?;
    let mut lists = lists.into_iter().map(|der| Crl::parse(der).unwrap());
    match problem {
        Problem::Revoked { .. } if lists.any(|list| revokes(&list, one)) => {
            Some("every list of the issuer revokes what it contains: RFC 5280 6.3.3, 4.1.2.2")
        }
        Problem::RevocationUnknown(why) => {
            let problem = match why {
                StatusUnknown::Crl { problem, .. } => Some(problem),
                _ => None,
            };
            match problem {
                Some(CrlProblem::NotYetValid { .. }) => {
                    Some("a list is not used before its thisUpdate: RFC 5280 5.1.2.4")
                }
                Some(CrlProblem::CaRequirement(_)) => {
                    Some("requirements on the issuers of lists are enforced: RFC 5280 5")
                }
                Some(CrlProblem::KeyUsage) if anchor.subject().same(&one.issuer()) => {
                    Some("the key of an anchor must be for lists: RFC 5280 6.3.3 (f)")
                }
                _ if lists.any(|list| list.issuer().same(&one.issuer()) && has_point(&list)) => Some(
                    "a list of a distribution point clears only what names that point: RFC 5280 6.3.3 (b)",
                ),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Returns `true` if the names are equal, but not byte by byte.
fn is_of_issuer_by_text(list: &Crl<'_>, one: &Certificate<'_>) -> bool {
    list.issuer().same(&one.issuer()) && list.issuer().as_der() != one.issuer().as_der()
}

/// Returns `true` if two certificates with different keys have the name of this one's issuer.
fn has_issuers_of_two_keys(case: &Case, one: &Certificate<'_>) -> bool {
    let all = case.presented.iter().chain(&case.anchors).filter_map(|der| Certificate::parse(der).ok());
    let mut keys =
        all.filter(|signer| signer.subject().same(&one.issuer())).map(|signer| signer.public_key());
    keys.next().is_some_and(|first| keys.any(|other| other != first))
}

/// Returns `true` if a list has an issuing distribution point.
fn has_point(list: &Crl<'_>) -> bool {
    list.as_der().windows(5).any(|part| part == [6, 3, 0x55, 0x1d, 28])
}
