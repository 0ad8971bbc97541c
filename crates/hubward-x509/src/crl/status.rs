//! The revocation status of a certificate (RFC 5280 6.3.3). Every list that covers it is used, in any order: one list
//! that contains it is enough to refuse it, and together the lists must cover every reason to clear it.

use alloc::vec::Vec;

use super::list::{Crl, Crls};
use super::reasons::{Reasons, RevocationReason};
use super::rules::{
    CrlProblem, CrlRequirement, ExpiredCrl, NextUpdate, RevocationDepth, RevocationStatus, StatusUnknown,
    UnknownStatus,
};
use super::signer::{self, Signer};
use super::{entry::Revoked, own_list, scope};
use crate::certificate::Certificate;
use crate::certificate::time::{Seconds, Validity};
use crate::error::{CertificatePosition, ChainError, Problem};
use crate::path::validate::Path;
use crate::path::work::{Inputs, Work};
use crate::profile::{CaRequirements, Profile};

/// A period, both seconds inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Seconds,
    pub(crate) until: Seconds,
}

impl Period {
    pub(crate) const ALWAYS: Self = Self { from: Seconds::MIN, until: Seconds::MAX };

    pub(crate) fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

impl From<Validity> for Period {
    fn from(validity: Validity) -> Self {
        Self { from: validity.not_before, until: validity.not_after }
    }
}

/// The status of one certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CertificateStatus {
    Good(Period),
    Revoked { at: Seconds, reason: RevocationReason },
    Unknown(StatusUnknown),
}

/// The number of a list, the certificate whose key was tried on its signature, and the result.
pub(crate) type CheckedCrl = (usize, CertificatePosition, Result<(), CrlProblem>);

/// The results about revocation lists within one verification.
#[derive(Default)]
pub(crate) struct RevocationResults {
    pub(crate) signatures: Vec<CheckedCrl>,
    /// The statuses that are certain, by anchor and certificate.
    statuses: Vec<(usize, CertificatePosition, CertificateStatus)>,
    /// The certificates whose status is being determined: asking again would never end.
    in_progress: Vec<CertificatePosition>,
}

/// A status query and its context.
#[derive(Clone, Copy)]
pub(crate) struct StatusQuery<'s> {
    pub(crate) inputs: Inputs<'s>,
    pub(crate) profile: &'s Profile<'s>,
    pub(crate) crls: &'s Crls,
    /// The certificate whose status is queried.
    pub(crate) about: CertificatePosition,
    /// The certificates above it on its path, the anchor first. All of them were valid so far.
    pub(crate) above: &'s [CertificatePosition],
    pub(crate) anchor: usize,
}

/// Checks the certificates of a path with valid signatures, from the top; returns also the period of the result.
pub(crate) fn check_path(
    inputs: &Inputs<'_>,
    profile: &Profile<'_>,
    path: &Path<'_>,
    anchor: usize,
    work: &mut Work,
) -> Result<(RevocationStatus, Period), ChainError> {
    let Some(crls) = profile.revocation.crls else {
        return Ok((RevocationStatus::Unchecked, Period::ALWAYS));
    };
    let mut above = Vec::from([CertificatePosition::Anchor(anchor)]);
    let mut period = Period::ALWAYS;
    let mut unknown = None;
    for (place, certificate) in path.descending() {
        if profile.revocation.depth == RevocationDepth::Path || place == path.leaf.0 {
            let refused = |problem| Err(ChainError::Refused { place, problem });
            let query = StatusQuery { inputs: *inputs, profile, crls, about: place, above: &above, anchor };
            match certificate_status(&query, certificate, work)? {
                CertificateStatus::Good(found) => period = period.and(found),
                CertificateStatus::Revoked { at, reason } => return refused(Problem::Revoked { at, reason }),
                CertificateStatus::Unknown(why) if profile.revocation.unknown == UnknownStatus::Deny => {
                    return refused(Problem::RevocationUnknown(why));
                }
                CertificateStatus::Unknown(why) => unknown = unknown.or(Some(why)),
            }
        }
        above.push(place);
    }
    let good = RevocationStatus::Good { until: period.until };
    Ok((unknown.map_or(good, RevocationStatus::Unknown), period))
}

fn certificate_status(
    query: &StatusQuery<'_>,
    certificate: &Certificate<'_>,
    work: &mut Work,
) -> Result<CertificateStatus, ChainError> {
    let place = query.about;
    let known =
        work.revocation.statuses.iter().find(|(anchor, at, _)| (*anchor, *at) == (query.anchor, place));
    if let Some((.., status)) = known {
        return Ok(*status);
    }
    // signers of signers of lists: no legitimate sequence of them is longer than a path
    if work.revocation.in_progress.contains(&place)
        || work.revocation.in_progress.len() > query.profile.budget.depth
    {
        return Ok(CertificateStatus::Unknown(StatusUnknown::Circular));
    }
    work.revocation.in_progress.push(place);
    let status = evaluate(query, certificate, work);
    work.revocation.in_progress.pop();
    let status = status?;
    // a status that is unknown on one path may be known on another
    if !matches!(status, CertificateStatus::Unknown(_)) {
        work.revocation.statuses.push((query.anchor, place, status));
    }
    Ok(status)
}

