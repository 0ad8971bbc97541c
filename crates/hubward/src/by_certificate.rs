//! Admission by a certificate: the names that the transport presents choose the record, the record says what the
//! certificate is judged by, and the certificate must be about them.

use hubward_core::{Found, MacKey, Permissions, Stamp, UnixTime};
use hubward_x509::Chain;
use rustls_pki_types::CertificateDer;

use crate::admission::{Admission, Asked, Bound, Named, Question, Stage, enabled};
use crate::admitted::{Evidence, Proof, Reach};
use crate::error::AuthError;
use crate::party::Party;
use crate::presented::{Asks, Beside};
use crate::rules::Rules;
use crate::vouched::{Held, Vouched};

/// Certificates of one peer at most, its own included; rustls-webpki and mozilla::pkix build paths of 8.
pub const MAX_CERTIFICATES: usize = 10;

/// Bytes of one peer's certificates at most: what rustls takes in a handshake.
pub const MAX_CERTIFICATE_BYTES: usize = 0x1_0000;

/// What was shown, parsed.
pub(crate) fn chain_of<'a>(peer: &'a [CertificateDer<'a>]) -> Result<Chain<'a>, AuthError> {
    let bytes = peer.iter().map(|der| der.len()).fold(0, usize::saturating_add);
    if peer.len() > MAX_CERTIFICATES || bytes > MAX_CERTIFICATE_BYTES {
        return Err(AuthError::TooManyCertificates);
    }
    let (leaf, others) = peer.split_first().ok_or(AuthError::NoCredential)?;
    Ok(Chain::parse(leaf, others).map_err(|leaf| leaf.error)?)
}

impl<'a, K: MacKey> Bound<'a, K> {
    pub(crate) fn to_certificate(
        named: Option<Party<'a>>,
        asks: Asks<'a>,
        peer: &'a [CertificateDer<'a>],
        rules: &'a Rules<'a, K>,
    ) -> Result<Question<'a, K>, AuthError> {
        if rules.x509().is_none() {
            return Err(AuthError::CertificatesNotJudged);
        }
        let mut party = named.ok_or(AuthError::NobodyNamed)?;
        party.apart_mut().chain = Some(chain_of(peer)?);
        let (beside, asked, named) = (Beside::Nothing, Asked::Party, Named::ByTransport);
        Ok(Self { rules, beside, asks, asked, party, named }.ask(Stage::Certificate))
    }

    pub(crate) fn certificate(
        mut self,
        found: &Found<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        let rules = self.rules.x509().ok_or(AuthError::CertificatesNotJudged)?;
        let chain =
            self.party.apart().and_then(|apart| apart.chain.as_ref()).ok_or(AuthError::NoCredential)?;
        let record = match found {
            Found::Nobody => Err(AuthError::Unknown),
            Found::Identity(record) if self.party.lookup().is(&record.identity()) => Ok(record),
            _ => Err(AuthError::WrongAnswer),
        };
        let registered = record.map(|record| record.credential());
        let held = rules.judge(chain, &self.party.identity(), registered, now)?;
        let record = record?;
        let Held { vouched, until } = held;
        // its status may hang on who vouched
        let asks_again = matches!(vouched, Vouched::Authority { .. });
        let apart = self.party.apart_mut();
        (apart.chain, apart.vouched) = (None, Some(vouched));
        if asks_again {
            return Ok(Admission::Needs(self.ask(Stage::Issued { until, stamp: record.stamp() })));
        }
        enabled(record.status())?;
        Ok(self.admit_held(until, record.stamp()))
    }

    pub(crate) fn issued(
        self,
        until: u64,
        stamp: Stamp,
        found: &Found<'_, K>,
        now: UnixTime,
    ) -> Result<Admission<'a, K>, AuthError> {
        if until < now.as_secs() {
            return Err(AuthError::CertificateExpired { until, now: now.as_secs() });
        }
        match found {
            Found::Nobody => Err(AuthError::Unknown),
            // what it proved itself by is what it still proves itself by
            Found::Identity(record)
                if self.party.lookup().is(&record.identity()) && record.stamp() == stamp =>
            {
                enabled(record.status())?;
                Ok(self.admit_held(until, stamp))
            }
            _ => Err(AuthError::WrongAnswer),
        }
    }

    fn admit_held(self, until: u64, stamp: Stamp) -> Admission<'a, K> {
        let (evidence, proof) = (Evidence::Certificate, Proof::identity(stamp));
        self.admit(evidence, Permissions::DEVICE_CONNECT, Reach::Own, proof, until)
    }
}
