//! Links of many devices by one token of a policy, as pooled clients and field gateways attach them.

use core::fmt;

use hubward_core::{Identity, Lookup, LookupResult, MacKey, UnixTime};
use hubward_policy::{Caller, Decision, Operation, Target};
use hubward_sas::ManyDevices;

use super::connection::{Cbs, Entry};
use super::link::{LinkDecision, LinkDenial, LinkStep};
use crate::authentication::step::require_enabled;
use crate::config::HubConfig;
use crate::error::AuthError;
use crate::session::Session;
use crate::transport::claimed_identity::ClaimedIdentity;

/// A pending decision on a link: the record of the device or module in its address is needed.
#[must_use = "a pending decision that is dropped permits nothing"]
pub struct PendingLink<'s> {
    cbs: &'s mut Cbs,
    /// The index of the policy's entry.
    policy_at: usize,
    target: ClaimedIdentity<'s>,
    operation: Operation<'s>,
}

/// Returns the index of a policy's valid session that covers the device or module in the operation's address, and that
/// identity, if the endpoint is a device's own.
pub(super) fn policy_for<'s>(
    cbs: &Cbs,
    operation: &Operation<'s>,
    now: UnixTime,
) -> Option<(usize, ClaimedIdentity<'s>)> {
    let endpoint = operation.endpoint().filter(|endpoint| endpoint.caller() == Caller::Itself)?;
    let lookup = match operation.target() {
        Target::Device(id) => Lookup::Device(id),
        Target::Module(device, module) => Lookup::Module(device, module),
        _ => return None,
    };
    let target = ClaimedIdentity::from_lookup(&lookup)?;
    let covers = |session: &Session| {
        session.until() >= now.as_secs()
            && session.connects_devices()
            && session.granted().contains(endpoint.right())
            && session.covers(&target.identity())
    };
    let at = cbs.sessions().position(covers)?;
    Some((at, target))
}

impl<'s> PendingLink<'s> {
    /// Starts the decision, or denies the link where the configuration does.
    pub(super) fn start<K: MacKey>(
        cbs: &'s mut Cbs,
        policy_at: usize,
        target: ClaimedIdentity<'s>,
        operation: Operation<'s>,
        config: &HubConfig<'_, K>,
    ) -> LinkStep<'s> {
        if config.token().many_devices == ManyDevices::ExistingAndEnabled {
            return LinkStep::NeedsLookup(Self { cbs, policy_at, target, operation });
        }
        let denial = cbs.entries.get(policy_at).map(|entry| entry.session.decide(&operation));
        LinkStep::Decided(LinkDecision::Deny(match denial {
            Some(Decision::Deny(denial)) => LinkDenial::Denied(denial),
            _ => LinkDenial::NoToken,
        }))
    }

    /// Returns the record that is needed.
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'s> {
        self.target.lookup()
    }

    /// Completes the decision with the record that the store returned, at the time `now`. The session of the device is
    /// then on the connection, as if its own token had been put: for as long as the policy's token is valid, and a new
    /// token of the policy for the same name renews it.
    pub fn resume<K>(self, found: &LookupResult<'_, K>, now: UnixTime) -> LinkDecision<'s> {
        let Self { cbs, policy_at, target, operation } = self;
        match connect(cbs, policy_at, &target, found, now) {
            Ok(()) => cbs.decide(&operation, now),
            Err(error) => LinkDecision::Deny(LinkDenial::Device(error)),
        }
    }
}

/// Adds the session of a device or module that exists and is enabled.
fn connect<K>(
    cbs: &mut Cbs,
    policy_at: usize,
    target: &ClaimedIdentity<'_>,
    found: &LookupResult<'_, K>,
    now: UnixTime,
) -> Result<(), AuthError> {
    let policy = cbs.entries.get(policy_at).filter(|entry| entry.session.until() >= now.as_secs());
    let policy = policy.ok_or(AuthError::Unknown)?;
    let record = match found {
        LookupResult::NotFound => return Err(AuthError::Unknown),
        LookupResult::Identity(record) if target.lookup().is(&record.identity()) => record,
        _ => return Err(AuthError::RecordMismatch),
    };
    require_enabled(record.status())?;
    let session = policy.session.connect(&record.identity(), record.version());
    let entry = Entry { audience: None, source: policy.as_source(), session };
    cbs.add(entry, now)
}

impl fmt::Debug for PendingLink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity: Identity<'_> = self.target.identity();
        f.debug_struct("PendingLink").field("identity", &identity).finish_non_exhaustive()
    }
}
