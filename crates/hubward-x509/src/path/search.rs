//! The search for a path: depth first, the most likely issuer first. Each certificate is checked once on its own, and
//! each signature at most once, only on a path that reaches an anchor.

use alloc::vec::Vec;

use super::ca_requirements;
use super::policy::Policies;
use super::validate::{self, Intermediates, Path};
use super::work::{Inputs, Work};
use crate::crl::RevocationStatus;
use crate::crl::status::{self, Period};
use crate::error::{CertificatePosition, ChainError, Problem};
use crate::profile::{AnchorChecks, CaRequirements, Profile};

/// A valid path.
pub(crate) struct FoundPath {
    /// The issuer of the start first.
    pub(crate) intermediates: Vec<usize>,
    pub(crate) anchor: usize,
    pub(crate) policies: Policies,
    pub(crate) revocation: RevocationStatus,
    /// The period in which the revocation lists of the path are current.
    pub(crate) period: Period,
}

/// What a complete path is found to be, apart from its intermediates.
struct PathResult {
    anchor: usize,
    policies: Policies,
    revocation: RevocationStatus,
    period: Period,
}

impl PathResult {
    fn with_intermediates(self, intermediates: Vec<usize>) -> FoundPath {
        let Self { anchor, policies, revocation, period } = self;
        FoundPath { intermediates, anchor, policies, revocation, period }
    }
}

pub(crate) struct Search<'s, 'w> {
    inputs: Inputs<'s>,
    profile: &'s Profile<'s>,
    /// The start of the path: the leaf, or the signer of a revocation list.
    start: CertificatePosition,
    /// The only anchor at which the path may end, if it is restricted.
    required_anchor: Option<usize>,
    work: &'w mut Work,
    /// Intermediates that were checked on their own.
    checked_intermediates: Vec<(usize, Result<(), Problem>)>,
    /// The most specific failure and its rank.
    best: Option<(u8, ChainError)>,
}

impl<'s, 'w> Search<'s, 'w> {
    pub(crate) const fn new(inputs: Inputs<'s>, profile: &'s Profile<'s>, work: &'w mut Work) -> Self {
        Self {
            inputs,
            profile,
            start: CertificatePosition::Leaf,
            required_anchor: None,
            work,
            checked_intermediates: Vec::new(),
            best: None,
        }
    }

    /// Restricts the search to paths from another certificate than the leaf to one anchor (RFC 5280 6.3.3 (f)).
    pub(crate) const fn with_ends(mut self, start: CertificatePosition, anchor: usize) -> Self {
        self.start = start;
        self.required_anchor = Some(anchor);
        self
    }

    pub(crate) fn run(mut self) -> Result<FoundPath, ChainError> {
        self.check_start()?;
        let mut path = Vec::with_capacity(1);
        if let Some(found) = self.extend(&mut path)? {
            return Ok(found);
        }
        // a certificate that cannot be parsed might be the missing issuer
        for (at, parsed) in self.inputs.chain.intermediates.iter().enumerate() {
            if let Err(error) = parsed {
                let problem = Problem::Unreadable(*error);
                self.remember(ChainError::Refused { place: CertificatePosition::Intermediate(at), problem });
            }
        }
        Err(self.best.map_or(ChainError::UnknownIssuer { place: self.start }, |(_, error)| error))
    }

    /// Checks only this path.
    pub(crate) fn run_along(mut self, path: &[usize], anchor: usize) -> Result<FoundPath, ChainError> {
        self.check_start()?;
        for at in path {
            self.check_intermediate(*at).map_err(|problem| ChainError::Refused {
                place: CertificatePosition::Intermediate(*at),
                problem,
            })?;
        }
        Ok(self.complete(path, anchor)?.with_intermediates(path.to_vec()))
    }

    /// Checks the start of the path, whose failure does not depend on the path.
    fn check_start(&self) -> Result<(), ChainError> {
        validate::check_leaf(&self.inputs.certificate(self.start), self.profile, self.inputs.now)
            .map_err(|problem| ChainError::Refused { place: self.start, problem })
    }

