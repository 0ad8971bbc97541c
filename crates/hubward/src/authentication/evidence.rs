//! The verification of a certificate, against registered thumbprints or registered authorities.

use alloc::boxed::Box;
use core::hint::black_box;

use hubward_core::{Credential, Identity, Thumbprint, UnixTime};
use hubward_x509::{
    Certificate, CertificatePosition, Chain, ChainError, ExpectedThumbprints, Problem, Seconds,
    ThumbprintMatch, ValidityPolicy, VerifiedChain,
    certificate::common_name,
    thumbprint::{ThumbprintMatchError, ThumbprintSlot},
};

use crate::config::X509Config;
use crate::error::AuthError;

/// The evidence by which a certificate was accepted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CertificateEvidence {
    /// The identity's record has the certificate's thumbprint.
    Pin(ThumbprintSlot),
    /// A registered authority issued the certificate, directly or through intermediates.
    Authority {
        /// The index of the authority in the [`Anchors`](hubward_x509::Anchors).
        anchor: usize,
        /// The SHA-256 thumbprints of the certificates above the leaf, its issuer first and the registered authority
        /// last. A presented intermediate with an ECDSA signature has two, in this order: as presented, and with the
        /// second valid form of its signature, which anyone can compute ([`Certificate::malleated_form`]).
        issuers: Box<[Thumbprint]>,
    },
}

/// The result of a verification.
pub(crate) struct Verified {
    pub(crate) evidence: CertificateEvidence,
    /// The last second at which the evidence is valid.
    pub(crate) until: u64,
}

/// A dummy thumbprint that no certificate has. It equalises timing: every rejection compares two thumbprints.
const DUMMY_THUMBPRINT: Thumbprint = Thumbprint::Sha256([0; 32]);

impl CertificateEvidence {
    /// Returns the SHA-256 thumbprints of the certificates above the leaf. Empty if the leaf was accepted by its
    /// thumbprint.
    #[must_use]
    pub const fn issuers(&self) -> &[Thumbprint] {
        match self {
            Self::Pin(_) => &[],
            Self::Authority { issuers, .. } => issuers,
        }
    }
}

/// Verifies a chain by the credential that the identity is registered with. If `registered` is an error, does the work of
/// a rejection and returns that error.
///
/// Every rejection costs two thumbprints and one search for a path with the identity's name bound, regardless of the
/// record: the cost of the search depends on the presented certificates alone.
pub(super) fn verify<K>(
    config: &X509Config,
    chain: &Chain<'_>,
    identity: &Identity<'_>,
    registered: Result<&Credential<'_, K>, AuthError>,
    now: UnixTime,
) -> Result<Verified, AuthError> {
    let path = || verify_path(config, chain, identity, now);
    let pin = |pins| chain.match_thumbprint(pins, config.digest, now, config.validity);
    match registered {
        Ok(Credential::Thumbprints { primary, secondary }) => {
            let missing = usize::from(primary.is_none()).saturating_add(secondary.is_none().into());
            match pin(ExpectedThumbprints::new(primary.copied(), secondary.copied())) {
                Ok(pin) => Ok(by_thumbprint(config, &pin)),
                Err(error) => {
                    for _ in 0..missing {
                        black_box(config.digest.sha256(chain.leaf().as_der()));
                    }
                    let _ = black_box(path());
                    Err(error.into())
                }
            }
        }
        Ok(Credential::CertificateAuthority) => match path() {
            Ok(verified) => Ok(verified),
            Err(error) => {
                let _ =
                    black_box(pin(ExpectedThumbprints::new(Some(DUMMY_THUMBPRINT), Some(DUMMY_THUMBPRINT))));
                Err(error)
            }
        },
        Ok(_) | Err(_) => {
            let dummy = ExpectedThumbprints::new(Some(DUMMY_THUMBPRINT), Some(DUMMY_THUMBPRINT));
            let _ = black_box((pin(dummy), path()));
            Err(registered.err().unwrap_or(AuthError::NotByCertificate))
        }
    }
}

