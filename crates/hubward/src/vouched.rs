//! A certificate judged: by its thumbprint, or by who vouched for it.

use alloc::boxed::Box;
use core::hint::black_box;

use hubward_core::{Credential, Identity, Thumbprint, UnixTime};
use hubward_x509::{Chain, ChainError, PinSlot, Pins, ValidityPolicy, VerifiedChain, VerifiedPin};

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
        /// The SHA-256 thumbprints of those above the leaf, its issuer first and the registered authority last.
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
        let Some(profile) = self.profile(identity) else { return Err(AuthError::NotByCertificate) };
        let path = || chain.verify(self.anchors, &profile, self.algorithms, now);
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
                Ok(chain) => self.by_authority(&chain),
                Err(error) => {
                    let _ = black_box(pin(Pins::new(Some(DECOY), Some(DECOY))));
                    Err(error.into())
                }
            },
            Ok(_) | Err(_) => {
                let _ = black_box((pin(Pins::new(Some(DECOY), Some(DECOY))), path()));
                Err(registered.err().unwrap_or(AuthError::NotByCertificate))
            }
        }
    }

    fn by_pin(&self, pin: &VerifiedPin<'_>) -> Held {
        let until = match self.validity {
            ValidityPolicy::IgnoreForThumbprint => u64::MAX,
            _ => end(pin.leaf().validity().not_after),
        };
        Held { vouched: Vouched::Pin(pin.slot()), until }
    }

    fn by_authority(&self, chain: &VerifiedChain<'_>) -> Result<Held, AuthError> {
        let anchor = chain.anchor();
        // the one that vouched is there
        let Some(registered) = self.anchors.get(anchor) else {
            return Err(ChainError::UnknownIssuer { place: hubward_x509::Place::Leaf }.into());
        };
        let above = || chain.intermediates().iter().chain([registered]);
        let issuers = above().map(|one| Thumbprint::Sha256(self.digest.sha256(one.as_der()))).collect();
        let ends = above().chain([chain.leaf()]).map(|one| end(one.validity().not_after));
        Ok(Held { vouched: Vouched::Authority { anchor, issuers }, until: ends.min().unwrap_or_default() })
    }
}

/// The last second of a validity. One that ended before 1970 ended.
fn end(not_after: hubward_x509::Seconds) -> u64 {
    u64::try_from(not_after).unwrap_or_default()
}
