//! Authentication by a SAS token: the token's names must match the transport's, and a key of the signer must have made
//! the signature.

use core::hint::black_box;

use hubward_core::{
    Credential, Identity, IdentityRecord, Lookup, LookupResult, MacKey, Permissions, PolicyRecord,
    RecordVersion, ResourcePath, Shape, UnixTime,
};
use hubward_policy::Scope;
use hubward_sas::{SasToken, SknAsDeviceId, TokenRules, VerifiedToken};

use super::authenticated::RecordVersions;
use super::step::{BoundCredentials, IdentitySource, LookupTarget, Proven, Stage, Step, require_enabled};
use crate::config::HubConfig;
use crate::credentials::TransportContext;
use crate::error::{AuthError, refused};
use crate::transport::claimed_identity::ClaimedIdentity;

/// Parses a token and requires that it is for this hub.
#[inline(always)]
fn parse<'a, K: MacKey>(text: &'a str, config: &HubConfig<K>) -> Result<SasToken<'a>, AuthError> {
    let token = SasToken::parse(text, config.token()).map_err(refused)?;
    let resource = token.resource();
    if resource.is_registration() {
        return Err(refused(AuthError::Registration));
    }
    if !config.has_resource(resource) {
        return Err(refused(AuthError::HubMismatch));
    }
    Ok(token)
}

/// Parses the token of an identity that the transport names. The identity's own key is looked up by the transport's
/// name, never by a name that was decoded twice.
#[inline(always)]
pub(super) fn parse_for<'a, K: MacKey>(
    identity: &Identity<'_>,
    text: &'a str,
    config: &HubConfig<K>,
) -> Result<SasToken<'a>, AuthError> {
    let token = parse(text, config)?;
    let covered = token.policy().is_some() && may_connect(token.resource(), identity);
    if !covered && !token.is_for(identity, config.token()) {
        return Err(refused(AuthError::IdentityMismatch));
    }
    Ok(token)
}

/// Parses the token that is put for the name of a device: the device's, a policy's, or that of one of its modules, which
/// is then the claimed identity. The ids of a module's token are compared exactly, since they select the key.
pub(super) fn parse_for_device<'a, K: MacKey>(
    claimed: ClaimedIdentity<'a>,
    text: &'a str,
    config: &HubConfig<K>,
) -> Result<(SasToken<'a>, ClaimedIdentity<'a>), AuthError> {
    let token = parse(text, config)?;
    if let (None, Shape::Module(device, module)) = (token.policy(), token.resource().shape())
        && claimed.identity().device().is_some_and(|id| device.eq_decoded(id.as_str()))
    {
        let module = ClaimedIdentity::from_lookup(&Lookup::Module(device, module));
        return Ok((token, module.ok_or(AuthError::IdentityMismatch)?));
    }
    parse_for(&claimed.identity(), text, config).map(|token| (token, claimed))
}

/// Parses the token of a request that manages the modules of a device: the device's own, or that of another caller, which
/// is then the claimed identity.
pub(super) fn parse_for_edge_device<'a, K: MacKey>(
    claimed: ClaimedIdentity<'a>,
    text: &'a str,
    config: &HubConfig<K>,
) -> Result<(SasToken<'a>, ClaimedIdentity<'a>, IdentitySource), AuthError> {
    let token = parse(text, config)?;
    if token.policy().is_none() && token.is_for(&claimed.identity(), config.token()) {
        return Ok((token, claimed, IdentitySource::Transport));
    }
    let (token, claimed) = parse_unnamed(&TransportContext::Empty, text, config)?;
    Ok((token, claimed, IdentitySource::Token))
}

/// Parses a token if the transport names no device and no module: the token's signer is the claimed identity.
pub(super) fn parse_unnamed<'a, K: MacKey>(
    context: &TransportContext<'_>,
    text: &'a str,
    config: &HubConfig<K>,
) -> Result<(SasToken<'a>, ClaimedIdentity<'a>), AuthError> {
    let token = parse(text, config)?;
    let signer = token.signer();
    if !matches_context(context, &token, &signer) {
        return Err(AuthError::IdentityMismatch);
    }
    let claimed = ClaimedIdentity::from_lookup(&signer).ok_or(AuthError::IdentityMismatch)?;
    Ok((token, claimed))
}

