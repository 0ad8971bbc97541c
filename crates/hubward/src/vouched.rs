//! A certificate judged: by its thumbprint, or by who vouched for it.

use alloc::boxed::Box;
use core::hint::black_box;

use hubward_core::{Credential, Identity, Thumbprint, UnixTime};
use hubward_x509::{
    Certificate, Chain, ChainError, PinError, PinSlot, Pins, Place, Problem, Seconds, ValidityPolicy,
    VerifiedChain, VerifiedPin, common_name,
};

use crate::error::AuthError;
use crate::x509_rules::X509Rules;

/// Who vouched for the certificate of somebody admitted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Vouched {
    /// The record: it has the certificate's thumbprint.
    Pin(PinSlot),
    /// A registered authority.
    Authority {
        /// Its number among the [`Anchors`](hubward_x509::Anchors).
        anchor: usize,
        /// The SHA-256 thumbprints of those above the leaf, its issuer first and the registered authority last. One
        /// that was presented and that ECDSA has signed has two, one after the other: as it was presented, and with
        /// the signature that anybody can make of that ([`Certificate::twin`]).
        issuers: Box<[Thumbprint]>,
    },
}

/// What was proven, and the last second at which it counts.
pub(crate) struct Held {
    pub(crate) vouched: Vouched,
    pub(crate) until: u64,
}

/// A thumbprint that stands in where there is none. Nothing hashes to it, and what it is compared with is refused
/// whatever comes of it.
const DECOY: Thumbprint = Thumbprint::Sha256([0; 32]);

impl Vouched {
    /// The SHA-256 thumbprints of those above the leaf; none where the leaf is known by its own.
    #[must_use]
    pub const fn issuers(&self) -> &[Thumbprint] {
        match self {
            Self::Pin(_) => &[],
            Self::Authority { issuers, .. } => issuers,
        }
    }
}

impl X509Rules<'_> {
    /// Judges a chain by what the identity is registered with, or does the work and gives `Err` as it came.
    ///
    /// Whoever is refused costs two thumbprints and one search for a path with the identity's name bound, whatever is
    /// registered, if anything is: what a search costs hangs on what was presented alone.
    pub(crate) fn judge<K>(
        &self,
        chain: &Chain<'_>,
        identity: &Identity<'_>,
        registered: Result<&Credential<'_, K>, AuthError>,
        now: UnixTime,
    ) -> Result<Held, AuthError> {
        let path = || self.path(chain, identity, now);
        let pin = |pins| chain.pin(pins, self.digest, now, self.validity);
        match registered {
            Ok(Credential::Thumbprints { primary, secondary }) => {
                let missing = usize::from(primary.is_none()).saturating_add(secondary.is_none().into());
                match pin(Pins::new(primary.copied(), secondary.copied())) {
                    Ok(pin) => Ok(self.by_pin(&pin)),
                    Err(error) => {
                        for _ in 0..missing {
                            black_box(self.digest.sha256(chain.leaf().as_der()));
                        }
                        let _ = black_box(path());
                        Err(error.into())
                    }
                }
            }
            Ok(Credential::CertificateAuthority) => match path() {
                Ok(held) => Ok(held),
                Err(error) => {
                    let _ = black_box(pin(Pins::new(Some(DECOY), Some(DECOY))));
                    Err(error)
                }
            },
            Ok(_) | Err(_) => {
                let _ = black_box((pin(Pins::new(Some(DECOY), Some(DECOY))), path()));
                Err(registered.err().unwrap_or(AuthError::NotByCertificate))
            }
        }
    }

    /// A path from a leaf that is about `identity` to a registered authority.
    pub(crate) fn path(
        &self,
        chain: &Chain<'_>,
        identity: &Identity<'_>,
        now: UnixTime,
    ) -> Result<Held, AuthError> {
        // nobody else has a certificate
        let profile = self.profile(identity).ok_or(AuthError::NotByCertificate)?;
        self.by_authority(&chain.verify(self.anchors, &profile, self.algorithms, now)?)
    }

    fn by_pin(&self, pin: &VerifiedPin<'_>) -> Held {
        Held { vouched: Vouched::Pin(pin.slot()), until: self.end_of_pinned(pin.leaf()) }
    }

    const fn end_of_pinned(&self, leaf: &Certificate<'_>) -> u64 {
        match self.validity {
            ValidityPolicy::IgnoreForThumbprint => u64::MAX,
            _ => end(leaf.validity().not_after),
        }
    }

    /// The thumbprint of a leaf that is about a registration by its common name.
    pub(crate) fn registration(&self, chain: &Chain<'_>, id: &str) -> Result<Thumbprint, AuthError> {
        let problem = match common_name(&chain.leaf().subject()) {
            Ok(name) if name == id => {
                return Ok(Thumbprint::Sha256(self.digest.sha256(chain.leaf().as_der())));
            }
            Ok(_) => Problem::NameMismatch,
            Err(error) => error.into(),
        };
        Err(ChainError::Refused { place: Place::Leaf, problem }.into())
    }

    /// The other thumbprint of a leaf.
    pub(crate) fn legacy_thumbprint(&self, chain: &Chain<'_>) -> Thumbprint {
        Thumbprint::Sha1(self.digest.sha1_for_legacy_thumbprints(chain.leaf().as_der()))
    }

    /// Until when a leaf counts that is known by its thumbprint.
    pub(crate) fn dates(&self, chain: &Chain<'_>, now: UnixTime) -> Result<u64, AuthError> {
        let leaf = chain.leaf();
        if self.validity == ValidityPolicy::Enforce {
            leaf.validity().check(now).map_err(PinError::from)?;
        }
        Ok(self.end_of_pinned(leaf))
    }

    fn by_authority(&self, chain: &VerifiedChain<'_>) -> Result<Held, AuthError> {
        let anchor = chain.anchor();
        // the one that vouched is there
        let Some(registered) = self.anchors.get(anchor) else {
            return Err(ChainError::UnknownIssuer { place: Place::Leaf }.into());
        };
        let thumbprint = |der: &[u8]| Thumbprint::Sha256(self.digest.sha256(der));
        let presented = chain.intermediates().iter().flat_map(|one| {
            // whoever shows it chooses the signature, so that a list must find it by either
            let twin = one.twin().map(|twin| thumbprint(&twin));
            [thumbprint(one.as_der())].into_iter().chain(twin)
        });
        let issuers = presented.chain([thumbprint(registered.as_der())]).collect();
        let above = chain.intermediates().iter().chain([registered]);
        let ends = above.chain([chain.leaf()]).map(|one| one.validity().not_after);
        let until = ends.chain(self.anchors.until(anchor)).min().map_or(0, end);
        Ok(Held { vouched: Vouched::Authority { anchor, issuers }, until })
    }
}

/// The last second of a validity. One that ended before 1970 ended.
const fn end(not_after: Seconds) -> u64 {
    if not_after < 0 { 0 } else { not_after.unsigned_abs() }
}