    /// Tries every continuation from the last certificate of `path`. An error ends the whole search.
    fn extend(&mut self, path: &mut Vec<usize>) -> Result<Option<FoundPath>, ChainError> {
        let place = path.last().map_or(self.start, |at| CertificatePosition::Intermediate(*at));
        let issuers = self.work.find_issuers(&self.inputs, place)?;
        let mut known = false;
        let mut nth = 0_usize;
        while let Some(at) = self.work.anchor_candidate(issuers, nth) {
            nth = nth.saturating_add(1);
            self.work.meter.step()?;
            if self.required_anchor.is_some_and(|required| required != at) {
                continue;
            }
            known = true;
            match self.complete(path, at) {
                Ok(found) => return Ok(Some(found.with_intermediates(core::mem::take(path)))),
                Err(error @ ChainError::BudgetExceeded(_)) => return Err(error),
                Err(error) => self.remember(error),
            }
        }
        let mut nth = 0_usize;
        while let Some(at) = self.work.intermediate_candidate(issuers, nth) {
            nth = nth.saturating_add(1);
            self.work.meter.step()?;
            if self.is_on_path(at, path) {
                continue;
            }
            known = true;
            if let Err(problem) = self.check_intermediate(at) {
                self.remember(ChainError::Refused { place: CertificatePosition::Intermediate(at), problem });
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

    /// Returns `true` if the path already contains this name and key: a loop (RFC 4158 2.4.1), without which the same
    /// path is shorter. The leaf does not count, since it signed no certificate.
    fn is_on_path(&self, at: usize, path: &[usize]) -> bool {
        let pool = self.inputs.chain;
        let Some(candidate) = pool.intermediate(at) else { return true };
        self.start == CertificatePosition::Intermediate(at)
            || path.iter().filter_map(|at| pool.intermediate(*at)).any(|other| {
                other.public_key() == candidate.public_key() && other.subject().same(&candidate.subject())
            })
    }

    /// Checks an intermediate on its own, independently of a path.
    fn check_intermediate(&mut self, at: usize) -> Result<(), Problem> {
        if let Some((_, result)) = self.checked_intermediates.iter().find(|(checked, _)| *checked == at) {
            return *result;
        }
        let result = match self.inputs.chain.intermediate(at) {
            Some(certificate) => validate::check_intermediate(certificate, self.profile, self.inputs.now),
            None => Err(Problem::NotCa),
        };
        self.checked_intermediates.push((at, result));
        result
    }

    /// Checks a path that has reached an anchor: its signatures from the anchor down, the path as a whole, and then its
    /// revocation status.
    fn complete(&mut self, intermediates: &[usize], anchor: usize) -> Result<PathResult, ChainError> {
        let top = CertificatePosition::Anchor(anchor);
        let checked = self.profile.anchor_checks == AnchorChecks::Certificate;
        let certificate = checked.then(|| self.inputs.certificate(top));
        if let Some(certificate) = &certificate {
            validate::check_anchor(certificate, self.profile, self.inputs.now)
                .map_err(|problem| ChainError::Refused { place: top, problem })?;
            self.check_authority_key(top)?;
        }
        let mut issuer = top;
        for place in
            intermediates.iter().rev().map(|at| CertificatePosition::Intermediate(*at)).chain([self.start])
        {
            self.work.verify_signature(&self.inputs, place, issuer)?;
            self.check_authority_key(place)?;
            issuer = place;
        }
        let leaf = self.inputs.certificate(self.start);
        let path = Path {
            leaf: (self.start, &leaf),
            intermediates: Intermediates { chain: self.inputs.chain, numbers: intermediates },
            checked_anchor: certificate.as_deref().map(|certificate| (top, certificate)),
        };
        let policies = validate::check_path(&path, self.profile, &mut self.work.meter)?;
        let (revocation, period) = status::check_path(&self.inputs, self.profile, &path, anchor, self.work)?;
        Ok(PathResult { anchor, policies, revocation, period })
    }

    /// Checks the one requirement on CAs that needs a signature: only a certificate that is signed with its own key may
    /// omit the authority key identifier. An anchor with its own name whose signature no accepted algorithm can verify,
    /// such as SHA-1, counts as signed with its own key: that signature is not relied on.
    fn check_authority_key(&mut self, place: CertificatePosition) -> Result<(), ChainError> {
        if self.profile.ca_requirements == CaRequirements::Ignore
            || self.inputs.certificate(place).extensions().authority_key_identifier.is_some()
        {
            return Ok(());
        }
        let signs_itself = match self.work.verify_signature(&self.inputs, place, place) {
            Err(error @ ChainError::BudgetExceeded(_)) => return Err(error),
            Err(ChainError::Refused { problem: Problem::UnsupportedAlgorithm(_), .. }) => {
                matches!(place, CertificatePosition::Anchor(_))
                    && self.inputs.certificate(place).is_self_issued()
            }
            result => result.is_ok(),
        };
        ca_requirements::check_authority_key(signs_itself)
            .map_err(|problem| ChainError::Refused { place, problem })
    }

    fn remember(&mut self, error: ChainError) {
        let rank = rank(&error);
        // of equal ranks the first, which was found on the most likely path
        if self.best.is_none_or(|(best, _)| rank > best) {
            self.best = Some((rank, error));
        }
    }
}

/// Ranks failures by how specific they are: highest for a path with valid signatures, lowest for a missing issuer.
const fn rank(error: &ChainError) -> u8 {
    match error {
        ChainError::UnknownIssuer { .. } => 0,
        ChainError::Refused { problem: Problem::BadSignature | Problem::Unreadable(_), .. } => 1,
        ChainError::Refused {
            problem: Problem::UnsupportedAlgorithm(_) | Problem::UnsupportedKey(_),
            ..
        } => 2,
        ChainError::Refused { problem: Problem::NotCa | Problem::TooManyIntermediates { .. }, .. } => 3,
        ChainError::Refused { problem: Problem::OutsideValidity(_), .. } => 5,
        ChainError::Refused { problem: Problem::RevocationUnknown(_), .. } => 6,
        ChainError::Refused { problem: Problem::Revoked { .. }, .. } => 7,
        ChainError::Refused { .. } => 4,
        ChainError::BudgetExceeded(_) => 8,
    }
}
