//! The named differences that are about revocation lists.

use hubward_x509::crl::{Crl, CrlProblem, StatusUnknown};
use hubward_x509::{Certificate, Problem};
use webpki::Error;

use super::chains::Case;
use super::der::fields;
use super::differences::{Certificates, contents};
use super::{readable_lists, readers, signatures};

/// Returns the name of the difference if only hubward-x509 accepts the path and this reason is about a revocation list.
/// `are_left` says that the reason is hidden, and that names and lists are all that is left.
pub(super) fn only_hubward(
    case: &Case,
    path: &Certificates<'_>,
    reason: &Error,
    are_left: bool,
) -> Option<&'static str> {
    let rules = case.revocation.as_ref()?;
    let lists: Vec<Crl<'_>> = readable_lists(rules).into_iter().map(|der| Crl::parse(der).unwrap()).collect();
    let checked = || checked(case, path);
    let of = |one| lists.iter().filter(move |list: &&Crl<'_>| list.issuer().same(&Certificate::issuer(one)));
    let is_usable = |list: &Crl<'_>, one: &Certificate<'_>| may_clear(case, list, one);
    match reason {
        // the second verifier finds a list by its issuer's bytes, and one of a point by the point's bytes
        Error::UnknownRevocationStatus
            if checked().any(|one| {
                let mut usable = of(one).filter(|list| is_usable(list, one)).peekable();
                usable.peek().is_some()
                    && usable.all(|list| list.issuer().as_der() != one.issuer().as_der() || has_point(list))
            }) =>
        {
            Some("a list's issuer and distribution point are compared as names: RFC 5280 6.3.3 (b)")
        }
        Error::CrlExpired { .. }
            if checked().any(|one| {
                of(one).any(|list| list.next_update() == Some(now(case)) && is_usable(list, one))
            }) =>
        {
            Some("a list is current in the second of its nextUpdate: RFC 5280 5.1.2.5")
        }
        Error::CertRevoked
            if checked().any(|one| {
                let mut revoking = of(one).filter(|list| revokes(list, one)).peekable();
                revoking.peek().is_some() && revoking.all(|list| !is_in_force(case, &lists, list, one))
            }) =>
        {
            Some("the latest edition of a list decides, from its thisUpdate on: RFC 5280 5.1.2.4, 5.2.3")
        }
        _ if !are_left && !is_about_use(reason) => None,
        _ if rules.allow_unknown
            && checked()
                .any(|one| of(one).any(|list| !is_usable(list, one) && !is_proof(case, list, one))) =>
        {
            Some(
                "a list that cannot be used leaves the status unknown, which is allowed here: RFC 5280 6.3.3",
            )
        }
        _ if checked().any(|one| {
            of(one).any(|list| is_usable(list, one))
                && (of(one).any(|list| !is_usable(list, one)) || has_issuers_of_two_keys(case, one))
        }) =>
        {
            Some("all lists of an issuer and all its keys are looked at: RFC 5280 6.3.3 (f), (g)")
        }
        _ => None,
    }
}

/// Returns `true` for a reason why a list cannot be used.
const fn is_about_use(reason: &Error) -> bool {
    matches!(
        reason,
        Error::InvalidCrlSignatureForPublicKey
            | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
            | Error::CrlExpired { .. }
            | Error::IssuerNotCrlSigner
    )
}

fn now(case: &Case) -> i64 {
    i64::try_from(case.now.as_secs()).unwrap()
}

/// Returns the certificates whose status is asked for.
fn checked<'p, 'a>(
    case: &Case,
    path: &'p Certificates<'a>,
) -> impl Iterator<Item = &'p Certificate<'a>> + use<'p, 'a> {
    let is_leaf_only = case.revocation.as_ref().is_some_and(|rules| rules.leaf_only);
    path.below_anchor().take(if is_leaf_only { 1 } else { usize::MAX })
}

/// Returns `true` if a list may clear a certificate: of its issuer and its kind, current, and signed with a key of that name that
/// may sign lists.
fn may_clear(case: &Case, list: &Crl<'_>, one: &Certificate<'_>) -> bool {
    let is_ca = one.basic_constraints().is_ok_and(|basic| basic.is_some_and(|basic| basic.ca));
    let is_of_kind = point(list).is_none_or(|point| {
        fields(point).into_iter().all(|field| match field {
            // onlyContainsUserCerts, onlyContainsCACerts; indirect lists and those of attribute certificates or some reasons
            [0x81, .., 1..=u8::MAX] => !is_ca,
            [0x82, .., 1..=u8::MAX] => is_ca,
            [0x83, ..] | [0x84 | 0x85, .., 1..=u8::MAX] => false,
            // the certificate names a point too
            [0xa0, ..] => one.extensions().crl_distribution_points.is_some(),
            _ => true,
        })
    });
    is_of_kind
        && readers::have_same_text(list.issuer().as_der(), one.issuer().as_der())
        && list.this_update() <= now(case)
        && list.next_update().is_some_and(|next| now(case) <= next)
        && is_signed(case, list)
}

/// Returns `true` if a key of the list's issuer that may sign lists signed it.
fn is_signed(case: &Case, list: &Crl<'_>) -> bool {
    signers(case).any(|der| {
        Certificate::parse(der).is_ok_and(|signer| is_signer(&signer, list))
            && signatures::is_signed(case, list.as_der(), der)
    })
}

/// Returns `true` if a list proves that a certificate is revoked now.
fn is_proof(case: &Case, list: &Crl<'_>, one: &Certificate<'_>) -> bool {
    revokes_now(case, list, one) && is_signed(case, list)
}

fn signers(case: &Case) -> impl Iterator<Item = &Vec<u8>> {
    case.presented.iter().chain(&case.anchors)
}

