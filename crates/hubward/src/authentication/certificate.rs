//! Authentication by a certificate: the names that the transport carries select the record, the record selects the
//! verification (thumbprint or authority), and the certificate must be for those names.

use hubward_core::{LookupResult, MacKey, Permissions, RecordVersion, UnixTime};
use hubward_policy::Scope;
use hubward_x509::Chain;
use rustls_pki_types::CertificateDer;

use super::authenticated::{CertificateState, RecordVersions};
use super::evidence::{self, CertificateEvidence, Verified};
use super::step::{BoundCredentials, LookupTarget, Proven, Stage, Step, require_enabled};
use crate::error::AuthError;

/// The maximum number of certificates of one client, its own included. For comparison: rustls-webpki and mozilla::pkix
/// build paths of 8.
pub const MAX_CERTIFICATES: usize = 10;

/// The maximum number of bytes of one client's certificates: the limit of rustls for a handshake.
pub const MAX_CERTIFICATE_BYTES: usize = 0x1_0000;

/// Parses the certificates of a connection, the client's own first.
pub(crate) fn parse<'a>(certificates: &'a [CertificateDer<'a>]) -> Result<Chain<'a>, AuthError> {
    let bytes = certificates.iter().map(|der| der.len()).fold(0, usize::saturating_add);
    if certificates.len() > MAX_CERTIFICATES || bytes > MAX_CERTIFICATE_BYTES {
        return Err(AuthError::TooManyCertificates);
    }
    let (leaf, others) = certificates.split_first().ok_or(AuthError::NoCredential)?;
    Ok(Chain::parse(leaf, others).map_err(|leaf| leaf.error)?)
}

/// Verifies the certificate by the credential that the identity's record requires. Returns the evidence with the step.
pub(super) fn verify<'a, K: MacKey>(
    bound: &BoundCredentials<'_, 'a, K>,
    found: &LookupResult<'_, K>,
    now: UnixTime,
) -> Result<(CertificateEvidence, Step<'a>), AuthError> {
    let config = bound.config.x509().ok_or(AuthError::CertificatesNotJudged)?;
    let Some(CertificateState::Credentials(chain)) = bound.certificate.as_deref() else {
        return Err(AuthError::NoCredential);
    };
    let record = bound.claimed_record(found);
    let registered = record.map(|record| record.credential());
    let verified = evidence::verify(config, chain, &bound.claimed.identity(), registered, now)?;
    let (record, Verified { evidence, until }) = (record?, verified);
    let version = record.version();
    if matches!(evidence, CertificateEvidence::Authority { .. }) {
        // a list can block the issuer, so the store must see the issuers before it states the status
        return Ok((evidence, Step::Lookup(LookupTarget::Identity, Stage::IssuerCheck { until, version })));
    }
    require_enabled(record.status())?;
    Ok((evidence, Step::Authenticated(proven(until, version, record.is_edge_device()))))
}

/// Checks the identity's record again, now that the store has seen the issuers.
pub(super) fn check_issuers<'a, K: MacKey>(
    bound: &BoundCredentials<'_, 'a, K>,
    until: u64,
    version: RecordVersion,
    found: &LookupResult<'_, K>,
    now: UnixTime,
) -> Result<Proven<'a>, AuthError> {
    if until < now.as_secs() {
        return Err(AuthError::CertificateExpired { until, now: now.as_secs() });
    }
    let record = bound.claimed_record(found)?;
    // the certificate was verified against this version of the record
    if record.version() != version {
        return Err(AuthError::RecordMismatch);
    }
    require_enabled(record.status())?;
    Ok(proven(until, version, record.is_edge_device()))
}

const fn proven<'a>(until: u64, version: RecordVersion, edge_device: bool) -> Proven<'a> {
    Proven {
        policy: None,
        token_policy: None,
        key_slot: None,
        granted: Permissions::DEVICE_CONNECT,
        scope: Scope::Own,
        versions: RecordVersions::identity(version),
        edge_device,
        until,
    }
}
