//! Authentication of a device or module by the edge hub above it: the `auth-chain` names the edge hub, the edge hub's
//! own token proves it, and this hub's hierarchy places the identity below it.

use hubward_core::{
    IdentityRecord, Lookup, LookupResult, MacKey, Permissions, RecordVersion, Segment, UnixTime,
};
use hubward_policy::Scope;
use hubward_sas::{SasToken, VerifiedToken};

use super::authenticated::RecordVersions;
use super::step::{BoundCredentials, LookupTarget, Proven, Stage, Step, require_enabled};
use super::token::{proven, reject, verify_with_keys};
use crate::config::HubConfig;
use crate::error::AuthError;
use crate::transport::auth_chain::edge_hub;
use crate::transport::claimed_identity::ClaimedIdentity;

/// Parses a token and requires that it is the edge hub's own, neither a policy's nor that of the identity below.
pub(super) fn parse<'a, K: MacKey>(
    actor: Segment<'_>,
    text: &'a str,
    config: &HubConfig<K>,
) -> Result<SasToken<'a>, AuthError> {
    let token = SasToken::parse(text, config.token())?;
    let edge_hub = ClaimedIdentity::from_lookup(&edge_hub(actor)).ok_or(AuthError::IdentityMismatch)?;
    match token.signer() {
        Lookup::Registration(..) => Err(AuthError::Registration),
        _ if !config.has_resource(token.resource()) => Err(AuthError::HubMismatch),
        Lookup::Module(..) if token.is_for(&edge_hub.identity(), config.token()) => Ok(token),
        _ => Err(AuthError::IdentityMismatch),
    }
}

/// Verifies the token with the edge hub's keys.
pub(super) fn verify_edge_hub<'a, K: MacKey>(
    bound: &BoundCredentials<'_, 'a, K>,
    token: SasToken<'a>,
    record: &IdentityRecord<'_, K>,
    now: UnixTime,
) -> Result<Step<'a>, AuthError> {
    if !bound.actor().is_some_and(|actor| edge_hub(actor).is(&record.identity())) {
        return Err(reject(bound.config, token, AuthError::RecordMismatch, now));
    }
    let (token, version) = verify_with_keys(bound.config, token, record, now)?;
    Ok(Step::Lookup(LookupTarget::Identity, Stage::DelegationCheck { token, version }))
}

/// Checks that the claimed identity is below the edge hub whose token was verified.
pub(super) fn check<'a, K: MacKey>(
    bound: &BoundCredentials<'_, 'a, K>,
    token: VerifiedToken<'a>,
    version: RecordVersion,
    found: &LookupResult<'_, K>,
    now: UnixTime,
) -> Result<Proven<'a>, AuthError> {
    token.require_unexpired(now, bound.config.token())?;
    let record = bound.claimed_record(found)?;
    if !bound.actor().is_some_and(|actor| record.has_ancestor(&actor)) {
        return Err(AuthError::NotInHierarchy);
    }
    require_enabled(record.status())?;
    let versions = RecordVersions::edge_hub_for(version, record.version());
    Ok(proven(bound.config, token, Permissions::DEVICE_CONNECT, Scope::Own, versions))
}
