//! The records that an authentication or a recheck reads, by the age of the index.

use core::convert::Infallible;

use crossbeam_utils::sync::ShardedLockReadGuard;
use hubward::types::{Lookup, LookupResult, Thumbprint};
use hubward::{FoundRecord, RecordRequest, Store};
use hubward_rustcrypto::HmacKey;
use hubward_store::FeedHealth;

use crate::hierarchy;
use crate::hub::{Hub, Registry};
use crate::peer::Peer;

/// The records of a hub, locked for reading until this is dropped.
pub(crate) struct Records<'h> {
    registry: ShardedLockReadGuard<'h, Registry>,
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

    /// Returns the records for an authentication that opens no session: no connection is registered.
    pub(crate) fn records_to_inspect(&self) -> Records<'_> {
        let outdated = self.health() != FeedHealth::Current;
        Records { registry: self.read(), peer: None, outdated }
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

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::sync::Barrier;

    use hubward::policy::{Operation, Transport};
    use hubward::registry::{Authentication, SymmetricKeys};
    use hubward::types::{Authority, DeviceId, HostName, Identity, Status, UnixTime};
    use hubward::{Client, Credentials, HubConfig};
    use hubward_store::Affected;

    use super::*;
    use crate::clock;
    use crate::limits::Limits;
    use crate::live_config::dummy_key;
    use crate::slots::Slot;

    fn device() -> DeviceId<'static> {
        DeviceId::parse("dev1").unwrap()
    }

    fn hub() -> Hub {
        let mut registry = Registry::unseeded();
        let keys = Authentication::Sas(SymmetricKeys::one(HmacKey::from_bytes(&[7; 32])));
        registry.create_device(device(), keys).unwrap();
        let config = HubConfig::new(HostName::parse("hub.example").unwrap(), dummy_key().unwrap());
        Hub::new(config, registry, Limits::default())
    }

    fn peer(hub: &Hub) -> Peer {
        let (address, slot) = (([127, 0, 0, 1], 1).into(), Slot::alone());
        let wake = Some(hub.wakes.connection());
        Peer::new(Transport::Mqtt, address, Vec::new(), slot, wake)
    }

    fn disable(hub: &Hub) {
        // as a feed does: the index first, then the wake
        hub.apply(|registry| registry.set_status(device(), Status::Disabled)).unwrap();
        hub.wakes.wake(&Affected::Device("dev1".into()));
    }

    #[test]
    fn a_connection_is_registered_before_its_record_is_looked_up() {
        let hub = hub();
        let peer = peer(&hub);
        let changes = peer.changes();
        std::thread::scope(|scope| {
            let records = hub.records_for(&peer);
            let found = records.result(&Identity::Device(device()).lookup(), &[]);
            assert!(matches!(found, LookupResult::Identity(_)));
            let change = scope.spawn(|| disable(&hub));
            // the change waits for the lock of the lookup, so its wake finds the connection
            std::thread::yield_now();
            assert!(!change.is_finished() && !changes.has_changed().unwrap());
            drop(records);
        });
        assert!(changes.has_changed().unwrap());
    }

    #[test]
    fn a_connection_that_is_registered_after_the_lookup_misses_the_change() {
        let hub = hub();
        let peer = peer(&hub);
        let changes = peer.changes();
        assert!(hub.read().get(Identity::Device(device())).is_some());
        disable(&hub);
        peer.depends_on(&Identity::Device(device()).lookup());
        assert!(!changes.has_changed().unwrap(), "the order of the two is what closes the gap");
    }

    #[test]
    fn no_change_falls_between_an_admission_and_its_wake() {
        let hub = hub();
        let key = HmacKey::from_bytes(&[7; 32]);
        let client = Client::device(Authority::parse("hub.example").unwrap(), device());
        let until = UnixTime::since_unix_epoch(Duration::from_secs(clock::now().as_secs() + 600));
        let (username, token) =
            (client.mqtt_username().to_string(), client.token(until).sign(&key).to_string());
        for round in 0..300 {
            hub.apply(|registry| registry.set_status(device(), Status::Enabled)).unwrap();
            let (peer, barrier) = (peer(&hub), Barrier::new(2));
            let changes = peer.changes();
            let session = std::thread::scope(|scope| {
                scope.spawn(|| {
                    barrier.wait();
                    disable(&hub);
                });
                barrier.wait();
                let credentials = Credentials::mqtt("dev1", &username, Some(&token));
                hub.authorize(&peer, &Operation::mqtt_connect(), None, credentials)
            });
            // admitted by the record of before the change: then the change has woken it
            if let Ok(session) = session {
                assert!(changes.has_changed().unwrap(), "round {round}");
                assert!(!hub.still_valid(&peer, &session, &Operation::mqtt_connect()));
            }
        }
    }
}
