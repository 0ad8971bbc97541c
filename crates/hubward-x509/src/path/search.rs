//! The search for a path: depth first, the likeliest issuer first, every certificate judged for itself once and
//! every signature checked at most once. Signatures are checked only on a path that reaches an anchor.

use alloc::vec::Vec;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::budget::Meter;
use super::chain::Chain;
use super::duties;
use super::policy::Policies;
use super::signature::check_signature;
use super::validate::{self, Path};
use crate::certificate::Certificate;
use crate::certificate::extensions::{AuthorityKeyIdentifier, subject_key_identifier};
use crate::error::{ChainError, Place, Problem};
use crate::profile::{AnchorChecks, Duties, Profile};
use crate::roots::anchor::Anchors;

/// A path that held.
pub(super) struct FoundPath {
    /// The leaf's issuer first.
    pub(super) intermediates: Vec<usize>,
    pub(super) anchor: usize,
    pub(super) policies: Policies,
}

/// By their numbers.
struct Issuers {
    anchors: Vec<usize>,
    intermediates: Vec<usize>,
}

pub(super) struct Search<'s, 'p> {
    chain: &'s Chain<'p>,
    anchors: &'s Anchors<'s>,
    profile: &'s Profile<'s>,
    algorithms: &'s [&'s dyn SignatureVerificationAlgorithm],
    now: UnixTime,
    meter: Meter,
    /// Signatures that were checked: whose, by whom, with what result.
    checked: Vec<(Place, Place, Result<(), Problem>)>,
    /// Who bears the name of whose issuer.
    issuers: Vec<(Place, Issuers)>,
    /// Intermediates that were judged for themselves.
    judged: Vec<(usize, Result<(), Problem>)>,
    /// The failure that says most, and how much.
    best: Option<(u8, ChainError)>,
}

