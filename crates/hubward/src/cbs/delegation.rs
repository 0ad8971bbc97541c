//! Links that an edge hub attaches on behalf of an identity below it.

use hubward_core::{Lookup, LookupResult, Segment, UnixTime};

use super::connection::{Cbs, Entry};
use crate::authentication::step::require_enabled;
use crate::error::AuthError;
use crate::session::Session;
use crate::transport::auth_chain::{AuthChain, edge_hub};

/// A pending delegation: the record of the identity below the edge hub is needed.
#[derive(Debug)]
#[must_use = "a pending delegation that is dropped permits nothing"]
pub struct PendingDelegation<'c, 'a> {
    cbs: &'c mut Cbs,
    /// The index of the edge hub's entry.
    edge_hub_at: usize,
    device: Segment<'a>,
    target: Lookup<'a>,
}

impl Cbs {
    /// Starts a delegation for a link with the property `com.microsoft:auth-chain`
    /// ([`AUTH_CHAIN_PROPERTY`](crate::AUTH_CHAIN_PROPERTY)). Complete it before you decide on the link. The resulting
    /// session permits the identity's links as a token of its own would, for as long as the edge hub's tokens on this
    /// connection are valid: a new token of the edge hub renews it.
    ///
    /// # Errors
    /// [`AuthError::NoDelegationToken`] if no valid token of that edge hub is on this connection at the time `now`, or the chain
    /// names no edge hub.
    pub fn on_behalf<'c, 'a>(
        &'c mut self,
        chain: &AuthChain<'a>,
        now: UnixTime,
    ) -> Result<PendingDelegation<'c, 'a>, AuthError> {
        let device = chain.actor().ok_or(AuthError::NoDelegationToken)?;
        let actor = edge_hub(device);
        let is_actor = |session: &Session| {
            session.is_by_own_token() && session.until() >= now && actor.is(&session.identity())
        };
        let edge_hub_at = self.sessions().position(is_actor).ok_or(AuthError::NoDelegationToken)?;
        Ok(PendingDelegation { cbs: self, edge_hub_at, device, target: chain.target() })
    }
}

impl<'a> PendingDelegation<'_, 'a> {
    /// Returns the record that is needed.
    #[must_use]
    pub const fn lookup(&self) -> Lookup<'a> {
        self.target
    }

    /// Returns the edge device whose edge hub acts on behalf of the identity. The record must come with the edge
    /// devices above the identity
    /// ([`IdentityRecord::with_ancestors`](hubward_core::IdentityRecord::with_ancestors)), and this device must be one of
    /// them.
    #[must_use]
    pub const fn actor(&self) -> Segment<'a> {
        self.device
    }

    /// Completes the delegation with the record that the store returned, at the time `now`.
    ///
    /// # Errors
    /// [`AuthError`] with the reason. The connection's permissions are unchanged.
    pub fn resume<K>(self, found: &LookupResult<'_, K>, now: UnixTime) -> Result<(), AuthError> {
        let Self { cbs, edge_hub_at, device, target } = self;
        let edge_hub = &cbs.entries.get(edge_hub_at).ok_or(AuthError::NoDelegationToken)?.session;
        if edge_hub.until() < now {
            return Err(AuthError::NoDelegationToken);
        }
        match found {
            LookupResult::NotFound => Err(AuthError::Unknown),
            LookupResult::Identity(record) if target.is(&record.identity()) => {
                if !record.has_ancestor(&device) {
                    return Err(AuthError::NotInHierarchy);
                }
                require_enabled(record.status())?;
                let session = edge_hub.delegate(&device, &record.identity(), record.version());
                cbs.add(Entry { audience: None, source: None, session }, now)
            }
            _ => Err(AuthError::RecordMismatch),
        }
    }
}
