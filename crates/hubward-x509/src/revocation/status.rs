//! Whether a certificate is revoked (RFC 5280 6.3.3). Every list that is about it is heard, whatever their order: one
//! that names it is enough to refuse it, and together they must cover every reason to clear it.

use alloc::vec::Vec;

use super::crl::{Crl, Crls};
use super::reasons::{Reasons, RevocationReason};
use super::rules::{
    CrlDuty, CrlProblem, ExpiredCrl, NextUpdate, RevocationDepth, RevocationStatus, StatusUnknown,
    UnknownStatus,
};
use super::signer::{self, Signer};
use super::{entry::Revoked, scope};
use crate::certificate::Certificate;
use crate::certificate::time::{Seconds, Validity};
use crate::error::{ChainError, Place, Problem};
use crate::path::validate::Path;
use crate::path::work::{Given, Work};
use crate::profile::{Duties, Profile};

/// From when until when something holds, both seconds included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Seconds,
    pub(crate) until: Seconds,
}

impl Window {
    pub(crate) const ALWAYS: Self = Self { from: Seconds::MIN, until: Seconds::MAX };

    pub(crate) fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

impl From<Validity> for Window {
    fn from(validity: Validity) -> Self {
        Self { from: validity.not_before, until: validity.not_after }
    }
}

/// What the lists say of one certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Verdict {
    Good(Window),
    Revoked { at: Seconds, reason: RevocationReason },
    Unknown(StatusUnknown),
}

/// The number of a list, whose key was tried on it, with what result.
pub(crate) type CheckedList = (usize, Place, Result<(), CrlProblem>);

/// What one verification has found out about lists.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) signatures: Vec<CheckedList>,
    /// Statuses that are certain, by anchor and certificate.
    statuses: Vec<(usize, Place, Verdict)>,
    /// Whose status is being asked for: to ask again on the way to the answer would never end.
    asking: Vec<Place>,
}

/// What is asked, and of whom.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'s> {
    pub(crate) given: Given<'s>,
    pub(crate) profile: &'s Profile<'s>,
    pub(crate) crls: &'s Crls<'s>,
    /// Whose status.
    pub(crate) about: Place,
    /// What stands above that certificate on its path, the anchor first. All of it has held so far.
    pub(crate) above: &'s [Place],
    pub(crate) anchor: usize,
}

/// The certificates of a path whose signatures hold, from the top; and from when until when the answer counts.
pub(crate) fn path(
    given: &Given<'_>,
    profile: &Profile<'_>,
    path: &Path<'_>,
    anchor: usize,
    work: &mut Work,
) -> Result<(RevocationStatus, Window), ChainError> {
    let Some(crls) = profile.revocation.crls else {
        return Ok((RevocationStatus::Unchecked, Window::ALWAYS));
    };
    let mut above = Vec::from([Place::Anchor(anchor)]);
    let mut window = Window::ALWAYS;
    let mut unknown = None;
    for (place, certificate) in path.descending() {
        if profile.revocation.depth == RevocationDepth::Path || place == path.leaf.0 {
            let refused = |problem| Err(ChainError::Refused { place, problem });
            let ask = Ask { given: *given, profile, crls, about: place, above: &above, anchor };
            match status(&ask, certificate, work)? {
                Verdict::Good(found) => window = window.and(found),
                Verdict::Revoked { at, reason } => return refused(Problem::Revoked { at, reason }),
                Verdict::Unknown(why) if profile.revocation.unknown == UnknownStatus::Deny => {
                    return refused(Problem::RevocationUnknown(why));
                }
                Verdict::Unknown(why) => unknown = unknown.or(Some(why)),
            }
        }
        above.push(place);
    }
    let good = RevocationStatus::Good { until: window.until };
    Ok((unknown.map_or(good, RevocationStatus::Unknown), window))
}

fn status(ask: &Ask<'_>, certificate: &Certificate<'_>, work: &mut Work) -> Result<Verdict, ChainError> {
    let place = ask.about;
    let known = work.revocation.statuses.iter().find(|(anchor, at, _)| (*anchor, *at) == (ask.anchor, place));
    if let Some((.., verdict)) = known {
        return Ok(*verdict);
    }
    // a signer of a signer of a signer: no honest chain of them is longer than a path
    if work.revocation.asking.contains(&place) || work.revocation.asking.len() > ask.profile.budget.depth {
        return Ok(Verdict::Unknown(StatusUnknown::Circular));
    }
    work.revocation.asking.push(place);
    let verdict = hear(ask, certificate, work);
    work.revocation.asking.pop();
    let verdict = verdict?;
    // what is unknown on one way may be known on another
    if !matches!(verdict, Verdict::Unknown(_)) {
        work.revocation.statuses.push((ask.anchor, place, verdict));
    }
    Ok(verdict)
}

/// A complete list about the certificate, signed by somebody who holds.
struct Heard<'s> {
    at: usize,
    crl: &'s Crl<'s>,
    signer: Signer,
    reasons: Reasons,
}

