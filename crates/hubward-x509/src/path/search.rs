//! The search for a path: depth first, the likeliest issuer first, every certificate judged for itself once and
//! every signature checked at most once. Signatures are checked only on a path that reaches an anchor.

use alloc::vec::Vec;

use super::duties;
use super::policy::Policies;
use super::validate::{self, Path};
use super::work::{Given, Work};
use crate::error::{ChainError, Place, Problem};
use crate::profile::{AnchorChecks, Duties, Profile};
use crate::revocation::rules::RevocationStatus;
use crate::revocation::status::{self, Window};

/// A path that held.
pub(crate) struct FoundPath {
    /// The issuer of where it starts first.
    pub(crate) intermediates: Vec<usize>,
    pub(crate) anchor: usize,
    pub(crate) policies: Policies,
    pub(crate) revocation: RevocationStatus,
    /// From when until when the lists behind that count.
    pub(crate) window: Window,
}

pub(crate) struct Search<'s, 'w> {
    given: Given<'s>,
    profile: &'s Profile<'s>,
    /// The leaf, or the signer of a revocation list.
    start: Place,
    /// The one anchor where a path may end, or any.
    only: Option<usize>,
    work: &'w mut Work,
    /// Intermediates that were judged for themselves.
    judged: Vec<(usize, Result<(), Problem>)>,
    /// The failure that says most, and how much.
    best: Option<(u8, ChainError)>,
}

impl<'s, 'w> Search<'s, 'w> {
    pub(crate) const fn new(given: Given<'s>, profile: &'s Profile<'s>, work: &'w mut Work) -> Self {
        Self { given, profile, start: Place::Leaf, only: None, work, judged: Vec::new(), best: None }
    }

    /// From another certificate than the leaf, to one anchor and no other (RFC 5280 6.3.3 (f)).
    pub(crate) const fn between(mut self, start: Place, anchor: usize) -> Self {
        self.start = start;
        self.only = Some(anchor);
        self
    }

    pub(crate) fn run(mut self) -> Result<FoundPath, ChainError> {
        self.judge_start()?;
        let mut path = Vec::new();
        if let Some(found) = self.extend(&mut path)? {
            return Ok(found);
        }
        // what cannot be read might have been the issuer that was missing
        for (at, parsed) in self.given.chain.intermediates.iter().enumerate() {
            if let Err(error) = parsed {
                let problem = Problem::Unreadable(*error);
                self.remember(ChainError::Refused { place: Place::Intermediate(at), problem });
            }
        }
        Err(self.best.map_or(ChainError::UnknownIssuer { place: self.start }, |(_, error)| error))
    }

    /// Judges this path and no other.
    pub(crate) fn along(mut self, path: &[usize], anchor: usize) -> Result<FoundPath, ChainError> {
        self.judge_start()?;
        for at in path {
            self.judge(*at)
                .map_err(|problem| ChainError::Refused { place: Place::Intermediate(*at), problem })?;
        }
        self.complete(path, anchor)
    }

    /// What no path can mend.
    fn judge_start(&self) -> Result<(), ChainError> {
        validate::leaf(self.given.certificate(self.start), self.profile, self.given.now)
            .map_err(|problem| ChainError::Refused { place: self.start, problem })
    }

    /// Tries every way on from the last certificate of `path`. An error ends the whole search.
    fn extend(&mut self, path: &mut Vec<usize>) -> Result<Option<FoundPath>, ChainError> {
        let place = path.last().map_or(self.start, |at| Place::Intermediate(*at));
        let issuers = self.work.issuers(&self.given, place)?;
        let mut known = false;
        let mut nth = 0_usize;
        while let Some(at) = self.work.anchor(issuers, nth) {
            nth = nth.saturating_add(1);
            self.work.meter.step()?;
            if self.only.is_some_and(|only| only != at) {
                continue;
            }
            known = true;
            match self.complete(path, at) {
                Ok(found) => return Ok(Some(found)),
                Err(error @ ChainError::Exhausted(_)) => return Err(error),
                Err(error) => self.remember(error),
            }
        }
        let mut nth = 0_usize;
        while let Some(at) = self.work.intermediate(issuers, nth) {
            nth = nth.saturating_add(1);
            self.work.meter.step()?;
            if self.is_on_path(at, path) {
                continue;
            }
            known = true;
            if let Err(problem) = self.judge(at) {
                self.remember(ChainError::Refused { place: Place::Intermediate(at), problem });
                continue;
            }
            if path.len() >= self.profile.budget.depth {
                let most = self.profile.budget.depth;
                let problem = Problem::TooManyIntermediates { most };
                self.remember(ChainError::Refused { place: self.start, problem });
                continue;
            }
            path.push(at);
            if let Some(found) = self.extend(path)? {
                return Ok(Some(found));
            }
            path.pop();
        }
        if !known {
            self.remember(ChainError::UnknownIssuer { place });
        }
        Ok(None)
    }

