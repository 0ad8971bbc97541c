//! A chain as it was presented, and as it is once it is verified.

use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::policy::Policies;
use super::search::{FoundPath, Search};
use super::work::{Given, Work};
use crate::certificate::Certificate;
use crate::certificate::general_name::SubjectAltNames;
use crate::error::{CertificateError, ChainError, ParseError, Place};
use crate::identity::{CommonNameError, common_name};
use crate::profile::Profile;
use crate::revocation::rules::RevocationStatus;
use crate::roots::anchor::Anchors;

/// A leaf and what was presented with it, in any order. Nothing about it is proven.
#[derive(Debug, Clone)]
pub struct Chain<'p> {
    pub(crate) leaf: Certificate<'p>,
    pub(crate) intermediates: Vec<Result<Certificate<'p>, CertificateError>>,
}

impl<'p> Chain<'p> {
    /// Parses a leaf and the certificates presented with it. One of these that cannot be read fails only the paths
    /// that would need it.
    ///
    /// # Errors
    /// [`ParseError`] where the leaf cannot be read.
    pub fn parse<D>(
        leaf: &'p (impl AsRef<[u8]> + ?Sized),
        intermediates: impl IntoIterator<Item = &'p D>,
    ) -> Result<Self, ParseError>
    where
        D: AsRef<[u8]> + ?Sized + 'p,
    {
        let leaf =
            Certificate::parse(leaf.as_ref()).map_err(|error| ParseError { place: Place::Leaf, error })?;
        let intermediates = intermediates.into_iter().map(|der| Certificate::parse(der.as_ref())).collect();
        Ok(Self { leaf, intermediates })
    }

    /// The leaf, unproven.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate<'p> {
        &self.leaf
    }

    /// The certificates presented with the leaf, unproven: by the numbers that places have.
    pub fn intermediates(&self) -> impl Iterator<Item = &Result<Certificate<'p>, CertificateError>> {
        self.intermediates.iter()
    }

    /// One of the intermediates, if it could be read.
    pub(crate) fn intermediate(&self, at: usize) -> Option<&Certificate<'p>> {
        self.intermediates.get(at).and_then(|parsed| parsed.as_ref().ok())
    }

    /// Looks for a path from the leaf to an anchor that holds at `now` under `profile`.
    ///
    /// # Errors
    /// [`ChainError`]: of all that was tried, the failure that says most. `ChainError::Exhausted` ends the
    /// search at once.
    pub fn verify(
        &self,
        anchors: &Anchors<'_>,
        profile: &Profile<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<VerifiedChain<'p>, ChainError> {
        let given = Given { chain: self, anchors, algorithms, now };
        let found = Search::new(given, profile, &mut Work::new(profile.budget)).run()?;
        Ok(VerifiedChain::new(self, found))
    }

    /// What is at a place of this chain or of the anchors it was verified against.
    #[must_use]
    pub fn at<'c>(&'c self, place: Place, anchors: &'c Anchors<'_>) -> Option<&'c Certificate<'c>> {
        match place {
            Place::Leaf => Some(&self.leaf),
            Place::Intermediate(at) => self.intermediate(at),
            Place::Anchor(at) => anchors.get(at),
        }
    }

    /// Tells an error with the names of the certificates it is about, for a log.
    #[must_use]
    pub const fn explain<'c>(&'c self, error: ChainError, anchors: &'c Anchors<'c>) -> Explained<'c> {
        Explained { chain: self, error, anchors }
    }
}

/// An error with the names of the certificates it is about.
#[derive(Debug, Clone, Copy)]
pub struct Explained<'c> {
    chain: &'c Chain<'c>,
    error: ChainError,
    anchors: &'c Anchors<'c>,
}

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            ChainError::Refused { place, problem } => match self.chain.at(place, self.anchors) {
                Some(one) => write!(f, "{place} ({}): {problem}", one.subject()),
                None => write!(f, "{}", self.error),
            },
            ChainError::UnknownIssuer { place } => match self.chain.at(place, self.anchors) {
                Some(one) => {
                    write!(f, "{place}: issuer {} was neither presented nor registered", one.issuer())
                }
                None => write!(f, "{}", self.error),
            },
            ChainError::Exhausted(_) => write!(f, "{}", self.error),
        }
    }
}

/// A path that held: who it is about, who vouched, under which policies. Only [`Chain::verify`] makes one.
///
/// ```compile_fail,E0451
/// # use hubward_x509::{Certificate, Policies, VerifiedChain};
/// fn unverified(leaf: Certificate<'_>, policies: Policies) -> VerifiedChain<'_> {
///     VerifiedChain { leaf, intermediates: Vec::new(), anchor: 0, policies }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct VerifiedChain<'p> {
    leaf: Certificate<'p>,
    intermediates: Vec<Certificate<'p>>,
    anchor: usize,
    policies: Policies,
    revocation: RevocationStatus,
}

impl<'p> VerifiedChain<'p> {
    pub(crate) fn new(chain: &Chain<'p>, found: FoundPath) -> Self {
        let intermediates = found.intermediates.iter().filter_map(|at| chain.intermediate(*at).copied());
        Self {
            leaf: chain.leaf,
            intermediates: intermediates.collect(),
            anchor: found.anchor,
            policies: found.policies,
            revocation: found.revocation,
        }
    }

    /// The leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate<'p> {
        &self.leaf
    }

    /// The intermediates of the path, the leaf's issuer first.
    #[must_use]
    pub fn intermediates(&self) -> &[Certificate<'p>] {
        &self.intermediates
    }

    /// Everybody who vouched, upward: the leaf's issuer first, the anchor last. `anchors` are those that it was
    /// verified against.
    pub fn issuers<'c>(&'c self, anchors: &'c Anchors<'_>) -> impl Iterator<Item = &'c Certificate<'c>> {
        self.intermediates.iter().chain(anchors.get(self.anchor))
    }

    /// The number of the anchor that vouched, in the order of [`Anchors`].
    #[must_use]
    pub const fn anchor(&self) -> usize {
        self.anchor
    }

    /// The policies that the whole path and the profile agree on.
    #[must_use]
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// What was found out about revocation: nothing, where the profile did not ask.
    #[must_use]
    pub const fn revocation(&self) -> RevocationStatus {
        self.revocation
    }

    /// The leaf's one common name.
    ///
    /// # Errors
    /// [`CommonNameError`] where there is none, more than one, or one of a type that is not read.
    pub fn common_name(&self) -> Result<&'p str, CommonNameError> {
        common_name(&self.leaf.subject())
    }

    /// The leaf's alternative names.
    #[must_use]
    pub fn subject_alt_names(&self) -> SubjectAltNames<'p> {
        self.leaf.subject_alt_names().unwrap_or_else(|_| SubjectAltNames::none())
    }
}