/// Returns `true` if a certificate has the name of a list's issuer and its key may sign lists.
fn is_signer(signer: &Certificate<'_>, list: &Crl<'_>) -> bool {
    signer.subject().same(&list.issuer())
        && signer.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.crl_sign()))
}

/// Returns `true` if a list revokes: not before its thisUpdate, current if it is of a distribution point, and without a later
/// edition of the same scope that may clear the certificate and does not contain it.
fn is_in_force(case: &Case, lists: &[Crl<'_>], list: &Crl<'_>, one: &Certificate<'_>) -> bool {
    revokes_now(case, list, one)
        && !lists.iter().any(|other| {
            is_later(other, list)
                && point(other) == point(list)
                && may_clear(case, other, one)
                && !revokes(other, one)
        })
}

/// Returns `true` if a list contains a certificate and is not too early or too late to say so.
fn revokes_now(case: &Case, list: &Crl<'_>, one: &Certificate<'_>) -> bool {
    let is_past = list.next_update().is_some_and(|next| next < now(case));
    revokes(list, one) && list.this_update() <= now(case) && !(is_past && has_point(list))
}

/// Returns `true` if a list in force contains a certificate of the path. Then no difference has a name: hubward-x509 may not
/// accept the path for any reason. Its signer is above the certificate: another one may be below another anchor, or depend on the
/// certificate (RFC 5280 6.3.3 (f)).
pub(super) fn is_revoked(case: &Case, path: &Certificates<'_>) -> bool {
    let Some(rules) = &case.revocation else { return false };
    let lists: Vec<Crl<'_>> = readable_lists(rules).into_iter().map(|der| Crl::parse(der).unwrap()).collect();
    checked(case, path).enumerate().any(|(below, one)| {
        lists.iter().any(|list| {
            is_in_force(case, &lists, list, one)
                && path.issuers().skip(below).any(|signer| {
                    is_signer(signer, list) && signatures::is_signed(case, list.as_der(), signer.as_der())
                })
        })
    })
}

/// Returns `true` if a list of the certificate's issuer contains it.
fn revokes(list: &Crl<'_>, one: &Certificate<'_>) -> bool {
    list.issuer().same(&one.issuer()) && list.entries().any(|entry| entry.serial == one.serial())
}

/// Returns `true` if a list of the same issuer was issued later.
fn is_later(other: &Crl<'_>, list: &Crl<'_>) -> bool {
    let number = |list: &Crl<'_>| list.crl_number().map(|digits| (digits.len(), digits.to_vec()));
    other.issuer().same(&list.issuer())
        && (number(other) > number(list) || other.this_update() > list.this_update())
}

/// The same if only rustls-webpki accepts, and hubward-x509 refuses this certificate.
pub(super) fn only_webpki(
    case: &Case,
    one: &Certificate<'_>,
    anchor: &Certificate<'_>,
    problem: Problem,
) -> Option<&'static str> {
    let lists = case.revocation.as_ref().map(readable_lists)?;
    let own = || {
        let lists = lists.iter().map(|der| Crl::parse(der).unwrap());
        lists.filter(|list| list.issuer().same(&one.issuer()))
    };
    let why = match problem {
        Problem::Revoked { .. } if own().any(|list| revokes(&list, one)) => {
            return Some("every list of the issuer revokes what it contains: RFC 5280 6.3.3, 4.1.2.2");
        }
        Problem::RevocationUnknown(why) => why,
        _ => return None,
    };
    let problem = match why {
        StatusUnknown::Crl { problem, .. } => Some(problem),
        _ => None,
    };
    match problem {
        Some(CrlProblem::NotYetValid { .. }) if own().any(|list| list.this_update() > now(case)) => {
            Some("a list is not used before its thisUpdate: RFC 5280 5.1.2.4")
        }
        Some(CrlProblem::CaRequirement(_)) if own().next().is_some() => {
            Some("requirements on the issuers of lists are enforced: RFC 5280 5")
        }
        Some(CrlProblem::KeyUsage)
            if anchor.subject().same(&one.issuer()) && own().any(|list| !is_signer(anchor, &list)) =>
        {
            Some("the key of an anchor must be for lists: RFC 5280 6.3.3 (f)")
        }
        // a complete list would clear it
        _ if own().any(|list| has_point(&list))
            && !own().any(|list| !has_point(&list) && may_clear(case, &list, one)) =>
        {
            Some("a list of a distribution point clears only what names that point: RFC 5280 6.3.3 (b)")
        }
        _ => None,
    }
}

/// Returns `true` if two certificates with different keys have the name of this one's issuer.
fn has_issuers_of_two_keys(case: &Case, one: &Certificate<'_>) -> bool {
    let all = case.presented.iter().chain(&case.anchors).filter_map(|der| Certificate::parse(der).ok());
    let mut keys =
        all.filter(|signer| signer.subject().same(&one.issuer())).map(|signer| signer.public_key());
    keys.next().is_some_and(|first| keys.any(|other| other != first))
}

/// Returns the value of a list's issuing distribution point.
fn point<'a>(list: &Crl<'a>) -> Option<&'a [u8]> {
    let inner = fields(fields(list.as_der())[0]);
    let extensions = inner.iter().find(|field| field[0] == 0xa0)?;
    let parts = fields(fields(extensions)[0]).into_iter().map(fields);
    parts
        .into_iter()
        .find(|parts| parts[0] == [6, 3, 0x55, 0x1d, 28])
        .map(|parts| contents(parts[parts.len() - 1]))
}

/// Returns `true` if a list has an issuing distribution point.
fn has_point(list: &Crl<'_>) -> bool {
    point(list).is_some()
}