fn hear(ask: &Ask<'_>, certificate: &Certificate<'_>, work: &mut Work) -> Result<Verdict, ChainError> {
    let mut unknown = StatusUnknown::NoCrl;
    let mut heard: Vec<Heard<'_>> = Vec::new();
    for crl in ask.crls.iter().filter(|crl| !crl.is_delta()) {
        let at = crl.number;
        work.meter.step()?;
        let reasons = scope::reasons(crl, certificate, &mut work.meter)?
            .map_err(|problem| ChainError::Refused { place: ask.about, problem })?;
        if reasons.is_empty() {
            continue;
        }
        // RFC 5280 5.2: such a list must not be used
        let signer = if crl.extensions.unknown_critical {
            Err(CrlProblem::UnknownCriticalExtension)
        } else {
            signer::find(ask, at, work)?
        };
        match signer {
            Ok(signer) => heard.push(Heard { at, crl, signer, reasons }),
            Err(problem) => more_telling(&mut unknown, at, problem),
        }
    }
    let mut covered = Reasons::NONE;
    let mut window = Window::ALWAYS;
    for one in &heard {
        if heard.iter().any(|other| supersedes(ask, other, one)) {
            continue;
        }
        match consult(ask, one, certificate, work)? {
            Said::Revoked(entry) => return Ok(Verdict::Revoked { at: entry.at, reason: entry.reason }),
            Said::Cleared(Ok(found)) => {
                covered = covered | one.reasons;
                window = window.and(found).and(one.signer.window);
            }
            Said::Cleared(Err(problem)) => more_telling(&mut unknown, one.at, problem),
        }
    }
    let missing = covered.missing();
    if missing.is_empty() {
        return Ok(Verdict::Good(window));
    }
    if unknown == StatusUnknown::NoCrl && !covered.is_empty() {
        unknown = StatusUnknown::Uncovered { missing };
    }
    Ok(Verdict::Unknown(unknown))
}

fn more_telling(best: &mut StatusUnknown, crl: usize, problem: CrlProblem) {
    let better = match best {
        StatusUnknown::Crl { problem: known, .. } => problem.rank() > known.rank(),
        _ => true,
    };
    if better {
        *best = StatusUnknown::Crl { crl, problem };
    }
}

/// Whether there is a later edition of a list. One that is not yet current replaces none.
fn supersedes(ask: &Ask<'_>, other: &Heard<'_>, one: &Heard<'_>) -> bool {
    let key = |heard: &Heard<'_>| ask.given.at(heard.signer.place).map(|signer| signer.public_key().as_der());
    other.crl.is_newer_than(one.crl)
        && other.crl.has_scope_of(one.crl)
        && other.crl.this_update() <= ask.now()
        && key(other) == key(one)
}

/// What one list says, together with its delta.
enum Said<'s> {
    Revoked(Revoked<'s>),
    /// It does not name the certificate; whether that counts.
    Cleared(Result<Window, CrlProblem>),
}

/// (c), (h) to (k). An old list still revokes what it names.
fn consult<'s>(
    ask: &Ask<'s>,
    one: &Heard<'s>,
    certificate: &Certificate<'_>,
    work: &mut Work,
) -> Result<Said<'s>, ChainError> {
    let (issuer, serial) = (certificate.issuer(), certificate.serial());
    let mut current = ask.current(one.crl);
    let mut taken_back = false;
    if let Some(delta) = delta(ask, one, work)? {
        let current_delta = ask.current(delta);
        match delta.entries.find(&delta.issuer(), &issuer, serial, &mut work.meter)? {
            Some(entry) if entry.reason != RevocationReason::RemoveFromCrl => {
                return Ok(Said::Revoked(entry));
            }
            Some(_) => taken_back = current_delta.is_ok(),
            None => {}
        }
        // RFC 5280 5.2.4: together they are as new as the delta
        if current_delta.is_ok() {
            current = current_delta;
        }
    }
    if !taken_back
        && let Some(entry) = one.crl.entries.find(&one.crl.issuer(), &issuer, serial, &mut work.meter)?
    {
        return Ok(Said::Revoked(entry));
    }
    Ok(Said::Cleared(current))
}

/// The newest delta that a list can be changed by: of the same issuer, scope and key, from no later a base
/// (RFC 5280 5.2.4, 6.3.3 (c), (h)).
fn delta<'s>(ask: &Ask<'s>, one: &Heard<'s>, work: &mut Work) -> Result<Option<&'s Crl<'s>>, ChainError> {
    let mut newest: Option<&Crl<'_>> = None;
    for delta in ask.crls.iter() {
        let (Some(base), Some(number), Some(next)) =
            (delta.extensions.base, one.crl.extensions.number, delta.extensions.number)
        else {
            continue;
        };
        work.meter.step()?;
        let fits = base <= number
            && number < next
            && delta.has_scope_of(one.crl)
            && delta.extensions.authority_key_identifier == one.crl.extensions.authority_key_identifier
            && !delta.extensions.unknown_critical
            && newest.is_none_or(|newest| delta.is_newer_than(newest));
        if fits && signer::signature(ask, delta.number, one.signer.place, work)?.is_ok() {
            newest = Some(delta);
        }
    }
    Ok(newest)
}

impl Ask<'_> {
    fn now(&self) -> Seconds {
        Seconds::try_from(self.given.now.as_secs()).unwrap_or(Seconds::MAX)
    }

    /// Whether what a list does not name is cleared, and from when until when.
    fn current(&self, crl: &Crl<'_>) -> Result<Window, CrlProblem> {
        let rules = &self.profile.revocation;
        if self.profile.duties == Duties::Enforce {
            duties(crl).map_err(CrlProblem::Duty)?;
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
        Ok(Window { from, until })
    }
}

/// RFC 5280 5.2.1, 5.2.3.
fn duties(crl: &Crl<'_>) -> Result<(), CrlDuty> {
    let extensions = &crl.extensions;
    if extensions.authority_key_identifier.is_none() {
        return Err(CrlDuty::AuthorityKeyIdentifierMissing);
    }
    if extensions.number.is_none() {
        return Err(CrlDuty::CrlNumberMissing);
    }
    if extensions.number_critical { Err(CrlDuty::CrlNumberCritical) } else { Ok(()) }
}