/// Returns `true` if the token is signed by the policy that the transport names, and covers the audience that it is put
/// for.
fn matches_context(context: &TransportContext<'_>, token: &SasToken<'_>, signer: &Lookup<'_>) -> bool {
    match context {
        TransportContext::Policy(name) => signer.is(&Identity::Policy(*name)),
        TransportContext::Audience(audience) => {
            matches!(signer, Lookup::Policy(_)) && token.resource().covers(audience)
        }
        TransportContext::Empty
        | TransportContext::Actor(_)
        | TransportContext::DeviceName
        | TransportContext::EdgeDevice => true,
    }
}

/// Returns the record that has the signer's keys.
#[inline(always)]
pub(super) const fn signer(token: &SasToken<'_>) -> LookupTarget {
    if token.policy().is_some() { LookupTarget::Policy } else { LookupTarget::Identity }
}

/// Returns `true` if a policy's token for `resource` may connect `identity`: if the resource is the hub, all its devices,
/// a device or a module, and covers the identity. `{host}/devices/{id}/modules` connects no module, although
/// [`ResourcePath::covers_identity`] is true.
pub(crate) fn may_connect(resource: ResourcePath<'_>, identity: &Identity<'_>) -> bool {
    !matches!(resource.shape(), Shape::Other) && resource.covers_identity(identity)
}

/// Verifies the token with the keys of the claimed identity.
#[inline(always)]
pub(super) fn verify_by_identity<'a, K: MacKey>(
    config: &HubConfig<K>,
    claimed: &ClaimedIdentity<'_>,
    token: SasToken<'a>,
    record: &IdentityRecord<'_, K>,
    now: UnixTime,
) -> Result<Proven<'a>, AuthError> {
    if claimed.identity() != record.identity() {
        return Err(reject(config, token, AuthError::RecordMismatch, now));
    }
    let (token, version) = verify_with_keys(config, token, record, now)?;
    let versions = RecordVersions::identity(version);
    let proven = proven(config, token, Permissions::DEVICE_CONNECT, Scope::Own, versions);
    Ok(Proven { edge_device: record.is_edge_device(), ..proven })
}

/// Verifies the token with the keys of an identity's record. Returns the version of the key that matched.
#[inline(always)]
pub(super) fn verify_with_keys<'a, K: MacKey>(
    config: &HubConfig<K>,
    token: SasToken<'a>,
    record: &IdentityRecord<'_, K>,
    now: UnixTime,
) -> Result<(VerifiedToken<'a>, RecordVersion), AuthError> {
    let Credential::Keys(keys) = record.credential() else {
        return Err(reject(config, token, AuthError::NotByToken, now));
    };
    let token = token
        .verify_for_any_host(keys.with_dummy(config.dummy_key()), now, config.token())
        .map_err(refused)?;
    require_enabled(record.status()).map_err(refused)?;
    Ok((token, record.version_of(token.key_slot())))
}

/// Verifies the token with the keys of the policy that it names.
pub(super) fn verify_by_policy<'a, K: MacKey>(
    bound: &BoundCredentials<'_, 'a, K>,
    parsed: SasToken<'a>,
    policy: &PolicyRecord<'_, K>,
    now: UnixTime,
) -> Result<Step<'a>, AuthError> {
    let config = bound.config;
    if !parsed.policy().is_some_and(|name| name.eq_decoded(policy.name().as_str())) {
        return Err(reject(config, parsed, AuthError::RecordMismatch, now));
    }
    let token =
        parsed.verify_for_any_host(policy.keys().with_dummy(config.dummy_key()), now, config.token())?;
    let (rights, version) = (policy.rights(), policy.version());
    match bound.source {
        // a device that connects is named, so without DeviceConnect the token proves neither it nor the policy
        IdentitySource::Transport
            if !rights.contains(Permissions::DEVICE_CONNECT) && !bound.operation.is_request() =>
        {
            Err(AuthError::PolicyConnectsNoDevice)
        }
        // the path of a request names no caller: the policy itself is authenticated
        IdentitySource::Transport if !rights.contains(Permissions::DEVICE_CONNECT) => {
            let policy = ClaimedIdentity::from_lookup(&parsed.signer()).ok_or(AuthError::RecordMismatch)?;
            let (scope, versions) = (Scope::Resource(token.resource()), RecordVersions::policy(version));
            let proven = proven(config, token, rights, scope, versions);
            Ok(Step::Authenticated(Proven { policy: Some(policy), ..proven }))
        }
        IdentitySource::Transport => {
            // a policy's key is shared by many: with a lenient comparison its token would be valid for another device
            let identity = bound.claimed.identity();
            if !token.is_for(&identity, &TokenRules::STRICT) && !may_connect(token.resource(), &identity) {
                return Err(AuthError::IdentityMismatch);
            }
            Ok(Step::Lookup(LookupTarget::Identity, Stage::DeviceCheck { token, rights, version }))
        }
        IdentitySource::Token => {
            let resource = match bound.context {
                TransportContext::Audience(audience) => audience,
                _ => token.resource(),
            };
            let versions = RecordVersions::policy(version);
            Ok(Step::Authenticated(proven(config, token, rights, Scope::Resource(resource), versions)))
        }
    }
}

