//! Links of many devices by one token of a policy, as pooled clients and field gateways attach them.

use core::fmt;

use hubward_core::{Identity, Lookup, LookupResult, Permissions, UnixTime};
use hubward_policy::{Caller, Operation, Target};

use super::connection::{Cbs, Entry};
use super::link::{LinkDecision, LinkDenial};
use crate::authentication::step::require_enabled;
use crate::error::AuthError;
use crate::session::CheckedSession;
use crate::transport::claimed_identity::ClaimedIdentity;

/// A pending decision on a link: the record of the device or module in its address is needed.
#[must_use = "a pending decision that is dropped permits nothing"]
pub struct PendingLink<'s> {
    cbs: &'s mut Cbs,
    /// The index of the policy's entry.
    policy_at: usize,
    target: LinkTarget<'s>,
    operation: Operation<'s>,
}

/// The device or module in the address of a link at an endpoint that it calls for itself.
#[derive(Debug)]
pub(super) struct LinkTarget<'s> {
    identity: ClaimedIdentity<'s>,
    right: Permissions,
}

impl<'s> LinkTarget<'s> {
    pub(super) fn of(operation: &Operation<'s>) -> Option<Self> {
        let endpoint = operation.endpoint().filter(|endpoint| endpoint.caller() == Caller::Itself)?;
        let lookup = match operation.target() {
            Target::Device(id) => Lookup::Device(id),
            Target::Module(device, module) => Lookup::Module(device, module),
            _ => return None,
        };
        Some(Self { identity: ClaimedIdentity::from_lookup(&lookup)?, right: endpoint.right() })
    }

    /// Returns `true` if the session is a policy's that may connect the target.
    pub(super) fn is_covered_by(&self, checked: &CheckedSession<'_>) -> bool {
        let session = checked.session();
        session.connects_devices()
            && session.granted().contains(self.right)
            && session.covers(&self.identity.identity())
    }
}

impl<'s> PendingLink<'s> {
    pub(super) const fn new(
        cbs: &'s mut Cbs,
        policy_at: usize,
        target: LinkTarget<'s>,
        operation: Operation<'s>,
    ) -> Self {
        Self { cbs, policy_at, target, operation }
    }

    /// Returns the record that is needed.
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'s> {
        self.target.identity.lookup()
    }

    /// Completes the decision with the record that the store returned, at the time `now`. The session of the device is
    /// then on the connection, as if its own token had been put: for as long as the policy's token is valid, and a new
    /// token of the policy for the same name renews it.
    pub fn resume<K>(self, found: &LookupResult<'_, K>, now: UnixTime) -> LinkDecision<'s> {
        let Self { cbs, policy_at, target, operation } = self;
        match connect(cbs, policy_at, &target.identity, found, now) {
            // the last session is the device's
            Ok(()) => cbs.decide_by(cbs.entries.len().checked_sub(1), &operation),
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
    let policy = cbs.entries.get(policy_at).filter(|entry| entry.session.until() >= now);
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
        let identity: Identity<'_> = self.target.identity.identity();
        f.debug_struct("PendingLink").field("identity", &identity).finish_non_exhaustive()
    }
}