/// A complete list that covers the certificate, with its verified signer.
pub(super) struct ApplicableCrl<'s> {
    pub(super) at: usize,
    pub(super) crl: Crl<'s>,
    signer: Signer,
    reasons: Reasons,
}

impl<'s> ApplicableCrl<'s> {
    /// Wraps a list that does not cover the certificate.
    pub(super) fn without_scope(crl: Crl<'s>, signer: Signer) -> Self {
        Self { at: crl.number, crl, signer, reasons: Reasons::NONE }
    }
}

fn evaluate(
    query: &StatusQuery<'_>,
    certificate: &Certificate<'_>,
    work: &mut Work,
) -> Result<CertificateStatus, ChainError> {
    let mut unknown = StatusUnknown::NoCrl;
    let mut applicable: Vec<ApplicableCrl<'_>> = Vec::new();
    let mut own = Vec::new();
    for crl in query.crls.iter().filter(|crl| !crl.is_delta()) {
        let at = crl.number;
        work.meter.step()?;
        let reasons = scope::covered_reasons(&crl, certificate, &mut work.meter)?
            .map_err(|problem| ChainError::Refused { place: query.about, problem })?;
        if reasons.is_empty() {
            if own_list::is_own(&crl, certificate) {
                own.push(crl);
            }
            continue;
        }
        // RFC 5280 5.2: a list with an unknown critical extension must not be used
        let signer = if crl.extensions.unknown_critical {
            Err(CrlProblem::UnknownCriticalExtension)
        } else {
            signer::find(query, at, work)?
        };
        match signer {
            Ok(signer) => applicable.push(ApplicableCrl { at, crl, signer, reasons }),
            Err(problem) => keep_most_specific(&mut unknown, at, problem),
        }
    }
    let mut covered = Reasons::NONE;
    let mut period = Period::ALWAYS;
    for one in &applicable {
        if applicable.iter().any(|other| supersedes(query, other, one)) {
            continue;
        }
        match look_up(query, one, certificate, work)? {
            CrlResult::Revoked(entry) => {
                return Ok(CertificateStatus::Revoked { at: entry.at, reason: entry.reason });
            }
            CrlResult::Cleared(Ok(found)) => {
                covered = covered | one.reasons;
                period = period.and(found).and(one.signer.period);
            }
            CrlResult::Cleared(Err(problem)) => keep_most_specific(&mut unknown, one.at, problem),
        }
    }
    if let Some(entry) = own_list::find_revoked(query, &own, certificate, work)? {
        return Ok(CertificateStatus::Revoked { at: entry.at, reason: entry.reason });
    }
    let missing = covered.missing();
    if missing.is_empty() {
        return Ok(CertificateStatus::Good(period));
    }
    if unknown == StatusUnknown::NoCrl && !covered.is_empty() {
        unknown = StatusUnknown::Uncovered { missing };
    }
    Ok(CertificateStatus::Unknown(unknown))
}

fn keep_most_specific(best: &mut StatusUnknown, crl: usize, problem: CrlProblem) {
    let better = match best {
        StatusUnknown::Crl { problem: known, .. } => problem.rank() > known.rank(),
        _ => true,
    };
    if better {
        *best = StatusUnknown::Crl { crl, problem };
    }
}

/// Returns `true` if `other` is a later edition of a list. A list that is not yet current replaces none.
pub(super) fn supersedes(
    query: &StatusQuery<'_>,
    other: &ApplicableCrl<'_>,
    one: &ApplicableCrl<'_>,
) -> bool {
    let key = |applicable: &ApplicableCrl<'_>| {
        query.inputs.at(applicable.signer.place).map(|signer| signer.public_key().as_der())
    };
    other.crl.is_newer_than(&one.crl)
        && other.crl.has_scope_of(&one.crl)
        && other.crl.this_update() <= query.now()
        && key(other) == key(one)
}

/// The result of one list together with its delta list.
pub(super) enum CrlResult<'s> {
    Revoked(Revoked<'s>),
    /// The list does not contain the certificate; the error if that does not clear it.
    Cleared(Result<Period, CrlProblem>),
}