impl<'s, 'p> Search<'s, 'p> {
    pub(super) const fn new(
        chain: &'s Chain<'p>,
        anchors: &'s Anchors<'s>,
        profile: &'s Profile<'s>,
        algorithms: &'s [&'s dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Self {
        let meter = Meter::new(profile.budget);
        Self {
            chain,
            anchors,
            profile,
            algorithms,
            now,
            meter,
            checked: Vec::new(),
            issuers: Vec::new(),
            judged: Vec::new(),
            best: None,
        }
    }

    pub(super) fn run(mut self) -> Result<FoundPath, ChainError> {
        // what no path can mend
        validate::leaf(&self.chain.leaf, self.profile, self.now)
            .map_err(|problem| ChainError::Refused { place: Place::Leaf, problem })?;
        let mut path = Vec::new();
        if let Some(found) = self.extend(&mut path)? {
            return Ok(found);
        }
        // what cannot be read might have been the issuer that was missing
        for (at, parsed) in self.chain.intermediates.iter().enumerate() {
            if let Err(error) = parsed {
                let problem = Problem::Unreadable(*error);
                self.remember(ChainError::Refused { place: Place::Intermediate(at), problem });
            }
        }
        Err(self.best.map_or(ChainError::UnknownIssuer { place: Place::Leaf }, |(_, error)| error))
    }

    /// Tries every way on from the last certificate of `path`. An error ends the whole search.
    fn extend(&mut self, path: &mut Vec<usize>) -> Result<Option<FoundPath>, ChainError> {
        let place = path.last().map_or(Place::Leaf, |at| Place::Intermediate(*at));
        let issuers = self.issuers(place)?;
        let anchor = |this: &Self, nth: usize| this.issuers.get(issuers)?.1.anchors.get(nth).copied();
        let intermediate =
            |this: &Self, nth: usize| this.issuers.get(issuers)?.1.intermediates.get(nth).copied();
        let mut known = false;
        let mut nth = 0_usize;
        while let Some(at) = anchor(self, nth) {
            nth = nth.saturating_add(1);
            self.meter.step()?;
            known = true;
            match self.complete(path, at) {
                Ok(policies) => {
                    return Ok(Some(FoundPath { intermediates: path.clone(), anchor: at, policies }));
                }
                Err(error @ ChainError::Exhausted(_)) => return Err(error),
                Err(error) => self.remember(error),
            }
        }
        let mut nth = 0_usize;
        while let Some(at) = intermediate(self, nth) {
            nth = nth.saturating_add(1);
            self.meter.step()?;
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
                self.remember(ChainError::Refused { place: Place::Leaf, problem });
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

    /// Everybody who bears the name of the issuer of what is at `place`, the intermediates whose key identifier fits
    /// before the others: where they are kept. The identifier only sorts: it is a hint (RFC 4158 3.5.12).
    fn issuers(&mut self, place: Place) -> Result<usize, ChainError> {
        if let Some(found) = self.issuers.iter().position(|(of, _)| *of == place) {
            return Ok(found);
        }
        let child = self.certificate(place);
        let wanted = child
            .extensions()
            .authority_key_identifier
            .and_then(|e| AuthorityKeyIdentifier::read(e.value).ok())
            .and_then(|aki| aki.key);
        let name = child.issuer();
        let named = |anchor: &Certificate<'_>| anchor.subject().same(&name);
        let anchors =
            self.anchors.iter().enumerate().filter(|(_, one)| named(one)).map(|(at, _)| at).collect();
        let (mut intermediates, mut others) = (Vec::new(), Vec::new());
        for (at, candidate) in self.chain.intermediates.iter().enumerate() {
            // names of strangers: each comparison counts
            self.meter.step()?;
            let Ok(candidate) = candidate else { continue };
            if !named(candidate) {
                continue;
            }
            let key = candidate
                .extensions()
                .subject_key_identifier
                .and_then(|e| subject_key_identifier(e.value).ok());
            if wanted.is_some() && key == wanted { intermediates.push(at) } else { others.push(at) }
        }
        intermediates.append(&mut others);
        self.issuers.push((place, Issuers { anchors, intermediates }));
        Ok(self.issuers.len().saturating_sub(1))
    }

    /// Whether the path already went through this name and key: a loop (RFC 4158 2.4.2), which the same path
    /// without it would spare. The leaf does not count: it has signed nothing.
    fn is_on_path(&self, at: usize, path: &[usize]) -> bool {
        let Some(candidate) = self.chain.intermediate(at) else { return true };
        path.iter().filter_map(|at| self.chain.intermediate(*at)).any(|other| {
            other.public_key() == candidate.public_key() && other.subject().same(&candidate.subject())
        })
    }

    /// What an intermediate is by itself, whatever path it is on.
    fn judge(&mut self, at: usize) -> Result<(), Problem> {
        if let Some((_, result)) = self.judged.iter().find(|(judged, _)| *judged == at) {
            return *result;
        }
        let result = match self.chain.intermediate(at) {
            Some(certificate) => validate::intermediate(certificate, self.profile, self.now),
            None => Err(Problem::NotCa),
        };
        self.judged.push((at, result));
        result
    }

    /// A path has reached an anchor: its signatures from the anchor down, then what the path is as a whole.
    fn complete(&mut self, path: &[usize], anchor: usize) -> Result<Policies, ChainError> {
        let top = Place::Anchor(anchor);
        validate::anchor(self.certificate(top), self.profile, self.now)
            .map_err(|problem| ChainError::Refused { place: top, problem })?;
        self.authority_key(top)?;
        let mut issuer = top;
        for place in path.iter().rev().map(|at| Place::Intermediate(*at)).chain([Place::Leaf]) {
            self.check(place, issuer)?;
            self.authority_key(place)?;
            issuer = place;
        }
        let path = Path {
            leaf: &self.chain.leaf,
            intermediates: path
                .iter()
                .filter_map(|at| Some((Place::Intermediate(*at), self.chain.intermediate(*at)?)))
                .collect(),
            anchor: (top, self.certificate(top)),
        };
        validate::path(&path, self.profile, &mut self.meter)
    }

    /// The one duty of a CA that takes a signature to judge: a certificate that its own key signed need not name
    /// that key.
    fn authority_key(&mut self, place: Place) -> Result<(), ChainError> {
        if self.profile.duties == Duties::Ignore
            || (self.profile.anchor_checks == AnchorChecks::NameAndKey && matches!(place, Place::Anchor(_)))
        {
            return Ok(());
        }
        let certificate = self.certificate(place);
        let signs_itself = || match self.check(place, place) {
            Err(error @ ChainError::Exhausted(_)) => Err(error),
            result => Ok(result.is_ok()),
        };
        duties::authority_key(certificate, signs_itself)?
            .map_err(|problem| ChainError::Refused { place, problem })
    }

    fn check(&mut self, place: Place, issuer: Place) -> Result<(), ChainError> {
        let refused = |problem| ChainError::Refused { place, problem };
        if let Some((.., result)) = self.checked.iter().find(|(a, b, _)| (*a, *b) == (place, issuer)) {
            return result.map_err(refused);
        }
        self.meter.signature()?;
        let key = self.certificate(issuer).public_key();
        let result = check_signature(&self.certificate(place).signed, &key, self.algorithms);
        self.checked.push((place, issuer, result));
        result.map_err(refused)
    }

    fn certificate(&self, place: Place) -> &'s Certificate<'s> {
        let found = match place {
            Place::Leaf => None,
            Place::Intermediate(at) => self.chain.intermediate(at),
            Place::Anchor(at) => self.anchors.get(at),
        };
        found.unwrap_or(&self.chain.leaf)
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
        ChainError::Refused { .. } => 4,
        ChainError::Exhausted(_) => 6,
    }
}
