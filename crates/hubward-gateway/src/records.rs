//! The records that an authentication or a recheck reads, by the age of the index.

use core::convert::Infallible;
use std::sync::RwLockReadGuard;

use hubward::types::{Lookup, LookupResult, Thumbprint};
use hubward::{FoundRecord, RecordRequest, Store};
use hubward_rustcrypto::HmacKey;
use hubward_store::FeedHealth;

use crate::hierarchy;
use crate::hub::{Hub, Registry};
use crate::peer::Peer;

/// The records of a hub, locked for reading until this is dropped.
pub(crate) struct Records<'h> {
    registry: RwLockReadGuard<'h, Registry>,
    /// The connection that a change of a record wakes; `None` if it is registered already.
    peer: Option<&'h Peer>,
    /// Set if the index is too old: no record is found then.
    outdated: bool,
}

impl Hub {
    /// Returns the records for an authentication. The connection is registered for the changes of each record that is
    /// looked up. A record that may be out of date admits no session.
    pub(crate) fn records_for<'h>(&'h self, peer: &'h Peer) -> Records<'h> {
        let outdated = self.health() != FeedHealth::Current;
        Records { registry: self.read(), peer: Some(peer), outdated }
    }

    /// Returns the records for the recheck of sessions. When the store has not answered for the grace, they are gone.
    pub(crate) fn records_of_sessions(&self) -> Records<'_> {
        let outdated = self.health() == FeedHealth::Lost;
        Records { registry: self.read(), peer: None, outdated }
    }
}

impl Records<'_> {
    /// Looks a record up.
    pub(crate) fn result(&self, lookup: &Lookup<'_>, issuers: &[Thumbprint]) -> LookupResult<'_, HmacKey> {
        if let Some(peer) = self.peer {
            // the lock is held, so no change falls between this and the lookup
            peer.depends_on(lookup);
        }
        if self.outdated { LookupResult::NotFound } else { self.registry.find(lookup, issuers) }
    }
}

impl Store<HmacKey> for Records<'_> {
    type Error = Infallible;

    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, Infallible> {
        let found = self.result(request.lookup(), request.issuers());
        if request.actor().is_none() {
            return Ok(found.into());
        }
        // the scopes of each edge device above decide
        Ok(hierarchy::below(&self.registry, found, |device| {
            if let Some(peer) = self.peer {
                peer.depends_on(&Lookup::Device(device));
            }
        }))
    }
}