/// Looks the certificate up: (c), (h) to (k). An expired list still revokes the certificates that it contains.
pub(super) fn look_up<'s>(
    query: &StatusQuery<'s>,
    one: &ApplicableCrl<'s>,
    certificate: &Certificate<'_>,
    work: &mut Work,
) -> Result<CrlResult<'s>, ChainError> {
    let (issuer, serial) = (certificate.issuer(), certificate.serial());
    let mut current = query.current(&one.crl);
    let mut removed_by_delta = false;
    if let Some(delta) = delta(query, one, work)? {
        let current_delta = query.current(&delta);
        match delta.entries.find(&delta.issuer(), &issuer, serial, &mut work.meter)? {
            Some(entry) if entry.reason != RevocationReason::RemoveFromCrl => {
                return Ok(CrlResult::Revoked(entry));
            }
            Some(_) => removed_by_delta = current_delta.is_ok(),
            None => {}
        }
        // RFC 5280 5.2.4: together they are as current as the delta list
        if current_delta.is_ok() {
            current = current_delta;
        }
    }
    if !removed_by_delta
        && let Some(entry) = one.crl.entries.find(&one.crl.issuer(), &issuer, serial, &mut work.meter)?
    {
        return Ok(CrlResult::Revoked(entry));
    }
    Ok(CrlResult::Cleared(current))
}

/// Returns the newest delta list that applies to a list: with the same issuer, scope and key, and with a base that is
/// not newer (RFC 5280 5.2.4, 6.3.3 (c), (h)).
fn delta<'s>(
    query: &StatusQuery<'s>,
    one: &ApplicableCrl<'s>,
    work: &mut Work,
) -> Result<Option<Crl<'s>>, ChainError> {
    let mut newest: Option<Crl<'_>> = None;
    for delta in query.crls.iter() {
        let (Some(base), Some(number), Some(next)) =
            (delta.extensions.base, one.crl.extensions.number, delta.extensions.number)
        else {
            continue;
        };
        work.meter.step()?;
        let fits = base <= number
            && number < next
            && delta.has_scope_of(&one.crl)
            && delta.extensions.authority_key_identifier == one.crl.extensions.authority_key_identifier
            && !delta.extensions.unknown_critical
            && newest.is_none_or(|newest| delta.is_newer_than(&newest));
        if fits && signer::verify_signature(query, delta.number, one.signer.place, work)?.is_ok() {
            newest = Some(delta);
        }
    }
    Ok(newest)
}

impl StatusQuery<'_> {
    fn now(&self) -> Seconds {
        Seconds::try_from(self.inputs.now.as_secs()).unwrap_or(Seconds::MAX)
    }

    /// Returns `true` if now is between the list's dates.
    pub(super) fn is_current(&self, crl: &Crl<'_>) -> bool {
        let (now, rules) = (self.now(), &self.profile.revocation);
        let grace = match rules.expired {
            ExpiredCrl::Refuse => 0,
            ExpiredCrl::AcceptFor { seconds } => seconds.into(),
        };
        crl.this_update() <= now && crl.next_update().is_none_or(|next| now <= next.saturating_add(grace))
    }

    /// Checks that the list clears the certificates that it does not contain; returns the period in which it does.
    fn current(&self, crl: &Crl<'_>) -> Result<Period, CrlProblem> {
        let rules = &self.profile.revocation;
        if self.profile.ca_requirements == CaRequirements::Enforce {
            check_requirements(crl).map_err(CrlProblem::CaRequirement)?;
        }
        let (now, from) = (self.now(), crl.this_update());
        if now < from {
            return Err(CrlProblem::NotYetValid { seconds: now.abs_diff(from) });
        }
        let until = match (crl.next_update(), rules.next_update) {
            (None, NextUpdate::Require) => return Err(CrlProblem::NextUpdateMissing),
            (None, NextUpdate::Optional) => Seconds::MAX,
            (Some(next), _) => match rules.expired {
                ExpiredCrl::Refuse => next,
                ExpiredCrl::AcceptFor { seconds } => next.saturating_add(seconds.into()),
            },
        };
        if now > until {
            let since = crl.next_update().unwrap_or(until);
            return Err(CrlProblem::Stale { seconds: now.abs_diff(since) });
        }
        Ok(Period { from, until })
    }
}

/// Checks RFC 5280 5.2.1, 5.2.3.
fn check_requirements(crl: &Crl<'_>) -> Result<(), CrlRequirement> {
    let extensions = &crl.extensions;
    if extensions.authority_key_identifier.is_none() {
        return Err(CrlRequirement::AuthorityKeyIdentifierMissing);
    }
    if extensions.number.is_none() {
        return Err(CrlRequirement::CrlNumberMissing);
    }
    if extensions.number_critical { Err(CrlRequirement::CrlNumberCritical) } else { Ok(()) }
}