    /// Whether the path already went through this name and key: a loop (RFC 4158 2.4.2), which the same path
    /// without it would spare. The leaf does not count: it has signed nothing.
    fn is_on_path(&self, at: usize, path: &[usize]) -> bool {
        let pool = self.given.chain;
        let Some(candidate) = pool.intermediate(at) else { return true };
        self.start == Place::Intermediate(at)
            || path.iter().filter_map(|at| pool.intermediate(*at)).any(|other| {
                other.public_key() == candidate.public_key() && other.subject().same(&candidate.subject())
            })
    }

    /// What an intermediate is by itself, whatever path it is on.
    fn judge(&mut self, at: usize) -> Result<(), Problem> {
        if let Some((_, result)) = self.judged.iter().find(|(judged, _)| *judged == at) {
            return *result;
        }
        let result = match self.given.chain.intermediate(at) {
            Some(certificate) => validate::intermediate(certificate, self.profile, self.given.now),
            None => Err(Problem::NotCa),
        };
        self.judged.push((at, result));
        result
    }

    /// A path has reached an anchor: its signatures from the anchor down, what the path is as a whole, and then
    /// whether any of it was revoked.
    fn complete(&mut self, intermediates: &[usize], anchor: usize) -> Result<FoundPath, ChainError> {
        let top = Place::Anchor(anchor);
        validate::anchor(self.given.certificate(top), self.profile, self.given.now)
            .map_err(|problem| ChainError::Refused { place: top, problem })?;
        self.authority_key(top)?;
        let mut issuer = top;
        for place in intermediates.iter().rev().map(|at| Place::Intermediate(*at)).chain([self.start]) {
            self.work.check(&self.given, place, issuer)?;
            self.authority_key(place)?;
            issuer = place;
        }
        let path = Path {
            leaf: (self.start, self.given.certificate(self.start)),
            intermediates: intermediates
                .iter()
                .filter_map(|at| Some((Place::Intermediate(*at), self.given.chain.intermediate(*at)?)))
                .collect(),
            anchor: (top, self.given.certificate(top)),
        };
        let policies = validate::path(&path, self.profile, &mut self.work.meter)?;
        let (revocation, window) = status::path(&self.given, self.profile, &path, anchor, self.work)?;
        Ok(FoundPath { intermediates: intermediates.to_vec(), anchor, policies, revocation, window })
    }

    /// The one duty of a CA that takes a signature to judge: a certificate that its own key signed need not name
    /// that key.
    fn authority_key(&mut self, place: Place) -> Result<(), ChainError> {
        if self.profile.duties == Duties::Ignore
            || (self.profile.anchor_checks == AnchorChecks::NameAndKey && matches!(place, Place::Anchor(_)))
        {
            return Ok(());
        }
        let certificate = self.given.certificate(place);
        let signs_itself = || match self.work.check(&self.given, place, place) {
            Err(error @ ChainError::Exhausted(_)) => Err(error),
            result => Ok(result.is_ok()),
        };
        duties::authority_key(certificate, signs_itself)?
            .map_err(|problem| ChainError::Refused { place, problem })
    }

    fn remember(&mut self, error: ChainError) {
        let rank = rank(&error);
        // of equals the first, which was met on the likeliest path
        if self.best.is_none_or(|(best, _)| rank > best) {
            self.best = Some((rank, error));
        }
    }
}

/// How much a failure says: what stopped a path that was signed all the way says most, a missing issuer least.
const fn rank(error: &ChainError) -> u8 {
    match error {
        ChainError::UnknownIssuer { .. } => 0,
        ChainError::Refused { problem: Problem::BadSignature | Problem::Unreadable(_), .. } => 1,
        ChainError::Refused { problem: Problem::UnsupportedAlgorithm, .. } => 2,
        ChainError::Refused { problem: Problem::NotCa | Problem::TooManyIntermediates { .. }, .. } => 3,
        ChainError::Refused { problem: Problem::Outside(_), .. } => 5,
        ChainError::Refused { problem: Problem::RevocationUnknown(_), .. } => 6,
        ChainError::Refused { problem: Problem::Revoked { .. }, .. } => 7,
        ChainError::Refused { .. } => 4,
        ChainError::Exhausted(_) => 8,
    }
}