/// Handles a signer that the store does not know.
pub(super) fn signer_not_found<'a, K: MacKey>(
    bound: &BoundCredentials<'_, 'a, K>,
    token: SasToken<'a>,
    now: UnixTime,
) -> Result<Step<'a>, AuthError> {
    if has_device_id_as_policy(bound, &token) {
        return Ok(Step::Lookup(LookupTarget::Identity, Stage::Signer(token)));
    }
    Err(reject(bound.config, token, AuthError::Unknown, now))
}

/// Returns `true` if the token's `skn` is the id of the device that the transport names, and its resource is that
/// device's. Some devices send such tokens, signed with their own key. If [`SknAsDeviceId`] permits it and no policy has
/// that name, the device's key is looked up instead.
fn has_device_id_as_policy<K: MacKey>(bound: &BoundCredentials<'_, '_, K>, token: &SasToken<'_>) -> bool {
    let rules = bound.config.token();
    match (token.policy(), bound.claimed.identity()) {
        // the claimed identity is a device only if the transport names it; otherwise it is the policy
        (Some(name), identity @ Identity::Device(id))
            if bound.target == LookupTarget::Policy
                && rules.skn_as_device_id == SknAsDeviceId::WhereIdentityIsKnown =>
        {
            name.eq_decoded(id.as_str()) && token.is_for(&identity, rules)
        }
        _ => false,
    }
}

/// Verifies the token with dummy keys, so that a rejection for another reason takes as long as a wrong signature, and
/// returns that reason.
#[cold]
#[inline(never)]
pub(super) fn reject<K: MacKey>(
    config: &HubConfig<K>,
    token: SasToken<'_>,
    reason: AuthError,
    now: UnixTime,
) -> AuthError {
    let _ = black_box(token.verify_for_any_host(config.dummy_keys(), now, config.token()));
    reason
}

/// Checks the record of the device or module that a policy's token connects.
pub(super) fn check_device<'a, K: MacKey>(
    bound: &BoundCredentials<'_, 'a, K>,
    token: VerifiedToken<'a>,
    rights: Permissions,
    version: RecordVersion,
    found: &LookupResult<'_, K>,
    now: UnixTime,
) -> Result<Proven<'a>, AuthError> {
    token.require_unexpired(now, bound.config.token())?;
    let record = bound.claimed_record(found)?;
    require_enabled(record.status())?;
    let granted = rights.intersection(Permissions::DEVICE_CONNECT);
    let versions = RecordVersions::policy_for(version, record.version());
    // the device's own endpoints, limited to the token's resource
    Ok(proven(bound.config, token, granted, Scope::Resource(token.resource()), versions))
}

/// Returns the proof of an identity by a verified token.
#[inline(always)]
pub(super) fn proven<'a, K: MacKey>(
    config: &HubConfig<K>,
    token: VerifiedToken<'a>,
    granted: Permissions,
    scope: Scope<'a>,
    versions: RecordVersions,
) -> Proven<'a> {
    let until = token.until(config.token()).as_secs();
    let (token_policy, key_slot) = (token.policy(), Some(token.key_slot()));
    Proven { policy: None, token_policy, key_slot, granted, scope, versions, edge_device: false, until }
}
