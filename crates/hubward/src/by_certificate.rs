//! Admission by a certificate: the names that the transport presents choose the record, the record says what the
//! certificate is judged by, and the certificate must be about them.

use alloc::boxed::Box;

use hubward_core::{Found, MacKey, Permissions, Stamp, UnixTime};
use hubward_x509::Chain;
use rustls_pki_types::CertificateDer;

use crate::admission::{Admission, Asked, Bound, Stage, enabled};
use crate::admitted::{Evidence, Proof, Reach};
use crate::error::AuthError;
use crate::presented::Presented;
use crate::rules::Rules;
use crate::vouched::{Held, Vouched};

/// Certificates of one peer at most, its own included; rustls-webpki and mozilla::pkix build paths of 8.
pub const MAX_CERTIFICATES: usize = 10;

/// Bytes of one peer's certificates at most: what rustls takes in a handshake.
pub const MAX_CERTIFICATE_BYTES: usize = 0x1_0000;

/// What was shown, parsed.
pub(crate) fn chain_of<'a>(peer: &'a [CertificateDer<'a>]) -> Result<Box<Chain<'a>>, AuthError> {
    let bytes = peer.iter().map(|der| der.len()).fold(0, usize::saturating_add);
    if peer.len() > MAX_CERTIFICATES || bytes > MAX_CERTIFICATE_BYTES {
        return Err(AuthError::TooManyCertificates);
    }
    let (leaf, others) = peer.split_first().ok_or(AuthError::NoCredential)?;
    let chain = Chain::parse(leaf, others).map_err(|leaf| leaf.error)?;
    Ok(Box::new(chain))
}

impl<'a, K: MacKey> Bound<'a, K> {
    pub(crate) fn to_certificate(
        presented: Presented<'a>,
        peer: &'a [CertificateDer<'a>],
        rules: &'a Rules<'a, K>,
    ) -> Result<Admission<'a, K>, AuthError> {
        if rules.x509().is_none() {
            return Err(AuthError::CertificatesNotJudged);
        }
        let party = presented.named.ok_or(AuthError::NobodyNamed)?;
        let chain = chain_of(peer)?;
        let (actor, audience, asked) = (None, None, Asked::Party);
        let bound = Self { rules, actor, audience, asks: presented.asks, asked, party, named: true };
        Ok(bound.ask(Stage::Certificate(chain)))
    }

    pub(crate) fn certificate(
        self,
        chain: &Chain<'a>,
        found: &Found<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        let rules = self.rules.x509().ok_or(AuthError::CertificatesNotJudged)?;
        let record = match found {
            Found::Nobody => Err(AuthError::Unknown),
            Found::Identity(record) if self.lookup().is(&record.identity()) => Ok(record),
            _ => Err(AuthError::WrongAnswer),
        };
        let registered = record.map(|record| record.credential());
        let held = rules.judge(chain, &self.party.identity(), registered, now)?;
        let record = record?;
        match held.vouched {
            Vouched::Pin(_) => {
                enabled(record.status())?;
                Ok(self.admit_held(held, record.stamp()))
            }
            // its status may hang on who vouched
            Vouched::Authority { .. } => Ok(self.ask(Stage::Issued { held, stamp: record.stamp() })),
        }
    }

    pub(crate) fn issued(
        self,
        held: Held,
        stamp: Stamp,
        found: &Found<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        if held.until < now.as_secs() {
            return Err(AuthError::CertificateExpired { until: held.until, now: now.as_secs() });
        }
        match found {
            Found::Nobody => Err(AuthError::Unknown),
            // what it proved itself by is what it still proves itself by
            Found::Identity(record) if self.lookup().is(&record.identity()) && record.stamp() == stamp => {
                enabled(record.status())?;
                Ok(self.admit_held(held, stamp))
            }
            _ => Err(AuthError::WrongAnswer),
        }
    }

    fn admit_held(self, held: Held, stamp: Stamp) -> Admission<'a, K> {
        let (evidence, proof) = (Evidence::Certificate(held.vouched), Proof::identity(stamp));
        self.admit(evidence, Permissions::DEVICE_CONNECT, Reach::Own, proof, held.until)
    }
}