/// Verifies a path from a leaf for `identity` to a registered authority.
pub(crate) fn verify_path(
    config: &X509Config,
    chain: &Chain<'_>,
    identity: &Identity<'_>,
    now: UnixTime,
) -> Result<Verified, AuthError> {
    // only devices and modules have certificates
    let profile = config.profile(identity).ok_or(AuthError::NotByCertificate)?;
    by_authority(config, &chain.verify(config.anchors(), &profile, config.algorithms, now)?)
}

/// Returns the SHA-256 thumbprint of a leaf whose common name is the registration id.
pub(crate) fn registration_thumbprint(
    config: &X509Config,
    chain: &Chain<'_>,
    id: &str,
) -> Result<Thumbprint, AuthError> {
    let problem = match common_name(&chain.leaf().subject()) {
        Ok(name) if name == id => {
            return Ok(Thumbprint::Sha256(config.digest.sha256(chain.leaf().as_der())));
        }
        Ok(_) => Problem::NameMismatch,
        Err(error) => error.into(),
    };
    Err(ChainError::Refused { place: CertificatePosition::Leaf, problem }.into())
}

/// Returns the SHA-1 thumbprint of a leaf.
pub(crate) fn legacy_thumbprint(config: &X509Config, chain: &Chain<'_>) -> Thumbprint {
    Thumbprint::Sha1(config.digest.sha1_for_legacy_thumbprints(chain.leaf().as_der()))
}

/// Checks the validity period of a leaf that is registered by its thumbprint, and returns its last second.
pub(crate) fn thumbprint_validity(
    config: &X509Config,
    chain: &Chain<'_>,
    now: UnixTime,
) -> Result<u64, AuthError> {
    let leaf = chain.leaf();
    if config.validity == ValidityPolicy::Enforce {
        leaf.validity().check(now).map_err(ThumbprintMatchError::from)?;
    }
    Ok(end_by_thumbprint(config, leaf))
}

const fn end_by_thumbprint(config: &X509Config, leaf: &Certificate<'_>) -> u64 {
    match config.validity {
        ValidityPolicy::IgnoreForThumbprint => u64::MAX,
        _ => end(leaf.validity().not_after),
    }
}

fn by_thumbprint(config: &X509Config, pin: &ThumbprintMatch<'_>) -> Verified {
    Verified { evidence: CertificateEvidence::Pin(pin.slot()), until: end_by_thumbprint(config, pin.leaf()) }
}

fn by_authority(config: &X509Config, chain: &VerifiedChain<'_>) -> Result<Verified, AuthError> {
    let anchor = chain.anchor();
    // the index comes from the same anchors, so it is always valid
    let Some(registered) = config.anchors().get(anchor) else {
        return Err(ChainError::UnknownIssuer { place: CertificatePosition::Leaf }.into());
    };
    let thumbprint = |der: &[u8]| Thumbprint::Sha256(config.digest.sha256(der));
    let presented = chain.intermediates().iter().flat_map(|one| {
        // the client can present either form of an ECDSA signature, so a list must match both
        let malleated = one.malleated_form().map(|malleated| thumbprint(&malleated));
        [thumbprint(one.as_der())].into_iter().chain(malleated)
    });
    let issuers = presented.chain([thumbprint(registered.as_der())]).collect();
    let above = chain.intermediates().iter().chain([&registered]);
    let ends = above.chain([chain.leaf()]).map(|one| end(one.validity().not_after));
    let until = ends.chain(config.anchors().until(anchor).map(|last| last.as_secs())).min().unwrap_or(0);
    Ok(Verified { evidence: CertificateEvidence::Authority { anchor, issuers }, until })
}

/// Returns the last second of a validity period; 0 if it ended before 1970.
const fn end(not_after: Seconds) -> u64 {
    if not_after < 0 { 0 } else { not_after.unsigned_abs() }
}
