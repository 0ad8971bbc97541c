//! Chains: as presented ([`Chain`]) and as verified ([`VerifiedChain`]).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::policy::Policies;
use super::search::{FoundPath, Search};
use super::work::{Inputs, Work};
use crate::certificate::Certificate;
use crate::certificate::SubjectAltNames;
use crate::crl::RevocationStatus;
use crate::error::{CertificateError, CertificatePosition, ChainError, ParseError};
use crate::identity::{CommonNameError, common_name};
use crate::profile::Profile;
use crate::trust::Anchors;

/// A leaf and the certificates presented with it, in any order, parsed but not verified.
///
/// ```
/// use hubward_x509::{Anchors, Chain, ExpectedSubject, Profile, UnixTime};
/// # use rcgen::{CertificateParams, DnType, BasicConstraints, IsCa, Issuer, KeyPair};
/// # let mut ca = CertificateParams::default();
/// # ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
/// # let ca_key = KeyPair::generate()?;
/// # let registered = ca.self_signed(&ca_key)?.der().clone();
/// # let mut params = CertificateParams::default();
/// # params.distinguished_name.push(DnType::CommonName, "pump-17");
/// # let presented = params.signed_by(&KeyPair::generate()?, &Issuer::new(ca, ca_key))?.der().clone();
/// # let now = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_767_225_600));
///
/// let chain = Chain::parse(&presented, &[] as &[&[u8]])?;
/// let anchors = Anchors::parse([&registered])?;
/// let profile = Profile::device(ExpectedSubject::Any);
/// let verified = chain.verify(&anchors, &profile, hubward_ring::signature::ALL, now)?;
/// assert_eq!(verified.leaf().subject().to_string(), "CN=pump-17");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Chain<'p> {
    pub(crate) leaf: Certificate<'p>,
    pub(crate) intermediates: Vec<Result<Certificate<'p>, CertificateError>>,
}

impl<'p> Chain<'p> {
    /// Parses a leaf and the certificates presented with it. An intermediate that cannot be parsed fails only the paths
    /// that need it. A leaf of which only the key, the validity period and the names can be read
    /// ([`Certificate::unreadable`]) fails every path, but [`Self::match_thumbprint`] accepts it: a thumbprint covers all
    /// bytes.
    ///
    /// # Errors
    /// [`ParseError`] if not even these parts of the leaf can be parsed.
    pub fn parse<D>(
        leaf: &'p (impl AsRef<[u8]> + ?Sized),
        intermediates: impl IntoIterator<Item = &'p D>,
    ) -> Result<Self, ParseError>
    where
        D: AsRef<[u8]> + ?Sized + 'p,
    {
        let leaf = match Certificate::parse_leaf(leaf.as_ref()) {
            Ok(leaf) => leaf,
            Err(error) => return Err(ParseError { place: CertificatePosition::Leaf, error }),
        };
        let intermediates = intermediates.into_iter().map(|der| Certificate::parse(der.as_ref())).collect();
        Ok(Self { leaf, intermediates })
    }

    /// Returns the leaf, not verified.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate<'p> {
        &self.leaf
    }

    /// Returns the certificates presented with the leaf, not verified, numbered as in [`CertificatePosition::Intermediate`].
    pub fn intermediates(&self) -> impl Iterator<Item = &Result<Certificate<'p>, CertificateError>> {
        self.intermediates.iter()
    }

    /// Returns one of the intermediates if it could be parsed.
    pub(crate) fn intermediate(&self, at: usize) -> Option<&Certificate<'p>> {
        self.intermediates.get(at).and_then(|parsed| parsed.as_ref().ok())
    }

    /// Searches for a path from the leaf to an anchor that is valid at `now` under `profile`.
    ///
    /// # Errors
    /// [`ChainError`]: the most specific failure of all paths that were tried. `ChainError::BudgetExceeded` ends the
    /// search at once.
    pub fn verify(
        &self,
        anchors: &Anchors,
        profile: &Profile<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<VerifiedChain<'p>, ChainError> {
        let inputs = Inputs { chain: self, anchors, algorithms, now };
        let found = Search::new(inputs, profile, &mut Work::new(profile.budget)).run()?;
        Ok(VerifiedChain::new(self, found))
    }

    /// Returns the certificate at a place of this chain, or of the anchors that it was verified with.
    #[must_use]
    pub fn at<'c>(&'c self, place: CertificatePosition, anchors: &'c Anchors) -> Option<Certificate<'c>> {
        match place {
            CertificatePosition::Leaf => Some(self.leaf),
            CertificatePosition::Intermediate(at) => self.intermediate(at).copied(),
            CertificatePosition::Anchor(at) => anchors.get(at),
        }
    }

    /// Returns the error for display in a log, with the names of the certificates that it concerns.
    #[must_use]
    pub const fn explain<'c>(&'c self, error: ChainError, anchors: &'c Anchors) -> ExplainedError<'c> {
        ExplainedError { chain: self, error, anchors }
    }
}

/// A [`ChainError`] that displays the names of the certificates it concerns.
#[derive(Debug, Clone, Copy)]
pub struct ExplainedError<'c> {
    chain: &'c Chain<'c>,
    error: ChainError,
    anchors: &'c Anchors,
}

impl fmt::Display for ExplainedError<'_> {
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
            ChainError::BudgetExceeded(_) => write!(f, "{}", self.error),
        }
    }
}

/// A verified path: its leaf, its issuers and its policies. Only [`Chain::verify`] creates one.
///
/// ```compile_fail,E0451
/// # use hubward_x509::{Certificate, VerifiedChain, profile::Policies};
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
        // of the exact size: a certificate has 528 bytes
        let mut intermediates = Vec::with_capacity(found.intermediates.len());
        intermediates.extend(found.intermediates.iter().filter_map(|at| chain.intermediate(*at).copied()));
        Self {
            leaf: chain.leaf,
            intermediates,
            anchor: found.anchor,
            policies: found.policies,
            revocation: found.revocation,
        }
    }

    /// Returns the leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate<'p> {
        &self.leaf
    }

    /// Returns the intermediates of the path, the leaf's issuer first.
    #[must_use]
    pub fn intermediates(&self) -> &[Certificate<'p>] {
        &self.intermediates
    }

    /// Returns all issuers upward: the leaf's issuer first, the anchor last. `anchors` are those that the chain was
    /// verified with.
    pub fn issuers<'c>(&'c self, anchors: &'c Anchors) -> impl Iterator<Item = Certificate<'c>> {
        self.intermediates.iter().copied().chain(anchors.get(self.anchor))
    }

    /// Returns the number of the anchor that the path ends at, in the order of [`Anchors`].
    #[must_use]
    pub const fn anchor(&self) -> usize {
        self.anchor
    }

    /// Returns the policies that are valid for the whole path and accepted by the profile.
    #[must_use]
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Returns the revocation status; unchecked if the profile does not ask for revocation.
    #[must_use]
    pub const fn revocation(&self) -> RevocationStatus {
        self.revocation
    }

    /// Returns the only common name of the leaf.
    ///
    /// # Errors
    /// [`CommonNameError`] if there is not exactly one, or it has a string type that is not supported.
    pub fn common_name(&self) -> Result<Cow<'p, str>, CommonNameError> {
        common_name(&self.leaf.subject())
    }

    /// Returns the alternative names of the leaf.
    #[must_use]
    pub fn subject_alt_names(&self) -> SubjectAltNames<'p> {
        self.leaf.subject_alt_names().unwrap_or_else(|_| SubjectAltNames::none())
    }
}
